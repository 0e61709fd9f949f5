//! Many schedules, and what is told of those that violate a guarantee.

#![expect(clippy::print_stderr, reason = "a replayed schedule is for whoever reads the terminal")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use spakky_test_support::proof::Progress;

use crate::checker::Guarantee;
use crate::simulation::{Backing, Check, Finished, Plan, Tally, run};

/// The seed of one schedule, which is run alone and shown.
const ALONE: &str = "SPAKKY_TEST_SCHEDULE";
/// How many schedules run at the same time.
const THREADS: u64 = 2;

/// Schedules to run.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What it is called.
    pub name: &'static str,
    /// The test that runs it, for whoever wants to run a schedule again.
    pub test: &'static str,
    /// The seed of the first; each has the next.
    pub first: u64,
    /// How many.
    pub schedules: u64,
    /// Whether another run of the same seed may go another way, so that every
    /// schedule keeps its trace.
    pub fleeting: bool,
    /// The check of the protocol that is left out.
    pub without: Option<Check>,
}

/// What many schedules found.
#[derive(Debug, Default)]
pub struct Report {
    /// How much happened.
    pub tally: Tally,
    /// How many schedules violated a guarantee.
    pub violated: u64,
    /// How many violated each of them.
    pub violations: BTreeMap<Guarantee, u64>,
    /// Of those, the seed of the one with the fewest calls, and how it went.
    pub shortest: Option<(u64, Finished)>,
}

impl Campaign {
    /// Runs the schedules, or the one that `SPAKKY_TEST_SCHEDULE` names, and
    /// says how much happened.
    ///
    /// # Panics
    /// A schedule violated a guarantee: with its trace.
    pub fn prove<B: Backing>(&self, backing: impl Fn() -> B + Sync) -> Tally {
        if let Ok(seed) = std::env::var(ALONE) {
            let seed = seed.parse().unwrap_or_else(|_| panic!("{ALONE}: {seed:?} is no seed"));
            let finished = self.replay(seed, &mut backing());
            eprintln!("{}", self.told(seed, &finished));
            assert!(finished.violations.is_empty(), "a guarantee was violated");
            return finished.tally;
        }
        let Report { tally, violated, shortest, .. } = self.run(&backing);
        let Some((seed, finished)) = shortest else { return tally };
        let finished = if self.fleeting { finished } else { self.replay(seed, &mut backing()) };
        panic!(
            "{violated} of {} schedules violated a guarantee, the shortest:\n{}",
            self.schedules,
            self.told(seed, &finished)
        );
    }

    /// Runs the schedules, each thread with a backing of its own.
    pub fn run<B: Backing>(&self, backing: impl Fn() -> B + Sync) -> Report {
        let (next, report) = (AtomicU64::new(0), Mutex::new(Report::default()));
        let progress = Mutex::new(Progress::of(self.name, self.schedules));
        let thread = || {
            let mut backing = backing();
            loop {
                let number = next.fetch_add(1, SeqCst);
                if number >= self.schedules {
                    return;
                }
                let seed = self.first.wrapping_add(number);
                let finished = run(self.plan(seed, self.fleeting), &mut backing);
                report.lock().unwrap_or_else(PoisonError::into_inner).add(seed, finished);
                progress.lock().unwrap_or_else(PoisonError::into_inner).done(number);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS.min(self.schedules) {
                scope.spawn(thread);
            }
        });
        report.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one schedule, with its trace.
    pub fn replay(&self, seed: u64, backing: &mut dyn Backing) -> Finished {
        run(self.plan(seed, true), backing)
    }

    fn plan(&self, seed: u64, traced: bool) -> Plan {
        Plan { seed, traced, without: self.without }
    }

    /// What is told of a schedule.
    fn told(&self, seed: u64, finished: &Finished) -> String {
        let mut text = String::new();
        // Nothing that is written to a text can fail.
        for line in &finished.trace {
            let _ = writeln!(text, "  {line}");
        }
        for violation in &finished.violations {
            let _ = writeln!(text, "{violation}");
        }
        let _ = write!(
            text,
            "{}\n{ALONE}={seed} cargo test -p spakky-simulation --test {} -- --nocapture\n\
             runs this schedule again",
            finished.tally, self.test
        );
        text
    }
}

impl Report {
    fn add(&mut self, seed: u64, finished: Finished) {
        self.tally += finished.tally;
        if finished.violations.is_empty() {
            return;
        }
        self.violated += 1;
        let violated = finished.violations.iter().map(|violation| violation.guarantee);
        for guarantee in violated.collect::<BTreeSet<_>>() {
            *self.violations.entry(guarantee).or_default() += 1;
        }
        let calls = finished.history.calls.len();
        if self.shortest.as_ref().is_none_or(|(_, kept)| calls < kept.history.calls.len()) {
            self.shortest = Some((seed, finished));
        }
    }
}
