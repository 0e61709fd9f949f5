//! The command line.

#![expect(clippy::doc_markdown, reason = "comments are the text of --help, where names are plain")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};
use spakky_cache_core::Prefix;
use spakky_cache_redis::parse_duration;

use crate::parsers::{
    CompileCache, Mount, Setting, SettingParser, Variable, early_refresh, host, key_prefix, lease,
    non_empty, positive_duration, socket_timeout,
};

/// A cache on Redis for WebAssembly components.
///
/// The variables SPAKKY_REDIS__HOST, __PORT, __DB, __USERNAME, __PASSWORD, __USE_SSL, __KEY_PREFIX
/// and __SOCKET_TIMEOUT configure the connection to Redis. Options override them.
/// SPAKKY_ACTUATOR_INCLUDE_DETAILS=false omits the details of health reports. RUST_LOG sets the log
/// level on stderr (default: warn).
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
    Sweep(SweepArgs),
}

/// Run a component that exports wasi:cli/run
///
/// Its input, output and exit code are those of this command. It can use the cache, and nothing
/// else: no files, network or variables, unless an option grants them.
#[derive(Debug, Args)]
#[command(override_usage = "spakky-redis run [OPTIONS] COMPONENT [ARGS]...", after_help = RUN_HELP)]
pub(crate) struct RunArgs {
    /// The file of the component, and its arguments. Everything after COMPONENT is passed to it
    // One list, so that clap takes no option out of it.
    #[arg(value_name = "COMPONENT [ARGS]", required = true, trailing_var_arg = true)]
    pub(crate) program: Vec<OsString>,

    /// End the component after this time, including waits [default: no limit]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) max_time: Option<Duration>,

    /// Show a backtrace if the component traps
    #[arg(long)]
    pub(crate) backtrace: bool,

    #[command(flatten)]
    pub(crate) guest: GuestArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) actuator: ActuatorArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

const RUN_HELP: &str = "\
Examples:
  spakky-redis run component.wasm input.csv --verbose
  spakky-redis run --store embedded component.wasm
  spakky-redis run --dir ./out::/out --dir-ro /etc/app --env LANG --env MODE=fast component.wasm
  spakky-redis run --max-memory 64MiB --max-time 30s --read-only component.wasm

A DURATION is a number of seconds, or has units, such as 250ms or 1m 30s. A SIZE is a number of
bytes, or has a unit, such as 64MiB.

Exit codes: the component's own, and
  2    wrong options or settings
  65   not a runnable component, or it imports an interface that is not offered
  66   a file or directory cannot be read
  69   the store cannot be reached
  70   this command failed
  124  the component ran for longer than --max-time
  130  interrupted (SIGINT); 143 terminated (SIGTERM)
  134  the component trapped
  141  the output was closed (SIGPIPE)

The exit code of a component is its argument to wasi:cli/exit. Programs built for WASI before 0.2.12
can only exit with 0 or 1. The leases of the component are given up before this command exits. If the
component hangs in the host, such as on output that is not read, they end by --lease.";

/// Report health as JSON: {endpoint, status, components}
///
/// Checks the cache, and every named component that exports spakky:cache/health-probe.
#[derive(Debug, Args)]
#[command(after_help = HEALTH_HELP)]
pub(crate) struct HealthArgs {
    /// The aspect of health to report
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
  1    unhealthy, including a store that cannot be reached
  2    wrong options or settings
  65   not a component, or it imports an interface that is not offered
  66   a file or directory cannot be read
  70   this command failed
  74   the report could not be written";

/// Report info sections as JSON: {info}
///
/// Includes the counters of the cache, and the sections of every named component that exports
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
  0    the report was written
  2    wrong options or settings
  65   not a component, or it imports an interface that is not offered
  66   a file or directory cannot be read
  70   this command failed
  74   the report could not be written";

/// Free the memory of entries that evictions left dead
///
/// An eviction costs the same however many entries it ends: they stay in Redis, dead, until they are
/// swept or their time to live ends. A component that runs for longer than a minute sweeps by itself,
/// and each run sweeps some at its end.
#[derive(Debug, Args)]
#[command(after_help = SWEEP_HELP)]
pub(crate) struct SweepArgs {
    /// Only count what is dead
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// The most keys to examine in a second
    #[arg(
        long,
        value_name = "KEYS",
        default_value = "50000",
        value_parser = value_parser!(u32).range(1..)
    )]
    pub(crate) rate: u32,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

const SWEEP_HELP: &str = "\
Examples:
  spakky-redis sweep
  spakky-redis sweep --dry-run --key-prefix orders:
  spakky-redis sweep --rate 1000 --redis-host cache.internal

On a terminal, stderr shows the progress. One sweep runs at a time: a new one takes over from an
earlier one.

Exit codes:
  0    swept, or counted
  1    another sweep took over
  2    wrong options or settings
  69   the store cannot be reached, or failed
  70   this command failed
  74   the result could not be written
  130  interrupted (SIGINT); 143 terminated (SIGTERM)";

/// What `health` and `info` share.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Components to ask
    #[arg(value_name = "COMPONENT")]
    pub(crate) components: Vec<PathBuf>,

    /// Indent the JSON, as on a terminal
    #[arg(long)]
    pub(crate) pretty: bool,

    #[command(flatten)]
    pub(crate) guest: GuestArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) actuator: ActuatorArgs,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// How health and info are reported, to the user or to a component.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Report options")]
pub(crate) struct ActuatorArgs {
    /// The time limit of each probe and contributor
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = positive_duration)]
    pub(crate) probe_timeout: Duration,

    /// Whether health reports show details
    #[arg(
        long,
        env = "SPAKKY_ACTUATOR_INCLUDE_DETAILS",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true",
        value_parser = SettingParser(BoolishValueParser::new())
    )]
    pub(crate) include_details: Setting<bool>,
}

/// What a health report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Asked {
    /// Whether the service is healthy
    Health,
    /// Whether it can serve requests now
    Readiness,
    /// Whether it is alive, or should be restarted
    Liveness,
}

const STORE: &str = "Store options";
const GRANTS: &str = "Component options";

/// The store, and how the cache behaves on it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = STORE)]
pub(crate) struct StoreArgs {
    /// The store of the cache
    #[arg(long, value_enum, default_value_t = StoreKind::Redis)]
    pub(crate) store: StoreKind,

    /// The host name or IP address of Redis
    #[arg(
        long,
        env = "SPAKKY_REDIS__HOST",
        value_name = "HOST",
        default_value = "localhost",
        value_parser = SettingParser(host)
    )]
    pub(crate) redis_host: Setting<String>,

    /// The port of Redis
    #[arg(
        long,
        env = "SPAKKY_REDIS__PORT",
        value_name = "PORT",
        default_value = "6379",
        value_parser = SettingParser(value_parser!(u16).range(1..))
    )]
    pub(crate) redis_port: Setting<u16>,

    /// The number of the Redis database
    #[arg(
        long,
        env = "SPAKKY_REDIS__DB",
        value_name = "NUMBER",
        default_value = "0",
        value_parser = SettingParser(value_parser!(u32))
    )]
    pub(crate) redis_db: Setting<u32>,

    /// The ACL user
    #[arg(
        long,
        env = "SPAKKY_REDIS__USERNAME",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        value_parser = SettingParser(non_empty)
    )]
    pub(crate) redis_username: Setting<Option<String>>,

    /// A file with the password; its final line break is ignored. SPAKKY_REDIS__PASSWORD may hold the
    /// password itself. There is no such option, because other users can read command lines
    #[arg(long, value_name = "FILE")]
    pub(crate) redis_password_file: Option<PathBuf>,

    /// Use TLS
    #[arg(
        long,
        env = "SPAKKY_REDIS__USE_SSL",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        default_missing_value = "true",
        value_parser = SettingParser(BoolishValueParser::new())
    )]
    pub(crate) redis_use_ssl: Setting<bool>,

    /// The beginning of every key in the store
    #[arg(
        long,
        env = "SPAKKY_REDIS__KEY_PREFIX",
        value_name = "PREFIX",
        default_value = "spakky:cache:",
        value_parser = SettingParser(key_prefix)
    )]
    pub(crate) key_prefix: Setting<Prefix>,

    /// The time limit of one operation on Redis
    #[arg(
        long,
        env = "SPAKKY_REDIS__SOCKET_TIMEOUT",
        value_name = "DURATION",
        default_value = "5s",
        value_parser = SettingParser(socket_timeout)
    )]
    pub(crate) socket_timeout: Setting<Duration>,

    /// The result of a read if the store fails; writes fail in any case
    #[arg(long, value_name = "ANSWER", value_enum, default_value_t = Failing::Error)]
    pub(crate) on_failure: Failing,

    /// The time limit of a lease, after which the keys of a killed host are free
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = lease)]
    pub(crate) lease: Duration,

    /// The longest time that a caller waits for another caller's load
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub(crate) max_wait: Duration,

    /// How eagerly entries are refreshed before they become stale: off, or the beta of XFetch
    #[arg(long, value_name = "off|BETA", default_value = "1", value_parser = early_refresh)]
    pub(crate) early_refresh: f64,
}

/// The store of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreKind {
    /// A Redis server
    Redis,
    /// The memory of this process, for a first try without Redis. It ends with the command
    Embedded,
}

/// The result of a read if the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Failing {
    /// The error
    Error,
    /// A miss, whose loaded value is not stored
    Miss,
}

/// What components are granted, and their limits.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = GRANTS)]
pub(crate) struct GuestArgs {
    /// Grant read and write access to the directory HOST, under the path GUEST [default: the same];
    /// repeatable
    #[arg(long, value_name = "HOST[::GUEST]")]
    pub(crate) dir: Vec<Mount>,

    /// Grant read access to a directory; repeatable
    #[arg(long, value_name = "HOST[::GUEST]")]
    pub(crate) dir_ro: Vec<Mount>,

    /// Set a variable, or pass on the one with this name; repeatable
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<Variable>,

    /// The maximum size of each memory
    #[arg(long, value_name = "SIZE", default_value = "1GiB")]
    pub(crate) max_memory: ByteSize,

    /// Allow reads of the cache only: no store, load, delete or evict
    #[arg(long)]
    pub(crate) read_only: bool,

    /// The most leases held at once, which is the number of keys being loaded or written
    #[arg(long, value_name = "NUMBER", default_value_t = 1024)]
    pub(crate) max_leases: usize,
}

/// How components are compiled.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Compiler options")]
pub(crate) struct EngineArgs {
    /// The directory of the compile cache, or "off"
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
        assert_eq!(args.guest.max_memory, ByteSize::gib(1));
        assert_eq!((args.max_time, args.guest.max_leases), (None, 1024));
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
