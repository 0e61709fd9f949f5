//! Disturbs the connection of each step of the store on Redis, in each way, at
//! each place of the exchange.
//!
//! A disturbed step gives the answer that it gives undisturbed, or an error that
//! says that the store is unavailable: never another value, and never a miss
//! (G6, G7). With an answer, the server holds what the undisturbed step leaves
//! behind; without one, what the step had done by then. The store recovers by
//! itself. What the undisturbed steps do is in `contract.rs`.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by a panic")]

#[path = "network_faults/lane.rs"]
mod lane;
#[path = "network_faults/places.rs"]
mod places;
#[path = "network_faults/scene.rs"]
mod scene;
#[path = "network_faults/steps.rs"]
mod steps;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use libtest_mimic::{Arguments, Failed, Trial};
use spakky_test_support::{Fault, Place, proof};

use lane::{Lane, Servers};
use places::{During, Trouble};
use scene::{Outcome, Scene};
use steps::Step;

/// Rows that run at the same time: most of the time each waits.
const AT_ONCE: usize = 16;

/// How many cells had an answer, and how many an error.
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
    let undisturbed = cell(step, &lane, None).await;
    let traffic = match trouble.during {
        During::Step => undisturbed.traffic,
        During::Handshake => lane.handshake,
    };
    for fault in trouble.faults(traffic) {
        let outcome = cell(step, &lane, Some((trouble, fault))).await;
        outcome.compare(&undisturbed).map_err(|why| format!("at {:?}: {why}", fault.place))?;
        let count = if outcome.is_answered { &tally.answered } else { &tally.refused };
        count.fetch_add(1, Relaxed);
    }
    servers.give_back(lane.server);
    Ok(())
}

async fn cell(step: &Step, lane: &Lane, plan: Option<(Trouble, Fault)>) -> Outcome {
    let _place = ShownIfItFails(plan.map(|(_, fault)| fault.place));
    let scene = Scene::new(lane, plan).await;
    (step.run)(&scene).await;
    scene.outcome()
}

/// Shows a place when a cell panics.
struct ShownIfItFails(Option<Place>);

impl Drop for ShownIfItFails {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("at {:?}:", self.0);
        }
    }
}
