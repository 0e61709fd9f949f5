//! What happens from outside: to Redis, connections, processes and guests.

use super::Steps;
use crate::caller::{Answer, At, Call, Caller, Outcome, Step};
use crate::checks::Check;
use crate::connection::{Connection, Message};
use crate::keys::RedisKey;
use crate::single_flight::Flight;
use crate::store::{Content, Epochs, Store};
use crate::world::World;

impl Steps<'_> {
    /// The driver of a connection handles the message at `place`, which is the
    /// first unless the order is lost.
    pub(crate) fn handle(&mut self, process: usize, place: usize) {
        match self.world.processes[process].connection.inbox.remove(place) {
            Message::Reply(caller) => self.told(caller),
            Message::Invalidation(key) => self.invalidate(process, key),
        }
    }

    /// The time of the lease that is out is over. Redis may tell of it late, or
    /// not at all.
    pub(crate) fn lease_expires(&mut self) {
        if let Some(marker) = self.world.store.key.take() {
            self.world.over.push(marker.id);
        }
        self.void_leases();
    }

    /// The time of the election is over.
    pub(crate) fn election_expires(&mut self) {
        self.world.store.elected = None;
        self.void_leases();
    }

    /// `Store::renew`, by the task that keeps a lease alive: a change that those
    /// who watch are told of. In a model without clocks it is nothing else.
    pub(crate) fn renew(&mut self, caller: usize) {
        if self.world.callers[caller].lease.is_some_and(|lease| self.world.store.holds(lease.id)) {
            self.changed(RedisKey::Entry);
        }
    }

    /// There is an epoch no more.
    pub(crate) fn epoch_expires(&mut self, key: RedisKey) {
        let epochs = &mut self.world.store.epochs;
        *epochs = epochs.of(epochs.keys().without(key.into()));
        self.void_leases();
    }

    /// Redis loses what the key holds.
    pub(crate) fn entry_lost(&mut self) {
        self.world.store.key = None;
        self.void_leases();
        self.changed(RedisKey::Entry);
    }

    /// A process loses its connection, with all that is on its way, and has
    /// another one at once. Operations under way fail; whether their commands
    /// were carried out is not known to their callers. If commands that callers
    /// were about to send were `sent` already, they are lost as well: none runs
    /// later (`handshake` kills the old connection first).
    pub(crate) fn connection_lost(&mut self, process: usize, sent: bool) {
        for caller in self.configuration.callers_of(process) {
            let this = self.world.callers[caller];
            match this.at {
                At::Asked(Answer::Released(outcome)) => self.release_lost(caller, outcome),
                At::About(Step::Release(outcome)) if sent => {
                    self.world.orphans.extend(this.lease.map(|lease| lease.id));
                    self.release_lost(caller, outcome);
                }
                At::About(step) if sent && step.is_command() => {
                    self.abandon(caller, Outcome::Failed);
                }
                _ if this.is_within_operation() => self.abandon(caller, Outcome::Failed),
                _ => {}
            }
        }
        let old = std::mem::take(&mut self.world.processes[process].connection);
        if !self.keeps(Check::TableEndsWithConnection) {
            self.world.processes[process].connection.table = old.table;
        }
        if self.keeps(Check::LostConnectionFiresWatches) {
            self.fire_watches(process);
        }
    }

    /// A release is lost. That of a refused write is tried once more, in the
    /// background.
    fn release_lost(&mut self, caller: usize, outcome: Outcome) {
        if outcome == Outcome::Refused && self.call_of(caller).writes() {
            self.abandon(caller, Outcome::Failed);
        } else {
            self.caller(caller).finish(outcome);
        }
    }

    /// Redis is started anew, and holds nothing.
    pub(crate) fn restarted(&mut self) {
        self.world.store =
            Store { key: None, epochs: Epochs::default(), mark: None, elected: None };
        self.void_leases();
        for process in 0..self.world.processes.len() {
            self.connection_lost(process, false);
        }
    }

    /// A process is killed.
    pub(crate) fn killed(&mut self, process: usize) {
        for caller in self.configuration.callers_of(process) {
            let caller = &mut self.world.callers[caller];
            if let Some(lease) = caller.lease {
                self.world.orphans.push(lease.id);
            }
            if !caller.is_done() {
                caller.finish(Outcome::Killed);
            }
        }
        self.world.processes[process].connection = Connection::default();
        self.world.processes[process].flight = Flight::default();
    }

    /// A guest traps: the future of its call is dropped, and its lease.
    pub(crate) fn traps(&mut self, caller: usize) {
        self.abandon(caller, Outcome::Trapped);
    }
}

impl World {
    /// Whether the key holds a lease's marker.
    pub(crate) fn lease_is_out(&self) -> bool {
        self.store.key.is_some_and(|envelope| envelope.content == Content::Lease)
    }

    /// Whether that is one whose holder's process was killed.
    pub(crate) fn orphan_is_out(&self) -> bool {
        self.lease_is_out() && self.orphans.iter().any(|orphan| self.store.holds(*orphan))
    }
}

impl Step {
    /// Whether it is a command to Redis.
    fn is_command(self) -> bool {
        !matches!(self, Self::Capture | Self::WriteOrigin)
    }
}

impl Caller {
    /// Whether it is in the middle of an operation, which belongs to one
    /// connection.
    fn is_within_operation(&self) -> bool {
        match self.at {
            At::Asked(_) | At::Told(_) => true,
            At::About(step) => match step {
                // Before a lease is taken, the reply with the mark is on its way.
                Step::AskEpoch { .. } | Step::MakeEpoch { .. } | Step::TakeLease | Step::Elect => {
                    true
                }
                Step::Put(_) => self.lease.is_some(),
                Step::Evict(done) => done > 0,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether its guest is in a call in which it may trap and leave something
    /// behind.
    pub(crate) fn may_trap(&self, call: Call) -> bool {
        let has_nothing_to_leave = matches!(
            self.at,
            At::Start | At::About(Step::Release(_)) | At::Asked(Answer::Released(_)) | At::Done(_)
        );
        (call.writes() || call.looks_up()) && !has_nothing_to_leave
    }
}
