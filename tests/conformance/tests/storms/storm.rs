//! A storm: rounds of many callers while things go wrong. The checker of the
//! simulation checks the history of each.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use futures::future::join_all;
use spakky_cache_core::{Error, Grants, Policy, Runtime as _, TokioRuntime};
use spakky_simulation::checker::{Rules, Violation, check};
use spakky_simulation::history::{self, Caller, History, Operation, Outcome, Recorder};
use spakky_simulation::simulation::Chance;
use spakky_store_conformance::DEADLINE;
use spakky_test_support::proof::{self, Progress};

use crate::caller::{Plan, User};
use crate::weather::{Counts, Trouble, Weather, counted};
use crate::world::{LEASE, LONGEST_WAIT, World};

/// How long a round is. Each has its own keys, so that its history can be checked
/// by itself.
const ROUND: Duration = Duration::from_secs(2);
/// In each process.
const CALLERS: usize = 8;
/// How much the server's clock may be off.
const CLOCK_ERROR: Duration = Duration::from_millis(10);
/// How many violations a failure shows.
const SHOWN: usize = 5;

/// What goes wrong, for whom, and what was seen so far.
pub(crate) struct Storm {
    pub(crate) world: World,
    pub(crate) name: &'static str,
    pub(crate) weathers: &'static [Weather],
    pub(crate) keys: usize,
    pub(crate) value_bytes: usize,
    /// Outcomes of calls, and what went wrong.
    outcomes: Counts,
    troubles: Counts,
}

impl Storm {
    /// A storm of a few hot keys.
    pub(crate) fn over(world: World, name: &'static str, weathers: &'static [Weather]) -> Self {
        let (outcomes, troubles) = (Counts::new(), Counts::new());
        Self { world, name, weathers, keys: 6, value_bytes: 64, outcomes, troubles }
    }

    /// How often something was seen so far.
    pub(crate) fn count(&self, what: &str) -> u64 {
        [&self.outcomes, &self.troubles].iter().filter_map(|counts| counts.get(what)).sum()
    }

    /// As many rounds as the size of the proof says. Panics at the first violation,
    /// and unless each of `expected` was tally in the end.
    pub(crate) async fn rages(&mut self, expected: &[&str]) {
        let rounds = proof::size(1, 30);
        let seed = proof::seed();
        let mut progress = Progress::of(self.name, rounds);
        let mut chance = Chance::new(seed);
        for round in 1..=rounds {
            let (history, violations) = self.round(round, &mut chance).await;
            assert!(
                violations.is_empty(),
                "round {round}: {}\n(SPAKKY_TEST_SEED={seed} repeats its choices)",
                told(&history, &violations)
            );
            self.world.recovers().await;
            progress.done(round);
        }
        let tally = |kinds: &[&str]| {
            let tally = kinds.iter().map(|kind| format!("{} {kind}", self.count(kind)));
            tally.collect::<Vec<_>>().join(", ")
        };
        let tried = format!("{}, {}", tally(&["operations", "loads"]), counted(&self.troubles));
        let found = tally(&["unavailable", "failed", "timed out", "dropped"]);
        proof::row(format!("storm: {}", self.name), tried, format!("{found}, 0 violations"));
        for what in expected {
            assert!(self.count(what) > 0, "no {what}: {:?} {:?}", self.outcomes, self.troubles);
        }
    }

    /// One round, and its violations.
    pub(crate) async fn round(
        &mut self,
        number: u64,
        chance: &mut Chance,
    ) -> (History, Vec<Violation>) {
        let names = |kind: &str, count: usize| {
            (0..count).map(|index| format!("{number}:{kind}{index}").into()).collect()
        };
        let (keys, tags) = (names("k", self.keys), names("t", 4));
        let plan = Arc::new(Plan { keys, tags, value_bytes: self.value_bytes });
        let recorder = Recorder::new(|| TokioRuntime.now());
        let mut disturbing = Vec::new();
        if !self.weathers.is_empty() {
            disturbing.push(recorder.disturb(history::Trouble::Failing(None)));
        }
        if self.weathers.iter().any(|weather| *weather != Weather::Network) {
            disturbing.push(recorder.disturb(history::Trouble::AnyLost));
        }

        let (until, over) = (Instant::now() + ROUND, Arc::new(AtomicBool::new(false)));
        let mut users = Vec::new();
        for (process, of) in self.world.processes.iter().enumerate() {
            for session in 0..CALLERS {
                let (session, caller) =
                    (of.cache.session(Grants::default()), Caller { process, session });
                let (chance, value) = (Chance::new(chance.seed()), (users.len() as u64 + 1) << 32);
                let (plan, recorder, over) = (plan.clone(), recorder.clone(), over.clone());
                users.push(tokio::spawn(async move {
                    let (plan, recorder) = (&*plan, &recorder);
                    let mut user = User { caller, session, plan, recorder, chance, value };
                    while !over.load(Relaxed) {
                        user.act().await;
                    }
                }));
            }
        }
        let trouble = |_| {
            let (world, chance) = (&self.world, Chance::new(chance.seed()));
            Trouble { world, chance, counts: Counts::new() }
        };
        let mut troubles: Vec<Trouble<'_>> = self.weathers.iter().map(trouble).collect();
        let makers = troubles.iter_mut().zip(self.weathers);
        join_all(makers.map(|(trouble, weather)| trouble.make(*weather, until))).await;
        tokio::time::sleep_until(until.into()).await;
        over.store(true, Relaxed);
        let ended = tokio::time::timeout(DEADLINE, join_all(users)).await;
        let Ok(ended) = ended else {
            let mut calls = recorder.history().calls;
            calls.retain(|record| record.ended.is_none());
            panic!("not over after {DEADLINE:?}: {calls:#?}");
        };
        for user in ended {
            user.expect("no caller panics");
        }
        drop(disturbing);

        for (what, count) in troubles.into_iter().flat_map(|trouble| trouble.counts) {
            *self.troubles.entry(what).or_default() += count;
        }
        let history = recorder.history();
        self.note(&history);
        let rules = Rules {
            longest_wait: LONGEST_WAIT,
            nested_wait: Policy::default().nested_wait,
            lease_may_end_after: Some(LEASE.saturating_sub(CLOCK_ERROR)),
            clock_error: CLOCK_ERROR,
        };
        let violations = tokio::task::block_in_place(|| check(&history, &rules));
        (history, violations)
    }

    fn note(&mut self, history: &History) {
        for record in &history.calls {
            if matches!(record.operation, Operation::GiveUp { .. } | Operation::OriginWrite { .. })
            {
                continue;
            }
            let kind = match record.outcome() {
                Some(Outcome::Failed(Error::Unavailable)) => "unavailable",
                Some(Outcome::Failed(Error::LockTimeout)) => "timed out",
                Some(Outcome::Failed(_)) => "failed",
                Some(Outcome::Dropped) => "dropped",
                Some(Outcome::Miss) => "loads",
                Some(Outcome::Hit(_) | Outcome::Stale { .. } | Outcome::Values(_)) => "reads",
                _ => "others",
            };
            *self.outcomes.entry("operations").or_default() += 1;
            *self.outcomes.entry(kind).or_default() += 1;
        }
    }
}

/// The first violations, with the calls that they name.
fn told(history: &History, violations: &[Violation]) -> String {
    let mut told = format!("{} violations", violations.len());
    for violation in violations.iter().take(SHOWN) {
        let _ = write!(told, "\n{violation}");
        for call in &violation.calls {
            let _ = write!(told, "\n    #{call} {:?}", history.calls[*call]);
        }
    }
    told
}
