//! The commands that report: `health` and `info`.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;

use serde::Serialize;
use spakky_actuator::{Actuator, Endpoint, Info, Status};
use spakky_runner::{LoadedComponent, NewStore, add_contributors, add_probes};

use crate::args::{Asked, HealthArgs, InfoArgs, ReportArgs};
use crate::cache::OpenCache;
use crate::component;
use crate::exit::{Failure, NO_OUTPUT, UNSUCCESSFUL};
use crate::guest::{Granted, Instances};
use crate::settings::{Options, environment};
use crate::signals::Signals;
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

/// Prints the health. The exit code is 0 only if it is good.
pub(crate) async fn health(args: &HealthArgs, signals: Signals) -> Result<u8, Failure> {
    let report = ask(&args.report, signals, async |actuator, components, new_store| {
        let limit = args.report.actuator.probe_timeout;
        let actuator = add_probes(actuator, components, &new_store, limit).await;
        actuator.health(args.endpoint.into()).await
    })
    .await?;
    print(&report, args.report.pretty)?;
    Ok(if report.status == Status::Healthy { 0 } else { UNSUCCESSFUL })
}

/// Prints the info.
pub(crate) async fn info(args: &InfoArgs, signals: Signals) -> Result<u8, Failure> {
    let sections = ask(&args.report, signals, async |actuator, components, new_store| {
        add_contributors(actuator, components, &new_store).info().await
    })
    .await?;
    print(&Info(&sections), args.report.pretty)?;
    Ok(0)
}

/// Opens the cache, loads the components, and has `question` ask them.
async fn ask<T>(
    args: &ReportArgs,
    mut signals: Signals,
    question: impl AsyncFnOnce(Actuator, &[LoadedComponent], NewStore) -> T,
) -> Result<T, Failure> {
    let options = Options::resolve(&args.store, Some(&args.actuator), environment)?;
    let granted = Granted::new(&args.guest, environment)?;
    let loading = component::load(&args.engine, args.components.clone());
    let components = signals.unless(loading).await??;
    let open = OpenCache::new(options, Connect::Lazily).await?;
    let (cache, config) = (open.cache.clone(), open.config.clone());
    let instances = Instances { cache, config, granted };
    let new_store = instances.reporters(Arc::new(open.actuator()));
    let answer = signals.unless(question(open.actuator(), &components, new_store)).await;
    open.settle().await;
    answer
}

/// Prints a report, and nothing else, on stdout.
fn print(report: &impl Serialize, pretty: bool) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let indented = pretty || stdout.is_terminal();
    // A value, because details of a guest may have the same name twice.
    let text = serde_json::to_value(report)
        .map(|report| if indented { format!("{report:#}\n") } else { format!("{report}\n") });
    let written = text.map_err(io::Error::from).and_then(|text| {
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    });
    match written {
        // The reader has closed the pipe. The exit code still tells.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            Failure::new(NO_OUTPUT, format!("the report could not be written: {error}"))
        }),
    }
}
