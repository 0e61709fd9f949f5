use std::time::Duration;

use crate::LoadError;

/// What a loader returns that chooses how its value is stored. What it does not choose comes
/// from the [`Options`](crate::Options) of the load.
///
/// ```
/// # use spakky_cache::{Cache, Error, Loaded, Options};
/// # use std::time::Duration;
/// # let rates = Cache::<u64>::new();
/// let outcome = rates.get_or_load_outcome("rate", Options::forever(), || {
///     let (rate, max_age) = (42, Duration::from_secs(30)); // what the origin answered
///     Ok::<_, Error>(Loaded::new(rate).ttl(max_age).tags(["rates"]))
/// })?;
/// assert_eq!(outcome.value, 42);
/// # Ok::<(), spakky_cache::LoadError<Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded<T> {
    pub(crate) value: T,
    pub(crate) keep: Keep,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Store(Choice),
    Discard,
    Pass(Duration),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) ttl: Option<Duration>,
    pub(crate) fresh_for: Option<Duration>,
    pub(crate) tags: Option<Vec<String>>,
}

impl<T> Loaded<T> {
    /// A value that is stored by the options of the load.
    pub const fn new(value: T) -> Self {
        Self { value, keep: Keep::Store(Choice { ttl: None, fresh_for: None, tags: None }) }
    }

    /// A value that is not to be stored. It is returned to this caller, and the next one
    /// loads.
    pub const fn unstored(value: T) -> Self {
        Self { value, keep: Keep::Discard }
    }

    /// A value that is not to be stored, and neither are those of the next `time`: meanwhile
    /// nobody waits for another's load, and everyone loads.
    pub const fn passed(value: T, time: Duration) -> Self {
        Self { value, keep: Keep::Pass(time) }
    }

    /// The entry lives for `ttl`. If it is shorter than the fresh time of the options, the
    /// entry is fresh for as long as it lives.
    #[must_use]
    pub fn ttl(self, ttl: Duration) -> Self {
        self.choose(|choice| choice.ttl = Some(ttl))
    }

    /// The entry is fresh for `fresh_for`.
    #[must_use]
    pub fn fresh_for(self, fresh_for: Duration) -> Self {
        self.choose(|choice| choice.fresh_for = Some(fresh_for))
    }

    /// These tags evict the entry, and not those of the options.
    #[must_use]
    pub fn tags(self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.choose(|choice| choice.tags = Some(tags.into_iter().map(Into::into).collect()))
    }

    /// Without a choice for a value that is not stored.
    fn choose(mut self, choose: impl FnOnce(&mut Choice)) -> Self {
        if let Keep::Store(choice) = &mut self.keep {
            choose(choice);
        }
        self
    }

    /// The value.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> From<T> for Loaded<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A fresh entry.
    Hit,
    /// A stale entry: another caller refreshes it, or its refresh failed.
    Stale,
    /// The loader, under the lease of the key.
    Loaded,
    /// The loader, without a lease: values of the key are not to be stored for now, or
    /// waiting for its loader would never end, or what is stored could not be decoded twice.
    Passed,
}

/// A value, and how it was come by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome<T, E> {
    /// The value.
    pub value: T,
    /// Where it is from.
    pub source: Source,
    /// Whether this call stored it.
    pub stored: bool,
    /// The error in spite of which there is a value: the loader's, of a refresh; or the
    /// cache's, which could not decode an entry or store the value.
    pub error: Option<LoadError<E>>,
    /// The version of the entry that the value is from; none if it was loaded.
    pub version: Option<u64>,
    /// How long ago that entry was stored.
    pub age: Option<Duration>,
}
