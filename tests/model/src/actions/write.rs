//! The calls that change what is cached (`host/core/src/cache.rs`).

use super::{At, Call, Check, Envelope, Outcome, RedisKey, Step, Steps, Token};

impl Steps<'_> {
    /// `SET`, of an entry or of the marker of a write. Either is a change of the
    /// origin at this moment: what was loaded before must not be read once it has
    /// returned.
    pub(super) fn put(&mut self, caller: usize) {
        self.change_origin(caller);
        let this = self.caller(caller);
        let (token, epochs) = match &this.lease {
            Some(lease) => (Token::Lease(caller), lease.epochs.clone()),
            None => (Token::Entry(caller), std::mem::take(&mut this.epochs)),
        };
        let version = this.wrote;
        self.world.store.key = Some(Envelope { token, epochs, version });
        self.void_leases();
        self.reply(caller, Step::Put, true);
        self.changed(RedisKey::Entry);
    }

    /// The entry is set, or the write has begun.
    pub(super) fn stored(&mut self, caller: usize) {
        if self.call_of(caller) == Call::Write {
            self.publish(caller);
            self.caller(caller).at = At::About(Step::WriteOrigin);
        } else {
            self.returns(caller, Outcome::Stored);
        }
    }

    /// Removes the key.
    pub(super) fn delete(&mut self, caller: usize) {
        self.change_origin(caller);
        let held = self.world.store.key.take();
        self.void_leases();
        self.reply(caller, Step::Delete, true);
        if held.is_some() {
            self.changed(RedisKey::Entry);
        }
    }

    /// One `SET` of `evict` or `clear`, after `done` others. A `PING` follows the
    /// last, so that the reply comes after the connection's own invalidations.
    pub(super) fn replace(&mut self, caller: usize, done: usize) {
        if done == 0 {
            self.change_origin(caller);
        }
        let replaced: &[RedisKey] = match self.call_of(caller) {
            Call::Clear => &[RedisKey::Everything],
            _ if self.keeps(Check::MarkBeforeEpochs) => &[RedisKey::Mark, RedisKey::Tag],
            _ => &[RedisKey::Tag, RedisKey::Mark],
        };
        self.world.store.replace(replaced[done]);
        self.void_leases();
        self.changed(replaced[done]);
        if done + 1 == replaced.len() {
            self.reply(caller, Step::Replace(done), true);
        } else {
            self.caller(caller).at = At::About(Step::Replace(done + 1));
        }
    }

    /// The caller changes the origin, in the same step as its first command: any
    /// load in between would only be newer.
    pub(super) fn change_origin(&mut self, caller: usize) {
        self.world.origin += 1;
        self.caller(caller).wrote = self.world.origin;
    }

    /// The call returns: who calls from now on relies on what it changed.
    pub(super) fn returns(&mut self, caller: usize, outcome: Outcome) {
        self.publish(caller);
        self.caller(caller).finish(outcome);
    }

    fn publish(&mut self, caller: usize) {
        self.world.published = self.world.published.max(self.world.callers[caller].wrote);
    }

    /// Something that may take leases away was carried out.
    pub(super) fn void_leases(&mut self) {
        let store = &self.world.store;
        for (caller, its) in self.world.callers.iter_mut().enumerate() {
            if let Some(lease) = &mut its.lease {
                lease.void |= !store.holds_alive(Token::Lease(caller));
            }
        }
    }
}
