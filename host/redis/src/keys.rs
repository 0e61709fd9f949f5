//! The names of the Redis keys of one cache.
//!
//! `<prefix><kind>|<name>`. A prefix contains no `|`, so the first one ends prefix
//! and kind. Two caches, or two kinds of one cache, never share a key.

use std::borrow::Cow;

use spakky_cache_core::store::Slot;
use spakky_cache_core::{Key, Prefix, Tag};

/// The keys of the cache with one prefix.
pub(crate) struct Keys {
    prefix: Prefix,
    everything: Vec<u8>,
    eviction_mark: Vec<u8>,
    sweeper: Vec<u8>,
}

impl Keys {
    pub(crate) fn new(prefix: Prefix) -> Self {
        Self {
            everything: named(&prefix, b'a', ""),
            eviction_mark: named(&prefix, b'e', ""),
            sweeper: named(&prefix, b's', ""),
            prefix,
        }
    }

    pub(crate) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The key of a slot.
    pub(crate) fn slot(&self, slot: Slot<'_>) -> Cow<'_, [u8]> {
        match slot {
            Slot::Entry(key) => Cow::Owned(self.entry(key)),
            Slot::Refresh(key) => Cow::Owned(self.refresh(key)),
            Slot::Sweeper => Cow::Borrowed(self.sweeper()),
        }
    }

    /// `k|`: an entry, or the marker of its lease or of a pause.
    pub(crate) fn entry(&self, key: &Key) -> Vec<u8> {
        named(&self.prefix, b'k', key.as_str())
    }

    /// `r|`: the marker of the caller elected to refresh an entry, or of a pause.
    pub(crate) fn refresh(&self, key: &Key) -> Vec<u8> {
        named(&self.prefix, b'r', key.as_str())
    }

    /// `t|`: the epoch of a tag.
    pub(crate) fn tag(&self, tag: &Tag) -> Vec<u8> {
        named(&self.prefix, b't', tag.as_str())
    }

    /// Writes the key of [`tag`](Self::tag) into a buffer that is reused.
    pub(crate) fn write_tag(&self, tag: &Tag, key: &mut Vec<u8>) {
        key.clear();
        write_named(&self.prefix, b't', tag.as_str(), key);
    }

    /// `a|`: the epoch of everything.
    pub(crate) fn everything(&self) -> &[u8] {
        &self.everything
    }

    /// `e|`: the eviction mark.
    pub(crate) fn eviction_mark(&self) -> &[u8] {
        &self.eviction_mark
    }

    /// `s|`: the marker of the process elected to sweep.
    pub(crate) fn sweeper(&self) -> &[u8] {
        &self.sweeper
    }

    /// The pattern for `SCAN .. MATCH` that matches exactly the keys of
    /// entries. Glob characters in the prefix are escaped.
    pub(crate) fn entry_pattern(&self) -> Vec<u8> {
        let mut pattern = escape_glob(self.prefix.as_str());
        pattern.extend_from_slice(b"k|*");
        pattern
    }
}

fn named(prefix: &Prefix, kind: u8, name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.as_str().len() + 2 + name.len());
    write_named(prefix, kind, name, &mut key);
    key
}

fn write_named(prefix: &Prefix, kind: u8, name: &str, key: &mut Vec<u8>) {
    key.extend_from_slice(prefix.as_str().as_bytes());
    key.extend_from_slice(&[kind, b'|']);
    key.extend_from_slice(name.as_bytes());
}

/// A Redis glob pattern (`stringmatchlen`) that matches only `text`.
fn escape_glob(text: &str) -> Vec<u8> {
    let mut pattern = Vec::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if matches!(byte, b'*' | b'?' | b'[' | b']' | b'^' | b'-' | b'\\') {
            pattern.push(b'\\');
        }
        pattern.push(byte);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(prefix: &str) -> Keys {
        Keys::new(Prefix::new(prefix).unwrap())
    }

    #[test]
    fn each_kind_has_its_own_keys() {
        let keys = keys("app:");
        let key = Key::new("t|x", 64).unwrap();
        let tag = Tag::new("k|x", 64).unwrap();
        assert_eq!(keys.entry(&key), b"app:k|t|x");
        assert_eq!(keys.refresh(&key), b"app:r|t|x");
        assert_eq!(keys.tag(&tag), b"app:t|k|x");
        assert_eq!(keys.everything(), b"app:a|");
        assert_eq!(keys.eviction_mark(), b"app:e|");
        assert_eq!(keys.sweeper(), b"app:s|");
        let mut buffer = b"old".to_vec();
        keys.write_tag(&tag, &mut buffer);
        assert_eq!(buffer, keys.tag(&tag));
    }

    #[test]
    fn a_prefix_that_begins_with_another_shares_no_key() {
        let key = Key::new("x", 64).unwrap();
        let nested = Key::new("k|x", 64).unwrap();
        assert_ne!(keys("app:").entry(&nested), keys("app:k").entry(&key));
        assert_ne!(keys("app:k").entry(&key), keys("app:").entry(&key));
    }

    #[test]
    fn a_pattern_takes_the_prefix_literally() {
        assert_eq!(keys("spakky:cache:").entry_pattern(), b"spakky:cache:k|*");
        assert_eq!(keys(r"a*?[b-c]^\:").entry_pattern(), br"a\*\?\[b\-c\]\^\\:k|*");
        assert_eq!(keys("é").entry_pattern(), "ék|*".as_bytes());
    }
}
