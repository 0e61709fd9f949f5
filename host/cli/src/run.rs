//! The command `run`: a component as a program.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use spakky_cache_core::OnFailure;
use spakky_cache_wasmtime::TimeLimit;
use wasmtime::Store;
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::args::RunArgs;
use crate::component::Loader;
use crate::ending::{self, Ending};
use crate::engine;
use crate::exit::{Failure, TIME_LIMIT, USAGE};
use crate::guest::{Granted, Guest, Guests, Talk};
use crate::plugin;
use crate::reporters::Reporters;
use crate::settings::{Options, environment};
use crate::signals::Signals;
use crate::store::Connect;

/// How long each that the component asks after may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the component may take to notice that it has ended. It may be
/// blocked in the host, as on output that nobody reads.
const FAREWELL: Duration = Duration::from_millis(500);

/// Runs a component to its end, and answers its exit code.
pub(crate) async fn run(args: &RunArgs) -> Result<u8, Failure> {
    // What fails without help from elsewhere fails first.
    let options = Options::resolve(&args.store, PROBE_TIMEOUT, environment)?;
    let granted = Granted::new(&args.guest, environment)?;
    let engine = engine::build(&args.engine)?;
    let (path, arguments) = program(args)?;
    let component = Loader::new(&engine)?.load(path)?;
    let command = component.command()?;
    let limits = granted.limits(args.max_time);
    let talk = Talk::Program([vec![component.name()], arguments].concat());

    // Where a failure is a miss, Redis may as well come later.
    let connect = match options.policy.on_failure {
        OnFailure::Error => Connect::Now,
        OnFailure::Miss => Connect::Lazily,
    };
    let plugin = plugin::initialize(options, connect).await?;
    let _sweeping = plugin.sweep();
    let guests = Guests::new(&engine, &plugin, granted);
    let actuator = Reporters::new(&plugin, &guests, PROBE_TIMEOUT)
        .probes(std::slice::from_ref(&component))
        .await
        .contributors(std::slice::from_ref(&component))
        .actuator();
    let store = guests.store(&actuator, &talk);

    let mut signals = Signals::listen()
        .map_err(|error| Failure::internal(format!("no signals can be heard: {error}")))?;
    // A task of its own: a component that is blocked in the host must not keep
    // this one from hearing signals.
    let mut guest = tokio::spawn(call(command, store));
    let ended = tokio::select! {
        ended = limits.within_time(&mut guest) => Ok(ended),
        code = signals.next() => Err(code),
    };
    let result = match ended {
        Ok(Ok(Ok(result))) => match ending::of(&result) {
            Ending::Exit(code) => Ok(code),
            Ending::Trap(trap) => Err(trap.explain(&args.guest, args.backtrace)),
        },
        Ok(Ok(Err(panic))) => Err(Failure::internal(format!("the host: {panic}"))),
        Ok(Err(TimeLimit(limit))) => Err(Failure::new(
            TIME_LIMIT,
            format!("the component ran for longer than its limit of {limit:?}"),
        )
        .hint("--max-time raises the limit")),
        Err(code) => Ok(code),
    };
    // With its store, the component's leases are dropped, too. All waiting here
    // has an end, so further signals change nothing: timeout(1) sends two.
    guest.abort();
    if !guest.is_finished() {
        let _ = tokio::time::timeout(FAREWELL, &mut guest).await;
    }
    plugin.settle().await;
    result
}

/// The file of the program, and its arguments.
fn program(args: &RunArgs) -> Result<(&Path, Vec<String>), Failure> {
    let unreadable = |argument: &OsString| {
        let argument = argument.display();
        Failure::new(USAGE, format!("the argument {argument} is not UTF-8, as components have it"))
    };
    let text = |argument: &OsString| argument.clone().into_string().map_err(|it| unreadable(&it));
    let (path, arguments) = args
        .program
        .split_first()
        .ok_or_else(|| Failure::new(USAGE, "there is no component to run"))?;
    Ok((Path::new(path), arguments.iter().map(text).collect::<Result<_, _>>()?))
}

/// Instantiates and calls the program, whose store ends with it.
async fn call(
    command: CommandPre<Guest>,
    mut store: Store<Guest>,
) -> wasmtime::Result<Result<(), ()>> {
    let command = command.instantiate_async(&mut store).await?;
    command.wasi_cli_run().call_run(&mut store).await
}
