//! Many schedules, and a report of the first that violates a guarantee.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use parking_lot::Mutex;
use spakky_test_support::proof::{self, Progress};

use crate::simulation::{Backing, Finished, Tally, run};

/// How many schedules run at the same time.
const THREADS: usize = 2;

/// Schedules to run.
pub struct Campaign {
    /// What it is called.
    pub name: &'static str,
    /// How many schedules there are.
    pub schedules: u64,
    /// Whether a seed may go another way the next time, so that every schedule
    /// keeps its trace.
    pub fleeting: bool,
}

impl Campaign {
    /// Runs the schedules, each thread with its own backing, and adds a row to
    /// the table of proofs.
    ///
    /// # Panics
    /// If a schedule violated a guarantee, with its trace and its seed.
    pub fn prove<B: Backing>(&self, backing: impl Fn() -> B + Sync) {
        let (first, next) = (proof::seed(), AtomicU64::new(0));
        let progress = Progress::of(format!("schedules on {}", self.name), self.schedules);
        let report = Mutex::new((Tally::default(), progress));
        let thread = || {
            let mut backing = backing();
            loop {
                let number = next.fetch_add(1, SeqCst);
                if number >= self.schedules {
                    return;
                }
                let seed = first.wrapping_add(number);
                let mut finished = run(seed, self.fleeting, &mut backing);
                if !finished.violations.is_empty() {
                    next.store(self.schedules, SeqCst);
                    if !self.fleeting {
                        finished = run(seed, true, &mut backing);
                    }
                    panic!("{}SPAKKY_TEST_SEED={seed} begins with this schedule", told(&finished));
                }
                let (tally, progress) = &mut *report.lock();
                tally.add(&finished.tally);
                progress.done(number);
            }
        };
        std::thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(thread))));
        let (tally, _) = report.into_inner();
        let what = format!("G1 to G7, G10: interleavings, {}", self.name);
        proof::row(what, tally, "nothing stale, nothing else");
    }
}

fn told(Finished { trace, violations, .. }: &Finished) -> String {
    let violations = violations.iter().map(ToString::to_string);
    trace.iter().cloned().chain(violations).map(|line| line + "\n").collect()
}
