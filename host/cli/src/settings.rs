//! What the command line and the environment say together.

use std::time::Duration;

use spakky_cache_core::{OnFailure, Policy, Prefix};
use spakky_cache_redis::{RedisSettings, SettingsProblem};

use crate::args::{Failing, StoreArgs, StoreKind};
use crate::exit::{Failure, USAGE};
use crate::parsers::boolean;

const KEY_PREFIX: &str = "SPAKKY_REDIS__KEY_PREFIX";
const PASSWORD: &str = "SPAKKY_REDIS__PASSWORD";
const INCLUDE_DETAILS: &str = "SPAKKY_ACTUATOR_INCLUDE_DETAILS";

/// The settings in force.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) store: StoreOptions,
    pub(crate) policy: Policy,
    /// How long each that is asked by the actuator may take.
    pub(crate) probe_timeout: Duration,
    /// Whether reports show details.
    pub(crate) include_details: bool,
}

/// Which store, and where.
#[derive(Clone, Debug)]
pub(crate) enum StoreOptions {
    Redis(RedisSettings),
    Embedded(Prefix),
}

/// The variable that an option stands for, the option, and what it was given.
fn flags(args: &StoreArgs) -> [(&'static str, &'static str, Option<&str>); 7] {
    [
        ("SPAKKY_REDIS__HOST", "--redis-host", args.redis_host.as_deref()),
        ("SPAKKY_REDIS__PORT", "--redis-port", args.redis_port.as_deref()),
        ("SPAKKY_REDIS__DB", "--redis-db", args.redis_db.as_deref()),
        ("SPAKKY_REDIS__USERNAME", "--redis-username", args.redis_username.as_deref()),
        ("SPAKKY_REDIS__USE_SSL", "--redis-use-ssl", args.redis_use_ssl.as_deref()),
        (KEY_PREFIX, "--key-prefix", args.key_prefix.as_deref()),
        ("SPAKKY_REDIS__SOCKET_TIMEOUT", "--socket-timeout", args.socket_timeout.as_deref()),
    ]
}

/// The variable of the process's environment.
pub(crate) fn environment(name: &str) -> Option<String> {
    // What is no UTF-8 is reported as the wrong value that it is.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

impl Options {
    /// The options of `args`, which win over `environment`.
    ///
    /// # Errors
    /// Every problem there is, at once.
    pub(crate) fn resolve(
        args: &StoreArgs,
        probe_timeout: Duration,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let flags = flags(args);
        let mut problems = Vec::new();
        let password = password(args, &mut problems);
        let redis = args.store == StoreKind::Redis;
        let settings = RedisSettings::parse(|variable| {
            // Where Redis would be is nobody's concern if there is none.
            if !redis && variable != KEY_PREFIX {
                return None;
            }
            if variable == PASSWORD && password.is_some() {
                return password.clone();
            }
            let flag = flags.iter().find(|(name, ..)| *name == variable);
            flag.and_then(|(.., value)| value.map(str::to_owned)).or_else(|| environment(variable))
        });
        let settings = settings.unwrap_or_else(|error| {
            problems.extend(error.problems.iter().map(|problem| describe(problem, &flags)));
            RedisSettings::default()
        });
        if !redis {
            let given =
                flags.iter().filter(|(name, _, value)| value.is_some() && *name != KEY_PREFIX);
            let mut useless: Vec<_> = given.map(|(_, flag, _)| *flag).collect();
            useless.extend(args.redis_password_file.as_ref().map(|_| "--redis-password-file"));
            let problem = |flag| format!("{flag} is of no use with --store embedded");
            problems.extend(useless.into_iter().map(problem));
        }
        let details = environment(INCLUDE_DETAILS);
        let include_details = details.as_deref().map_or(Some(true), boolean);
        if include_details.is_none() {
            let value = details.unwrap_or_default();
            problems.push(format!("{INCLUDE_DETAILS} is {value:?}, but has to be true or false"));
        }
        if !problems.is_empty() {
            let hint = Some("spakky-redis --help lists the settings".into());
            return Err(Failure { code: USAGE, problems, hint });
        }
        let policy = Policy {
            lease: args.lease,
            longest_wait: args.max_wait,
            on_failure: match args.on_failure {
                Failing::Error => OnFailure::Error,
                Failing::Miss => OnFailure::Miss,
            },
            ..Policy::default()
        };
        let store = if redis {
            StoreOptions::Redis(settings)
        } else {
            StoreOptions::Embedded(settings.key_prefix)
        };
        let include_details = include_details.unwrap_or(true);
        Ok(Self { store, policy, probe_timeout, include_details })
    }
}

/// The problem, under the name of the option if that is where the value is from.
fn describe(problem: &SettingsProblem, flags: &[(&str, &str, Option<&str>)]) -> String {
    let given = flags.iter().find(|(name, _, value)| *name == problem.variable && value.is_some());
    let name = given.map_or(problem.variable, |(_, flag, _)| flag);
    format!("{name} is {:?}, but has to be {}", problem.value, problem.allowed)
}

fn password(args: &StoreArgs, problems: &mut Vec<String>) -> Option<String> {
    let file = args.redis_password_file.as_ref()?;
    let problem = match std::fs::read_to_string(file) {
        Ok(text) => {
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if !text.is_empty() {
                return Some(text.to_owned());
            }
            "it is empty".into()
        }
        Err(error) => error.to_string(),
    };
    problems.push(format!("--redis-password-file {}: {problem}", file.display()));
    None
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command};

    fn resolve(line: &[&str], variables: &[(&str, &str)]) -> Result<Options, Failure> {
        let line = ["spakky-redis", "health"].iter().chain(line);
        let Command::Health(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        Options::resolve(&args.report.store, args.report.probe_timeout, |name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn redis(line: &[&str], variables: &[(&str, &str)]) -> RedisSettings {
        match resolve(line, variables).unwrap().store {
            StoreOptions::Redis(settings) => settings,
            other @ StoreOptions::Embedded(_) => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_said_is_redis_with_the_defaults() {
        let options = resolve(&[], &[]).unwrap();
        assert_eq!(redis(&[], &[]), RedisSettings::default());
        assert_eq!(options.policy, Policy::default());
        assert_eq!(options.probe_timeout, Duration::from_secs(5));
        assert!(options.include_details);
    }

    #[test]
    fn options_win_over_the_environment() {
        let variables = [
            ("SPAKKY_REDIS__HOST", "from-environment"),
            ("SPAKKY_REDIS__PORT", "1"),
            ("SPAKKY_REDIS__PASSWORD", "s3cret"),
        ];
        let line = ["--redis-port", "2", "--redis-use-ssl", "--key-prefix", "p:", "--redis-db=3"];
        let settings = redis(&line, &variables);
        assert_eq!((settings.host.as_str(), settings.port), ("from-environment", 2));
        assert_eq!(settings.password.as_deref(), Some("s3cret"));
        assert_eq!((settings.use_ssl, settings.database), (true, 3));
        assert_eq!(settings.key_prefix.as_str(), "p:");
    }

    #[test]
    fn an_option_hides_a_wrong_variable() {
        assert_eq!(redis(&["--redis-port", "2"], &[("SPAKKY_REDIS__PORT", "x")]).port, 2);
    }

    #[test]
    fn every_problem_is_named_at_once_and_where_it_is_from() {
        let line = ["--redis-port", "0", "--redis-password-file", "/does/not/exist"];
        let variables = [("SPAKKY_REDIS__DB", "x"), ("SPAKKY_ACTUATOR_INCLUDE_DETAILS", "perhaps")];
        let failure = resolve(&line, &variables).unwrap_err();
        assert_eq!(failure.code, USAGE);
        let begins: Vec<_> = failure.problems.iter().map(|text| text.split(' ').next()).collect();
        assert_eq!(
            begins,
            [
                "--redis-password-file",
                "--redis-port",
                "SPAKKY_REDIS__DB",
                "SPAKKY_ACTUATOR_INCLUDE_DETAILS"
            ]
            .map(Some)
        );
        assert!(failure.problems[1].contains("\"0\""), "{failure}");
    }

    #[test]
    fn embedded_needs_nothing_of_redis() {
        let variables = [("SPAKKY_REDIS__PORT", "x"), ("SPAKKY_REDIS__KEY_PREFIX", "p:")];
        match resolve(&["--store", "embedded"], &variables).unwrap().store {
            StoreOptions::Embedded(prefix) => assert_eq!(prefix.as_str(), "p:"),
            other @ StoreOptions::Redis(_) => panic!("{other:?}"),
        }
        let line = ["--store", "embedded", "--redis-host", "h", "--redis-password-file", "f"];
        let failure = resolve(&line, &[]).unwrap_err();
        assert!(failure.to_string().contains("--redis-host is of no use"), "{failure}");
    }

    #[test]
    fn a_password_comes_from_its_file_without_the_line_break() {
        let file = std::env::temp_dir().join(format!("spakky-redis-{}", std::process::id()));
        std::fs::write(&file, " s3 cret \r\n").unwrap();
        let line = ["--redis-password-file", file.to_str().unwrap()];
        let settings = redis(&line, &[("SPAKKY_REDIS__PASSWORD", "other")]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(settings.password.as_deref(), Some(" s3 cret "));
    }

    #[test]
    fn the_policy_is_from_the_options() {
        let line = ["--on-failure", "miss", "--lease", "2s", "--max-wait", "0"];
        let policy = resolve(&line, &[]).unwrap().policy;
        assert_eq!(policy.on_failure, OnFailure::Miss);
        assert_eq!((policy.lease, policy.longest_wait), (Duration::from_secs(2), Duration::ZERO));
    }
}
