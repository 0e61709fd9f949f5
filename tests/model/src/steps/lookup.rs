//! `host/core/src/lookup.rs`, and the roles of `single_flight.rs`.

use super::Steps;
use crate::caller::{Answer, At, Call, End, Outcome, Step, Watch};
use crate::checks::Check;
use crate::keys::RedisKey;
use crate::single_flight::{Callers, Present, Seen};
use crate::store::{Content, Envelope};
use crate::world::World;

impl Steps<'_> {
    /// `Caller::role`: the gate is free, and the caller shares what was seen, or
    /// looks.
    pub(crate) fn turn(&mut self, caller: usize) {
        let over = self.world.over.clone();
        let any_look_will_do = !self.keeps(Check::SharedOnlyIfBegunLater);
        let gate = self.gate(caller);
        let began_later = gate.began_after.all.has(caller) || any_look_will_do;
        let began_in_this_turn = gate.began_after.queued.take(caller) || any_look_will_do;
        let lease_is_out = match gate.seen {
            Some(Seen::Taken) => began_later,
            Some(Seen::Out { holder, fired }) => {
                if !fired && !over.contains(&holder) {
                    self.caller(caller).at = At::Waiting { holder, fired };
                    return;
                }
                false
            }
            Some(Seen::Hit(version)) if began_later => {
                self.caller(caller).serve(version);
                return self.caller(caller).finish(Outcome::Hit);
            }
            Some(Seen::Failed) if began_in_this_turn => {
                return self.caller(caller).finish(Outcome::Failed);
            }
            _ => false,
        };
        let present = self.present(caller);
        self.gate(caller).looks = Some((caller, present));
        self.caller(caller).watch = lease_is_out;
        self.look(caller);
    }

    /// Who is at the gate of this caller beside it.
    fn present(&self, caller: usize) -> Present {
        let callers = &self.world.callers;
        let others = || {
            let all = self.configuration.callers_of(self.process_of(caller));
            all.filter(move |other| *other != caller)
        };
        let is_queued = |other: &usize| callers[*other].at == At::Queued;
        let is_there =
            |other: &usize| matches!(callers[*other].at, At::Queued | At::Waiting { .. });
        Present {
            all: others().filter(is_there).fold(Callers::default(), Callers::and),
            queued: others().filter(is_queued).fold(Callers::default(), Callers::and),
        }
    }

    /// One turn of the loop of `Session::look`.
    pub(super) fn look(&mut self, caller: usize) {
        let registers_first = self.keeps(Check::WatchBeforeRead);
        let this = self.caller(caller);
        (this.at, this.watched) = match (this.watch, registers_first) {
            (false, _) => (At::About(Step::Read), Watch::No),
            // `Tracking::watch`
            (true, true) => (At::About(Step::Watch), Watch::Registered),
            (true, false) => (At::About(Step::Watch), Watch::Late),
        };
    }

    /// `GET`.
    pub(super) fn read(&mut self, caller: usize) {
        let found = self.world.store.key;
        self.reply(caller, Answer::Found(found));
    }

    /// `CLIENT CACHING YES`, `GET`.
    pub(super) fn watch(&mut self, caller: usize) {
        self.connection(caller).track(RedisKey::Entry);
        self.read(caller);
    }

    /// The caller sees what the key held.
    pub(super) fn found(&mut self, caller: usize, found: Option<Envelope>) {
        let this = self.caller(caller);
        if this.watched == Watch::Late {
            this.watched = Watch::Registered;
        }
        // `Taken::Found`: the lease was not taken, and this read is not watched.
        if this.lease.take().is_some() {
            this.watched = Watch::No;
        }
        match found {
            Some(found) => self.verdict(caller, found),
            None => self.looked(caller, None, false),
        }
    }

    /// What was found is known to be alive or dead.
    pub(super) fn looked(&mut self, caller: usize, found: Option<Envelope>, alive: bool) {
        let alive_entry = match found.map(|envelope| envelope.content) {
            Some(Content::Entry { version, stale }) if alive => Some((version, stale)),
            _ => None,
        };
        match (self.call_of(caller), alive_entry) {
            (Call::Get, Some((version, _))) => {
                self.caller(caller).serve(version);
                return self.caller(caller).finish(Outcome::Hit);
            }
            (Call::Get, None) => return self.caller(caller).finish(Outcome::Miss),
            (Call::Sweep, _) => return self.swept(caller, found.filter(|_| !alive)),
            _ => {}
        }
        match (found, alive_entry) {
            (_, Some((version, false))) => {
                self.gate(caller).note(Seen::Hit(version));
                self.caller(caller).serve(version);
                self.caller(caller).finish(Outcome::Hit);
            }
            // `Session::refresh`
            (entry, Some((_, true))) => {
                self.caller(caller).refreshes = entry;
                self.caller(caller).at = At::About(Step::Capture);
            }
            (Some(marker), None) if alive => match self.caller(caller).watched {
                Watch::No | Watch::Late => {
                    self.caller(caller).watch = true;
                    self.look(caller);
                }
                watched => self.wait(caller, marker, watched == Watch::Fired),
            },
            // `Session::take`
            (nothing_or_dead, None) => {
                let this = self.caller(caller);
                this.seen = nothing_or_dead.map(|dead| dead.id);
                this.watched = Watch::No;
                this.at = At::About(Step::Capture);
            }
        }
    }

    /// Somebody's lease is out.
    fn wait(&mut self, caller: usize, marker: Envelope, fired: bool) {
        let holder = marker.id;
        self.gate(caller).note(Seen::Out { holder, fired });
        let this = self.caller(caller);
        this.watched = Watch::No;
        this.watch = false;
        this.at = At::Waiting { holder, fired };
    }

    /// `SET NX GET PX`, or `Script::ReplaceIfStem`.
    pub(super) fn take_lease(&mut self, caller: usize) {
        let compares = self.keeps(Check::DeadIsReplacedByComparing);
        let (lease, seen) = (self.caller(caller).lease, self.caller(caller).seen);
        let Some(lease) = lease else { return };
        let held = self.world.store.key;
        let takes = match seen {
            None => held.is_none(),
            Some(seen) => !compares || self.world.store.holds(seen),
        };
        if takes {
            let marker = Envelope { id: lease.id, epochs: lease.epochs, content: Content::Lease };
            self.world.store.key = Some(marker);
            self.note_void(caller);
        }
        self.reply(
            caller,
            if takes || seen.is_some() { Answer::Taken(takes) } else { Answer::Found(held) },
        );
        if takes {
            self.changed(RedisKey::Entry);
        }
    }

    /// `SET NX` of the election's token.
    pub(super) fn elect(&mut self, caller: usize) {
        let elected = self.world.store.elected.is_none();
        if elected {
            self.world.store.elected = self.caller(caller).lease.map(|lease| lease.id);
            self.note_void(caller);
        }
        self.reply(caller, Answer::Taken(elected));
    }

    /// A lease may be void from the start: taken with an epoch whose end its
    /// process has not heard of yet, or for the refresh of what is gone.
    fn note_void(&mut self, caller: usize) {
        let store = self.world.store.clone();
        let this = self.caller(caller);
        let refreshes = this.refreshes;
        if let Some(lease) = &mut this.lease {
            lease.void = !store.holds_alive(refreshes.map_or(lease.id, |entry| entry.id));
        }
    }

    /// How an attempt to take a lease, or to be elected, ended.
    pub(super) fn taken(&mut self, caller: usize, taken: bool) {
        let stale = self.caller(caller).refreshed_version();
        if let Some(version) = stale {
            self.caller(caller).serve(version);
            self.gate(caller).note(Seen::Hit(version));
            if !taken {
                return self.caller(caller).finish(Outcome::Hit);
            }
        } else if taken {
            self.gate(caller).note(Seen::Taken);
        } else {
            // `Taken::Changed`
            self.caller(caller).lease = None;
            self.caller(caller).seen = None;
            return self.look(caller);
        }
        self.load(caller);
    }

    /// The origin is read as soon as the caller may: what is read later is less
    /// stale.
    fn load(&mut self, caller: usize) {
        let ends = match self.call_of(caller) {
            Call::Lookup { end: End::Drop, .. } => Step::Release(Outcome::GivenUp),
            _ => Step::Capture,
        };
        let origin = self.world.origin;
        let this = self.caller(caller);
        this.loaded = Some(origin);
        this.seen = None;
        this.watch = false;
        this.watched = Watch::No;
        this.at = At::About(ends);
    }
}

impl World {
    /// Whether what a caller waits for has happened: `Patience::wait`, without
    /// the limit of its patience.
    pub(crate) fn wait_is_over(&self, at: At, end_of_lease_wakes: bool) -> bool {
        let At::Waiting { holder, fired } = at else { return false };
        fired || (end_of_lease_wakes && self.over.contains(&holder))
    }
}
