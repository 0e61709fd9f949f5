use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use ciborium::Value;

use super::{ParseError, Tagged, tagged};

/// An instant from the year 1 to 9999 in UTC, in whole nanoseconds, which other languages read
/// as their own type for times.
///
/// Its text is that of RFC 3339. It is parsed with any offset, and written in UTC.
///
/// ```
/// use spakky_cache::Timestamp;
///
/// let noon: Timestamp = "2026-11-29T13:00:00.50+01:00".parse()?;
/// assert_eq!(noon.to_string(), "2026-11-29T12:00:00.5Z");
/// assert_eq!((noon.seconds(), noon.nanoseconds()), (1_795_953_600, 500_000_000));
/// # Ok::<(), spakky_cache::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanoseconds: u32,
}

const SECOND: i128 = 1_000_000_000;
const DAY: i64 = 86_400;
/// The seconds of the years 1 to 9999.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Timestamp {
    /// The instant so many seconds after 1970-01-01T00:00:00Z, and so many nanoseconds after
    /// that. None: it is outside of the years 1 to 9999, or the nanoseconds make a second.
    pub fn new(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let is_valid = RANGE.contains(&seconds) && i128::from(nanoseconds) < SECOND;
        is_valid.then_some(Self { seconds, nanoseconds })
    }

    /// The current time.
    ///
    /// # Panics
    /// If the clock is past the year 9999.
    pub fn now() -> Self {
        Self::try_from(SystemTime::now()).expect("it is a year of four digits")
    }

    /// The whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds since the last whole second.
    pub const fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    fn from_nanoseconds(nanoseconds: i128) -> Option<Self> {
        let seconds = i64::try_from(nanoseconds.div_euclid(SECOND)).ok()?;
        Self::new(seconds, u32::try_from(nanoseconds.rem_euclid(SECOND)).ok()?)
    }

    /// A float means microseconds.
    #[allow(clippy::cast_possible_truncation)] // the range is checked before
    fn from_float(seconds: f64) -> Option<Self> {
        let microseconds = (seconds * 1e6).round_ties_even();
        (microseconds.abs() < 1e18).then(|| Self::from_nanoseconds(microseconds as i128 * 1_000))?
    }
}

impl Tagged for Timestamp {
    fn from_tag(tag: u64, content: &Value) -> Result<Self, String> {
        let timestamp = match (tag, content) {
            (0, Value::Text(text)) => text.parse().ok(),
            (1, Value::Integer(seconds)) => {
                i64::try_from(*seconds).ok().and_then(|seconds| Self::new(seconds, 0))
            }
            (1, Value::Float(seconds)) => Self::from_float(*seconds),
            _ => None,
        };
        timestamp.ok_or_else(|| format!("it has the tag {tag} on what is no timestamp"))
    }
}

tagged!(Timestamp, 0, |timestamp| timestamp.to_string());

impl TryFrom<SystemTime> for Timestamp {
    type Error = ParseError;

    fn try_from(time: SystemTime) -> Result<Self, ParseError> {
        let nanoseconds = |time: Duration| i128::try_from(time.as_nanos()).ok();
        let since = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => nanoseconds(since),
            Err(before) => nanoseconds(before.duration()).map(|before| -before),
        };
        since.and_then(Self::from_nanoseconds).ok_or(ParseError("timestamp"))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp { seconds, nanoseconds }: Timestamp) -> Self {
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let whole = if seconds < 0 { Self::UNIX_EPOCH - whole } else { Self::UNIX_EPOCH + whole };
        whole + Duration::from_nanos(nanoseconds.into())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.seconds.div_euclid(DAY));
        let second = self.seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.nanoseconds > 0 {
            let fraction = format!("{:09}", self.nanoseconds);
            write!(f, ".{}", fraction.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

impl FromStr for Timestamp {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text.as_bytes()).ok_or(ParseError("timestamp"))
    }
}

fn parse(text: &[u8]) -> Option<Timestamp> {
    let (time, rest) = text.split_at_checked(19)?;
    let marks = [4, 7, 10, 13, 16].map(|at| time[at]);
    let [year, month, day] = [&time[..4], &time[5..7], &time[8..10]].map(number);
    let [hour, minute, second] = [&time[11..13], &time[14..16], &time[17..]].map(number);
    let (year, month, day) = (year?, month?, day?);
    let (hour, minute, second) = (hour?, minute?, second?);
    let exists = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if marks != *b"--T::" || year == 0 || !exists {
        return None;
    }
    let (nanoseconds, zone) = match rest.strip_prefix(b".") {
        Some(rest) => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
            let (fraction, zone) = rest.split_at(end);
            let scale = 10_i64.pow(9_u32.checked_sub(u32::try_from(end).ok()?)?);
            (number(fraction)? * scale, zone)
        }
        None => (0, rest),
    };
    let offset = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            let seconds = (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * 60)?;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * DAY + (hour * 60 + minute) * 60 + second - offset;
    Timestamp::new(seconds, u32::try_from(nanoseconds).ok()?)
}

fn number(digits: &[u8]) -> Option<i64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let sum = |sum: i64, byte| Some(sum * 10 + digit(byte)?);
    if digits.is_empty() { None } else { digits.iter().try_fold(0, sum) }
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days of 400 years, after which the calendar repeats, and those from the first of March
/// of the year 0 to 1970-01-01.
const ERA: i64 = 146_097;
const EPOCH: i64 = 719_468;

/// The days from 1970-01-01 to a date. Years begin in March, so that a leap day ends one.
/// <https://howardhinnant.github.io/date_algorithms.html>
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let day = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * ERA + year * 365 + year / 4 - year / 100 + day - EPOCH
}

/// The date so many days from 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (year * 365 + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_is_one_date() {
        let (mut year, mut month, mut day) = (1, 1, 1);
        for number in RANGE.start() / DAY..=RANGE.end() / DAY {
            assert_eq!(date(number), (year, month, day));
            assert_eq!(days(year, month, day), number);
            day += 1;
            if day > days_of(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(year, 10_000);
    }

    #[test]
    fn a_system_time_comes_back() {
        for (seconds, nanoseconds) in [(0, 0), (-1, 999_999_999), (1_795_953_600, 1)] {
            let timestamp = Timestamp::new(seconds, nanoseconds).expect("a timestamp");
            assert_eq!(Timestamp::try_from(SystemTime::from(timestamp)), Ok(timestamp));
        }
        assert_eq!(Timestamp::new(0, 1_000_000_000), None);
        assert_eq!(Timestamp::new(RANGE.end() + 1, 0), None);
        let late = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert!(Timestamp::try_from(late).is_err());
        assert!(Timestamp::now().seconds() > 1_700_000_000);
    }

    #[test]
    fn outside_of_cbor_it_is_text() {
        let timestamp = Timestamp::new(0, 500_000_000).expect("a timestamp");
        let json = serde_json::to_string(&timestamp).expect("text");
        assert_eq!(json, "\"1970-01-01T00:00:00.5Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).expect("a timestamp"), timestamp);
    }
}
