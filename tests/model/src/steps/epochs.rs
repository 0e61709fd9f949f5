//! `host/redis/src/epochs.rs` and `tracking.rs`: which epochs are current.

use super::Steps;
use crate::caller::{Answer, At, Call, Lease, Step, Watch};
use crate::checks::Check;
use crate::keys::{EPOCHS, Keys, RedisKey};
use crate::single_flight::Observation;
use crate::store::{Envelope, Epochs};

impl Steps<'_> {
    /// `CurrentEpochs::verdict`: what was found, against what the connection
    /// knows at the moment when the caller looks at it.
    pub(super) fn verdict(&mut self, caller: usize, found: Envelope) {
        if !self.keeps(Check::EpochsOnRead) {
            return self.looked(caller, Some(found), true);
        }
        let known = self.connection(caller).table.of(found.epochs.keys());
        let unknown = found.epochs.keys().without(known.keys());
        if !known.all_in(found.epochs) {
            self.looked(caller, Some(found), false);
        } else if unknown.is_empty() {
            self.looked(caller, Some(found), true);
        } else {
            // `Tracking::expect`
            self.caller(caller).expected = unknown;
            let ask = Step::AskEpoch { found, left: unknown, current: known };
            self.caller(caller).at = At::About(ask);
        }
    }

    /// `CLIENT CACHING YES`, `GET`.
    pub(super) fn ask_epoch(
        &mut self,
        caller: usize,
        found: Envelope,
        left: Keys,
        mut current: Epochs,
    ) {
        let left = self.read_epoch(caller, left, &mut current);
        if left.is_empty() {
            self.reply(caller, Answer::Current { found, current });
        } else {
            self.caller(caller).at = At::About(Step::AskEpoch { found, left, current });
        }
    }

    /// Whether Redis has each of the epochs of what was found.
    pub(super) fn all_current(&mut self, caller: usize, found: Envelope, current: Epochs) {
        self.fill(caller, current);
        self.looked(caller, Some(found), found.epochs.all_in(current));
    }

    /// `CurrentEpochs::capture`: from the table, as far as it goes.
    pub(super) fn capture(&mut self, caller: usize) {
        let published = self.world.published;
        if self.caller(caller).lease.is_some() {
            // A commit begins.
            self.caller(caller).at_least = published;
        }
        let needed = self.needed(caller);
        let captured = self.connection(caller).table.of(needed);
        let missing = needed.without(captured.keys());
        if missing.is_empty() {
            self.captured(caller, captured);
        } else {
            self.caller(caller).expected = missing;
            self.caller(caller).at = At::About(Step::MakeEpoch { left: missing, captured });
        }
    }

    /// What a capture is to capture: at first the tags that the call names, at
    /// a commit those that the lease has and those that are named only now.
    fn needed(&mut self, caller: usize) -> Keys {
        let call = self.call_of(caller);
        let caller = self.caller(caller);
        let named = match (call, caller.lease) {
            (Call::Lookup { named, .. }, Some(lease)) => named.and(lease.epochs.keys()),
            (Call::Lookup { tags, .. }, None) => {
                let refreshed = caller.refreshes.map(|entry| entry.epochs.keys());
                tags.and(refreshed.unwrap_or_default())
            }
            (Call::Set { tags } | Call::Write { tags }, _) => tags,
            _ => Keys::NONE,
        };
        named.and(Keys::EVERYTHING)
    }

    /// `SET NX`, `CLIENT CACHING YES`, `GET`.
    pub(super) fn make_epoch(&mut self, caller: usize, left: Keys, mut captured: Epochs) {
        if let Some(epoch) = left.first_epoch()
            && self.world.store.epochs.0[epoch].is_none()
        {
            self.world.store.epochs.0[epoch] = Some(self.world.names.fresh());
            self.changed(RedisKey::Epoch(epoch));
        }
        let left = self.read_epoch(caller, left, &mut captured);
        if left.is_empty() {
            self.reply(caller, Answer::Made(captured));
        } else {
            self.caller(caller).at = At::About(Step::MakeEpoch { left, captured });
        }
    }

    /// Reads the first of the epochs that are left, tracked; those then left.
    fn read_epoch(&mut self, caller: usize, left: Keys, read: &mut Epochs) -> Keys {
        let Some(epoch) = left.first_epoch() else { return left };
        let key = RedisKey::Epoch(epoch);
        read.0[epoch] = self.world.store.epochs.0[epoch];
        self.connection(caller).track(key);
        left.without(key.into())
    }

    /// The epochs that were missing are here.
    pub(super) fn made(&mut self, caller: usize, captured: Epochs) {
        self.fill(caller, captured);
        self.captured(caller, captured);
    }

    /// `PendingRead::fill`: what was asked for enters the table, unless it was
    /// invalidated since.
    fn fill(&mut self, caller: usize, read: Epochs) {
        let expected = std::mem::take(&mut self.caller(caller).expected);
        let table = &mut self.connection(caller).table;
        for epoch in 0..EPOCHS {
            if expected.has(RedisKey::Epoch(epoch)) && read.0[epoch].is_some() {
                table.0[epoch] = read.0[epoch];
            }
        }
    }

    /// The epochs are captured: on to what they are for.
    fn captured(&mut self, caller: usize, epochs: Epochs) {
        if self.caller(caller).lease.is_some() {
            return self.epochs_to_commit(caller, epochs);
        }
        let step = if let Call::Set { .. } = self.call_of(caller) {
            Step::Put(epochs)
        } else {
            // `LeaseGuard::about_to`
            let id = self.world.names.fresh();
            self.caller(caller).lease = Some(Lease { id, epochs, mark: None, void: false });
            Step::EvictionMark
        };
        self.caller(caller).at = At::About(step);
    }

    /// `Tracking::invalidate`.
    pub(super) fn invalidate(&mut self, process: usize, key: RedisKey) {
        let RedisKey::Epoch(epoch) = key else { return self.fire_watches(process) };
        self.world.processes[process].connection.table.0[epoch] = None;
        if self.keeps(Check::FillOnlyIfStillExpected) {
            for caller in self.configuration.callers_of(process) {
                let caller = &mut self.world.callers[caller];
                caller.expected = caller.expected.without(key.into());
            }
        }
    }

    /// All watches of one connection are on the same key, so all of them fire.
    pub(super) fn fire_watches(&mut self, process: usize) {
        for caller in self.configuration.callers_of(process) {
            let caller = &mut self.world.callers[caller];
            if let At::Waiting { fired, .. } = &mut caller.at {
                *fired = true;
            }
            if caller.watched == Watch::Registered {
                caller.watched = Watch::Fired;
            }
        }
        if let Some(Observation::LeaseHeld { fired, .. }) =
            &mut self.world.processes[process].flight.observed
        {
            *fired = true;
        }
    }
}
