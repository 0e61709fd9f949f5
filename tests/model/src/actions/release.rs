//! Giving a lease up (`LeaseGuard::release`, and its drop).

use super::{At, Call, Caller, Check, Message, Outcome, RedisKey, Step, Steps, Token};

impl Steps<'_> {
    /// Frees what the end of the lease leaves: for a write whatever the key holds,
    /// else its own marker.
    pub(super) fn release(&mut self, caller: usize, outcome: Outcome) {
        if outcome != Outcome::Refused && !self.keeps(Check::DropGivesUp) {
            return self.caller(caller).finish(outcome);
        }
        let writes = self.call_of(caller) == Call::Write;
        let is_own = self.world.store.holds(Token::Lease(caller));
        let may = writes || is_own || !self.keeps(Check::GiveUp);
        let removed = may && self.world.store.key.take().is_some();
        self.world.overreached |= removed && !is_own && !writes;
        self.caller(caller).loaded = None;
        if writes {
            self.void_leases();
        }
        self.reply(caller, Step::Release(outcome), true);
        if removed {
            self.changed(RedisKey::Entry);
        }
    }

    /// The call fails. If it has a lease, that is given up in the background.
    pub(super) fn abandon(&mut self, caller: usize) {
        self.connection(caller).inbox.retain(|message| *message != Message::Reply(caller));
        let this = self.caller(caller);
        match this.lease.take() {
            None => this.finish(Outcome::Failed),
            lease => {
                let at = At::About(Step::Release(Outcome::Failed));
                *this = Caller { at, lease, ..Caller::default() };
            }
        }
    }

    /// The connection was lost during a release. That of a refused write is tried
    /// once more in the background, any other is not.
    pub(super) fn release_lost(&mut self, caller: usize, outcome: Outcome) {
        if outcome == Outcome::Refused && self.call_of(caller) == Call::Write {
            self.abandon(caller);
        } else {
            self.caller(caller).finish(Outcome::Lost);
        }
    }
}
