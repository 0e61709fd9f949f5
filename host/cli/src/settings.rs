//! The effective settings, from options and variables.

use std::time::Duration;

use spakky_cache_core::{OnFailure, Policy, Prefix};
use spakky_cache_redis::RedisSettings;

use crate::args::{ActuatorArgs, Failing, StoreArgs, StoreKind};
use crate::exit::{Failure, USAGE};

/// The effective settings.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) store: StoreOptions,
    pub(crate) policy: Policy,
    /// The time limit of each probe and contributor.
    pub(crate) probe_timeout: Duration,
    /// Whether reports show details.
    pub(crate) include_details: bool,
}

/// The store and its settings.
#[derive(Clone, Debug)]
pub(crate) enum StoreOptions {
    Redis(RedisSettings),
    Embedded(Prefix),
}

/// The value of a variable of this process.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

impl Options {
    /// The settings of `store`, and of `actuator` if the command reports.
    /// `environment` has the password, for which there is no option.
    ///
    /// # Errors
    /// All problems, not just the first.
    pub(crate) fn resolve(
        store: &StoreArgs,
        actuator: Option<&ActuatorArgs>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let mut problems = Vec::new();
        let mut redis = RedisSettings::default();
        match store.store {
            StoreKind::Redis => {
                store.redis_host.apply(&mut redis.host, &mut problems);
                store.redis_port.apply(&mut redis.port, &mut problems);
                store.redis_db.apply(&mut redis.database, &mut problems);
                store.redis_username.apply(&mut redis.username, &mut problems);
                store.redis_use_ssl.apply(&mut redis.use_ssl, &mut problems);
                store.socket_timeout.apply(&mut redis.socket_timeout, &mut problems);
                redis.password = password(store, &mut problems).or_else(|| {
                    environment("SPAKKY_REDIS__PASSWORD").filter(|password| !password.is_empty())
                });
            }
            // The variables may be for other programs, and invalid.
            StoreKind::Embedded => {
                let useless = redis_options(store)
                    .map(|option| format!("{option} is of no use with --store embedded"));
                problems.extend(useless);
            }
        }
        store.key_prefix.apply(&mut redis.key_prefix, &mut problems);
        let mut include_details = true;
        if let Some(actuator) = actuator {
            actuator.include_details.apply(&mut include_details, &mut problems);
        }
        if !problems.is_empty() {
            let failure = Failure { code: USAGE, problems, hints: vec![] };
            return Err(failure.hint("spakky-redis run --help lists the settings"));
        }
        let policy = Policy {
            lease: store.lease,
            longest_wait: store.max_wait,
            early_refresh: store.early_refresh,
            on_failure: match store.on_failure {
                Failing::Error => OnFailure::Error,
                Failing::Miss => OnFailure::Miss,
            },
            ..Policy::default()
        };
        let store = match store.store {
            StoreKind::Redis => StoreOptions::Redis(redis),
            StoreKind::Embedded => StoreOptions::Embedded(redis.key_prefix),
        };
        let probe_timeout = actuator.map_or(Duration::MAX, |actuator| actuator.probe_timeout);
        Ok(Self { store, policy, probe_timeout, include_details })
    }

    /// Settings that do not go together in a run of at most `max_time`. The run goes
    /// on with them.
    pub(crate) fn conflicts(&self, max_time: Option<Duration>) -> Vec<String> {
        let (lease, wait) = (self.policy.lease, self.policy.longest_wait);
        let mut conflicts = Vec::new();
        if let StoreOptions::Redis(RedisSettings { socket_timeout, .. }) = self.store
            && lease < socket_timeout
        {
            conflicts.push(format!(
                "--lease {lease:?} is shorter than --socket-timeout {socket_timeout:?}: a lease ends \
                 while Redis is slow to renew it, and another caller loads, too"
            ));
        }
        let chosen = wait != Policy::default().longest_wait;
        if let Some(max_time) = max_time.filter(|max_time| chosen && *max_time < wait) {
            conflicts.push(format!(
                "--max-wait {wait:?} is longer than --max-time {max_time:?}: the component ends \
                 before its callers stop waiting"
            ));
        }
        conflicts
    }
}

/// The options on the command line that are about Redis.
fn redis_options(args: &StoreArgs) -> impl Iterator<Item = &str> {
    [
        args.redis_host.option(),
        args.redis_port.option(),
        args.redis_db.option(),
        args.redis_username.option(),
        args.redis_password_file.as_ref().map(|_| "--redis-password-file"),
        args.redis_use_ssl.option(),
        args.socket_timeout.option(),
    ]
    .into_iter()
    .flatten()
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

    fn resolve(line: &[&str]) -> Result<Options, Failure> {
        let line = ["spakky-redis", "health"].iter().chain(line);
        let Command::Health(args) = Cli::try_parse_from(line).unwrap().command else { panic!() };
        let password = |name: &str| (name == "SPAKKY_REDIS__PASSWORD").then(|| "s3cret".into());
        Options::resolve(&args.report.store, Some(&args.report.actuator), password)
    }

    fn redis(line: &[&str]) -> RedisSettings {
        match resolve(line).unwrap().store {
            StoreOptions::Redis(settings) => settings,
            other @ StoreOptions::Embedded(_) => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let options = resolve(&[]).unwrap();
        let expected =
            RedisSettings { password: Some("s3cret".into()), ..RedisSettings::default() };
        assert_eq!(redis(&[]), expected);
        assert_eq!(options.policy, Policy::default());
        assert_eq!(options.probe_timeout, Duration::from_secs(5));
        assert!(options.include_details);
    }

    #[test]
    fn a_socket_timeout_has_a_unit_or_is_in_seconds() {
        for (text, millis) in [("5s", 5_000), ("250ms", 250), ("0.25", 250), ("2", 2_000)] {
            let settings = redis(&["--socket-timeout", text]);
            assert_eq!(settings.socket_timeout, Duration::from_millis(millis), "{text}");
        }
    }

    #[test]
    fn encryption_may_have_a_value() {
        for (line, expected) in [
            (&[][..], false),
            (&["--redis-use-ssl"], true),
            (&["--redis-use-ssl=yes"], true),
            (&["--redis-use-ssl=OFF"], false),
        ] {
            assert_eq!(redis(line).use_ssl, expected, "{line:?}");
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let line = [
            "--redis-port",
            "0",
            "--redis-host",
            "h:1",
            "--include-details=perhaps",
            "--redis-password-file",
            "/does/not/exist",
        ];
        let failure = resolve(&line).unwrap_err();
        assert_eq!(failure.code, USAGE);
        let names: Vec<_> = failure.problems.iter().map(|text| text.split(' ').next()).collect();
        let expected =
            ["--redis-host", "--redis-port", "--redis-password-file", "--include-details"];
        assert_eq!(names, expected.map(Some));
        assert!(failure.problems[1].contains("\"0\""), "{failure}");
    }

    #[test]
    fn embedded_needs_nothing_of_redis() {
        match resolve(&["--store", "embedded", "--key-prefix", "p:"]).unwrap().store {
            StoreOptions::Embedded(prefix) => assert_eq!(prefix.as_str(), "p:"),
            other @ StoreOptions::Redis(_) => panic!("{other:?}"),
        }
        let line = ["--store", "embedded", "--redis-host", "h", "--redis-password-file", "f"];
        let failure = resolve(&line).unwrap_err();
        let expected = ["--redis-host", "--redis-password-file"]
            .map(|option| format!("{option} is of no use with --store embedded"));
        assert_eq!(failure.problems, expected);
    }

    #[test]
    fn a_password_comes_from_its_file_without_the_line_break() {
        let file = std::env::temp_dir().join(format!("spakky-redis-{}", std::process::id()));
        std::fs::write(&file, " s3 cret \r\n").unwrap();
        let settings = redis(&["--redis-password-file", file.to_str().unwrap()]);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(settings.password.as_deref(), Some(" s3 cret "));
    }

    #[test]
    fn settings_that_conflict_are_named() {
        let conflicts = |line: &[&str], max_time: Option<u64>| {
            resolve(line).unwrap().conflicts(max_time.map(Duration::from_secs))
        };
        assert_eq!(conflicts(&[], Some(1)), [""; 0]);
        assert_eq!(conflicts(&["--lease", "1s", "--socket-timeout", "1s"], None), [""; 0]);
        assert_eq!(conflicts(&["--lease", "1s", "--store", "embedded"], None), [""; 0]);
        assert_eq!(conflicts(&["--max-wait", "9s"], Some(9)), [""; 0]);
        let found = conflicts(&["--lease", "1s", "--max-wait", "9s"], Some(8));
        let [lease, wait] = found.try_into().unwrap();
        assert!(lease.contains("--lease 1s") && lease.contains("--socket-timeout 5s"), "{lease}");
        assert!(wait.contains("--max-wait 9s") && wait.contains("--max-time 8s"), "{wait}");
    }

    #[test]
    fn the_policy_is_from_the_options() {
        let policy =
            resolve(&["--on-failure", "miss", "--lease", "2s", "--max-wait", "0"]).unwrap().policy;
        assert_eq!(policy.on_failure, OnFailure::Miss);
        assert_eq!((policy.lease, policy.longest_wait), (Duration::from_secs(2), Duration::ZERO));
        let early = |args| resolve(args).unwrap().policy.early_refresh.to_string();
        assert_eq!((early(&[]), early(&["--early-refresh", "off"])), ("1".into(), "0".into()));
    }
}
