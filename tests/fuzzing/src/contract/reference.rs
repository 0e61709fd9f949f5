//! What one cache has to answer: the contract in the fewest words.
//!
//! It has no epochs, envelopes or tasks. An eviction removes entries one by
//! one, and a lease knows by itself what happened to its key since.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use spakky_cache_core::entry::whole_millis;
use spakky_cache_core::metrics::Snapshot;

use super::calls::{Options, QUOTA};

/// The time limit of a lease, and how often it is renewed, in milliseconds.
pub(super) const LEASE: u64 = 3_000;
const RENEWED_EVERY: u64 = LEASE / 3;
/// How long it is renewed.
pub(super) const LONGEST_LOAD: u64 = 5_000;
/// How long a process remembers that another caller is at a refresh.
const REMEMBERED: u64 = LEASE / 50;
/// For how long what is not stored anywhere may rely on its tags' identity.
const TAGS_KEPT: u64 = 3_600_000;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) value: Vec<u8>,
    pub(super) options: Options,
    since: u64,
    /// Tells it from what the key held before and will hold.
    number: u64,
}

impl Stored {
    fn lives(&self, now: u64) -> bool {
        self.options.ttl.is_none_or(|ttl| now < self.since.saturating_add(ttl))
    }

    fn is_stale(&self, now: u64) -> bool {
        self.options.fresh_for.is_some_and(|fresh| now >= self.since.saturating_add(fresh))
    }
}

/// What a lease is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Load,
    Write,
    /// Of the entry with this number.
    Refresh(u64),
}

/// A lease that is not spent.
#[derive(Clone, Debug)]
struct Right {
    session: usize,
    key: String,
    purpose: Purpose,
    tags: BTreeSet<String>,
    taken_at: u64,
    /// How many evictions there had been.
    evictions: u64,
    /// The key was written, removed, or taken by another since.
    lost: bool,
    /// A tag of it was evicted since, or everything.
    evicted: bool,
    ends: u64,
    /// None: no more.
    renewed_at: Option<u64>,
}

impl Right {
    /// Keeps others from the key.
    fn is_out(&self, now: u64) -> bool {
        !matches!(self.purpose, Purpose::Refresh(_))
            && !self.lost
            && !self.evicted
            && self.ends > now
    }

    fn pass(&mut self, now: u64) {
        if self.renewed_at.is_none_or(|at| now < at) {
            return;
        }
        let held = !self.lost && self.ends > now;
        if held {
            self.ends = now + LEASE;
        }
        let goes_on = held && now < self.taken_at + LONGEST_LOAD;
        self.renewed_at = goes_on.then_some(now + RENEWED_EVERY);
    }
}

/// What a lookup has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Hit(Vec<u8>),
    Stale {
        value: Vec<u8>,
        refresh: Refresh,
    },
    Miss,
    /// Another caller has the lease.
    Wait,
    LeaseHeld,
    Denied,
    QuotaExceeded,
}

/// Whether a caller of a stale entry is the one to refresh it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refresh {
    Yes,
    No,
    /// Another one just was, and a process may still think so.
    Maybe,
}

/// What a commit has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stores {
    Yes,
    No,
    /// It may be refused to be on the safe side: an eviction of other tags cannot
    /// be told from one of a tag that the commit no longer names, and the tags of
    /// a load that lasts for hours may have been forgotten.
    Maybe,
}

/// One cache.
#[derive(Debug, Default)]
pub(super) struct Reference {
    now: u64,
    entries: BTreeMap<String, Stored>,
    rights: BTreeMap<usize, Right>,
    numbers: u64,
    evictions: u64,
    /// Until then, whoever swept last is the one that sweeps.
    swept_until: u64,
    pub(super) counts: Snapshot,
}

impl Reference {
    pub(super) fn at(now: u64) -> Self {
        Self { now, ..Self::default() }
    }

    pub(super) fn count_read(&mut self, hit: bool) {
        let count = if hit { &mut self.counts.hits } else { &mut self.counts.misses };
        *count += 1;
    }

    pub(super) fn get(&self, key: &str) -> Option<&Stored> {
        self.entries.get(key).filter(|entry| entry.lives(self.now))
    }

    pub(super) fn pass(&mut self, millis: u64) {
        self.now += millis;
        self.rights.values_mut().for_each(|right| right.pass(self.now));
    }

    /// Whether another sweeper may begin; then it has begun.
    pub(super) fn may_sweep(&mut self, pause: Duration) -> bool {
        let may = self.now >= self.swept_until;
        if may {
            self.swept_until = self.now + LEASE + whole_millis(pause);
        }
        may
    }

    pub(super) fn set(&mut self, key: &str, value: Vec<u8>, options: &Options) {
        self.take_from_all(key);
        self.numbers += 1;
        let options = Options { tags: sorted(&options.tags), ..options.clone() };
        let stored = Stored { value, options, since: self.now, number: self.numbers };
        self.entries.insert(key.to_owned(), stored);
    }

    /// Whether there was an entry.
    pub(super) fn delete(&mut self, key: &str) -> bool {
        let there = self.get(key).is_some();
        self.take_from_all(key);
        self.entries.remove(key);
        there
    }

    pub(super) fn evict(&mut self, tags: &[String]) {
        self.evictions += 1;
        self.entries.retain(|_, entry| !entry.options.tags.iter().any(|tag| tags.contains(tag)));
        for right in self.rights.values_mut() {
            right.evicted |= right.tags.iter().any(|tag| tags.contains(tag));
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.rights.values_mut().for_each(|right| right.evicted = true);
    }

    /// What `session` finds when it looks up `key`.
    pub(super) fn look(&self, key: &str, session: usize, may_write: bool) -> Expected {
        let may_take = may_write && self.has_room(session);
        if let Some(entry) = self.get(key) {
            let value = entry.value.clone();
            if entry.is_stale(self.now) {
                let refresh = if may_take { self.refresh(key) } else { Refresh::No };
                return Expected::Stale { value, refresh };
            }
            return Expected::Hit(value);
        }
        match self.rights.values().find(|right| right.key == key && right.is_out(self.now)) {
            Some(right) if right.session == session => Expected::LeaseHeld,
            Some(_) => Expected::Wait,
            None if !may_write => Expected::Denied,
            None if !may_take => Expected::QuotaExceeded,
            None => Expected::Miss,
        }
    }

    fn refresh(&self, key: &str) -> Refresh {
        let others = self.rights.values();
        let others =
            others.filter(|right| right.key == key && matches!(right.purpose, Purpose::Refresh(_)));
        match others.map(|right| right.ends).max() {
            Some(ends) if ends > self.now => Refresh::No,
            Some(ends) if ends + REMEMBERED > self.now => Refresh::Maybe,
            _ => Refresh::Yes,
        }
    }

    pub(super) fn has_room(&self, session: usize) -> bool {
        self.rights.values().filter(|right| right.session == session).count() < QUOTA
    }

    /// `session` takes a lease to load, write or refresh `key`.
    pub(super) fn take(
        &mut self,
        lease: usize,
        session: usize,
        key: &str,
        tags: &[String],
        write: bool,
    ) {
        let mut tags: BTreeSet<String> = tags.iter().cloned().collect();
        let purpose = match self.get(key) {
            _ if write => Purpose::Write,
            None => Purpose::Load,
            Some(entry) => {
                tags.extend(entry.options.tags.iter().cloned());
                Purpose::Refresh(entry.number)
            }
        };
        if !matches!(purpose, Purpose::Refresh(_)) {
            self.delete(key);
        }
        let right = Right {
            session,
            key: key.to_owned(),
            purpose,
            tags,
            taken_at: self.now,
            evictions: self.evictions,
            lost: false,
            evicted: false,
            ends: self.now + LEASE,
            renewed_at: Some(self.now + RENEWED_EVERY),
        };
        self.rights.insert(lease, right);
    }

    pub(super) fn is_spent(&self, lease: usize) -> bool {
        !self.rights.contains_key(&lease)
    }

    /// Whether a commit of `lease`, which is not spent, stores.
    pub(super) fn stores(&self, lease: usize, options: &Options) -> Stores {
        let right = &self.rights[&lease];
        let named: BTreeSet<String> = options.tags.iter().cloned().collect();
        let any_evicted = right.evictions != self.evictions;
        let late = !named.is_subset(&right.tags);
        let holds = match right.purpose {
            Purpose::Load | Purpose::Write => !right.lost && right.ends > self.now,
            Purpose::Refresh(number) => self.get(&right.key).is_some_and(|it| it.number == number),
        };
        if !holds || right.evicted || late && any_evicted {
            return Stores::No;
        }
        // Whether the tags still stand is asked for anew, and the answer may be
        // a careful one.
        let dropped = !right.tags.is_subset(&named);
        let forgotten = self.now >= right.taken_at + TAGS_KEPT;
        if dropped && any_evicted || forgotten { Stores::Maybe } else { Stores::Yes }
    }

    /// `lease` was committed, and stored the value or did not.
    pub(super) fn committed(
        &mut self,
        lease: usize,
        stored: bool,
        value: Vec<u8>,
        options: &Options,
    ) {
        let Some(right) = self.rights.remove(&lease) else { return };
        if stored {
            self.set(&right.key, value, options);
        } else if right.purpose == Purpose::Write {
            self.delete(&right.key);
        }
    }

    /// `lease` was dropped. One to write leaves nothing: nobody knows what the
    /// origin holds.
    pub(super) fn dropped(&mut self, lease: usize) {
        if let Some(right) = self.rights.remove(&lease)
            && right.purpose == Purpose::Write
        {
            self.delete(&right.key);
        }
    }

    /// Whatever lease of `key` is out, is no more.
    fn take_from_all(&mut self, key: &str) {
        for right in self.rights.values_mut().filter(|right| right.key == key) {
            // A refresh is fenced by the entry, and elected by another key.
            right.lost |= !matches!(right.purpose, Purpose::Refresh(_));
        }
    }
}

/// Each once, in order.
pub(super) fn sorted(tags: &[String]) -> Vec<String> {
    let tags: BTreeSet<_> = tags.iter().cloned().collect();
    tags.into_iter().collect()
}
