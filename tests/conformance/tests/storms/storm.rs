//! A storm: rounds of many callers and of trouble at the same time, each of
//! which is checked.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use futures::future::join_all;
use spakky_cache_core::{Error, Grants, Runtime as _, TokioRuntime};
use spakky_simulation::checker::{Rules, Violation, check};
use spakky_simulation::history::{self, Caller, History, Operation, Outcome, Record, Recorder};
use spakky_simulation::simulation::Chance;
use spakky_store_conformance::DEADLINE;
use spakky_test_support::proof::{self, Progress};

use crate::caller::{Plan, User};
use crate::weather::{Deeds, Trouble, Weather, counted};
use crate::world::{LEASE, LONGEST_WAIT, World};

/// How long a round is. Each has keys of its own, so that its history is all
/// that its checker has to know.
const ROUND: Duration = Duration::from_secs(2);
/// In each process.
const CALLERS: usize = 8;
/// How coarse the server's clock may be.
const CLOCK_ERROR: Duration = Duration::from_millis(10);
/// How many violations a failure shows.
const SHOWN: usize = 5;

/// What rages, over whom, and what was seen so far.
pub(crate) struct Storm {
    pub(crate) world: World,
    pub(crate) name: &'static str,
    pub(crate) weathers: &'static [Weather],
    pub(crate) keys: usize,
    pub(crate) value_bytes: usize,
    pub(crate) seen: Seen,
}

/// What was seen of a storm.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) operations: u64,
    pub(crate) unavailable: u64,
    pub(crate) failed: u64,
    pub(crate) timeouts: u64,
    pub(crate) dropped: u64,
    pub(crate) reads: u64,
    pub(crate) loads: u64,
    pub(crate) deeds: Deeds,
}

impl Storm {
    /// A storm of a few hot keys.
    pub(crate) fn over(world: World, name: &'static str, weathers: &'static [Weather]) -> Self {
        Self { world, name, weathers, keys: 6, value_bytes: 64, seen: Seen::default() }
    }

    /// Rages for as long as the size of the proof says. Panics at the first
    /// round in which something was not as promised.
    pub(crate) async fn rages(&mut self) {
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
        let Seen { operations, unavailable, failed, timeouts, dropped, loads, deeds, .. } =
            &self.seen;
        let tried = format!("{operations} operations, {loads} loads, {}", counted(deeds));
        let found = format!(
            "{unavailable} unavailable, {failed} failed, {timeouts} timed out, {dropped} dropped, \
             0 violations"
        );
        proof::row(format!("storm: {}", self.name), tried, found);
    }

    /// One round, and what was wrong in it.
    pub(crate) async fn round(
        &mut self,
        number: u64,
        chance: &mut Chance,
    ) -> (History, Vec<Violation>) {
        let names = |kind: &str, count: usize| {
            (0..count).map(|index| format!("{number}:{kind}{index}").into()).collect()
        };
        let (keys, tags) = (names("k", self.keys), names("t", 4));
        let plan = Plan { keys, tags, value_bytes: self.value_bytes };
        let recorder = Recorder::new(|| TokioRuntime.now());
        let troubles = [
            (!self.weathers.is_empty()).then_some(history::Trouble::Failing(None)),
            self.loses_data().then_some(history::Trouble::AnyLost),
        ];
        let disturbing: Vec<_> =
            troubles.into_iter().flatten().map(|trouble| recorder.disturb(trouble)).collect();

        let (until, over) = (Instant::now() + ROUND, Arc::new(AtomicBool::new(false)));
        let users = self.users(&Arc::new(plan), &recorder, &over, chance);
        let mut troubles: Vec<Trouble<'_>> = self
            .weathers
            .iter()
            .map(|_| Trouble {
                world: &self.world,
                chance: Chance::new(chance.seed()),
                deeds: Deeds::new(),
            })
            .collect();
        let makers = troubles.iter_mut().zip(self.weathers);
        join_all(makers.map(|(trouble, weather)| trouble.make(*weather, until))).await;
        tokio::time::sleep_until(until.into()).await;
        over.store(true, Relaxed);
        let ended = tokio::time::timeout(DEADLINE, join_all(users)).await;
        let Ok(ended) = ended else {
            panic!("not over after {DEADLINE:?}: {:#?}", under_way(&recorder.history()));
        };
        for user in ended {
            user.expect("no caller panics");
        }
        drop(disturbing);

        let history = recorder.history();
        let deeds: Vec<Deeds> = troubles.into_iter().map(|trouble| trouble.deeds).collect();
        self.seen.add(&history, deeds);
        let rules = Rules {
            longest_wait: LONGEST_WAIT,
            lease_may_end_after: Some(LEASE.saturating_sub(CLOCK_ERROR)),
            clock_error: CLOCK_ERROR,
        };
        let violations = tokio::task::block_in_place(|| check(&history, &rules));
        (history, violations)
    }

    fn loses_data(&self) -> bool {
        self.weathers.iter().any(|weather| *weather != Weather::Network)
    }

    fn users(
        &self,
        plan: &Arc<Plan>,
        recorder: &Recorder,
        over: &Arc<AtomicBool>,
        chance: &mut Chance,
    ) -> Vec<tokio::task::JoinHandle<()>> {
        let processes = self.world.processes.iter().enumerate();
        let callers = processes.flat_map(|(process, of)| {
            (0..CALLERS).map(move |session| (of, Caller { process, session }))
        });
        let spawn = |(index, (process, caller)): (u64, (&crate::world::Process, Caller))| {
            let (session, chance) =
                (process.cache.session(Grants::default()), Chance::new(chance.seed()));
            let (plan, recorder, over) = (plan.clone(), recorder.clone(), over.clone());
            tokio::spawn(async move {
                let next_value = (index + 1) << 32;
                let (plan, recorder) = (&*plan, &recorder);
                let mut user = User { caller, session, plan, recorder, chance, next_value };
                while !over.load(Relaxed) {
                    user.act().await;
                    user.rest().await;
                }
            })
        };
        (0..).zip(callers).map(spawn).collect()
    }
}

impl Seen {
    fn add(&mut self, history: &History, deeds: Vec<Deeds>) {
        for record in &history.calls {
            if matches!(record.operation, Operation::GiveUp { .. } | Operation::OriginWrite { .. })
            {
                continue;
            }
            self.operations += 1;
            match record.outcome() {
                Some(Outcome::Failed(Error::Unavailable)) => self.unavailable += 1,
                Some(Outcome::Failed(Error::LockTimeout)) => self.timeouts += 1,
                Some(Outcome::Failed(_)) => self.failed += 1,
                Some(Outcome::Dropped) => self.dropped += 1,
                Some(Outcome::Miss) => self.loads += 1,
                Some(Outcome::Hit(_) | Outcome::Stale { .. } | Outcome::Values(_)) => {
                    self.reads += 1;
                }
                _ => {}
            }
        }
        for (what, count) in deeds.into_iter().flatten() {
            *self.deeds.entry(what).or_default() += count;
        }
    }

    /// How often something was done to the world.
    pub(crate) fn deed(&self, what: &str) -> u64 {
        self.deeds.get(what).copied().unwrap_or(0)
    }
}

/// The calls that have not ended.
fn under_way(history: &History) -> Vec<&Record> {
    history.calls.iter().filter(|record| record.ended.is_none()).collect()
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
