use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::options::{PAUSE, milliseconds};
use crate::{Error, Options, cbor, raw};

/// What a caller that is ready to load finds.
#[derive(Debug)]
pub enum Lookup<T> {
    /// A fresh entry.
    Hit(Entry<T>),
    /// An entry that should be loaded anew: it is past its fresh time, or this caller was
    /// chosen to refresh it early, or it is the one that [`Options::unless`] named.
    Stale {
        /// The entry, which may be served meanwhile.
        entry: Entry<T>,
        /// Whether it is still fresh. If its refresh fails, it is a hit.
        fresh: bool,
        /// The right to refresh the entry; none: another caller has it, or the last
        /// refresh failed and is not to be repeated yet.
        refresh: Option<Lease<T>>,
    },
    /// No entry, and this caller is the one to load it.
    Miss(Lease<T>),
    /// No entry. This caller loads for itself, without a lease: loads of the key are not to
    /// be stored for now, or waiting for its loader would never end.
    Pass,
}

/// An entry that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<T> {
    /// Its value.
    pub value: T,
    /// Identifies the entry among all that its key ever held. Random, and below 2⁵³.
    pub version: u64,
    /// How long ago it was stored.
    pub age: Duration,
}

impl<T: Serialize + DeserializeOwned> Entry<T> {
    pub(crate) fn decode(found: &raw::Found) -> Result<Self, Error> {
        Ok(Self {
            value: cbor::decode(&found.value)?,
            version: found.version,
            age: Duration::from_millis(found.age),
        })
    }
}

/// What is known of an entry without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// Identifies the entry among all that its key ever held. Random, and below 2⁵³.
    pub version: u64,
    /// How long ago it was stored.
    pub age: Duration,
    /// How much longer it is fresh; zero: it is stale; none: for as long as it lives.
    pub fresh_for: Option<Duration>,
    /// How much longer it lives; none: until something removes it.
    pub ttl: Option<Duration>,
    /// The tags that evict it.
    pub tags: Vec<String>,
    /// The bytes of its value.
    pub size: u64,
    /// How long its load took; zero if it was stored without one.
    pub load_time: Duration,
}

/// The right, and the duty, to fill one key with a value of type `T`.
///
/// The host keeps it alive while the component holds it. Dropping it unfilled, or a
/// trap of the component, gives it up at once, and one waiting caller takes over.
#[must_use = "a lease that is dropped at once loads nothing"]
pub struct Lease<T> {
    raw: raw::Lease,
    value: PhantomData<fn(&T)>,
}

impl<T> Lease<T> {
    pub(crate) fn new(raw: raw::Lease) -> Self {
        Self { raw, value: PhantomData }
    }

    /// Stores no value, and says that the next ones will not be stored either, because they
    /// are too large or not to be shared. For `duration`, lookups of the key are
    /// [`Lookup::Pass`], and nobody waits for another's load. An entry that was being
    /// refreshed is removed. False: something removed or replaced the key since the load
    /// began.
    pub fn pass(self, duration: Duration) -> Result<bool, Error> {
        self.raw.pass(milliseconds(PAUSE, duration)?)
    }

    /// Says that the load failed, and that nobody should try again for `retry_after`, or for
    /// the longest time that the host allows. Meanwhile an entry that was being refreshed is
    /// served as stale without a refresh, and lookups of a key that has no entry are
    /// [`Error::LoadFailed`]. False: the lease was lost, so that nothing is paused.
    pub fn fail(self, retry_after: Duration) -> Result<bool, Error> {
        self.raw.fail(milliseconds(PAUSE, retry_after)?)
    }

    /// Gives the lease up, as dropping it does, and returns once that is done.
    pub fn release(self) -> Result<(), Error> {
        self.raw.release()
    }
}

impl<T: Serialize + DeserializeOwned> Lease<T> {
    /// Stores the loaded value and wakes the callers that wait for it. False:
    /// something removed or replaced the key since the load began, so the value was
    /// not stored; it may still be used, once.
    ///
    /// Whatever the outcome, the lease is over: after an error the next caller
    /// loads.
    pub fn commit(self, value: &T, options: impl Borrow<Options>) -> Result<bool, Error> {
        let options = options.borrow().check()?;
        self.raw.commit(&cbor::encode(value)?, options.entry())
    }
}

impl<T> fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}
