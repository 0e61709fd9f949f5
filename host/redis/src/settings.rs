//! The connection settings, and how `SPAKKY_REDIS__*` variables set them.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use spakky_cache_core::Prefix;

/// The default of `SPAKKY_REDIS__KEY_PREFIX`.
const DEFAULT_KEY_PREFIX: &str = "spakky:cache:";
/// The longest `SPAKKY_REDIS__SOCKET_TIMEOUT`.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(24);
/// The shortest one.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);

/// The settings of a connection to Redis.
///
/// [`parse`](Self::parse) reads them from variables. A program can also start with
/// [`default`](Self::default) and set fields. `Debug` hides the password, and
/// [`url`](Self::url) contains no credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// `SPAKKY_REDIS__HOST`, `localhost`: a host name or an IP address.
    pub host: String,
    /// `SPAKKY_REDIS__PORT`, 6379: 1 to 65535.
    pub port: u16,
    /// `SPAKKY_REDIS__DB`, 0: the number of the logical database.
    pub database: u32,
    /// `SPAKKY_REDIS__USERNAME`, unset: the ACL user; unset is `default`.
    pub username: Option<String>,
    /// `SPAKKY_REDIS__PASSWORD`, unset.
    pub password: Option<String>,
    /// `SPAKKY_REDIS__USE_SSL`, false: whether the connection uses TLS. The
    /// server's certificate must be signed by a root that the system trusts or
    /// that is in the file named by `SSL_CERT_FILE`.
    pub use_ssl: bool,
    /// `SPAKKY_REDIS__KEY_PREFIX`, `spakky:cache:`: the beginning of every key.
    pub key_prefix: Prefix,
    /// `SPAKKY_REDIS__SOCKET_TIMEOUT`, `5s` (or plain seconds): how long an operation or an
    /// attempt to connect waits for the server.
    pub socket_timeout: Duration,
    /// Treats the server as older than 7.0, which refuses `SET .. NX GET`.
    #[doc(hidden)]
    pub before_7: bool,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 6379,
            database: 0,
            username: None,
            password: None,
            use_ssl: false,
            key_prefix: Prefix::new(DEFAULT_KEY_PREFIX).expect("it holds no separator"),
            socket_timeout: Duration::from_secs(5),
            before_7: false,
        }
    }
}

impl RedisSettings {
    /// Reads the settings from the environment of the process.
    ///
    /// # Errors
    /// Those of [`parse`](Self::parse).
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::parse(|variable| {
            // A value that is not UTF-8 is reported as invalid.
            std::env::var_os(variable).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// Reads the settings from variables that `get` looks up by name.
    ///
    /// # Errors
    /// All problems, not just the first.
    pub fn parse(get: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let defaults = Self::default();
        let mut reader = Reader { get, problems: Vec::new() };
        let settings = Self {
            host: reader.read("SPAKKY_REDIS__HOST", defaults.host, host),
            port: reader.read("SPAKKY_REDIS__PORT", defaults.port, port),
            database: reader.read("SPAKKY_REDIS__DB", defaults.database, database),
            username: reader.text("SPAKKY_REDIS__USERNAME"),
            password: reader.text("SPAKKY_REDIS__PASSWORD"),
            use_ssl: reader.read("SPAKKY_REDIS__USE_SSL", defaults.use_ssl, boolean),
            key_prefix: reader.read("SPAKKY_REDIS__KEY_PREFIX", defaults.key_prefix, key_prefix),
            socket_timeout: reader.read(
                "SPAKKY_REDIS__SOCKET_TIMEOUT",
                defaults.socket_timeout,
                socket_timeout,
            ),
            before_7: false,
        };
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError { problems: reader.problems })
        }
    }

    /// `redis://host:port/db`, or `rediss://` with TLS, without user and password.
    pub fn url(&self) -> String {
        let scheme = if self.use_ssl { "rediss" } else { "redis" };
        format!("{scheme}://{}/{}", self.address(), self.database)
    }

    /// `host:port`, with an IPv6 address in brackets.
    pub(crate) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "<hidden>"))
            .field("use_ssl", &self.use_ssl)
            .field("key_prefix", &self.key_prefix)
            .field("socket_timeout", &self.socket_timeout)
            .finish_non_exhaustive()
    }
}

/// The settings are invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// One problem for each invalid variable. Never empty.
    pub problems: Vec<SettingsProblem>,
}

/// An invalid variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    /// The variable's name.
    pub variable: &'static str,
    /// Its value.
    pub value: String,
    /// The values that are allowed.
    pub allowed: &'static str,
}

impl fmt::Display for SettingsProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?}, but has to be {}", self.variable, self.value, self.allowed)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsError {}

/// A value, or a description of the allowed ones.
type Parsed<T> = Result<T, &'static str>;

struct Reader<G> {
    get: G,
    problems: Vec<SettingsProblem>,
}

impl<G: Fn(&str) -> Option<String>> Reader<G> {
    fn read<T>(&mut self, variable: &'static str, default: T, parse: fn(&str) -> Parsed<T>) -> T {
        let Some(value) = (self.get)(variable) else { return default };
        parse(value.trim()).unwrap_or_else(|allowed| {
            self.problems.push(SettingsProblem { variable, value, allowed });
            default
        })
    }

    /// A text with all its spaces. An empty one counts as unset.
    fn text(&self, variable: &'static str) -> Option<String> {
        (self.get)(variable).filter(|value| !value.is_empty())
    }
}

fn host(text: &str) -> Parsed<String> {
    const ALLOWED: &str = "a host name or an IP address, without scheme, port and path";
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let host = bracketed.unwrap_or(text);
    let is_address = std::net::Ipv6Addr::from_str(host).is_ok();
    let is_name = bracketed.is_none()
        && !host.is_empty()
        && !host.contains(|c: char| c.is_whitespace() || ":/@[]?#".contains(c));
    (is_address || is_name).then(|| host.to_owned()).ok_or(ALLOWED)
}

fn port(text: &str) -> Parsed<u16> {
    const ALLOWED: &str = "a whole number from 1 to 65535";
    u16::from_str(text).ok().filter(|port| *port != 0).ok_or(ALLOWED)
}

fn database(text: &str) -> Parsed<u32> {
    u32::from_str(text).map_err(|_| "a whole number, 0 or more")
}

fn boolean(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("true or false (or 1, 0, yes, no, on, off)"),
    }
}

fn key_prefix(text: &str) -> Parsed<Prefix> {
    Prefix::new(text).map_err(|_| "at most 1024 bytes, without '|'")
}

/// Parses a duration such as `5s` or `1m 30s`, or a plain number of seconds.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string());
    }
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

fn socket_timeout(text: &str) -> Parsed<Duration> {
    parse_duration(text)
        .ok()
        .filter(|duration| (SHORTEST_TIMEOUT..=LONGEST_TIMEOUT).contains(duration))
        .ok_or("a duration such as 5s or 250ms, or seconds, from 1ms to 24h")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<RedisSettings, SettingsError> {
        RedisSettings::parse(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn refused(variable: &'static str, value: &str) -> String {
        let error = parse(&[(variable, value)]).expect_err(value);
        assert_eq!(error.problems.len(), 1);
        assert_eq!(error.problems[0].variable, variable);
        assert_eq!(error.problems[0].value, value);
        error.to_string()
    }

    #[test]
    fn nothing_set_is_the_defaults() {
        let settings = parse(&[]).unwrap();
        assert_eq!(settings, RedisSettings::default());
        assert_eq!(settings.url(), "redis://localhost:6379/0");
        assert_eq!(settings.key_prefix.as_str(), "spakky:cache:");
        assert_eq!(settings.socket_timeout, Duration::from_secs(5));
        assert_eq!((settings.username, settings.password), (None, None));
    }

    #[test]
    fn everything_can_be_set() {
        let settings = parse(&[
            ("SPAKKY_REDIS__HOST", "cache.example"),
            ("SPAKKY_REDIS__PORT", "1"),
            ("SPAKKY_REDIS__DB", "15"),
            ("SPAKKY_REDIS__USERNAME", "app"),
            ("SPAKKY_REDIS__PASSWORD", " s3cret "),
            ("SPAKKY_REDIS__USE_SSL", "true"),
            ("SPAKKY_REDIS__KEY_PREFIX", "app[1]:*"),
            ("SPAKKY_REDIS__SOCKET_TIMEOUT", "0.25"),
        ])
        .unwrap();
        assert_eq!(settings.url(), "rediss://cache.example:1/15");
        assert_eq!(settings.username.as_deref(), Some("app"));
        assert_eq!(settings.password.as_deref(), Some(" s3cret "));
        assert_eq!(settings.key_prefix.as_str(), "app[1]:*");
        assert_eq!(settings.socket_timeout, Duration::from_millis(250));
    }

    #[test]
    fn every_problem_is_named_at_once_and_no_password() {
        let error = parse(&[
            ("SPAKKY_REDIS__HOST", "redis://h:1"),
            ("SPAKKY_REDIS__PORT", "0"),
            ("SPAKKY_REDIS__DB", "-1"),
            ("SPAKKY_REDIS__PASSWORD", "s3cret"),
            ("SPAKKY_REDIS__USE_SSL", "maybe"),
            ("SPAKKY_REDIS__KEY_PREFIX", "a|b"),
            ("SPAKKY_REDIS__SOCKET_TIMEOUT", "0"),
        ])
        .unwrap_err();
        let variables: Vec<_> = error.problems.iter().map(|problem| problem.variable).collect();
        assert_eq!(
            variables,
            [
                "SPAKKY_REDIS__HOST",
                "SPAKKY_REDIS__PORT",
                "SPAKKY_REDIS__DB",
                "SPAKKY_REDIS__USE_SSL",
                "SPAKKY_REDIS__KEY_PREFIX",
                "SPAKKY_REDIS__SOCKET_TIMEOUT",
            ]
        );
        let text = error.to_string();
        assert!(text.contains("SPAKKY_REDIS__PORT is \"0\", but has to be"), "{text}");
        assert!(!text.contains("s3cret") && !text.contains('\n'), "{text}");
    }

    #[test]
    fn hosts() {
        for (text, host, url) in [
            ("h", "h", "redis://h:6379/0"),
            (" 10.0.0.1 ", "10.0.0.1", "redis://10.0.0.1:6379/0"),
            ("::1", "::1", "redis://[::1]:6379/0"),
            ("[::1]", "::1", "redis://[::1]:6379/0"),
        ] {
            let settings = parse(&[("SPAKKY_REDIS__HOST", text)]).unwrap();
            assert_eq!((settings.host.as_str(), settings.url().as_str()), (host, url));
        }
        for text in ["", " ", "a b", "h:6379", "redis://h", "h/0", "u:p@h", "[h]", "[::1"] {
            refused("SPAKKY_REDIS__HOST", text);
        }
    }

    #[test]
    fn ports_and_databases() {
        assert_eq!(parse(&[("SPAKKY_REDIS__PORT", "65535")]).unwrap().port, 65535);
        for text in ["", "0", "65536", "-1", "six", "1.0", "0x10"] {
            assert!(refused("SPAKKY_REDIS__PORT", text).contains("1 to 65535"));
        }
        assert_eq!(parse(&[("SPAKKY_REDIS__DB", "0")]).unwrap().database, 0);
        for text in ["", "-1", "1.5", "one"] {
            refused("SPAKKY_REDIS__DB", text);
        }
    }

    #[test]
    fn booleans_in_any_case() {
        for (texts, expected) in [
            (["true", "1", "yes", "on", "TRUE", "Yes"], true),
            (["false", "0", "no", "off", "False", "OFF"], false),
        ] {
            for text in texts {
                let settings = parse(&[("SPAKKY_REDIS__USE_SSL", text)]).unwrap();
                assert_eq!(settings.use_ssl, expected, "{text}");
            }
        }
        for text in ["", "2", "t", "enabled"] {
            refused("SPAKKY_REDIS__USE_SSL", text);
        }
    }

    #[test]
    fn timeouts_have_units_or_are_seconds() {
        for (text, millis) in [
            ("5", 5_000),
            ("0.001", 1),
            ("1e-1", 100),
            ("86400", 86_400_000),
            ("5s", 5_000),
            ("250ms", 250),
            ("1m 30s", 90_000),
        ] {
            let settings = parse(&[("SPAKKY_REDIS__SOCKET_TIMEOUT", text)]).unwrap();
            assert_eq!(settings.socket_timeout, Duration::from_millis(millis), "{text}");
        }
        for text in
            ["", "0", "-1", "NaN", "inf", "-inf", "1e-9", "1e300", "86400.1", "0s", "25h", "-1s"]
        {
            refused("SPAKKY_REDIS__SOCKET_TIMEOUT", text);
        }
    }

    #[test]
    fn prefixes() {
        assert_eq!(parse(&[("SPAKKY_REDIS__KEY_PREFIX", "")]).unwrap().key_prefix.as_str(), "");
        refused("SPAKKY_REDIS__KEY_PREFIX", "a|b");
        refused("SPAKKY_REDIS__KEY_PREFIX", &"x".repeat(1025));
    }

    #[test]
    fn empty_credentials_are_none() {
        let settings =
            parse(&[("SPAKKY_REDIS__USERNAME", ""), ("SPAKKY_REDIS__PASSWORD", "")]).unwrap();
        assert_eq!(settings, RedisSettings::default());
    }

    #[test]
    fn nothing_shown_has_the_password() {
        let settings =
            parse(&[("SPAKKY_REDIS__USERNAME", "app"), ("SPAKKY_REDIS__PASSWORD", "s3cret")])
                .unwrap();
        let shown = format!("{settings:?} {}", settings.url());
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("<hidden>"), "{shown}");
    }
}
