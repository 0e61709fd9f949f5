//! The contract itself: bytes instead of types, milliseconds instead of
//! durations. For values with an encoding of their own, and for tests of a host.
//!
//! Nothing is checked here; the host checks everything.

use crate::{Error, host};

/// How long an entry lives, and what evicts it.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntryOptions<'a> {
    /// Time to live in milliseconds; none keeps the entry.
    pub ttl: Option<u64>,
    /// How long the entry is fresh, in milliseconds; none: as long as it lives.
    pub fresh_for: Option<u64>,
    /// Tags that evict the entry.
    pub tags: &'a [&'a str],
}

impl EntryOptions<'_> {
    /// The contract says that a time is invalid, but not why.
    fn explain<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.map_err(|error| match error {
            Error::InvalidTtl(_) => Error::InvalidTtl(
                match (self.ttl, self.fresh_for) {
                    (Some(0), _) => "the time to live is zero",
                    (_, Some(0)) => "the fresh time is zero",
                    (Some(ttl), Some(fresh_for)) if fresh_for > ttl => {
                        "the fresh time is longer than the time to live"
                    }
                    _ => "it is longer than the host allows",
                }
                .to_owned(),
            ),
            other => other,
        })
    }
}

/// What a lookup knows before it looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookupOptions<'a> {
    /// The tags that the entry will be stored with, as far as known.
    pub tags: &'a [&'a str],
    /// How long to wait for another caller's load, in milliseconds; none: the
    /// host's limit, which is also the longest.
    pub max_wait: Option<u64>,
}

/// What a caller that is ready to load finds.
#[derive(Debug)]
pub enum Lookup {
    /// A fresh entry.
    Hit(Vec<u8>),
    /// An entry that may be served, and should be loaded anew.
    Stale {
        /// The value as it was stored.
        value: Vec<u8>,
        /// The right to refresh the entry; none: another caller has it.
        refresh: Option<Lease>,
    },
    /// No entry, and this caller is the one to load it.
    Miss(Lease),
}

/// The right, and the duty, to fill one key. Dropping it unfilled gives it up at
/// once, and one waiting caller takes over.
#[derive(Debug)]
#[must_use = "a lease that is dropped at once loads nothing"]
pub struct Lease(pub(crate) host::Lease);

impl Lease {
    /// Stores the loaded value. False: something removed or replaced the key since
    /// the load began, so the value was not stored.
    ///
    /// A lease is spent by its first commit, and further ones answer false. A
    /// commit refused for its arguments spends nothing.
    pub fn commit(&self, value: &[u8], options: EntryOptions<'_>) -> Result<bool, Error> {
        options.explain(self.0.commit(value, options))
    }
}

/// The value of `key`, or none. Never waits for a loader.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    host::get(key)
}

/// The values of `keys`, in their order, in one round trip.
pub fn get_many(keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, Error> {
    host::get_many(keys)
}

/// Stores an entry. A load of the same key that is under way can no longer be
/// stored.
pub fn set(key: &str, value: &[u8], options: EntryOptions<'_>) -> Result<(), Error> {
    options.explain(host::set(key, value, options))
}

/// Stores entries that share their options, in one round trip. All of them are
/// checked before any is written. Of a key named twice, the last stays.
pub fn set_many(entries: &[(&str, &[u8])], options: EntryOptions<'_>) -> Result<(), Error> {
    options.explain(host::set_many(entries, options))
}

/// Removes an entry; says whether there was one.
pub fn delete(key: &str) -> Result<bool, Error> {
    host::delete(key)
}

/// Removes entries; says how many there were.
pub fn delete_many(keys: &[&str]) -> Result<u64, Error> {
    host::delete_many(keys)
}

/// Evicts every entry that has one of `tags`.
pub fn evict_tags(tags: &[&str]) -> Result<(), Error> {
    host::evict_tags(tags)
}

/// Evicts every entry of this cache.
pub fn clear() -> Result<(), Error> {
    host::clear()
}

/// Finds `key`, or makes this caller its one loader in the whole fleet, or waits
/// until the loader is done.
pub fn lookup(key: &str, options: LookupOptions<'_>) -> Result<Lookup, Error> {
    host::lookup(key, options)
}

/// Removes `key` and takes its lease from whoever holds it: the first step of a
/// write to the origin. Readers miss, and wait, until it is committed or dropped.
pub fn begin_write(key: &str, tags: &[&str]) -> Result<Lease, Error> {
    host::begin_write(key, tags)
}
