//! Reading the key: `get`, and the reads of `lookup` (`host/core/src/lookup.rs`).

use super::{
    At, Call, Caller, Check, Envelope, Outcome, RedisKey, Step, Steps, Token, Watch, World,
};

impl Steps<'_> {
    /// `GET`, tracked if it is watched.
    pub(super) fn read(&mut self, caller: usize, step: Step) {
        let registers = step == Step::Watch && self.keeps(Check::WatchBeforeRead);
        if step == Step::Watch {
            self.connection(caller).tracked.insert(RedisKey::Entry);
        }
        let this = &mut self.world.callers[caller];
        this.found.clone_from(&self.world.store.key);
        this.watch = if registers { Watch::Registered } else { Watch::No };
        self.reply(caller, step, true);
    }

    /// The caller sees what the key held.
    pub(super) fn found(&mut self, caller: usize, step: Step) {
        let this = self.caller(caller);
        if step == Step::Watch && this.watch == Watch::No {
            this.watch = Watch::Registered;
        }
        match this.found.clone() {
            Some(found) => self.verdict(caller, &found),
            None => self.looked(caller, false),
        }
    }

    /// It is known whether what was found is alive.
    pub(super) fn looked(&mut self, caller: usize, alive: bool) {
        let call = self.call_of(caller);
        let this = &mut self.world.callers[caller];
        match this.found.as_ref().filter(|_| alive) {
            Some(Envelope { token: Token::Entry(_) | Token::Start, version, .. }) => {
                self.world.stale |= *version < this.at_least;
                this.finish(Outcome::Hit);
            }
            _ if call == Call::Get => this.finish(Outcome::Miss),
            // What ends an entry ends a pause.
            Some(Envelope { token: Token::Pass(_), version, .. }) => {
                self.world.stale |= *version < this.at_least;
                this.finish(Outcome::Passed);
            }
            Some(_) if this.watch == Watch::No => this.at = At::About(Step::Watch),
            Some(_) => this.at = At::Waiting,
            // What was found, if anything, is dead.
            None => {
                this.watch = Watch::No;
                this.at = At::About(Step::Capture);
            }
        }
    }
}

impl World {
    /// Whether what a waiter waits for has happened (`Wait::for_lease`).
    pub(crate) fn wait_is_over(&self, caller: usize, end_of_lease_wakes: bool) -> bool {
        let Caller { found, watch, .. } = &self.callers[caller];
        let is_its = |holder: &usize| {
            found.as_ref().is_some_and(|found| found.token == Token::Lease(*holder))
        };
        let expired = self.expired.iter().any(is_its);
        *watch == Watch::Fired || (expired && end_of_lease_wakes)
    }
}
