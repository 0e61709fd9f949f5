//! A table: every step of the store on Redis, with everything that a network
//! can do to it at every place of what is said. The answer is right, or an
//! error; never another value, never a miss for want of an answer (G6, G7). The
//! store recovers by itself, and what is stored is as the answer said, or, where
//! there was none, as it was or as it was to be.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "network_faults/lane.rs"]
mod lane;
#[path = "network_faults/places.rs"]
mod places;
#[path = "network_faults/scene.rs"]
mod scene;
#[path = "network_faults/steps/mod.rs"]
mod steps;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures::FutureExt as _;
use libtest_mimic::{Arguments, Failed, Trial};
use spakky_test_support::{Fault, proof};

use lane::{Lane, Servers};
use places::{During, Trouble};
use scene::{Outcome, Scene};
use steps::Step;

/// Rows that are tried at the same time: most of the time each waits.
const AT_ONCE: usize = 16;

/// How many cells were tried, and what became of them.
#[derive(Debug, Default)]
struct Tally {
    answered: AtomicUsize,
    refused: AtomicUsize,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let (servers, tally) = (Arc::<Servers>::default(), Arc::<Tally>::default());
    let mut trials = Vec::new();
    for trouble in Trouble::all() {
        for step in steps::all() {
            let (servers, tally) = (servers.clone(), tally.clone());
            trials.push(Trial::test(format!("{} while {trouble}", step.name), move || {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(1)
                    .enable_all()
                    .build()?;
                runtime.block_on(row(&step, trouble, &servers, &tally))
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let (answered, refused) = (tally.answered.load(Relaxed), tally.refused.load(Relaxed));
    let wrong = conclusion.num_failed;
    proof::row(
        "network faults: step x harm x place",
        format!("{} rows, {} cells", conclusion.num_passed + wrong, answered + refused),
        format!("{answered} answered rightly, {refused} refused, {wrong} rows wrong"),
    );
    conclusion.exit_code()
}

/// One step with one trouble, at every place.
async fn row(
    step: &Step,
    trouble: Trouble,
    servers: &Servers,
    tally: &Tally,
) -> Result<(), Failed> {
    let lane = Lane::open(servers.take(), trouble.is_silent()).await;
    let undisturbed = cell(step, &lane, None).await?.traffic;
    let traffic = match trouble.during {
        During::Step => undisturbed,
        During::Handshake => lane.handshake,
    };
    for fault in trouble.faults(traffic) {
        let outcome = cell(step, &lane, Some((trouble, fault))).await?;
        let count = if outcome.answered { &tally.answered } else { &tally.refused };
        count.fetch_add(1, Relaxed);
    }
    servers.give_back(lane.server);
    Ok(())
}

async fn cell(step: &Step, lane: &Lane, plan: Option<(Trouble, Fault)>) -> Result<Outcome, Failed> {
    let run = async {
        let scene = Scene::new(lane, plan).await;
        (step.run)(&scene).await;
        scene.everything_works().await;
        scene.outcome()
    };
    AssertUnwindSafe(run).catch_unwind().await.map_err(|panic| {
        let why = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "a panic".into());
        match plan {
            Some((_, Fault { place, .. })) => Failed::from(format!("at {place:?}: {why}")),
            None => Failed::from(format!("though nothing went wrong: {why}")),
        }
    })
}
