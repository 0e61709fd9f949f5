//! The steps of the protocol, in one module for each action.
//!
//! Each command is carried out at once. Its reply is a step of its own.

mod commit;
mod epochs;
mod outside;
mod read;
mod release;
mod take;
mod write;

use crate::checks::Check;
use crate::configuration::{Call, Configuration, Event};
use crate::world::{
    At, Caller, Connection, Envelope, Epochs, Keys, Lease, Message, Outcome, RedisKey, Step, Token,
    Watch, World, all_in, of,
};

/// A step under way.
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

    fn caller(&mut self, caller: usize) -> &mut Caller {
        &mut self.world.callers[caller]
    }

    fn connection(&mut self, caller: usize) -> &mut Connection {
        &mut self.world.connections[self.configuration.callers[caller].0]
    }

    /// Redis has carried out the caller's command, and replies.
    fn reply(&mut self, caller: usize, step: Step, yes: bool) {
        self.caller(caller).at = At::Asked(step, yes);
        self.connection(caller).inbox.push(Message::Reply(caller));
    }

    /// `key` has changed: Redis notifies all that track it, and no longer tracks it.
    fn changed(&mut self, key: RedisKey) {
        for connection in &mut self.world.connections {
            if connection.tracked.remove(&key) {
                connection.inbox.push(Message::Invalidation(key));
            }
        }
    }

    /// A caller calls. Its first step is taken at once, because a call that begins
    /// later relies on more.
    pub(crate) fn call(&mut self, caller: usize, call: Call) {
        self.caller(caller).at_least = self.world.published;
        let first = match call {
            Call::Set | Call::Write => Step::Capture,
            Call::Delete => Step::Delete,
            Call::Evict | Call::Clear => Step::Replace(0),
            _ => Step::Read,
        };
        self.step(caller, first);
    }

    /// A caller takes a step.
    pub(crate) fn step(&mut self, caller: usize, step: Step) {
        match step {
            Step::Read | Step::Watch => self.read(caller, step),
            Step::ReadEpoch | Step::CreateEpoch => self.read_epoch(caller, step),
            Step::Capture => self.capture(caller),
            Step::Mark => self.mark(caller),
            Step::Take => self.take(caller),
            Step::Put => self.put(caller),
            Step::WriteOrigin => {
                self.change_origin(caller);
                self.caller(caller).at = At::About(Step::Capture);
            }
            Step::CompareMark => self.compare_mark(caller),
            Step::Commit => self.commit(caller),
            Step::Release(outcome) => self.release(caller, outcome),
            Step::Delete => self.delete(caller),
            Step::Replace(done) => self.replace(caller, done),
        }
    }

    /// The reply is here. If the table decides what it means, the caller looks at
    /// it a while later; otherwise it makes no difference when.
    fn told(&mut self, caller: usize) {
        let this = self.caller(caller);
        let At::Asked(step, yes) = this.at else {
            unreachable!("a reply to nobody: {:?}", self.world)
        };
        let needs_table = match step {
            Step::Read | Step::Watch | Step::Take => this.found.is_some(),
            Step::ReadEpoch | Step::CreateEpoch => true,
            _ => false,
        };
        if needs_table {
            this.at = At::Told(step);
        } else {
            self.answered(caller, step, yes);
        }
    }

    /// The caller sees the reply.
    pub(crate) fn answered(&mut self, caller: usize, step: Step, yes: bool) {
        match step {
            Step::Read | Step::Watch => self.found(caller, step),
            Step::ReadEpoch | Step::CreateEpoch => self.epochs_read(caller, step),
            Step::Take => self.taken(caller, yes),
            Step::Put => self.stored(caller),
            Step::CompareMark if yes => self.caller(caller).at = At::About(Step::Commit),
            Step::CompareMark => self.not_compared(caller),
            Step::Commit => self.committed(caller, yes),
            Step::Release(outcome) => self.returns(caller, outcome),
            Step::Delete | Step::Replace(_) => self.returns(caller, Outcome::Removed),
            Step::Capture | Step::Mark | Step::WriteOrigin => {}
        }
    }
}
