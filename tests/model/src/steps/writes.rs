//! The other calls of `host/core/src/cache.rs`, and the sweeper.

use super::Steps;
use crate::caller::{Answer, At, Call, Outcome, Step};
use crate::checks::Check;
use crate::keys::{Keys, RedisKey};
use crate::names::Name;
use crate::store::{Content, Envelope, Epochs};

impl Steps<'_> {
    /// `SET`, of the marker of a write or of an entry. Either counts as a change
    /// of the origin at this very moment: what was loaded before it is not to be
    /// read once it has returned.
    pub(super) fn put(&mut self, caller: usize, epochs: Epochs) {
        let nothing_since = self.world.origin == self.caller(caller).at_least;
        let is_dead = !epochs.all_in(self.world.store.epochs);
        self.change_origin(caller);
        let id = self.world.names.fresh();
        let this = self.caller(caller);
        this.broke.dead_on_arrival |= is_dead && nothing_since;
        let (envelope, answer) = match this.lease {
            Some(lease) => {
                (Envelope { id: lease.id, epochs, content: Content::Lease }, Answer::WriteBegun)
            }
            None => (Envelope::entry(id, epochs, this.wrote), Answer::Done(Outcome::Stored)),
        };
        self.world.store.key = Some(envelope);
        self.void_leases();
        self.reply(caller, answer);
        self.changed(RedisKey::Entry);
    }

    /// `GETDEL`. What it held only decides what is counted.
    pub(super) fn delete(&mut self, caller: usize) {
        self.change_origin(caller);
        let held = self.world.store.key.take();
        self.void_leases();
        self.reply(caller, Answer::Done(Outcome::Removed));
        if held.is_some() {
            self.changed(RedisKey::Entry);
        }
    }

    /// One `SET` of the pipeline of `evict` or `clear`, after `done` others;
    /// after the last follows `PING`, so that the connection's own invalidations
    /// come before the reply.
    pub(super) fn evict(&mut self, caller: usize, done: usize) {
        if done == 0 {
            self.change_origin(caller);
        }
        let mut sets = Self::sets_of(self.call_of(caller));
        if !self.keeps(Check::MarkBeforeEpochs) {
            sets.reverse();
        }
        let is_last = done + 1 == sets.len();
        if is_last && !self.keeps(Check::PingAfterEviction) {
            self.reply(caller, Answer::Done(Outcome::Removed));
        }
        match sets[done] {
            None => self.world.store.mark = Some(self.world.names.fresh()),
            Some(epoch) => {
                self.world.store.epochs.0[epoch] = Some(self.world.names.fresh());
                self.void_leases();
                self.changed(RedisKey::Epoch(epoch));
            }
        }
        if is_last && self.keeps(Check::PingAfterEviction) {
            self.reply(caller, Answer::Done(Outcome::Removed));
        } else if !is_last {
            self.caller(caller).at = At::About(Step::Evict(done + 1));
        }
    }

    /// What an eviction replaces, in order; none: the mark.
    fn sets_of(call: Call) -> Vec<Option<usize>> {
        let Call::Evict { tags } = call else { return vec![Some(0)] };
        let mut sets = vec![None];
        let mut left: Keys = tags;
        while let Some(epoch) = left.first_epoch() {
            sets.push(Some(epoch));
            left = left.without(RedisKey::Epoch(epoch).into());
        }
        sets
    }

    /// The commit of a write was refused: another writer, or a load during an
    /// expired lease, may have stored what the origin no longer holds.
    pub(super) fn write_refused(&mut self, caller: usize) {
        if self.keeps(Check::RemovalAfterRefusedWrite) {
            self.caller(caller).at = At::About(Step::Release(Outcome::Refused));
        } else {
            self.publish(caller);
            self.caller(caller).finish(Outcome::Refused);
        }
    }

    /// What a sweep read is known to be dead, or not.
    pub(super) fn swept(&mut self, caller: usize, dead: Option<Envelope>) {
        match dead {
            Some(dead) => self.caller(caller).at = At::About(Step::Sweep(dead.id)),
            None => self.caller(caller).finish(Outcome::Miss),
        }
    }

    /// `Script::RemoveIfStem`.
    pub(super) fn sweep(&mut self, caller: usize, token: Name) {
        let held = self.world.store.key;
        let removes =
            held.is_some() && (self.world.store.holds(token) || !self.keeps(Check::Sweep));
        if removes {
            self.world.store.key = None;
        }
        self.reply(caller, Answer::Done(Outcome::Removed));
        if removes {
            self.changed(RedisKey::Entry);
        }
    }
}
