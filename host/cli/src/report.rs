//! The commands that report: `health` and `info`.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;
use spakky_cache_core::actuator::{Endpoint, Status, info_to_json};

use crate::args::{Asked, HealthArgs, InfoArgs, ReportArgs};
use crate::component::{Loaded, Loader};
use crate::engine;
use crate::exit::{Failure, NO_OUTPUT, UNSUCCESSFUL};
use crate::guest::{Granted, Guests};
use crate::plugin;
use crate::reporters::Reporters;
use crate::settings::{Options, environment};
use crate::store::Connect;

impl From<Asked> for Endpoint {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Health => Self::Health,
            Asked::Readiness => Self::Readiness,
            Asked::Liveness => Self::Liveness,
        }
    }
}

/// Asks whether all is well; the exit code says so, too.
pub(crate) async fn health(args: &HealthArgs) -> Result<u8, Failure> {
    let report = ask(&args.report, async |reporters, components| {
        let actuator = reporters.probes(components).await.actuator();
        actuator.health(args.endpoint.into()).await
    })
    .await?;
    print(&report.to_json(), args.report.pretty)?;
    Ok(if report.status == Status::Healthy { 0 } else { UNSUCCESSFUL })
}

/// Asks what there is to know.
pub(crate) async fn info(args: &InfoArgs) -> Result<u8, Failure> {
    let sections = ask(&args.report, async |reporters, components| {
        reporters.contributors(components).actuator().info().await
    })
    .await?;
    print(&info_to_json(&sections), args.report.pretty)?;
    Ok(0)
}

/// Makes a cache, loads the named components, and asks them `question`.
async fn ask<T>(
    args: &ReportArgs,
    question: impl AsyncFnOnce(Reporters, &[Loaded]) -> T,
) -> Result<T, Failure> {
    let options = Options::resolve(&args.store, args.probe_timeout, environment)?;
    let granted = Granted::new(&args.guest, environment)?;
    let engine = engine::build(&args.engine)?;
    let loader = Loader::new(&engine)?;
    let components =
        args.components.iter().map(|path| loader.load(path)).collect::<Result<Vec<_>, _>>()?;
    let plugin = plugin::initialize(options, Connect::Lazily).await?;
    let guests = Guests::new(&engine, &plugin, granted);
    let reporters = Reporters::new(&plugin, &guests, args.probe_timeout);
    let answer = question(reporters, &components).await;
    plugin.settle().await;
    Ok(answer)
}

/// Prints the report: the product, and nothing else, goes to stdout.
fn print(report: &Value, pretty: bool) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let text = if pretty || stdout.is_terminal() {
        format!("{report:#}\n")
    } else {
        format!("{report}\n")
    };
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever stopped reading has seen enough; the exit code still tells.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            Failure::new(NO_OUTPUT, format!("the report could not be written: {error}"))
        }),
    }
}
