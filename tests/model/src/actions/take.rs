//! Taking a lease, and the load (`Session::take`, `Session::begin_write`).

use super::{At, Call, Check, Envelope, Epochs, Lease, Outcome, RedisKey, Step, Steps, Token};

impl Steps<'_> {
    /// The epochs are captured, for a set, for a lease or for a commit.
    pub(super) fn captured(&mut self, caller: usize, epochs: Epochs) {
        if self.caller(caller).lease.is_some() {
            return self.epochs_to_commit(caller, &epochs);
        }
        let sets = self.call_of(caller) == Call::Set;
        let this = self.caller(caller);
        if sets {
            this.epochs = epochs;
            this.at = At::About(Step::Put);
        } else {
            // `LeaseGuard::about_to_take`
            this.lease = Some(Lease { epochs, mark: None, void: false });
            this.at = At::About(Step::Mark);
        }
    }

    /// `GET` of the mark, in one round trip with the marker, so it has no reply of
    /// its own.
    pub(super) fn mark(&mut self, caller: usize) {
        let mark = self.world.store.mark();
        let writes = self.call_of(caller) == Call::Write;
        let this = self.caller(caller);
        if let Some(lease) = &mut this.lease {
            lease.mark = mark;
        }
        this.at = At::About(if writes { Step::Put } else { Step::Take });
    }

    /// Stores the marker if the key is empty, or still holds what was found dead.
    pub(super) fn take(&mut self, caller: usize) {
        let compares = self.keeps(Check::DeadIsCompared);
        let this = &mut self.world.callers[caller];
        let Some(lease) = &mut this.lease else { return };
        let store = &mut self.world.store;
        let takes = if let Some(dead) = this.found.take() {
            !compares || store.holds(dead.token)
        } else {
            this.found.clone_from(&store.key);
            store.key.is_none()
        };
        if takes {
            let (token, epochs) = (Token::Lease(caller), lease.epochs.clone());
            store.key = Some(Envelope { token, epochs, version: 0 });
            // Taken with an epoch whose end the process has not been notified of.
            lease.void = !store.holds_alive(token);
        }
        self.reply(caller, Step::Take, takes);
        if takes {
            self.changed(RedisKey::Entry);
        }
    }

    /// The lease is taken, or another caller was faster. The origin is read as soon
    /// as the caller may: what is read later is newer.
    pub(super) fn taken(&mut self, caller: usize, taken: bool) {
        let fails = self.call_of(caller) == Call::FailingLoad;
        let origin = self.world.origin;
        let this = self.caller(caller);
        if taken {
            this.loaded = Some(origin);
            let next = if fails { Step::Release(Outcome::GivenUp) } else { Step::Capture };
            this.at = At::About(next);
            return;
        }
        this.lease = None;
        match this.found.clone() {
            Some(held) => self.verdict(caller, &held),
            None => this.at = At::About(Step::Read),
        }
    }
}
