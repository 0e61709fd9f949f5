//! Values of options, and how they are written.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A directory of the host's, and the path that a component sees it at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
}

/// `HOST[::GUEST]`.
pub(crate) fn mount(text: &str) -> Result<Mount, String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("write HOST, or HOST::GUEST".into());
    }
    Ok(Mount { host: host.into(), guest: guest.into() })
}

/// A variable to set, or, without a value, to pass on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// `NAME[=VALUE]`.
pub(crate) fn variable(text: &str) -> Result<Variable, String> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("write NAME=VALUE, or NAME to pass on its value".into());
    }
    Ok(Variable { name: name.to_owned(), value })
}

/// Where compiled components are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CompileCache {
    Off,
    At(PathBuf),
}

impl FromStr for CompileCache {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "off" { Self::Off } else { Self::At(text.into()) })
    }
}

/// A number and its unit; the unit of none is the empty text.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim()))
}

/// `5s`, `1.5m`, `250ms`, or a plain number of seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = number(text).and_then(|(number, unit)| {
        let seconds = match unit {
            "ms" => 1e-3,
            "" | "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            _ => return None,
        };
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    parsed.ok_or_else(|| "write a number with ms, s, m or h, such as 250ms or 1.5m".into())
}

/// A duration that is not zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.is_zero() { Err("it has to be more than zero".into()) } else { Ok(duration) }
}

/// The time of a lease.
pub(crate) fn lease(text: &str) -> Result<Duration, String> {
    // Its renewal, at a third of it, has to reach the store in time.
    let within = Duration::from_millis(100)..=Duration::from_hours(1);
    let lease = duration(text)?;
    within.contains(&lease).then_some(lease).ok_or_else(|| "it has to be 100ms to 1h".into())
}

/// `64MiB`, `1.5G`, or a plain number of bytes.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let parsed = number(text).and_then(|(number, unit)| {
        let bytes: f64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "k" | "kib" => f64::from(1 << 10),
            "m" | "mib" => f64::from(1 << 20),
            "g" | "gib" => f64::from(1 << 30),
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            _ => return None,
        };
        let bytes = number * bytes;
        // A 64-bit memory may be larger than 4 GiB, but nothing is this large.
        (1.0..=1e15).contains(&bytes).then_some(bytes)
    });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
    parsed
        .map(|bytes| bytes as usize)
        .ok_or_else(|| "write a number of bytes, or with KiB, MiB or GiB, such as 64MiB".into())
}

/// What [`size`] reads, in the largest unit that divides it.
pub(crate) fn show_size(bytes: usize) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let fits = units.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    match fits {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

/// Yes or no, in the words that Redis' own settings know.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        let at = |host: &str, guest: &str| Ok(Mount { host: host.into(), guest: guest.into() });
        assert_eq!(mount("/a"), at("/a", "/a"));
        assert_eq!(mount("."), at(".", "."));
        assert_eq!(mount("/a::/b"), at("/a", "/b"));
        assert_eq!(mount("/a:b::/c:d"), at("/a:b", "/c:d"));
        for text in ["", "::", "/a::", "::/b"] {
            assert!(mount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn variables() {
        let named = |name: &str, value: Option<&str>| {
            Ok(Variable { name: name.into(), value: value.map(Into::into) })
        };
        assert_eq!(variable("A"), named("A", None));
        assert_eq!(variable("A="), named("A", Some("")));
        assert_eq!(variable("A=b=c"), named("A", Some("b=c")));
        assert!(variable("").is_err() && variable("=b").is_err());
    }

    #[test]
    fn durations() {
        for (text, millis) in
            [("5", 5_000), ("0", 0), ("250ms", 250), ("1.5 s", 1_500), ("2m", 120_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "1d", "NaN", "1.2.3s", "99999999999999999999h", "1e3"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(positive_duration("0ms").is_err());
        assert!(lease("50ms").is_err() && lease("2h").is_err() && lease("100ms").is_ok());
    }

    #[test]
    fn sizes() {
        for (text, bytes) in
            [("1", 1), ("64MiB", 64 << 20), ("1.5k", 1_536), ("2GB", 2_000_000_000)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "0", "-1", "1 TiB", "MiB", "9999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert_eq!(show_size(64 << 20), "64 MiB");
        assert_eq!(show_size(1_536), "1536 bytes");
    }

    #[test]
    fn booleans() {
        assert_eq!([" Yes", "0", "maybe", ""].map(boolean), [Some(true), Some(false), None, None]);
    }
}
