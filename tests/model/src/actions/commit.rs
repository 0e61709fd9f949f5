//! Committing and passing (`LeaseGuard::conclude`).

use super::{At, Call, Check, Envelope, Epochs, Outcome, RedisKey, Step, Steps, Token, all_in, of};

impl Steps<'_> {
    /// `LeaseGuard::epochs_to_commit`, up to the mark.
    pub(super) fn epochs_to_commit(&mut self, caller: usize, now: &Epochs) {
        let named = self.call_of(caller).commits();
        let Some(lease) = &self.caller(caller).lease else { return };
        let before = lease.epochs.clone();
        let any_new = named.iter().any(|epoch| !before.contains_key(epoch));
        let any_dropped = before.keys().any(|epoch| !named.contains(epoch));
        let compares_mark = (any_new && self.keeps(Check::MarkOfNewTags))
            || (any_dropped && self.keeps(Check::MarkOfDroppedTags));
        let compares_epochs = self.keeps(Check::CaptureBeforeLoad);
        if compares_epochs && !all_in(&before, now) {
            return self.not_compared(caller);
        }
        let compares_mark = compares_epochs && compares_mark;
        let this = self.caller(caller);
        this.epochs = of(now, &named);
        this.at = At::About(if compares_mark { Step::CompareMark } else { Step::Commit });
    }

    /// `GET` of the mark, after the epochs.
    pub(super) fn compare_mark(&mut self, caller: usize) {
        let mark = self.world.store.mark();
        let stands = self.caller(caller).lease.as_ref().is_some_and(|lease| lease.mark == mark);
        self.reply(caller, Step::CompareMark, stands);
    }

    /// An epoch or the mark was replaced since the load began, so the key is not even
    /// compared.
    pub(super) fn not_compared(&mut self, caller: usize) {
        let this = self.caller(caller);
        (this.loaded, this.epochs) = (None, Epochs::default());
        self.refused(caller);
    }

    /// `LeaseGuard::store`, of an entry or of a pause.
    pub(super) fn commit(&mut self, caller: usize) {
        let is_own = self.world.store.holds(Token::Lease(caller));
        let stores = is_own || !self.keeps(Check::Commit);
        let passes = self.call_of(caller) == Call::PassingLoad;
        let this = &mut self.world.callers[caller];
        let token = if passes { Token::Pass(caller) } else { Token::Entry(caller) };
        let epochs = std::mem::take(&mut this.epochs);
        if stores {
            let version = this.loaded.unwrap_or(this.wrote);
            self.world.store.key = Some(Envelope { token, epochs, version });
            self.world.overreached |= !is_own;
            self.world.stale |= version < this.at_least && self.world.store.holds_alive(token);
        }
        self.reply(caller, Step::Commit, stores);
        if stores {
            self.changed(RedisKey::Entry);
        }
    }

    /// The key was compared.
    pub(super) fn committed(&mut self, caller: usize, stored: bool) {
        if self.call_of(caller) == Call::Write && !stored {
            return self.refused(caller);
        }
        self.returns(caller, if stored { Outcome::Stored } else { Outcome::Refused });
    }

    /// Frees the key. After a write, another writer or a load during its expired
    /// lease may have stored what the origin no longer holds.
    fn refused(&mut self, caller: usize) {
        if self.call_of(caller) == Call::Write && !self.keeps(Check::RefusedWriteRemoves) {
            return self.returns(caller, Outcome::Refused);
        }
        self.caller(caller).at = At::About(Step::Release(Outcome::Refused));
    }
}
