//! What happens from outside: to Redis, connections, processes and guests.

use super::{At, Check, Connection, Event, Message, Outcome, RedisKey, Step, Steps, Token};

impl Steps<'_> {
    /// The connection handles the message at `place`, which is the first unless
    /// the order is lost.
    pub(crate) fn handle(&mut self, process: usize, place: usize, message: Message) {
        self.world.connections[process].inbox.remove(place);
        match message {
            Message::Reply(caller) => self.told(caller),
            Message::Invalidation(key) => self.invalidate(process, key),
        }
    }

    fn spend(&mut self, event: Event) {
        self.world.events.retain(|left| *left != event);
    }

    /// The lease that is out expires. Redis may report it late or never.
    pub(crate) fn lease_expires(&mut self) {
        if !self.world.orphan_is_out() {
            self.spend(Event::LeaseExpires);
        }
        self.world.expired.extend(self.world.holder());
        self.world.store.key = None;
        self.void_leases();
    }

    /// A lease is renewed, which without clocks is only a change of its key.
    pub(crate) fn lease_renewed(&mut self, caller: usize) {
        self.spend(Event::LeaseRenewed);
        if self.world.store.holds(Token::Lease(caller)) {
            self.changed(RedisKey::Entry);
        }
    }

    /// Redis loses an epoch or the mark, and may report it late or never.
    pub(crate) fn epoch_lost(&mut self, epoch: RedisKey, reported: bool) {
        self.spend(Event::EpochLost);
        self.world.store.epochs.remove(&epoch);
        self.void_leases();
        if reported {
            self.changed(epoch);
        }
    }

    /// A process loses its connection with all that is on its way and, if they are
    /// `sent`, the commands that its callers were about to send. It has another one
    /// at once. No command runs later: the handshake kills the old connection first.
    pub(crate) fn connection_lost(&mut self, process: usize, sent: bool) {
        self.spend(Event::ConnectionLost);
        for caller in self.configuration.callers_of(process) {
            let this = &self.world.callers[caller];
            match this.at {
                At::Asked(Step::Release(outcome), _) => self.release_lost(caller, outcome),
                At::About(Step::Release(outcome)) if sent => self.release_lost(caller, outcome),
                // Steps that follow another one of their operation.
                At::About(
                    Step::ReadEpoch | Step::CreateEpoch | Step::Take | Step::Replace(1..),
                )
                | At::Asked(..)
                | At::Told(_) => self.abandon(caller),
                At::About(Step::Put) if this.lease.is_some() => self.abandon(caller),
                At::About(Step::Capture | Step::WriteOrigin) => {}
                At::About(_) if sent => self.abandon(caller),
                _ => {}
            }
        }
        let old = std::mem::take(&mut self.world.connections[process]);
        if !self.keeps(Check::TableEndsWithConnection) {
            self.world.connections[process].table = old.table;
        }
        if self.keeps(Check::LostConnectionFiresWatches) {
            self.fire_watches(process);
        }
    }

    pub(crate) fn killed(&mut self, process: usize) {
        self.spend(Event::Killed);
        for caller in self.configuration.callers_of(process) {
            let caller = &mut self.world.callers[caller];
            if !caller.is_done() {
                caller.finish(Outcome::Killed);
            }
        }
        self.world.connections[process] = Connection::default();
    }
}
