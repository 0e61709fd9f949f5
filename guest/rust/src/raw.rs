//! The contract itself: bytes instead of types, milliseconds instead of
//! durations. For values with an encoding of their own, and for tests of a host.
//!
//! Nothing is checked here; the host checks everything.

use crate::{EntryInfo, Error, host};

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

/// What a lookup knows before it looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookupOptions<'a> {
    /// The tags that the entry will be stored with, as far as known.
    pub tags: &'a [&'a str],
    /// How long to wait for another caller's load, in milliseconds; none: the
    /// host's limit, which is also the longest.
    pub max_wait: Option<u64>,
    /// An entry of this version will not do. One caller is chosen to refresh it, and
    /// callers with the same version here wait for that.
    pub unless: Option<u64>,
    /// Whether the backend has to be asked, even where the host may answer from copies
    /// of its own.
    pub strict: bool,
}

/// What became of each item of a batch, in their order.
pub type Each<T> = Vec<Result<T, Error>>;

/// An entry that a lookup found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The value as it was stored.
    pub value: Vec<u8>,
    /// Identifies the entry among all that its key ever held.
    pub version: u64,
    /// How long ago it was stored, in milliseconds.
    pub age: u64,
}

/// What a caller that is ready to load finds.
#[derive(Debug)]
pub enum Lookup<L = Lease> {
    /// A fresh entry.
    Hit(Found),
    /// An entry that should be loaded anew.
    Stale {
        /// The entry, which may be served meanwhile.
        entry: Found,
        /// Whether it is still fresh. If its refresh fails, it is a hit.
        fresh: bool,
        /// The right to refresh the entry; none: another caller has it, or the last
        /// refresh failed and is not to be repeated yet.
        refresh: Option<L>,
    },
    /// No entry, and this caller is the one to load it.
    Miss(L),
    /// No entry. This caller loads for itself, without a lease.
    Pass,
}

/// The right, and the duty, to fill one key. Dropping it unfilled gives it up at
/// once, and one waiting caller takes over.
///
/// A lease is spent by the first of its functions that takes effect, and further ones
/// answer false. One refused for its arguments spends nothing.
#[derive(Debug)]
#[must_use = "a lease that is dropped at once loads nothing"]
pub struct Lease(pub(crate) host::Lease);

impl Lease {
    /// Stores the loaded value. False: something removed or replaced the key since
    /// the load began, so the value was not stored.
    pub fn commit(&self, value: &[u8], options: EntryOptions<'_>) -> Result<bool, Error> {
        self.0.commit(value, options)
    }

    /// Stores no value. For `duration` milliseconds, lookups of the key answer
    /// [`Lookup::Pass`]. False: something removed or replaced the key since the load
    /// began, or the lease is a write's, which is given up.
    pub fn pass(&self, duration: u64) -> Result<bool, Error> {
        self.0.pass(duration)
    }

    /// The load failed, and nobody should try again for `retry_after` milliseconds. An
    /// entry that was being refreshed is served meanwhile, and lookups of a key without
    /// one are [`Error::LoadFailed`]. False: as for [`Lease::pass`].
    pub fn fail(&self, retry_after: u64) -> Result<bool, Error> {
        self.0.fail(retry_after)
    }

    /// Gives the lease up, as dropping it does, and returns once that is done.
    pub fn release(&self) -> Result<(), Error> {
        self.0.release()
    }
}

/// The value of `key`, or none. Never waits for a loader.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    host::get(key)
}

/// The values of `keys`, in their order, in one round trip. All keys are checked before
/// any is read.
pub fn get_many(keys: &[&str]) -> Result<Each<Option<Vec<u8>>>, Error> {
    host::get_many(keys)
}

/// Stores an entry. A load of the same key that is under way can no longer be
/// stored.
pub fn set(key: &str, value: &[u8], options: EntryOptions<'_>) -> Result<(), Error> {
    host::set(key, value, options)
}

/// Stores entries that share their options, in one round trip, and answers for each. All
/// of them are checked before any is written. Of a key named twice, the last stays.
pub fn set_many(entries: &[(&str, &[u8])], options: EntryOptions<'_>) -> Result<Each<()>, Error> {
    host::set_many(entries, options)
}

/// Removes an entry; says whether there was one.
pub fn delete(key: &str) -> Result<bool, Error> {
    host::delete(key)
}

/// Removes entries; says of each whether there was one.
pub fn delete_many(keys: &[&str]) -> Result<Each<bool>, Error> {
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

/// Describes the entry of `key`, without its value. Not counted as a read.
pub fn describe(key: &str) -> Result<Option<EntryInfo>, Error> {
    host::describe(key)
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
