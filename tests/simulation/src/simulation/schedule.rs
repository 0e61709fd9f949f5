//! One schedule: what happens next, until all is over.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::store::CasToken;
use spakky_cache_core::{Cache, Grants, Key, Runtime, Store, Tag};

use spakky_test_runtime::ManualClock;

use super::actor::{Actor, Leases, Next, Values};
use super::chance::Chance;
use super::executor::{Doing, Executor, Tasks};
use super::lag::Lag;
use super::ledger::Ledger;
use super::runtime::SimulatedProcess;
use super::site::{Backing, Site};
use super::stepping::Stepping;
use super::steps::{Phase, Steps};
use super::style::Style;
use super::tally::Tally;
use super::trace::{Trace, told};
use super::without::{Check, Without};
use crate::checker::{self, Guarantee, Rules, Violation};
use crate::history::{CallId, Caller, History, Operation, Outcome, Recorder, Trouble};

/// Far more than any schedule has: what goes on for longer never ends.
const MOST_EVENTS: usize = 20_000;

/// What a schedule is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What all of its choices come from.
    pub seed: u64,
    /// Whether its trace is wanted.
    pub traced: bool,
    /// The check of the protocol that is left out.
    pub without: Option<Check>,
}

/// How it went.
#[derive(Debug)]
pub struct Finished {
    /// What callers did and saw.
    pub history: History,
    /// What they should not have seen.
    pub violations: Vec<Violation>,
    /// What happened, one line an event.
    pub trace: Vec<String>,
    /// How much happened.
    pub tally: Tally,
}

/// Runs a schedule to its end.
pub fn run(plan: Plan, backing: &mut dyn Backing) -> Finished {
    Schedule::new(plan, backing).run()
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Call,
    Happen,
    Start,
    Answer,
    Orphan,
    Tell,
    Tick,
    Wake,
    Leap,
    Cancel,
    Fail,
    Cut,
    Lose,
}

struct Schedule {
    chance: Chance,
    style: Style,
    clock: ManualClock,
    executor: Executor,
    steps: Steps,
    ledger: Ledger,
    recorder: Recorder,
    trace: Trace,
    site: Arc<dyn Site>,
    caches: Vec<Cache>,
    actors: Vec<Actor>,
    values: Values,
    calls_left: usize,
    /// Whether every process has read what is left in the end.
    is_read_at_last: bool,
    orphans: u64,
    violations: Vec<Violation>,
}

impl Schedule {
    fn new(plan: Plan, backing: &mut dyn Backing) -> Self {
        let mut chance = Chance::new(plan.seed);
        let (clock, tasks, trace) =
            (ManualClock::default(), Tasks::default(), Trace::new(plan.traced));
        let recorder = recorder(&clock, &trace);
        let runtime = |process, ahead, chance: &mut Chance| {
            let (clock, tasks, recorder) = (clock.clone(), tasks.clone(), recorder.clone());
            let seed = chance.seed();
            SimulatedProcess::new(process, clock, ahead, seed, tasks, recorder)
        };
        let own = runtime(usize::MAX, Duration::ZERO, &mut chance);
        let site = backing.site(&mut chance, own);
        let style = Style::new(&mut chance, site.lease());
        trace.note(|| format!("{style:?}"));
        let carry_out = Arc::clone(&site);
        let carry_out = Arc::new(move |work| carry_out.carry_out(work));
        let steps = Steps::new(tasks.clone(), carry_out, trace.clone());
        let ledger = Ledger::new(clock.clone());
        let all_tags: Vec<_> =
            style.tags.iter().filter_map(|name| Tag::new(name, 8).ok()).collect();
        let lags = style.lag && site.keeps_time();
        let caches: Vec<Cache> = (0..style.processes)
            .map(|process| {
                let store = site.store(process);
                let store = match plan.without {
                    Some(check) => Arc::new(Without { check, store }) as Arc<dyn Store>,
                    None => store,
                };
                let lag = lags.then(|| Lag::new(all_tags.clone(), chance.seed()));
                let stepping = Stepping {
                    process,
                    store,
                    steps: steps.clone(),
                    ledger: ledger.clone(),
                    lag,
                    tasks: tasks.clone(),
                    keeps_after_writes: plan.without == Some(Check::RemovalAfterAWrite),
                };
                let runtime: Arc<dyn Runtime> = runtime(process, style.ahead[process], &mut chance);
                Cache::with(Arc::new(stepping), style.policy.clone(), runtime)
            })
            .collect();
        let actors = actors(&style, &caches);
        let calls_left = style.calls;
        Self {
            executor: Executor::new(tasks),
            values: Values::default(),
            is_read_at_last: false,
            orphans: 0,
            violations: Vec::new(),
            chance,
            style,
            clock,
            steps,
            ledger,
            recorder,
            trace,
            site,
            caches,
            actors,
            calls_left,
        }
    }

    fn run(mut self) -> Finished {
        let mut events = 0;
        loop {
            self.executor.run(&mut self.chance);
            for actor in &mut self.actors {
                if actor.task.is_some_and(|task| !self.executor.is_running(task)) {
                    (actor.task, actor.looks_up) = (None, None);
                }
            }
            let goes_on =
                if self.calls_left > 0 { self.anything() } else { self.towards_the_end() };
            events += 1;
            if !goes_on || events == MOST_EVENTS {
                break;
            }
        }
        self.finish(events)
    }

    fn finish(mut self, events: usize) -> Finished {
        if events < MOST_EVENTS && self.executor.is_idle() {
            for (process, cache) in self.caches.iter().enumerate() {
                self.recorder.counts(process, cache.metrics());
            }
        }
        let history = self.recorder.history();
        let rules = Rules {
            longest_wait: self.style.policy.longest_wait,
            lease_may_end_after: None,
            clock_error: self.style.clock_error(),
        };
        let mut violations = std::mem::take(&mut self.violations);
        violations.extend(checker::check(&history, &rules));
        violations.extend(forgotten_leases(&history));
        let mut tally = Tally::of(&history);
        (tally.steps, tally.orphans) = (self.steps.happened(), self.orphans);
        let trace = self.trace.lines();
        self.executor.end();
        Finished { history, violations, trace, tally }
    }

    /// One event, of all that could happen now.
    fn anything(&mut self) -> bool {
        let sent = self.steps.in_phase(Phase::Sent).len();
        let started = self.steps.in_phase(Phase::Started).len();
        let orphans = self.steps.in_phase(Phase::Orphaned).len();
        let happened = self.steps.in_phase(Phase::Happened).len();
        let idle = self.actors.iter().filter(|actor| actor.task.is_none()).count();
        let weights = &self.style.weights;
        let some = |count: usize, weight: usize| if count > 0 { weight } else { 0 };
        let starts = if self.site.overlaps() { weights.happen } else { 0 };
        let event = self.chance.weighted(&[
            (some(idle, weights.call), Event::Call),
            (some(sent, starts), Event::Start),
            (some(sent + started, weights.happen), Event::Happen),
            (some(happened, weights.answer), Event::Answer),
            (some(orphans, weights.orphan), Event::Orphan),
            (some(self.steps.unheard(), weights.tell), Event::Tell),
            (weights.tick, Event::Tick),
            (weights.wake, Event::Wake),
            (weights.leap, Event::Leap),
            (some(self.actors.len() - idle, weights.cancel), Event::Cancel),
            (some(sent + happened, weights.fail), Event::Fail),
            (weights.cut, Event::Cut),
            (weights.lose, Event::Lose),
        ]);
        let Some(event) = event else {
            // Nothing can happen but that time passes.
            return self.pass_until_next();
        };
        let lease = self.style.policy.lease;
        match event {
            Event::Call => self.call(),
            Event::Start => self.start(),
            Event::Happen => self.happen(),
            Event::Answer => self.answer(),
            Event::Orphan => self.orphan(),
            Event::Tell => self.steps.tell(self.chance.below(self.steps.unheard())),
            Event::Tick => {
                let span = self.chance.span(Duration::from_millis(1), lease / 3);
                self.pass(span);
            }
            Event::Wake => return self.pass_until_next(),
            Event::Leap => {
                let span = self.chance.span(lease, lease * 3);
                self.pass(span);
            }
            Event::Cancel => self.cancel(),
            Event::Fail => self.fail(),
            Event::Cut => self.cut(),
            Event::Lose => self.lose(),
        }
        true
    }

    /// One event on the way to the end: no more faults, all that was begun is
    /// ended, and time passes only when nothing else can happen.
    fn towards_the_end(&mut self) -> bool {
        let can_happen =
            [Phase::Sent, Phase::Started].map(|phase| self.steps.in_phase(phase).len());
        let happened = self.steps.in_phase(Phase::Happened).len();
        let unheard = self.steps.unheard();
        let event = self.chance.weighted(&[
            (can_happen.iter().sum(), Event::Happen),
            (happened, Event::Answer),
            (unheard, Event::Tell),
        ]);
        match event {
            Some(Event::Happen) => self.happen(),
            Some(Event::Answer) => self.answer(),
            Some(_) => self.steps.tell(self.chance.below(unheard)),
            None => return self.end_something(),
        }
        true
    }

    /// Nothing is under way: whoever can end a lease does, or time passes.
    fn end_something(&mut self) -> bool {
        let holders: Vec<usize> = (0..self.actors.len())
            .filter(|&actor| {
                self.actors[actor].task.is_none() && !self.actors[actor].held.is_empty()
            })
            .collect();
        if !holders.is_empty() {
            let actor = *self.chance.pick(&holders);
            let Self { style, chance, values, .. } = self;
            let next = self.actors[actor].end_of_a_lease(style, chance, values);
            if let Some(next) = next {
                self.begin(actor, next);
            }
            return true;
        }
        if !self.executor.is_idle() {
            return self.pass_until_next();
        }
        if std::mem::replace(&mut self.is_read_at_last, true) {
            return false;
        }
        if self.chance.one_in(2) {
            let lease = self.style.policy.lease;
            let span = self.chance.span(lease / 4, lease * 2);
            self.pass(span);
        }
        for actor in 0..self.style.processes {
            let next = Next::get(self.style.keys.clone());
            self.begin(actor, next);
        }
        true
    }

    fn call(&mut self) {
        let idle: Vec<usize> =
            (0..self.actors.len()).filter(|&actor| self.actors[actor].task.is_none()).collect();
        let actor = *self.chance.pick(&idle);
        let Self { style, chance, values, .. } = self;
        let chosen = &self.actors[actor];
        let ends = !chosen.held.is_empty() && chance.below(8) < 5;
        let next = ends.then(|| chosen.end_of_a_lease(style, chance, values)).flatten();
        let next = next.unwrap_or_else(|| {
            self.calls_left -= 1;
            Next::something(style, chance, values)
        });
        self.begin(actor, next);
    }

    fn begin(&mut self, actor: usize, next: Next) {
        let (ends, looks_up) = match &next.operation {
            Operation::Commit { lease, .. } | Operation::GiveUp { lease } => (Some(*lease), None),
            Operation::Lookup { key, .. } => (None, Some(key.clone())),
            _ => (None, None),
        };
        let actor = &mut self.actors[actor];
        let task = actor.perform(next, &self.recorder);
        actor.task = Some(self.executor.start(Doing::call(actor.caller, ends), task));
        actor.looks_up = looks_up;
    }

    fn start(&mut self) {
        let step = *self.chance.pick(&self.steps.in_phase(Phase::Sent));
        self.steps.start(step, |work| self.site.start(work));
    }

    fn happen(&mut self) {
        let mut steps = self.steps.in_phase(Phase::Sent);
        steps.extend(self.steps.in_phase(Phase::Started));
        self.steps.happen(*self.chance.pick(&steps));
    }

    fn orphan(&mut self) {
        self.orphans += 1;
        self.steps.happen(*self.chance.pick(&self.steps.in_phase(Phase::Orphaned)));
    }

    fn answer(&mut self) {
        self.steps.answer(*self.chance.pick(&self.steps.in_phase(Phase::Happened)));
    }

    fn cancel(&mut self) {
        let busy: Vec<_> = self.actors.iter().filter_map(|actor| actor.task).collect();
        self.executor.cancel(*self.chance.pick(&busy));
    }

    /// A step fails, before it happens or after it.
    fn fail(&mut self) {
        let mut steps = self.steps.in_phase(Phase::Sent);
        steps.extend(self.steps.in_phase(Phase::Happened));
        let step = *self.chance.pick(&steps);
        let process = self.steps.process_of(step);
        let failing = self.recorder.disturb(Trouble::Failing(process));
        self.steps.fail(step);
        self.executor.run(&mut self.chance);
        drop(failing);
    }

    /// A process loses its connection, and everything that was under way on it.
    fn cut(&mut self) {
        let process = self.chance.below(self.style.processes);
        let failing = self.disturb(Trouble::Failing(Some(process)));
        self.site.lose_connection(process);
        self.steps.lose_connection(process);
        self.executor.run(&mut self.chance);
        drop(failing);
    }

    fn lose(&mut self) {
        let key = |name: &crate::history::Name| Key::new(name, 8).ok();
        let tag = |name: &crate::history::Name| Tag::new(name, 8).ok();
        let keys: Vec<_> = self.style.keys.iter().filter_map(key).collect();
        let tags: Vec<_> = self.style.tags.iter().filter_map(tag).collect();
        let Some(trouble) = self.site.lose(&mut self.chance, &keys, &tags) else { return };
        if let Trouble::EntryLost(name) = &trouble
            && let Some(key) = key(name)
        {
            self.ledger.removed(&key);
        }
        drop(self.disturb(trouble));
    }

    fn disturb(&self, trouble: Trouble) -> crate::history::Disturbing {
        self.trace.note(|| format!("--- {trouble}"));
        self.recorder.disturb(trouble)
    }

    fn pass_until_next(&mut self) -> bool {
        self.nobody_sleeps_for_nothing();
        let next = self.clock.until_next();
        if let Some(span) = next {
            self.pass(span);
        }
        next.is_some() || self.calls_left > 0
    }

    fn pass(&mut self, span: Duration) {
        self.trace.note(|| format!("--- {span:?} pass"));
        self.clock.advance(span);
        for key in self.ledger.keys() {
            let holds = self.holds(&key);
            if let Some(token) = holds.filter(|token| self.ledger.is_over(token))
                && self.site.expire(&key, &token)
                && self.ledger.is_lease(&token)
            {
                drop(self.disturb(Trouble::LeaseEnded(key.as_str().into())));
            }
        }
        for (key, token) in self.ledger.ended_elections() {
            if self.site.expire_election(&key, &token) {
                drop(self.disturb(Trouble::ElectionEnded(key.as_str().into())));
            }
        }
    }

    /// What `key` holds, or is known to have held last.
    fn holds(&self, key: &Key) -> Option<CasToken> {
        self.site.holds(key, self.ledger.holds(key))
    }

    /// Whoever waits, waits for a lease: were there none, it would have been
    /// woken.
    fn nobody_sleeps_for_nothing(&mut self) {
        let phases = [Phase::Sent, Phase::Started, Phase::Happened];
        let under_way: usize = phases.map(|phase| self.steps.in_phase(phase).len()).iter().sum();
        self.site.hear_all();
        if under_way + self.steps.unheard() > 0 || !self.executor.is_waiting() {
            return;
        }
        for actor in &self.actors {
            let Some(name) = &actor.looks_up else { continue };
            let Ok(key) = Key::new(name, 8) else { continue };
            let holds = self.holds(&key);
            if holds.is_none_or(|token| !self.ledger.is_lease(&token)) {
                self.violations.push(Violation {
                    guarantee: Guarantee::WaitersAreWoken,
                    sentence: format!("{}waits for {key:?}, which nobody loads", actor.caller),
                    calls: Vec::new(),
                });
            }
        }
    }
}

/// Every lease is ended by the schedule: each has to be committed or given up.
fn forgotten_leases(history: &History) -> Vec<Violation> {
    let ended: HashSet<CallId> = history
        .calls
        .iter()
        .filter_map(|record| match record.operation {
            Operation::Commit { lease, .. } if record.success().is_some() => Some(lease),
            Operation::GiveUp { lease } => Some(lease),
            _ => None,
        })
        .collect();
    let calls = history.calls.iter().enumerate();
    let given = calls.filter(|(_, record)| match (&record.operation, record.outcome()) {
        (Operation::BeginWrite { .. }, outcome) => outcome == Some(&Outcome::Done),
        (_, outcome) => {
            matches!(outcome, Some(Outcome::Miss | Outcome::Stale { refresh: true, .. }))
        }
    });
    let forgotten = given.map(|(call, _)| call).filter(|call| !ended.contains(call));
    let violation = |call| Violation {
        guarantee: Guarantee::WaitersAreWoken,
        sentence: format!("the lease of #{call} was dropped, and nothing gives it up"),
        calls: vec![call],
    };
    forgotten.map(violation).collect()
}

fn recorder(clock: &ManualClock, trace: &Trace) -> Recorder {
    let (time, began, trace) = (clock.clone(), clock.now(), trace.clone());
    let recorder = Recorder::new(move || time.now());
    if !trace.is_wanted() {
        return recorder;
    }
    recorder.telling(move |id, record| {
        let at = record.ended.as_ref().map_or(record.called, |(at, _)| *at);
        trace.note(|| format!("{} ({} ms)", told(id, record), at.millis - began));
    })
}

fn actors(style: &Style, caches: &[Cache]) -> Vec<Actor> {
    let sessions = (0..style.actors).flat_map(|session| {
        caches.iter().enumerate().map(move |(process, cache)| {
            let session_of = cache.session(Grants::default());
            Actor {
                caller: Caller { process, session },
                session: Arc::new(session_of),
                held: Leases::default(),
                task: None,
                looks_up: None,
            }
        })
    });
    sessions.collect()
}
