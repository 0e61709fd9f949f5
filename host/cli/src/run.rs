//! The command `run`: a component as a program.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spakky_actuator::Actuator;
use spakky_cache_core::OnFailure;
use spakky_runner::{
    GuestLimits, InstanceState, LoadedComponent, Program, ProgramEnd, TimeLimit, add_contributors,
    add_probes, run_program,
};
use wasmtime::Store;

use crate::args::RunArgs;
use crate::cache::OpenCache;
use crate::component;
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
pub(crate) async fn run(args: &RunArgs, mut signals: Signals) -> Result<u8, Failure> {
    // Local errors first, before anything is contacted.
    let options = Options::resolve(&args.store, Some(&args.actuator), environment)?;
    for conflict in options.conflicts(args.max_time) {
        tracing::warn!("{conflict}");
    }
    let mut granted = Granted::new(&args.guest, environment)?;
    granted.limits.time = args.max_time;
    let (path, arguments) = program(args)?;
    let loading = component::load(&args.engine, vec![path.to_owned()]);
    let components = signals.unless(loading).await??;
    let component = components.first().ok_or_else(no_component)?;
    let program = component.program()?;
    let arguments = [vec![component.name()], arguments].concat();

    // If a failure is a miss, Redis may become available later.
    let connect = match options.policy.on_failure {
        OnFailure::Error => Connect::Now,
        OnFailure::Miss => Connect::Lazily,
    };
    let open = signals.unless(OpenCache::new(options, connect)).await??;
    let sweeping = open.sweeping(&granted);
    let (cache, config) = (open.cache.clone(), open.config.clone());
    let instances = Instances { cache, config, granted };
    let ended = async {
        let actuator = signals.unless(actuator(args, &open, &instances, &components)).await?;
        let store = instances.program(program.engine(), Arc::new(actuator), &arguments);
        run_to_end(args, signals, &instances.granted.limits, program, store).await
    }
    .await;
    open.settle().await;
    if ended.is_ok() {
        sweeping.share().await;
    }
    ended
}

/// What the program of `components` sees of health and counters.
async fn actuator(
    args: &RunArgs,
    open: &OpenCache,
    instances: &Instances,
    components: &[LoadedComponent],
) -> Actuator {
    // The program's own probe sees the cache's health only, or asking for health
    // would never end.
    let new_store = instances.clone().reporters(Arc::new(open.actuator()));
    let timeout = args.actuator.probe_timeout;
    let actuator = add_probes(open.actuator(), components, &new_store, timeout).await;
    add_contributors(actuator, components, &new_store)
}

/// Runs `program` until it ends, or until its time limit or a signal ends it.
async fn run_to_end(
    args: &RunArgs,
    mut signals: Signals,
    limits: &GuestLimits,
    program: Program,
    store: Store<InstanceState>,
) -> Result<u8, Failure> {
    // A task of its own: a component that is blocked in the host must not keep
    // this one from hearing signals.
    let mut guest = tokio::spawn(async move { run_program(&program, store).await });
    let result = match signals.unless(limits.within_time(&mut guest)).await {
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
        Err(signal) => Err(signal),
    };
    // With its store, the component's leases are dropped, too. All waiting here
    // has an end, so further signals change nothing: timeout(1) sends two.
    guest.abort();
    if !guest.is_finished() {
        let _ = tokio::time::timeout(FAREWELL, &mut guest).await;
    }
    result
}

fn no_component() -> Failure {
    Failure::new(USAGE, "there is no component to run")
}

/// The file of the program, and its arguments.
fn program(args: &RunArgs) -> Result<(&Path, Vec<String>), Failure> {
    let unreadable = |argument: &OsString| {
        let argument = argument.display();
        Failure::new(USAGE, format!("the argument {argument} is not UTF-8, as components have it"))
    };
    let text = |argument: &OsString| argument.clone().into_string().map_err(|it| unreadable(&it));
    let (path, arguments) = args.program.split_first().ok_or_else(no_component)?;
    Ok((Path::new(path), arguments.iter().map(text).collect::<Result<_, _>>()?))
}
