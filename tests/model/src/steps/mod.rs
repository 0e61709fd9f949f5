//! The steps, in modules named after those of the code.

mod environment;
mod epochs;
mod lease;
mod lookup;
mod writes;

use crate::caller::{Answer, At, Call, Caller, Outcome, Step};
use crate::checks::Check;
use crate::configuration::Configuration;
use crate::connection::{Connection, Message};
use crate::keys::RedisKey;
use crate::single_flight::{Flight, Observation};
use crate::world::World;

/// One step under way.
pub(crate) struct Steps<'a> {
    pub(crate) configuration: &'a Configuration,
    /// The check that is left out.
    pub(crate) without: Option<Check>,
    pub(crate) world: &'a mut World,
}

impl Steps<'_> {
    fn keeps(&self, check: Check) -> bool {
        self.without != Some(check)
    }

    fn call_of(&self, caller: usize) -> Call {
        self.configuration.callers[caller].1
    }

    fn process_of(&self, caller: usize) -> usize {
        self.configuration.callers[caller].0
    }

    fn caller(&mut self, caller: usize) -> &mut Caller {
        &mut self.world.callers[caller]
    }

    fn connection(&mut self, caller: usize) -> &mut Connection {
        let process = self.process_of(caller);
        &mut self.world.processes[process].connection
    }

    fn flight(&mut self, caller: usize) -> &mut Flight {
        let process = self.process_of(caller);
        &mut self.world.processes[process].flight
    }

    /// Redis has carried out the caller's command, and answers.
    fn reply(&mut self, caller: usize, answer: Answer) {
        self.caller(caller).at = At::Asked(answer);
        self.connection(caller).inbox.push(Message::Reply(caller));
    }

    /// `key` has changed: Redis tells those who track it.
    pub(crate) fn changed(&mut self, key: RedisKey) {
        for process in &mut self.world.processes {
            process.connection.changed(key);
        }
    }

    /// Something that may take leases away was carried out: those that it took
    /// away are void.
    fn void_leases(&mut self) {
        let store = &self.world.store;
        for caller in &mut self.world.callers {
            let Some(lease) = &mut caller.lease else { continue };
            lease.void |= match caller.refreshes {
                None => !store.holds_alive(lease.id),
                Some(entry) => !store.holds_alive(entry.id) || store.elected != Some(lease.id),
            };
        }
    }

    /// The caller changes the origin.
    ///
    /// Later than in life, where other steps may come between it and the next
    /// command: whoever reads the origin before this moment is the more stale.
    fn change_origin(&mut self, caller: usize) {
        self.world.origin += 1;
        self.caller(caller).wrote = self.world.origin;
    }

    /// The caller returns, and whoever calls from now on may rely on what it
    /// changed.
    fn publish(&mut self, caller: usize) {
        self.world.published = self.world.published.max(self.world.callers[caller].wrote);
    }

    /// A caller calls. Where its first step is a command, that is carried out at
    /// once: a call that begins later may rely on more.
    pub(crate) fn call(&mut self, caller: usize) {
        let published = self.world.published;
        self.caller(caller).at_least = published;
        match self.call_of(caller) {
            Call::Get | Call::Sweep => self.step(caller, Step::Read),
            Call::Lookup { .. } => self.caller(caller).at = At::Queued,
            Call::Set { .. } | Call::Write { .. } => self.step(caller, Step::Capture),
            Call::Delete => self.delete(caller),
            Call::Evict { .. } | Call::Clear => self.step(caller, Step::Evict(0)),
        }
    }

    /// A caller takes the step that it is about to take.
    pub(crate) fn step(&mut self, caller: usize, step: Step) {
        match step {
            Step::Read => self.read(caller),
            Step::Watch => self.watch(caller),
            Step::AskEpoch { found, left, current } => {
                self.ask_epoch(caller, found, left, current);
            }
            Step::Capture => self.capture(caller),
            Step::MakeEpoch { left, captured } => self.make_epoch(caller, left, captured),
            Step::EvictionMark => self.eviction_mark(caller),
            Step::LateMark(epochs) => self.late_mark(caller, epochs),
            Step::TakeLease => self.take_lease(caller),
            Step::Elect => self.elect(caller),
            Step::Put(epochs) => self.put(caller, epochs),
            Step::WriteOrigin => {
                self.change_origin(caller);
                self.caller(caller).at = At::About(Step::Capture);
            }
            Step::Commit(epochs) => self.commit(caller, epochs),
            Step::Release(outcome) => self.release(caller, outcome),
            Step::Sweep(dead) => self.sweep(caller, dead),
            Step::Evict(done) => self.evict(caller, done),
        }
    }

    /// The reply is here. Where the table decides what it means, the caller
    /// looks at it a while later; else it makes no difference when.
    fn told(&mut self, caller: usize) {
        let At::Asked(answer) = self.caller(caller).at else {
            unreachable!("a reply to nobody: {:?}", self.world)
        };
        match answer {
            Answer::Found(Some(_)) | Answer::Current { .. } | Answer::Made(_) => {
                self.caller(caller).at = At::Told(answer);
            }
            _ => self.go_on(caller, answer),
        }
    }

    /// The caller wakes up, with its answer.
    pub(crate) fn go_on(&mut self, caller: usize, answer: Answer) {
        match answer {
            Answer::Found(found) => self.found(caller, found),
            Answer::Current { found, current } => self.all_current(caller, found, current),
            Answer::Made(captured) => self.made(caller, captured),
            Answer::Mark { mark, epochs } => self.compare_marks(caller, mark, epochs),
            Answer::Taken(taken) => self.taken(caller, taken),
            Answer::Committed(stored) => self.committed(caller, stored),
            Answer::WriteBegun => {
                self.publish(caller);
                self.caller(caller).at = At::About(Step::WriteOrigin);
            }
            Answer::Released(outcome) => self.released(caller, outcome),
            Answer::Done(outcome) => {
                self.publish(caller);
                self.caller(caller).finish(outcome);
            }
        }
    }

    /// The caller's future ends here: by an error, or because it is dropped.
    fn abandon(&mut self, caller: usize, outcome: Outcome) {
        self.connection(caller).inbox.retain(|message| *message != Message::Reply(caller));
        let flight = self.flight(caller);
        if flight.leader.is_some_and(|(leader, _)| leader == caller) {
            match outcome {
                // A read that fails is published; one that is dropped is not.
                Outcome::Failed => flight.publish(Observation::Failed),
                _ => flight.leader = None,
            }
        }
        let lease = self.caller(caller).lease;
        let refreshes = self.caller(caller).refreshes;
        self.caller(caller).finish(outcome);
        if lease.is_some() {
            // It is armed: what it was for is undone in the background.
            let at = At::About(Step::Release(outcome));
            let caller = self.caller(caller);
            *caller = Caller { at, refreshes, lease, ..*caller };
        }
    }
}
