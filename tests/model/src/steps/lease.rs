//! `host/core/src/lease.rs`: what a lease is good for, and how it ends.

use super::Steps;
use crate::caller::{Answer, At, Outcome, Step};
use crate::checks::Check;
use crate::keys::RedisKey;
use crate::names::Name;
use crate::store::{Envelope, Epochs};

impl Steps<'_> {
    /// `GET` of the mark, made where missing. When a lease is taken this and
    /// the taking are one round trip, and nothing looks at the reply before
    /// that of the taking, which follows it: so it has none of its own.
    pub(super) fn eviction_mark(&mut self, caller: usize) {
        let names = &mut self.world.names;
        let mark = Some(*self.world.store.mark.get_or_insert_with(|| names.fresh()));
        let writes = self.call_of(caller).writes();
        let this = self.caller(caller);
        let Some(lease) = &mut this.lease else { return };
        lease.mark = mark;
        let epochs = lease.epochs;
        this.at = At::About(match this.refreshes {
            Some(_) => Step::Elect,
            None if writes => Step::Put(epochs),
            None => Step::TakeLease,
        });
    }

    /// `LeaseGuard::epochs_to_commit`, up to the mark.
    pub(super) fn epochs_to_commit(&mut self, caller: usize, now: Epochs) {
        let before = self.caller(caller).lease.map(|lease| lease.epochs).unwrap_or_default();
        let stores = self.call_of(caller).stores();
        let named = now.of(stores);
        let any_late = !named.keys().without(before.keys()).is_empty();
        let any_not_named_again = !before.keys().without(stores).is_empty();
        let looks_at_mark = (any_late && self.keeps(Check::EvictionMark))
            || (any_not_named_again && self.keeps(Check::EvictionMarkOfTagsNotNamedAgain));
        let captured_before_load = self.keeps(Check::CaptureBeforeLoad);
        if captured_before_load && !before.all_in(now) {
            return self.not_asked(caller);
        }
        self.caller(caller).at = At::About(if captured_before_load && looks_at_mark {
            Step::LateMark(named)
        } else {
            Step::Commit(named)
        });
    }

    /// `GET` of the mark, after the epochs.
    pub(super) fn late_mark(&mut self, caller: usize, epochs: Epochs) {
        let names = &mut self.world.names;
        let mark = *self.world.store.mark.get_or_insert_with(|| names.fresh());
        self.reply(caller, Answer::Mark { mark, epochs });
    }

    /// If the mark stands, then so did the tags.
    pub(super) fn compare_marks(&mut self, caller: usize, mark: Name, epochs: Epochs) {
        if self.caller(caller).lease.is_some_and(|lease| lease.mark == Some(mark)) {
            self.caller(caller).at = At::About(Step::Commit(epochs));
        } else {
            self.not_asked(caller);
        }
    }

    /// The store is not even asked to commit: an epoch was replaced since the
    /// load began.
    fn not_asked(&mut self, caller: usize) {
        self.caller(caller).loaded = None;
        if self.call_of(caller).writes() {
            self.write_refused(caller);
        } else {
            self.caller(caller).at = At::About(Step::Release(Outcome::Refused));
        }
    }

    /// `Script::ReplaceIfStem`.
    pub(super) fn commit(&mut self, caller: usize, epochs: Epochs) {
        let id = self.world.names.fresh();
        let compares = self.keeps(Check::Commit);
        let this = &mut self.world.callers[caller];
        let Some(lease) = this.lease else { return };
        let held = this.refreshes.map_or(lease.id, |entry| entry.id);
        let version = this.loaded.unwrap_or(this.wrote);
        let is_own = self.world.store.holds(held);
        let stores = is_own || !compares;
        if stores {
            let is_alive = epochs.all_in(self.world.store.epochs);
            this.broke.overreached |= !is_own;
            this.broke.stale |= is_alive && version < this.at_least;
            self.world.store.key = Some(Envelope::entry(id, epochs, version));
        }
        self.reply(caller, Answer::Committed(stores));
        if stores {
            self.changed(RedisKey::Entry);
        }
    }

    /// `LeaseGuard::commit`, after the store answered.
    pub(super) fn committed(&mut self, caller: usize, stored: bool) {
        let outcome = if stored { Outcome::Stored } else { Outcome::Refused };
        if self.caller(caller).refreshes.is_some() {
            self.caller(caller).loaded = None;
            self.caller(caller).at = At::About(Step::Release(outcome));
        } else if self.call_of(caller).writes() && !stored {
            self.write_refused(caller);
        } else {
            self.publish(caller);
            self.caller(caller).finish(outcome);
        }
    }

    /// `LeaseGuard::release`: what the end of the lease leaves is freed.
    pub(super) fn release(&mut self, caller: usize, outcome: Outcome) {
        let in_the_background =
            matches!(outcome, Outcome::GivenUp | Outcome::Trapped | Outcome::Failed);
        if in_the_background && !self.keeps(Check::DropGivesUp) {
            return self.caller(caller).finish(outcome);
        }
        self.caller(caller).loaded = None;
        let this = *self.caller(caller);
        let Some(lease) = this.lease else { return };
        let removed = if self.call_of(caller).writes() {
            // `remove_many`: whatever the key holds.
            self.world.store.key.take().is_some()
        } else if this.refreshes.is_some() {
            self.resign(lease.id);
            false
        } else {
            self.give_up(caller, lease.id)
        };
        self.reply(caller, Answer::Released(outcome));
        if removed {
            self.changed(RedisKey::Entry);
        }
        if self.call_of(caller).writes() {
            self.void_leases();
        }
    }

    /// `Script::RemoveIfStem`; whether it removed something.
    fn give_up(&mut self, caller: usize, id: Name) -> bool {
        let is_own = self.world.store.holds(id);
        if !is_own && self.keeps(Check::GiveUp) {
            return false;
        }
        let removed = self.world.store.key.take().is_some();
        self.caller(caller).broke.overreached |= removed && !is_own;
        removed
    }

    /// `Script::RemoveIfStem` of the election.
    fn resign(&mut self, id: Name) {
        let elected = &mut self.world.store.elected;
        *elected = elected.filter(|token| *token != id);
    }

    /// What was left is freed.
    pub(super) fn released(&mut self, caller: usize, outcome: Outcome) {
        if outcome == Outcome::Refused {
            self.publish(caller);
        }
        self.caller(caller).finish(outcome);
    }
}
