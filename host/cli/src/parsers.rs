//! Values of options, and how they are written.

use std::convert::Infallible;
use std::error::Error as _;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::parser::ValueSource;
use clap::{Arg, Command, Error};
use spakky_cache_core::{InvalidPrefix, Prefix};
use spakky_cache_redis::{RedisSettings, parse_duration};

/// The value of an option that a variable can set, too, or what is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    value: Result<T, String>,
    /// The option, if the value is from the command line.
    option: Option<String>,
}

impl<T: Clone> Setting<T> {
    /// Copies the value to `to`, or adds what is wrong with it to `problems`.
    pub(crate) fn apply(&self, to: &mut T, problems: &mut Vec<String>) {
        match &self.value {
            Ok(value) => to.clone_from(value),
            Err(problem) => problems.push(problem.clone()),
        }
    }

    /// The name of the option, if the value is from the command line.
    pub(crate) fn option(&self) -> Option<&str> {
        self.option.as_deref()
    }
}

/// A parser of settings, which parses values with `P`.
///
/// It accepts every value: clap would report the first that is wrong, and the
/// command reports all of them at once.
#[derive(Clone, Debug)]
pub(crate) struct SettingParser<P>(pub(crate) P);

impl<P> TypedValueParser for SettingParser<P>
where
    P: TypedValueParser,
    P::Value: Debug,
{
    type Value = Setting<P::Value>;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, Error> {
        self.parse_ref_(command, arg, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<Self::Value, Error> {
        let option = arg.and_then(Arg::get_long).map(|long| format!("--{long}"));
        let variable = arg.and_then(Arg::get_env).map(|name| name.to_string_lossy().into_owned());
        let trimmed = value.to_str().map_or(value, |text| OsStr::new(text.trim()));
        let parsed = self.0.parse_ref(command, arg, trimmed).map_err(|error| {
            let name = if source == ValueSource::EnvVariable { &variable } else { &option };
            let name = name.as_deref().unwrap_or_default();
            let why = error.source().map(ToString::to_string);
            let why = why.unwrap_or_else(|| error.kind().to_string());
            format!("{name} is {:?}: {why}", value.to_string_lossy())
        });
        let option = option.filter(|_| source == ValueSource::CommandLine);
        Ok(Setting { value: parsed, option })
    }
}

/// A directory of the host's, and the path that a component sees it at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
}

impl FromStr for Mount {
    type Err = &'static str;

    /// Parses `HOST[::GUEST]`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, guest) = text.split_once("::").unwrap_or((text, text));
        if host.is_empty() || guest.is_empty() {
            return Err("write HOST, or HOST::GUEST");
        }
        Ok(Self { host: host.into(), guest: guest.into() })
    }
}

/// A variable to set, or, without a value, to pass on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

impl FromStr for Variable {
    type Err = &'static str;

    /// Parses `NAME[=VALUE]`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() {
            return Err("write NAME=VALUE, or NAME to pass on its value");
        }
        Ok(Self { name: name.to_owned(), value })
    }
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

/// Parses a duration that is not zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration.is_zero() { Err("it has to be more than zero".into()) } else { Ok(duration) }
}

/// Parses the time limit of a lease. The lease is renewed at a third of it, and
/// the renewal has to reach the store in time.
pub(crate) fn lease(text: &str) -> Result<Duration, String> {
    let lease = parse_duration(text)?;
    let allowed = Duration::from_millis(100)..=Duration::from_hours(1);
    allowed.contains(&lease).then_some(lease).ok_or_else(|| "it has to be 100ms to 1h".into())
}

/// Parses how eagerly entries are refreshed early.
pub(crate) fn early_refresh(text: &str) -> Result<f64, String> {
    if text == "off" {
        return Ok(0.0);
    }
    let beta = text.parse().ok().filter(|beta: &f64| beta.is_finite() && *beta >= 0.0);
    beta.ok_or_else(|| "it has to be off, or a number of 0 or more".into())
}

/// Parses the time limit of an operation.
pub(crate) fn socket_timeout(text: &str) -> Result<Duration, String> {
    redis_setting("SPAKKY_REDIS__SOCKET_TIMEOUT", text).map(|settings| settings.socket_timeout)
}

/// Parses the name or address of a host.
pub(crate) fn host(text: &str) -> Result<String, String> {
    redis_setting("SPAKKY_REDIS__HOST", text).map(|settings| settings.host)
}

/// Parses one setting by the rules of [`RedisSettings`].
fn redis_setting(variable: &str, text: &str) -> Result<RedisSettings, String> {
    let settings = RedisSettings::parse(|name| (name == variable).then(|| text.to_owned()));
    settings.map_err(|error| {
        let allowed: Vec<_> = error.problems.iter().map(|problem| problem.allowed).collect();
        format!("it has to be {}", allowed.join(", "))
    })
}

/// Parses a prefix of keys.
pub(crate) fn key_prefix(text: &str) -> Result<Prefix, InvalidPrefix> {
    Prefix::new(text)
}

/// Parses a text that counts as unset if it is empty.
#[expect(clippy::unnecessary_wraps, reason = "clap's parsers return a result")]
pub(crate) fn non_empty(text: &str) -> Result<Option<String>, Infallible> {
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        let at = |host: &str, guest: &str| Ok(Mount { host: host.into(), guest: guest.into() });
        assert_eq!("/a".parse(), at("/a", "/a"));
        assert_eq!(".".parse(), at(".", "."));
        assert_eq!("/a::/b".parse(), at("/a", "/b"));
        assert_eq!("/a:b::/c:d".parse(), at("/a:b", "/c:d"));
        for text in ["", "::", "/a::", "::/b"] {
            assert!(text.parse::<Mount>().is_err(), "{text}");
        }
    }

    #[test]
    fn variables() {
        let named = |name: &str, value: Option<&str>| {
            Ok(Variable { name: name.into(), value: value.map(Into::into) })
        };
        assert_eq!("A".parse(), named("A", None));
        assert_eq!("A=".parse(), named("A", Some("")));
        assert_eq!("A=b=c".parse(), named("A", Some("b=c")));
        assert!("".parse::<Variable>().is_err() && "=b".parse::<Variable>().is_err());
    }

    #[test]
    fn durations_have_units_or_are_seconds() {
        for (text, millis) in [
            ("5", 5_000),
            ("0", 0),
            ("0.25", 250),
            ("250ms", 250),
            ("1.5 s", 1_500),
            ("2m", 120_000),
            ("1m 30s", 90_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1s", "-1", "NaN", "inf", "1.2.3s", "99999999999999999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn early_refresh_is_off_or_a_number() {
        assert_eq!(early_refresh("off"), Ok(0.0));
        assert_eq!(early_refresh("1.5"), Ok(1.5));
        for text in ["", "on", "-1", "NaN", "inf"] {
            assert!(early_refresh(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_limits() {
        assert!(positive_duration("0ms").is_err());
        assert!(lease("50ms").is_err() && lease("2h").is_err() && lease("100ms").is_ok());
        assert!(socket_timeout("0").is_err() && socket_timeout("24h 1s").is_err());
        assert_eq!(socket_timeout("0.001"), socket_timeout("1ms"));
    }

    #[test]
    fn hosts_have_neither_scheme_nor_port() {
        assert_eq!(host("[::1]").as_deref(), Ok("::1"));
        for text in ["", "redis://h", "h:6379"] {
            assert!(host(text).unwrap_err().contains("host name"), "{text}");
        }
    }
}
