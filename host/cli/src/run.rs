//! The command `run`: a component as a program.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::OnFailure;
use spakky_runner::{
    GuestLimits, Loader, ProgramEnd, TimeLimit, add_contributors, add_probes, run_program,
};

use crate::args::RunArgs;
use crate::cache::OpenCache;
use crate::engine;
use crate::exit::{Failure, PIPE_CLOSED, TIME_LIMIT, UNSUCCESSFUL, USAGE};
use crate::guest::{Granted, Instances};
use crate::settings::{Options, environment};
use crate::signals::Signals;
use crate::store::Connect;
use crate::trap;

/// How long to wait for an aborted component. It may be blocked in the host, such
/// as on output that is not read.
const FAREWELL: Duration = Duration::from_millis(500);

/// Runs a component to its end, and returns its exit code.
pub(crate) async fn run(args: &RunArgs) -> Result<u8, Failure> {
    // Local errors first, before anything is contacted.
    let options = Options::resolve(&args.store, &args.actuator, environment)?;
    let granted = Granted::new(&args.guest, environment)?;
    let engine = engine::build(&args.engine)?;
    let (path, arguments) = program(args)?;
    let component = Loader::new(&engine).map_err(Failure::linker)?.load(path)?;
    let program = component.program()?;
    let limits = GuestLimits { time: args.max_time, ..granted.limits.clone() };
    let arguments = [vec![component.name()], arguments].concat();

    // If a failure is a miss, Redis may become available later.
    let connect = match options.policy.on_failure {
        OnFailure::Error => Connect::Now,
        OnFailure::Miss => Connect::Lazily,
    };
    let open = OpenCache::new(options, connect).await?;
    let _sweeping = open.sweep();
    let (cache, config) = (open.cache.clone(), open.config.clone());
    let instances = Instances { engine, cache, config, granted };
    // The program's own probe sees the cache's health only, or asking for health
    // would never end.
    let new_store = instances.clone().reporters(Arc::new(open.actuator()));
    let components = [component];
    let actuator =
        add_probes(open.actuator(), &components, &new_store, args.actuator.probe_timeout).await;
    let actuator = add_contributors(actuator, &components, &new_store);
    let store = instances.program(Arc::new(actuator), &arguments);

    let mut signals = Signals::listen()
        .map_err(|error| Failure::internal(format!("no signals can be heard: {error}")))?;
    // A task of its own: a component that is blocked in the host must not keep
    // this one from hearing signals.
    let mut guest = tokio::spawn(async move { run_program(&program, store).await });
    let ended = tokio::select! {
        ended = limits.within_time(&mut guest) => Ok(ended),
        code = signals.next() => Err(code),
    };
    let result = match ended {
        Ok(Ok(Ok(end))) => match end {
            ProgramEnd::Returned(Ok(())) => Ok(0),
            ProgramEnd::Returned(Err(())) => Ok(UNSUCCESSFUL),
            // The low byte, as the system does with exit codes.
            ProgramEnd::Exit(code) => Ok(code.to_le_bytes()[0]),
            ProgramEnd::OutputClosed => Ok(PIPE_CLOSED),
            ProgramEnd::Trap(trap) => Err(trap::explain(&trap, &args.guest, args.backtrace)),
        },
        Ok(Ok(Err(panic))) => Err(Failure::internal(format!("the host: {panic}"))),
        Ok(Err(limit @ TimeLimit(_))) => {
            Err(Failure::new(TIME_LIMIT, limit).hint("--max-time raises the limit"))
        }
        Err(code) => Ok(code),
    };
    // With its store, the component's leases are dropped, too. All waiting here
    // has an end, so further signals change nothing: timeout(1) sends two.
    guest.abort();
    if !guest.is_finished() {
        let _ = tokio::time::timeout(FAREWELL, &mut guest).await;
    }
    open.settle().await;
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
