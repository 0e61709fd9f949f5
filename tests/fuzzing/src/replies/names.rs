//! The Redis keys of the one cache that is played with, and what belongs there.

use spakky_cache_core::entry::{Epoch, Epochs};

/// What each of its keys begins with.
pub(super) const PREFIX: &str = "p:";
/// Its keys.
pub(super) const KEYS: [&str; 3] = ["x", "y", "z"];
/// Its tags.
pub(super) const TAGS: [&str; 2] = ["t", "u"];

/// The Redis key of a name: of an entry (`k`), a refresh (`r`), a tag (`t`),
/// everything (`a`), the eviction mark (`e`), or the sweeper (`s`).
pub(super) fn name(kind: char, name: &str) -> Vec<u8> {
    format!("{PREFIX}{kind}|{name}").into_bytes()
}

/// Of which kind a Redis key is.
pub(super) fn kind(key: &[u8]) -> Option<u8> {
    let end = key.iter().position(|byte| *byte == b'|')?;
    key[..end].last().copied()
}

/// An epoch that `key` may have: another one in each generation, and another
/// one than every other key.
pub(super) fn epoch(key: &[u8], generation: u8) -> Epoch {
    let mut epoch = [generation; 16];
    let end = key.len().min(15);
    epoch[..end].copy_from_slice(&key[..end]);
    Epoch(epoch)
}

/// The Redis key and the bytes of each of `epochs`.
pub(super) fn keys_of(epochs: &Epochs) -> Vec<(Vec<u8>, Vec<u8>)> {
    let everything = (name('a', ""), epochs.everything.0.to_vec());
    let tags = epochs.tags.iter();
    let tags = tags.map(|(tag, epoch)| (name('t', tag.as_str()), epoch.0.to_vec()));
    std::iter::once(everything).chain(tags).collect()
}
