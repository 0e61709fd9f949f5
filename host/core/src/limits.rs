//! Limits on keys, tags, values and batches.

use std::time::Duration;

use bytes::Bytes;

use crate::error::Error;
use crate::key::{Key, MAX_NAME_BYTES, Tag};

/// The limits of a cache. A call beyond them is refused before it reads or
/// writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a key or tag; at most [`MAX_NAME_BYTES`].
    pub key_bytes: usize,
    /// Tags of an entry, and of one eviction.
    pub tags: usize,
    /// Bytes of a value.
    pub value_bytes: usize,
    /// Keys of a batch.
    pub batch_keys: usize,
    /// Bytes of all values of a batch together, given or returned.
    pub batch_bytes: usize,
    /// The longest time to live.
    pub ttl: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            key_bytes: MAX_NAME_BYTES,
            tags: 64,
            value_bytes: 8 << 20,
            batch_keys: 1_024,
            batch_bytes: 64 << 20,
            ttl: Duration::from_hours(10 * 366 * 24),
        }
    }
}

/// How long an entry lives, and which tags evict it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryOptions {
    /// The time to live. `None`: until something removes it.
    pub ttl: Option<Duration>,
    /// How long it is fresh. `None`: for its whole time to live.
    pub fresh_for: Option<Duration>,
    /// The tags that evict it.
    pub tags: Vec<String>,
}

/// [`EntryOptions`] within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckedOptions {
    pub(crate) ttl: Option<Duration>,
    pub(crate) fresh_for: Option<Duration>,
    pub(crate) tags: Vec<Tag>,
}

impl Limits {
    pub(crate) fn key(&self, text: &str) -> Result<Key, Error> {
        Key::new(text, self.key_bytes)
    }

    pub(crate) fn batch<'a, I>(&self, keys: I) -> Result<Vec<Key>, Error>
    where
        I: ExactSizeIterator<Item = &'a str>,
    {
        if keys.len() > self.batch_keys {
            return Err(Error::InvalidKey(format!(
                "a batch of {} keys is over the limit of {}",
                keys.len(),
                self.batch_keys
            )));
        }
        keys.map(|key| self.key(key)).collect()
    }

    /// The tags, each once, in a fixed order.
    pub(crate) fn tags(&self, texts: &[String]) -> Result<Vec<Tag>, Error> {
        let mut tags = texts
            .iter()
            .map(|text| Tag::new(text, self.key_bytes))
            .collect::<Result<Vec<_>, _>>()?;
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > self.tags {
            return Err(Error::InvalidKey(format!(
                "{} tags are over the limit of {}",
                tags.len(),
                self.tags
            )));
        }
        Ok(tags)
    }

    pub(crate) fn value(&self, value: &Bytes) -> Result<(), Error> {
        if value.len() > self.value_bytes {
            return Err(Error::ValueTooLarge(self.value_bytes as u64));
        }
        Ok(())
    }

    /// Checks the values of one batch together.
    pub(crate) fn batch_values<'a>(
        &self,
        values: impl IntoIterator<Item = &'a Bytes>,
    ) -> Result<(), Error> {
        let bytes: usize = values.into_iter().map(Bytes::len).sum();
        if bytes > self.batch_bytes {
            return Err(Error::ValueTooLarge(self.batch_bytes as u64));
        }
        Ok(())
    }

    /// Checks that a span of time is neither zero nor over the limit.
    pub(crate) fn span(&self, name: &str, span: Duration) -> Result<Duration, Error> {
        if span < Duration::from_millis(1) {
            return Err(Error::InvalidTtl(format!("the {name} is zero")));
        }
        if span > self.ttl {
            let limit = self.ttl;
            let text = format!("the {name} of {span:?} is over the limit of {limit:?}");
            return Err(Error::InvalidTtl(text));
        }
        Ok(span)
    }

    pub(crate) fn options(&self, options: &EntryOptions) -> Result<CheckedOptions, Error> {
        let ttl = options.ttl.map(|ttl| self.span("time to live", ttl)).transpose()?;
        let fresh_for = options.fresh_for.map(|span| self.span("fresh time", span)).transpose()?;
        if let (Some(ttl), Some(fresh_for)) = (ttl, fresh_for)
            && fresh_for > ttl
        {
            return Err(Error::InvalidTtl(format!(
                "the fresh time of {fresh_for:?} is longer than the time to live of {ttl:?}"
            )));
        }
        let tags = self.tags(&options.tags)?;
        Ok(CheckedOptions { ttl, fresh_for, tags })
    }
}
