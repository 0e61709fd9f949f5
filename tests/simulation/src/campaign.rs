//! Many schedules, and a report of those that violate a guarantee.

#![expect(clippy::print_stderr, reason = "a replayed schedule is for whoever reads the terminal")]

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use spakky_test_support::proof::{self, Progress};

use crate::simulation::{Backing, Finished, Tally, run};

/// The seed of one schedule, which is run alone and shown.
const ALONE: &str = "SPAKKY_TEST_SCHEDULE";
/// How many schedules run at the same time.
const THREADS: u64 = 2;

/// Schedules to run.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What it is called.
    pub name: &'static str,
    /// The test target that runs it, for whoever wants to run a schedule again.
    pub test: &'static str,
    /// How many schedules there are.
    pub schedules: u64,
    /// Whether another run of the same seed may go another way, so that every
    /// schedule keeps its trace.
    pub fleeting: bool,
}

#[derive(Default)]
struct Report {
    tally: Tally,
    violated: u64,
    /// The seed of the schedule with the fewest calls among those, and how it
    /// went.
    shortest: Option<(u64, Finished)>,
}

impl Campaign {
    /// Runs the schedules, or the one that `SPAKKY_TEST_SCHEDULE` names, each
    /// thread with its own backing. Adds a row to the table of proofs.
    ///
    /// # Panics
    /// If a schedule violated a guarantee, with its trace.
    pub fn prove<B: Backing>(&self, backing: impl Fn() -> B + Sync) {
        if let Ok(seed) = std::env::var(ALONE) {
            let seed = seed.parse().unwrap_or_else(|_| panic!("{ALONE}: {seed:?} is no seed"));
            let finished = run(seed, true, &mut backing());
            eprintln!("{}", self.told(seed, &finished));
            assert!(finished.violations.is_empty(), "a guarantee was violated");
            return;
        }
        let Report { tally, violated, shortest } = self.run(&backing);
        if let Some((seed, finished)) = shortest {
            let finished = if self.fleeting { finished } else { run(seed, true, &mut backing()) };
            panic!(
                "{violated} of {} schedules violated a guarantee, the shortest:\n{}",
                self.schedules,
                self.told(seed, &finished)
            );
        }
        let what = format!("G1 to G7, G10: interleavings, {}", self.name);
        proof::row(what, tally, "nothing stale, nothing else");
    }

    fn run<B: Backing>(&self, backing: impl Fn() -> B + Sync) -> Report {
        let (first, next) = (proof::seed(), AtomicU64::new(0));
        let progress = Progress::of(format!("schedules on {}", self.name), self.schedules);
        let shared = Mutex::new((Report::default(), progress));
        let thread = || {
            let mut backing = backing();
            loop {
                let number = next.fetch_add(1, SeqCst);
                if number >= self.schedules {
                    return;
                }
                let seed = first.wrapping_add(number);
                let finished = run(seed, self.fleeting, &mut backing);
                let (report, progress) =
                    &mut *shared.lock().unwrap_or_else(PoisonError::into_inner);
                report.add(seed, finished);
                progress.done(number);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS.min(self.schedules) {
                scope.spawn(thread);
            }
        });
        shared.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }

    fn told(&self, seed: u64, Finished { trace, violations, tally, .. }: &Finished) -> String {
        let trace = trace.iter().map(|line| format!("  {line}"));
        let violations = violations.iter().map(ToString::to_string);
        let again = format!(
            "{tally}\n{ALONE}={seed} cargo test -p spakky-simulation --test {} -- --nocapture\n\
             runs this schedule again",
            self.test
        );
        trace.chain(violations).chain([again]).collect::<Vec<_>>().join("\n")
    }
}

impl Report {
    fn add(&mut self, seed: u64, finished: Finished) {
        self.tally.add(&finished.tally);
        if finished.violations.is_empty() {
            return;
        }
        self.violated += 1;
        let calls = finished.history.calls.len();
        if self.shortest.as_ref().is_none_or(|(_, kept)| calls < kept.history.calls.len()) {
            self.shortest = Some((seed, finished));
        }
    }
}
