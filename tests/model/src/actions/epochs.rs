//! The current epochs (`host/redis/src/epochs.rs` and `tracking.rs`).

use super::{At, Check, Envelope, Epochs, Keys, RedisKey, Step, Steps, Watch, all_in, of};

impl Steps<'_> {
    /// `CurrentEpochs::verdict`: compares what was found with what the connection
    /// knows when the caller looks at it.
    pub(super) fn verdict(&mut self, caller: usize, found: &Envelope) {
        if !self.keeps(Check::EpochsOnRead) {
            return self.looked(caller, true);
        }
        let needed: Keys = found.epochs.keys().copied().collect();
        let known = of(&self.connection(caller).table, &needed);
        if !all_in(&known, &found.epochs) {
            self.looked(caller, false);
        } else if known.len() == needed.len() {
            self.looked(caller, true);
        } else {
            self.expect(caller, known, needed, Step::ReadEpoch);
        }
    }

    /// `CurrentEpochs::capture`: takes the epochs from the table, as far as they
    /// are there.
    pub(super) fn capture(&mut self, caller: usize) {
        let call = self.call_of(caller);
        let published = self.world.published;
        let this = self.caller(caller);
        let needed = match &this.lease {
            None => call.captures(),
            Some(lease) => {
                // The commit begins.
                this.at_least = published;
                call.commits().into_iter().chain(lease.epochs.keys().copied()).collect()
            }
        };
        let known = of(&self.connection(caller).table, &needed);
        if known.len() == needed.len() {
            self.captured(caller, known);
        } else {
            self.expect(caller, known, needed, Step::CreateEpoch);
        }
    }

    /// `Tracking::expect`: registers the reads that are about to be sent.
    fn expect(&mut self, caller: usize, known: Epochs, mut needed: Keys, step: Step) {
        needed.retain(|epoch| !known.contains_key(epoch));
        let this = self.caller(caller);
        (this.epochs, this.unread, this.pending) = (known, needed.clone(), needed);
        this.at = At::About(step);
    }

    /// `SET NX` to create the epoch, and `GET`, tracked.
    pub(super) fn read_epoch(&mut self, caller: usize, step: Step) {
        let Some(epoch) = self.caller(caller).unread.pop_first() else { return };
        if step == Step::CreateEpoch && !self.world.store.epochs.contains_key(&epoch) {
            self.world.store.replace(epoch);
            self.changed(epoch);
        }
        self.connection(caller).tracked.insert(epoch);
        let value = self.world.store.epochs.get(&epoch).copied();
        let this = self.caller(caller);
        this.epochs.extend(value.map(|value| (epoch, value)));
        if this.unread.is_empty() {
            self.reply(caller, step, true);
        }
    }

    /// The epochs are here. `PendingRead::fill`: they enter the table, except those
    /// that were invalidated since.
    pub(super) fn epochs_read(&mut self, caller: usize, step: Step) {
        let this = self.caller(caller);
        let epochs = std::mem::take(&mut this.epochs);
        let fill = of(&epochs, &std::mem::take(&mut this.pending));
        let alive = this.found.as_ref().is_some_and(|found| all_in(&found.epochs, &epochs));
        self.connection(caller).table.extend(fill);
        if step == Step::ReadEpoch {
            self.looked(caller, alive);
        } else {
            self.captured(caller, epochs);
        }
    }

    /// `Tracking::handle`: an invalidation.
    pub(super) fn invalidate(&mut self, process: usize, key: RedisKey) {
        if key == RedisKey::Entry {
            return self.fire_watches(process);
        }
        self.world.connections[process].table.remove(&key);
        if self.keeps(Check::FillOnlyIfPending) {
            for caller in self.configuration.callers_of(process) {
                self.world.callers[caller].pending.remove(&key);
            }
        }
    }

    /// There is one key to watch, so all watches of the connection fire.
    pub(super) fn fire_watches(&mut self, process: usize) {
        for caller in self.configuration.callers_of(process) {
            let watch = &mut self.world.callers[caller].watch;
            if *watch == Watch::Registered {
                *watch = Watch::Fired;
            }
        }
    }
}
