use std::borrow::Cow;
use std::time::Duration;

use crate::Error;
use crate::loaded::Choice;
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
/// Options without tags can be constants:
///
/// ```
/// # use spakky_cache::Options;
/// # use std::time::Duration;
/// const HOURLY: Options = Options::ttl(Duration::from_hours(1));
/// ```
///
/// Times are counted in whole milliseconds, rounded up. One that is shorter than a
/// millisecond, or too long to count, is refused as [`Error::InvalidTtl`] by the
/// operation that is given it, before it does anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    ttl: Option<Duration>,
    fresh_for: Option<Duration>,
    tags: Vec<String>,
    max_wait: Option<Duration>,
    unless: Option<u64>,
    strict: bool,
    stale_if_error: bool,
    retry_after: Option<Duration>,
}

impl Options {
    /// The entry lives for `ttl`.
    pub const fn ttl(ttl: Duration) -> Self {
        let mut options = Self::forever();
        options.ttl = Some(ttl);
        options
    }

    /// The entry lives for `seconds`. Zero, less, `NaN` and infinity are
    /// [`Error::InvalidTtl`].
    pub fn ttl_seconds(seconds: f64) -> Result<Self, Error> {
        let reason = match seconds {
            _ if seconds.is_nan() => "not a number",
            ..0.0 => "negative",
            _ => TOO_LONG,
        };
        let ttl = Duration::try_from_secs_f64(seconds).map_err(|_| invalid(TTL, reason))?;
        milliseconds(TTL, ttl)?;
        Ok(Self::ttl(ttl))
    }

    /// The entry lives until something removes it: the default.
    pub const fn forever() -> Self {
        Self {
            ttl: None,
            fresh_for: None,
            tags: Vec::new(),
            max_wait: None,
            unless: None,
            strict: false,
            stale_if_error: true,
            retry_after: None,
        }
    }

    /// The entry is fresh for `fresh_for`, within its time to live. Past it, one
    /// caller at a time is asked to refresh the entry while the others go on
    /// reading it. Without this, an entry is fresh for as long as it lives.
    #[must_use]
    pub const fn fresh_for(mut self, fresh_for: Duration) -> Self {
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
    pub const fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = Some(max_wait);
        self
    }

    /// An entry of this version will not do, because it was found to be wrong. One caller is
    /// chosen to refresh it, callers with the same version here wait for that, and all others
    /// go on reading the entry until it is replaced.
    #[must_use]
    pub const fn unless(mut self, version: u64) -> Self {
        self.unless = Some(version);
        self
    }

    /// The backend is asked, even where the host may answer from copies of its own, which
    /// learn of changes a moment later.
    #[must_use]
    pub const fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether a caller whose refresh of a stale entry fails gets that entry (the default), or
    /// the error. A fresh entry is always a hit.
    #[must_use]
    pub const fn stale_if_error(mut self, stale_if_error: bool) -> Self {
        self.stale_if_error = stale_if_error;
        self
    }

    /// After a loader fails, nobody tries again for this long, or for the longest time that
    /// the host allows. Meanwhile a stale entry is served without a refresh, and where there is
    /// no entry, a load is [`Error::LoadFailed`]. Without this, the next caller tries again.
    #[must_use]
    pub const fn retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// These, with what a loader chose in their place.
    pub(crate) fn choose(&self, choice: &Choice) -> Cow<'_, Self> {
        let Choice { ttl, fresh_for, tags } = choice;
        if *choice == Choice::default() {
            return Cow::Borrowed(self);
        }
        let mut chosen = self.clone();
        if let Some(ttl) = *ttl {
            chosen.ttl = Some(ttl);
            chosen.fresh_for = chosen.fresh_for.map(|fresh| fresh.min(ttl));
        }
        chosen.fresh_for = fresh_for.or(chosen.fresh_for);
        chosen.tags = tags.clone().unwrap_or(chosen.tags);
        Cow::Owned(chosen)
    }

    /// In the contract's terms; refuses times that no host would take.
    pub(crate) fn check(&self) -> Result<Checked<'_>, Error> {
        let ttl = self.ttl.map(|ttl| milliseconds(TTL, ttl)).transpose()?;
        let fresh_for = self.fresh_for.map(|time| milliseconds(FRESH_TIME, time)).transpose()?;
        if let (Some(ttl), Some(fresh_for)) = (ttl, fresh_for)
            && fresh_for > ttl
        {
            let reason = format!("{fresh_for} ms, longer than the {ttl} ms that the entry lives");
            return Err(invalid(FRESH_TIME, &reason));
        }
        Ok(Checked {
            ttl,
            fresh_for,
            max_wait: self.max_wait.map(|wait| whole_milliseconds(wait).unwrap_or(u64::MAX)),
            tags: self.tags.iter().map(String::as_str).collect(),
            unless: self.unless,
            strict: self.strict,
            stale_if_error: self.stale_if_error,
            retry_after: self.retry_after.map(|time| milliseconds(PAUSE, time)).transpose()?,
        })
    }
}

impl Default for Options {
    /// As [`Options::forever`].
    fn default() -> Self {
        Self::forever()
    }
}

/// Options that were found to be possible.
pub(crate) struct Checked<'a> {
    ttl: Option<u64>,
    fresh_for: Option<u64>,
    max_wait: Option<u64>,
    pub(crate) tags: Vec<&'a str>,
    unless: Option<u64>,
    strict: bool,
    pub(crate) stale_if_error: bool,
    pub(crate) retry_after: Option<u64>,
}

impl Checked<'_> {
    pub(crate) fn entry(&self) -> EntryOptions<'_> {
        EntryOptions { ttl: self.ttl, fresh_for: self.fresh_for, tags: &self.tags }
    }

    pub(crate) fn lookup(&self) -> LookupOptions<'_> {
        LookupOptions {
            tags: &self.tags,
            max_wait: self.max_wait,
            unless: self.unless,
            strict: self.strict,
        }
    }
}

const TTL: &str = "time to live";
const FRESH_TIME: &str = "fresh time";
pub(crate) const PAUSE: &str = "pause";
const TOO_LONG: &str = "too long to count in milliseconds";

fn invalid(name: &str, reason: &str) -> Error {
    Error::InvalidTtl(format!("the {name} is {reason}"))
}

/// A span of time as the contract takes it, which is not zero.
pub(crate) fn milliseconds(name: &str, time: Duration) -> Result<u64, Error> {
    if time.is_zero() {
        return Err(invalid(name, "zero"));
    }
    if time < Duration::from_millis(1) {
        return Err(invalid(name, "shorter than a millisecond"));
    }
    whole_milliseconds(time).ok_or_else(|| invalid(name, TOO_LONG))
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
    fn each_impossible_time_is_refused_with_its_reason() {
        let is = |name: &str, reason: &str| Err(invalid(name, reason));
        for (time, reason) in [
            (Duration::ZERO, "zero"),
            (Duration::from_nanos(999_999), "shorter than a millisecond"),
            (Duration::MAX, "too long to count in milliseconds"),
        ] {
            assert_eq!(checked_ttl(&Options::ttl(time)), is("time to live", reason));
            assert_eq!(checked_ttl(&Options::forever().fresh_for(time)), is("fresh time", reason));
        }
        let inverted = Options::ttl(Duration::from_secs(1)).fresh_for(Duration::from_secs(2));
        let reason = "2000 ms, longer than the 1000 ms that the entry lives";
        assert_eq!(checked_ttl(&inverted), is("fresh time", reason));
    }

    #[test]
    fn seconds_may_have_a_fraction_but_must_be_a_time() {
        for (seconds, expected) in [(0.001, 1), (0.25, 250), (1.5, 1_500), (0.0015, 2)] {
            let options = Options::ttl_seconds(seconds).expect("a time");
            assert_eq!(checked_ttl(&options), Ok(Some(expected)));
        }
        for (seconds, reason) in [
            (0.0, "zero"),
            (-0.0, "zero"),
            (-1.0, "negative"),
            (f64::NEG_INFINITY, "negative"),
            (0.0001, "shorter than a millisecond"),
            (f64::NAN, "not a number"),
            (f64::INFINITY, TOO_LONG),
            (1e300, TOO_LONG),
        ] {
            assert_eq!(Options::ttl_seconds(seconds), Err(invalid(TTL, reason)), "{seconds}");
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
