//! One schedule: what happens next, until everything is over.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use spakky_cache_core::store::{CasToken, Slot};
use spakky_cache_core::{Cache, Grants, Key, StoreError, StoreErrorKind};
use spakky_test_runtime::ManualClock;

use super::chance::Chance;
use super::executor::{Doing, Executor, TaskId, Tasks};
use super::lag::Lag;
use super::ledger::Ledger;
use super::runtime::SimulatedProcess;
use super::site::{Backing, Site};
use super::stepping::Stepping;
use super::steps::{Phase, StepId, Steps};
use super::style::{Event, Style};
use super::tally::Tally;
use super::user::User;
use crate::checker::{self, Guarantee, Rules, Violation};
use crate::history::{Caller, History, Operation, Recorder, Trouble};

/// Far more than any schedule has: one that goes on for longer never ends.
const MOST_EVENTS: usize = 20_000;
/// What happens once there are no more calls.
const AT_THE_END: [(Event, usize); 3] = [(Event::Happen, 1), (Event::Answer, 1), (Event::Tell, 1)];

/// How a schedule went.
pub struct Finished {
    /// What callers did and saw.
    pub history: History,
    /// What they should not have seen.
    pub violations: Vec<Violation>,
    /// What happened, one line an event, if it was wanted.
    pub trace: Vec<String>,
    /// How much happened.
    pub tally: Tally,
}

/// Runs the schedule of `seed` to its end, with a trace if it is wanted.
pub fn run(seed: u64, traced: bool, backing: &mut dyn Backing) -> Finished {
    Schedule::new(seed, traced, backing).run()
}

/// A user, and the task that it is at.
struct Actor {
    user: User,
    task: Option<TaskId>,
    /// The key that it looks up, if that is what it does, and whether it refuses a value.
    looks_up: Option<(Key, bool)>,
}

struct Schedule {
    chance: Chance,
    style: Style,
    clock: ManualClock,
    executor: Executor,
    steps: Steps,
    ledger: Ledger,
    recorder: Recorder,
    site: Arc<dyn Site>,
    caches: Vec<Cache>,
    actors: Vec<Actor>,
    calls_left: usize,
    /// Whether every process has read what is left in the end.
    is_read_at_last: bool,
    tally: Tally,
    violations: Vec<Violation>,
}

impl Schedule {
    fn new(seed: u64, traced: bool, backing: &mut dyn Backing) -> Self {
        let mut chance = Chance::new(seed);
        let (clock, tasks) = (ManualClock::default(), Tasks::default());
        let time = clock.clone();
        let recorder = Recorder::new(move || time.now());
        if traced {
            recorder.trace();
        }
        let runtime = |process, ahead, chance: &mut Chance| {
            let (clock, tasks, recorder) = (clock.clone(), tasks.clone(), recorder.clone());
            let chance = Mutex::new(Chance::new(chance.seed()));
            Arc::new(SimulatedProcess { process, clock, ahead, chance, tasks, recorder })
        };
        let own = runtime(usize::MAX, Duration::ZERO, &mut chance);
        let site = backing.site(&mut chance, own);
        let style = Style::new(&mut chance, site.lease());
        recorder.note(|| format!("{style:?}"));
        let steps = Steps::new(tasks.clone(), Arc::clone(&site), recorder.clone());
        let ledger = Ledger::new(clock.clone());
        let lags = style.lag && site.keeps_time();
        let caches: Vec<Cache> = (0..style.processes)
            .map(|process| {
                let (store, steps, ledger) = (site.store(process), steps.clone(), ledger.clone());
                let lag = lags.then(|| Lag::new(style.all_tags(), chance.seed()));
                let stepping = Stepping { process, store, steps, ledger, lag };
                let runtime = runtime(process, style.ahead[process], &mut chance);
                Cache::with(Arc::new(stepping), style.policy.clone(), runtime)
            })
            .collect();
        let actors = (0..style.actors).flat_map(|session| {
            let recorder = &recorder;
            caches.iter().enumerate().map(move |(process, cache)| {
                let caller = Caller { process, session };
                let user = User::new(caller, cache.session(Grants::default()), recorder.clone());
                Actor { user, task: None, looks_up: None }
            })
        });
        let (actors, calls_left) = (actors.collect(), style.calls);
        Self {
            executor: Executor::new(tasks),
            is_read_at_last: false,
            tally: Tally::default(),
            violations: Vec::new(),
            chance,
            style,
            clock,
            steps,
            ledger,
            recorder,
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
            events += 1;
            if !self.next() || events == MOST_EVENTS {
                break;
            }
        }
        if events < MOST_EVENTS && self.executor.is_idle() {
            for (process, cache) in self.caches.iter().enumerate() {
                self.recorder.counts(process, cache.metrics());
            }
        }
        let history = self.recorder.history();
        let rules = Rules {
            longest_wait: self.style.policy.longest_wait,
            nested_wait: self.style.policy.nested_wait,
            lease_may_end_after: None,
            clock_error: self.style.ahead.iter().max().copied().unwrap_or_default(),
        };
        self.violations.extend(checker::check(&history, &rules));
        self.violations.extend(checker::forgotten_leases(&history));
        self.tally.add_history(&history);
        let trace = self.recorder.take_trace();
        self.executor.end();
        Finished { history, violations: self.violations, trace, tally: self.tally }
    }

    /// One event. On the way to the end there are no more faults, all that was
    /// begun is ended, and time passes only when nothing else can happen.
    fn next(&mut self) -> bool {
        let is_ending = self.calls_left == 0;
        let mut events = if is_ending { AT_THE_END.into() } else { self.style.events.clone() };
        events.retain(|(event, _)| self.can_happen(*event));
        match self.chance.weighted(&events) {
            None if is_ending => self.end_something(),
            None | Some(Event::Wake) => self.pass_until_next(),
            Some(event) => {
                self.happens(event);
                true
            }
        }
    }

    fn can_happen(&self, event: Event) -> bool {
        match event {
            Event::Call => !self.idle().is_empty(),
            Event::Tell => self.steps.unheard() > 0,
            Event::Cancel => self.actors.iter().any(|actor| actor.task.is_some()),
            Event::Tick | Event::Wake | Event::Leap | Event::Cut | Event::Lose => true,
            _ => !self.steps_for(event).is_empty(),
        }
    }

    /// The steps that an event can be about.
    fn steps_for(&self, event: Event) -> Vec<StepId> {
        self.steps.in_phase(match event {
            Event::Start if self.site.overlaps() => &[Phase::Sent],
            Event::Happen => &[Phase::Sent, Phase::Started],
            Event::Answer => &[Phase::Happened],
            Event::Orphan => &[Phase::Orphaned],
            Event::Fail => &[Phase::Sent, Phase::Happened],
            _ => &[],
        })
    }

    fn happens(&mut self, event: Event) {
        let lease = self.style.policy.lease;
        let steps = self.steps_for(event);
        let step = if steps.is_empty() { 0 } else { *self.chance.pick(&steps) };
        match event {
            Event::Call => self.call(),
            Event::Start => self.steps.start(step),
            Event::Happen | Event::Orphan => {
                let what = if event == Event::Happen { "steps" } else { "steps for nobody" };
                self.tally.count(what, 1);
                self.steps.happen(step);
            }
            Event::Answer => self.steps.answer(step, &Ok(())),
            Event::Tell => self.steps.tell(self.chance.below(self.steps.unheard())),
            Event::Tick => self.pass_some(Duration::from_millis(1), lease / 3),
            Event::Wake => {}
            Event::Leap => self.pass_some(lease, lease * 3),
            Event::Cancel => {
                let busy: Vec<_> = self.actors.iter().filter_map(|actor| actor.task).collect();
                self.executor.cancel(*self.chance.pick(&busy));
            }
            Event::Fail => {
                let failing = self.recorder.disturb(Trouble::Failing(self.steps.process_of(step)));
                let failed = StoreError::new(StoreErrorKind::Failed, "a fault of the test's");
                self.steps.answer(step, &Err(failed));
                self.executor.run(&mut self.chance);
                drop(failing);
            }
            Event::Cut => {
                let process = self.chance.below(self.style.processes);
                let failing = self.recorder.disturb(Trouble::Failing(Some(process)));
                self.site.lose_connection(process);
                self.steps.lose_connection(process);
                self.executor.run(&mut self.chance);
                drop(failing);
            }
            Event::Lose => {
                let (mut keys, tags) = (self.style.all_keys(), self.style.all_tags());
                let Some(trouble) = self.site.lose(&mut self.chance, &keys, &tags) else { return };
                if let Trouble::EntryLost(name) = &trouble {
                    keys.retain(|key| key.as_str() == &**name);
                    self.ledger.removed(&keys);
                }
                drop(self.recorder.disturb(trouble));
            }
        }
    }

    /// Nothing is under way: an actor ends a lease that it holds, or time passes.
    fn end_something(&mut self) -> bool {
        let mut holders = self.idle();
        holders.retain(|actor| self.actors[*actor].user.holds_leases());
        if !holders.is_empty() {
            let actor = *self.chance.pick(&holders);
            self.end_a_lease(actor);
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
            self.pass_some(lease / 4, lease * 2);
        }
        for actor in 0..self.style.processes {
            self.begin(actor, Operation::Get { keys: self.style.keys.clone() });
        }
        true
    }

    /// The actors that do nothing.
    fn idle(&self) -> Vec<usize> {
        let actors = 0..self.actors.len();
        actors.filter(|&actor| self.actors[actor].task.is_none()).collect()
    }

    fn call(&mut self) {
        let actor = *self.chance.pick(&self.idle());
        let ends = self.actors[actor].user.holds_leases() && self.chance.below(8) < 5;
        if ends {
            return self.end_a_lease(actor);
        }
        self.calls_left -= 1;
        let mut operation = self.style.call(&mut self.chance, &self.recorder);
        if let Operation::Lookup { key, refuses, .. } = &mut operation
            && self.chance.one_in(self.style.refuses)
        {
            *refuses = self.actors[actor].user.saw(key);
        }
        self.begin(actor, operation);
    }

    fn begin(&mut self, actor: usize, operation: Operation) {
        let actor = &mut self.actors[actor];
        if let Operation::Lookup { key, refuses, .. } = &operation {
            actor.looks_up = Key::new(key, usize::MAX).ok().map(|key| (key, refuses.is_some()));
        }
        let doing = Doing::new(actor.user.caller, None);
        let task = Box::pin(actor.user.clone().call(operation));
        actor.task = Some(self.executor.start(doing, task));
    }

    /// A step towards the end of a lease that `actor` holds.
    fn end_a_lease(&mut self, actor: usize) {
        let Self { style, chance, recorder, .. } = self;
        let actor = &mut self.actors[actor];
        let Some(held) = actor.user.take_lease(chance) else { return };
        let lease = held.call;
        let (ends, operation) = if held.to_write && !chance.one_in(4) {
            (None, Operation::OriginWrite { lease })
        } else if chance.one_in(4) {
            (Some(lease), Operation::GiveUp { lease })
        } else if chance.one_in(style.pauses) {
            let span = chance.span(style.policy.lease / 8, style.policy.lease * 4);
            (Some(lease), Operation::Pause { lease, passes: chance.one_in(2), span })
        } else {
            let (value, terms) = (recorder.new_value(), style.terms_of_commit(chance, &held.tags));
            (Some(lease), Operation::Commit { lease, value, terms })
        };
        let doing = Doing::new(actor.user.caller, ends);
        let task = Box::pin(actor.user.clone().go_on(held, operation));
        actor.task = Some(self.executor.start(doing, task));
    }

    fn pass_until_next(&mut self) -> bool {
        self.nobody_sleeps_for_nothing();
        let next = self.clock.until_next();
        if let Some(span) = next {
            self.pass(span);
        }
        next.is_some() || self.calls_left > 0
    }

    fn pass_some(&mut self, shortest: Duration, longest: Duration) {
        let span = self.chance.span(shortest, longest);
        self.pass(span);
    }

    fn pass(&mut self, span: Duration) {
        self.recorder.note(|| format!("--- {span:?} pass"));
        self.clock.advance(span);
        for stored in self.ledger.expired() {
            let (key, name) = (&stored.key, stored.key.as_str().into());
            if stored.is_election {
                if self.site.expire(Slot::Refresh(key), &stored.token) {
                    drop(self.recorder.disturb(Trouble::ElectionEnded(name)));
                }
            } else if self.holds(key).as_ref() == Some(&stored.token)
                && self.site.expire(Slot::Entry(key), &stored.token)
                && stored.is_lease
            {
                drop(self.recorder.disturb(Trouble::LeaseEnded(name)));
            }
        }
    }

    /// What `key` holds, or is known to have held last.
    fn holds(&self, key: &Key) -> Option<CasToken> {
        self.site.holds(key, self.ledger.holds(key))
    }

    /// An actor that waits, waits for a lease. Without one, it would have been
    /// woken.
    fn nobody_sleeps_for_nothing(&mut self) {
        self.site.hear_all();
        let under_way = self.steps.in_phase(&[Phase::Sent, Phase::Started, Phase::Happened]);
        if !under_way.is_empty() || self.steps.unheard() > 0 || !self.executor.is_waiting() {
            return;
        }
        for Actor { user, looks_up, .. } in &self.actors {
            let Some((key, refuses)) = looks_up else { continue };
            let is_refreshed = *refuses && self.ledger.is_refreshed(key);
            if !is_refreshed && self.holds(key).is_none_or(|token| !self.ledger.is_lease(&token)) {
                let sentence = format!("{:?} waits for {key:?}, which nobody loads", user.caller);
                let violation = Violation::new(Guarantee::WaitersAreWoken, sentence, []);
                self.violations.push(violation);
            }
        }
    }
}
