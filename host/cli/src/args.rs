//! The command line.

#![expect(clippy::doc_markdown, reason = "comments are the text of --help, where names are plain")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::parsers::{
    CompileCache, Mount, Variable, duration, lease, mount, positive_duration, size, variable,
};

/// A cache on Redis for WebAssembly components.
///
/// Where Redis is, is read from the variables SPAKKY_REDIS__HOST, __PORT, __DB, __USERNAME,
/// __PASSWORD, __USE_SSL, __KEY_PREFIX and __SOCKET_TIMEOUT; options win over them.
/// SPAKKY_ACTUATOR_INCLUDE_DETAILS=false leaves the details out of health reports. RUST_LOG sets
/// what is logged to stderr (default: warn).
#[derive(Debug, Parser)]
#[command(name = "spakky-redis", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  spakky-redis run --store embedded component.wasm
  spakky-redis run --dir ./data component.wasm --verbose data/in.csv
  SPAKKY_REDIS__HOST=cache.internal spakky-redis health
  spakky-redis info component.wasm";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(RunArgs),
    Health(HealthArgs),
    Info(InfoArgs),
}

/// Run a component that is a program: one that exports wasi:cli/run
///
/// Its input, output and exit code are those of this command. It sees the cache, and nothing else:
/// no file, no network, no variable, unless an option grants it.
#[derive(Debug, Args)]
#[command(override_usage = "spakky-redis run [OPTIONS] COMPONENT [ARGS]...", after_help = RUN_HELP)]
pub(crate) struct RunArgs {
    /// The component's file, and what it gets as arguments: all that follows COMPONENT is for it
    // One list, so that not even an option of this command's is taken out of it.
    #[arg(value_name = "COMPONENT [ARGS]", required = true, trailing_var_arg = true)]
    pub(crate) program: Vec<OsString>,

    /// End the component after this long, waiting included [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) max_time: Option<Duration>,

    /// If the component traps, show where
    #[arg(long)]
    pub(crate) backtrace: bool,

    #[command(flatten)]
    pub(crate) guest: GuestArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

const RUN_HELP: &str = "\
Examples:
  spakky-redis run component.wasm input.csv --verbose
  spakky-redis run --store embedded component.wasm
  spakky-redis run --dir ./out::/out --dir-ro /etc/app --env LANG --env MODE=fast component.wasm
  spakky-redis run --max-memory 64MiB --max-time 30s --read-only component.wasm

A DURATION is a number with ms, s, m or h, such as 250ms or 1.5m; a SIZE one with KiB, MiB or GiB.

Exit codes: the component's own, and
  2    wrong options or settings
  65   not a component that can be run, or it imports what is not offered
  66   a file or directory cannot be read
  69   the store cannot be reached
  70   this command failed
  124  the component ran for longer than --max-time
  130  interrupted (SIGINT); 143 terminated (SIGTERM)
  134  the component trapped
  141  nobody reads the output any longer

A component's exit code is what it hands to wasi:cli/exit: programs built for a WASI before 0.2.12
can only say 0 or 1. However it ends, the leases that it held are given up before this command
exits; only if the component hangs in the host, as on output that nobody reads, they end by --lease.";

/// Ask whether all is well: {endpoint, status, components} as JSON
///
/// Asks the cache, and every component that is named and exports spakky:cache/health-probe.
#[derive(Debug, Args)]
#[command(after_help = HEALTH_HELP)]
pub(crate) struct HealthArgs {
    /// What is asked about
    #[arg(long, value_enum, default_value_t = Asked::Health)]
    pub(crate) endpoint: Asked,
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

const HEALTH_HELP: &str = "\
Examples:
  spakky-redis health
  spakky-redis health --endpoint readiness --redis-host cache.internal component.wasm

Exit codes:
  0    healthy
  1    unhealthy; a store that cannot be reached is a part of the report, too
  2    wrong options or settings
  65   not a component, or it imports what is not offered
  66   a file or directory cannot be read
  70   this command failed
  74   the report could not be written";

/// Show what there is to know: {info} as JSON
///
/// Asks the cache for its counts, and every component that is named and exports
/// spakky:cache/info-contributor.
#[derive(Debug, Args)]
#[command(after_help = INFO_HELP)]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

const INFO_HELP: &str = "\
Examples:
  spakky-redis info
  spakky-redis info --pretty component.wasm

Exit codes:
  0    the report is complete as far as those asked could say
  2    wrong options or settings
  65   not a component, or it imports what is not offered
  66   a file or directory cannot be read
  70   this command failed
  74   the report could not be written";

/// What `health` and `info` share.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Components to ask
    #[arg(value_name = "COMPONENT")]
    pub(crate) components: Vec<PathBuf>,

    /// How long each that is asked may take
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = positive_duration)]
    pub(crate) probe_timeout: Duration,

    /// Spread the JSON over lines, as is done for a terminal anyway
    #[arg(long)]
    pub(crate) pretty: bool,

    #[command(flatten)]
    pub(crate) guest: GuestArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// What a health report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Asked {
    /// Is all well?
    Health,
    /// Can it serve now?
    Readiness,
    /// Is it alive, or should it be restarted?
    Liveness,
}

const STORE: &str = "Store options";
const GRANTS: &str = "What components may do";

/// Which store, where it is, and how the cache behaves on it.
///
/// The texts of Redis' own settings are kept as they are, for the one parser
/// that reads them from the environment, too.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = STORE)]
pub(crate) struct StoreArgs {
    /// What keeps the entries
    #[arg(long, value_enum, default_value_t = StoreKind::Redis)]
    pub(crate) store: StoreKind,

    /// Redis' name or address [default: localhost]
    #[arg(long, value_name = "HOST")]
    pub(crate) redis_host: Option<String>,

    /// Redis' port [default: 6379]
    #[arg(long, value_name = "PORT")]
    pub(crate) redis_port: Option<String>,

    /// The number of Redis' database [default: 0]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) redis_db: Option<String>,

    /// The user's name at Redis
    #[arg(long, value_name = "NAME")]
    pub(crate) redis_username: Option<String>,

    /// A file that holds the password, whose final line break does not count; there is no option
    /// for the password itself, because other users of the machine can read command lines
    #[arg(long, value_name = "FILE")]
    pub(crate) redis_password_file: Option<PathBuf>,

    /// Whether to encrypt the connection [default: false]
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub(crate) redis_use_ssl: Option<String>,

    /// What every key begins with in the store [default: spakky:cache:]
    #[arg(long, value_name = "PREFIX")]
    pub(crate) key_prefix: Option<String>,

    /// The longest that one operation of Redis may take, in seconds [default: 5.0]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) socket_timeout: Option<String>,

    /// What a read answers if the store fails; writes fail in any case
    #[arg(long, value_name = "ANSWER", value_enum, default_value_t = Failing::Error)]
    pub(crate) on_failure: Failing,

    /// After this long, the key of a loader whose host was killed is free
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = lease)]
    pub(crate) lease: Duration,

    /// The longest that a caller waits for another's load
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(crate) max_wait: Duration,
}

/// What keeps the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// A Redis server
    Redis,
    /// This process' memory, for a first try without Redis: it ends with the command
    Embedded,
}

/// What a read answers if the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Failing {
    /// The error
    Error,
    /// A miss, whose load is stored nowhere
    Miss,
}

/// What components may do and take.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = GRANTS)]
pub(crate) struct GuestArgs {
    /// Let it read and write a directory: HOST is its path here, GUEST the one that the component
    /// sees [default: the same]; repeatable
    #[arg(long, value_name = "HOST[::GUEST]", value_parser = mount)]
    pub(crate) dir: Vec<Mount>,

    /// Let it read a directory; repeatable
    #[arg(long, value_name = "HOST[::GUEST]", value_parser = mount)]
    pub(crate) dir_ro: Vec<Mount>,

    /// Set a variable, or pass on the one of this name; repeatable
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = variable)]
    pub(crate) env: Vec<Variable>,

    /// The size that each of its memories may reach
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    pub(crate) max_memory: usize,

    /// Let it read the cache, but not store, load, delete or evict
    #[arg(long)]
    pub(crate) read_only: bool,

    /// How many keys it may be loading or writing at once
    #[arg(long, value_name = "NUMBER", default_value_t = 256)]
    pub(crate) max_leases: usize,
}

/// How components are compiled.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Compiler options")]
pub(crate) struct EngineArgs {
    /// Where compiled components are kept, so that they start at once the next time, or "off"
    /// [default: spakky-redis/components in $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, value_name = "DIR|off")]
    pub(crate) compile_cache: Option<CompileCache>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::*;

    fn parse(line: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(["spakky-redis"].iter().chain(line))
    }

    fn run(line: &[&str]) -> RunArgs {
        match parse(line).unwrap().command {
            Command::Run(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn all_after_the_component_is_for_it() {
        let program = ["c.wasm", "--store", "x", "-v", "--", "--help"];
        for before in [&["run", "--read-only"][..], &["run", "--read-only", "--"]] {
            let args = run(&[before, &program].concat());
            assert!(args.guest.read_only);
            assert_eq!(args.store.store, StoreKind::Redis);
            assert_eq!(args.program, program);
        }
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let args = run(&["run", "c.wasm"]);
        assert!(args.guest.dir.is_empty() && args.guest.dir_ro.is_empty());
        assert!(args.guest.env.is_empty());
        assert_eq!(args.guest.max_memory, 1 << 30);
        assert_eq!((args.max_time, args.guest.max_leases), (None, 256));
    }

    #[test]
    fn a_flag_of_encryption_may_have_a_value() {
        let ssl = |line: &[&str]| run(line).store.redis_use_ssl;
        assert_eq!(ssl(&["run", "c.wasm"]), None);
        assert_eq!(ssl(&["run", "--redis-use-ssl", "c.wasm"]).as_deref(), Some("true"));
        assert_eq!(ssl(&["run", "--redis-use-ssl=no", "c.wasm"]).as_deref(), Some("no"));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (line, kind) in [
            (&["run"][..], ErrorKind::MissingRequiredArgument),
            (&["run", "--unknown", "c.wasm"], ErrorKind::UnknownArgument),
            (&["run", "--store", "disk", "c.wasm"], ErrorKind::InvalidValue),
            (&["run", "--max-time", "0s", "c.wasm"], ErrorKind::ValueValidation),
            (&["run", "--max-memory", "lots", "c.wasm"], ErrorKind::ValueValidation),
            (&["run", "--redis-password", "s3cret", "c.wasm"], ErrorKind::UnknownArgument),
            (&["health", "--endpoint", "life"], ErrorKind::InvalidValue),
        ] {
            assert_eq!(parse(line).unwrap_err().kind(), kind, "{line:?}");
        }
    }
}
