use std::time::Duration;

use crate::Error;
use crate::raw::{EntryOptions, LookupOptions};

/// How long an entry lives, what evicts it, and how long a lookup may wait.
///
/// ```
/// # use spakky_cache::Options;
/// # use std::time::Duration;
/// let options = Options::ttl(Duration::from_mins(5))
///     .fresh_for(Duration::from_mins(1))
///     .tags(["profiles", "user:7"]);
/// ```
///
/// Times are counted in whole milliseconds, rounded up. One that is shorter than a
/// millisecond, or too long to count, is refused as [`Error::InvalidTtl`] by the
/// operation that is given it, before it does anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    ttl: Option<Duration>,
    fresh_for: Option<Duration>,
    tags: Vec<String>,
    max_wait: Option<Duration>,
}

impl Options {
    /// The entry lives for `ttl`.
    pub fn ttl(ttl: Duration) -> Self {
        Self { ttl: Some(ttl), ..Self::default() }
    }

    /// The entry lives for `seconds`. Zero, less, `NaN` and infinity are
    /// [`Error::InvalidTtl`].
    pub fn ttl_seconds(seconds: f64) -> Result<Self, Error> {
        let ttl = Duration::try_from_secs_f64(seconds).map_err(|_| Error::InvalidTtl)?;
        milliseconds(ttl)?;
        Ok(Self::ttl(ttl))
    }

    /// The entry lives until something removes it: the default.
    pub fn forever() -> Self {
        Self::default()
    }

    /// The entry is fresh for `fresh_for`, within its time to live. Past it, one
    /// caller at a time is asked to refresh the entry while the others go on
    /// reading it. Without this, an entry is fresh for as long as it lives.
    #[must_use]
    pub fn fresh_for(mut self, fresh_for: Duration) -> Self {
        self.fresh_for = Some(fresh_for);
        self
    }

    /// Adds tags that evict the entry. One named twice counts once.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// A lookup waits for another caller's load at most this long, and not at all
    /// if it is zero. Without this, as long as the host allows, which is also the
    /// longest.
    #[must_use]
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = Some(max_wait);
        self
    }

    /// In the contract's terms; refuses times that no host would take.
    pub(crate) fn check(&self) -> Result<Checked<'_>, Error> {
        let ttl = self.ttl.map(milliseconds).transpose()?;
        let fresh_for = self.fresh_for.map(milliseconds).transpose()?;
        if let (Some(ttl), Some(fresh_for)) = (ttl, fresh_for)
            && fresh_for > ttl
        {
            return Err(Error::InvalidTtl);
        }
        Ok(Checked {
            ttl,
            fresh_for,
            max_wait: self.max_wait.map(|wait| whole_milliseconds(wait).unwrap_or(u64::MAX)),
            tags: self.tags.iter().map(String::as_str).collect(),
        })
    }
}

/// Options that were found to be possible.
pub(crate) struct Checked<'a> {
    ttl: Option<u64>,
    fresh_for: Option<u64>,
    max_wait: Option<u64>,
    pub(crate) tags: Vec<&'a str>,
}

impl Checked<'_> {
    pub(crate) fn entry(&self) -> EntryOptions<'_> {
        EntryOptions { ttl: self.ttl, fresh_for: self.fresh_for, tags: &self.tags }
    }

    pub(crate) fn lookup(&self) -> LookupOptions<'_> {
        LookupOptions { tags: &self.tags, max_wait: self.max_wait }
    }
}

fn milliseconds(time: Duration) -> Result<u64, Error> {
    if time < Duration::from_millis(1) {
        return Err(Error::InvalidTtl);
    }
    whole_milliseconds(time).ok_or(Error::InvalidTtl)
}

fn whole_milliseconds(time: Duration) -> Option<u64> {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked_ttl(options: &Options) -> Result<Option<u64>, Error> {
        options.check().map(|checked| checked.ttl)
    }

    #[test]
    fn a_ttl_rounds_up_to_whole_milliseconds() {
        for (nanos, expected) in [(1_000_000, 1), (1_000_001, 2), (1_500_000, 2), (2_000_000, 2)] {
            assert_eq!(checked_ttl(&Options::ttl(Duration::from_nanos(nanos))), Ok(Some(expected)));
        }
        assert_eq!(checked_ttl(&Options::forever()), Ok(None));
    }

    #[test]
    fn impossible_times_are_refused() {
        for time in [Duration::ZERO, Duration::from_nanos(999_999), Duration::MAX] {
            assert_eq!(checked_ttl(&Options::ttl(time)), Err(Error::InvalidTtl));
            assert_eq!(checked_ttl(&Options::forever().fresh_for(time)), Err(Error::InvalidTtl));
        }
        let inverted = Options::ttl(Duration::from_secs(1)).fresh_for(Duration::from_secs(2));
        assert_eq!(checked_ttl(&inverted), Err(Error::InvalidTtl));
    }

    #[test]
    fn seconds_may_have_a_fraction_but_must_be_a_time() {
        for (seconds, expected) in [(0.001, 1), (0.25, 250), (1.5, 1_500), (0.0015, 2)] {
            let options = Options::ttl_seconds(seconds).expect("a time");
            assert_eq!(checked_ttl(&options), Ok(Some(expected)));
        }
        let wrong = [0.0, -0.0, -1.0, 0.0001, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300];
        for seconds in wrong {
            assert_eq!(Options::ttl_seconds(seconds), Err(Error::InvalidTtl), "{seconds}");
        }
    }

    #[test]
    fn a_wait_may_be_zero_and_is_never_too_long() {
        for (wait, expected) in [(Duration::ZERO, 0), (Duration::MAX, u64::MAX)] {
            let options = Options::forever().max_wait(wait);
            assert_eq!(options.check().expect("a wait").max_wait, Some(expected));
        }
    }
}
