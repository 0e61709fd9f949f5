//! What the store holds, and each step on it, under the lock of the caller.

use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use spakky_cache_core::entry::{
    Entry, Envelope, Epoch, Epochs, Id, Marker, UnixMillis, whole_millis,
};
use spakky_cache_core::store::{CasToken, Change, Found, Swept, Taken};
use spakky_cache_core::{Key, Prefix, Runtime, Tag};
use tokio::sync::SetOnce;

use crate::lru_slab::{LruSlab, SlotId};

/// How long an epoch is kept that nothing stored depends on: a load may be
/// under way that captured it.
const UNUSED_EPOCH_KEPT: u64 = 60 * 60 * 1_000;

/// What an entry takes besides its key, tags and value: estimated, and meant
/// to err on the large side.
const ENTRY_OVERHEAD: usize = 400;
/// The same for a tag, in an entry and in the table of epochs.
const TAG_OVERHEAD: usize = 100;

/// Tables that are cleaned when they have doubled are not cleaned below this.
const FEW: usize = 256;

/// Which cache.
pub(crate) type SpaceId = usize;

/// All caches of one store.
#[derive(Debug)]
pub(crate) struct Memory {
    space_ids: HashMap<Prefix, SpaceId>,
    spaces: Vec<Space>,
    slab: LruSlab<Stored>,
    /// The weight of all that is in `slab`.
    used_bytes: usize,
    max_bytes: usize,
    /// The time of the step.
    now: UnixMillis,
    /// What the step leaves for after the lock is released.
    leftovers: Leftovers,
}

/// What a step does after the lock is released: waking who watches, and giving
/// memory back, may both take long.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    fired: Vec<Change>,
    dropped: Vec<Stored>,
}

impl Leftovers {
    pub(crate) fn settle(self) {
        for change in self.fired {
            // A failure says that it has fired before.
            let _ = change.set(());
        }
        drop(self.dropped);
    }
}

/// One cache.
#[derive(Debug)]
struct Space {
    index: HashMap<Key, SlotId>,
    everything: Arc<EpochCell>,
    tags: HashMap<Tag, TagEpoch>,
    /// The weight of `tags`, and at which they are next searched for unused ones.
    tag_bytes: usize,
    search_tags_at: usize,
    eviction_mark: Id,
    elections: HashMap<Key, Election>,
    clean_elections_at: usize,
    sweeper: Option<Election>,
    /// One for each key, shared by those who watch it.
    watches: HashMap<Key, Weak<SetOnce<()>>>,
    clean_watches_at: usize,
}

/// An epoch, shared by the table of epochs and what is stored with it: so a
/// read learns whether it is current without a search, and a search whether it
/// is in use.
#[derive(Debug)]
struct EpochCell {
    epoch: Epoch,
    /// Read and written under the lock only.
    current: AtomicBool,
}

#[derive(Debug)]
struct TagEpoch {
    cell: Arc<EpochCell>,
    captured_at: UnixMillis,
}

#[derive(Debug)]
struct Stored {
    space: SpaceId,
    key: Key,
    envelope: Envelope,
    /// What it depends on; none: one of its epochs was not current when it was
    /// stored, so it never will be.
    depends_on: Option<Box<[Arc<EpochCell>]>>,
    expires_at: Option<UnixMillis>,
    weight: usize,
}

#[derive(Clone, Copy, Debug)]
struct Election {
    token: Id,
    until: UnixMillis,
}

impl EpochCell {
    fn new(runtime: &dyn Runtime) -> Arc<Self> {
        Arc::new(Self { epoch: Epoch::random(runtime), current: AtomicBool::new(true) })
    }

    fn is_current(&self) -> bool {
        self.current.load(Ordering::Relaxed)
    }

    /// What depends on it is dead from now on.
    fn retire(&self) {
        self.current.store(false, Ordering::Relaxed);
    }
}

impl Stored {
    fn is_alive(&self) -> bool {
        self.depends_on.as_ref().is_some_and(|cells| cells.iter().all(|cell| cell.is_current()))
    }

    fn found(&self) -> Found {
        Found::Envelope { envelope: self.envelope.clone(), alive: self.is_alive() }
    }

    fn is_entry(&self) -> bool {
        matches!(self.envelope, Envelope::Entry(_))
    }
}

impl Space {
    fn new(runtime: &dyn Runtime) -> Self {
        Self {
            index: HashMap::new(),
            everything: EpochCell::new(runtime),
            tags: HashMap::new(),
            tag_bytes: 0,
            search_tags_at: FEW * TAG_OVERHEAD,
            // There from the start: a commit of tags that are named only then
            // rests on it, and without one could not be told to be in time.
            eviction_mark: Id::random(runtime),
            elections: HashMap::new(),
            clean_elections_at: FEW,
            sweeper: None,
            watches: HashMap::new(),
            clean_watches_at: FEW,
        }
    }

    /// The cells of `epochs`, if every one of them is current.
    fn current(&self, epochs: &Epochs) -> Option<Box<[Arc<EpochCell>]>> {
        let everything = (self.everything.epoch == epochs.everything).then_some(&self.everything);
        let tags = epochs.tags.iter().map(|(tag, epoch)| {
            self.tags.get(tag).map(|known| &known.cell).filter(|cell| cell.epoch == *epoch)
        });
        std::iter::once(everything).chain(tags).map(Option::<&_>::cloned).collect()
    }

    /// Forgets the epochs that nothing stored depends on and that were last
    /// captured before `before`.
    fn forget_unused_epochs(&mut self, before: UnixMillis) {
        self.tags.retain(|tag, known| {
            let keep = Arc::strong_count(&known.cell) > 1 || known.captured_at >= before;
            if !keep {
                self.tag_bytes -= tag.as_str().len() + TAG_OVERHEAD;
            }
            keep
        });
        give_back(&mut self.tags);
    }

    fn clean_elections(&mut self, now: UnixMillis) {
        self.elections.retain(|_, election| election.until > now);
        give_back(&mut self.elections);
        self.clean_elections_at = (self.elections.len() * 2).max(FEW);
    }

    fn clean_watches(&mut self) {
        self.watches.retain(|_, change| change.strong_count() > 0);
        give_back(&mut self.watches);
        self.clean_watches_at = (self.watches.len() * 2).max(FEW);
    }
}

fn give_back<K: Eq + std::hash::Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() / 4 > map.len().max(FEW) {
        map.shrink_to(map.len() * 2);
    }
}

impl Memory {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            space_ids: HashMap::new(),
            spaces: Vec::new(),
            slab: LruSlab::default(),
            used_bytes: 0,
            max_bytes,
            now: 0,
            leftovers: Leftovers::default(),
        }
    }

    /// The cache of this prefix.
    pub(crate) fn space(&mut self, prefix: &Prefix, runtime: &dyn Runtime) -> SpaceId {
        *self.space_ids.entry(prefix.clone()).or_insert_with(|| {
            self.spaces.push(Space::new(runtime));
            self.spaces.len() - 1
        })
    }

    /// Every step begins with this.
    pub(crate) fn begin(&mut self, now: UnixMillis) {
        self.now = now;
    }

    /// Every step ends with this.
    pub(crate) fn end(&mut self) -> Leftovers {
        std::mem::take(&mut self.leftovers)
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// The slot of what `key` holds and has not expired. What has is removed.
    fn find(&mut self, space: SpaceId, key: &Key) -> Option<SlotId> {
        let &id = self.spaces[space].index.get(key)?;
        if self.slab.get(id)?.expires_at.is_some_and(|at| at <= self.now) {
            self.remove_slot(id);
            return None;
        }
        Some(id)
    }

    /// The same, if it begins with `held`.
    fn find_held(&mut self, space: SpaceId, key: &Key, held: &CasToken) -> Option<SlotId> {
        let id = self.find(space, key)?;
        (self.slab.get(id)?.envelope.cas_token() == *held).then_some(id)
    }

    pub(crate) fn read(&mut self, space: SpaceId, key: &Key) -> Found {
        let Some(id) = self.find(space, key) else { return Found::Nothing };
        let Some(found) = self.slab.get(id).map(Stored::found) else { return Found::Nothing };
        // What is dead may be the first to go.
        if matches!(found, Found::Envelope { alive: true, .. }) {
            self.slab.touch(id);
        }
        found
    }

    pub(crate) fn watch(&mut self, space: SpaceId, key: &Key) -> (Found, Change) {
        let found = self.read(space, key);
        let space = &mut self.spaces[space];
        if let Some(change) = space.watches.get(key).and_then(Weak::upgrade) {
            return (found, change);
        }
        // Those who no longer watch say nothing; what they leave is found here.
        if space.watches.len() >= space.clean_watches_at {
            space.clean_watches();
        }
        let change = Change::default();
        space.watches.insert(key.clone(), Arc::downgrade(&change));
        (found, change)
    }

    pub(crate) fn capture(
        &mut self,
        space: SpaceId,
        tags: &[Tag],
        runtime: &dyn Runtime,
    ) -> Epochs {
        let (now, max_bytes) = (self.now, self.max_bytes);
        let space = &mut self.spaces[space];
        let mut epochs = Vec::with_capacity(tags.len());
        for tag in tags {
            let known = match space.tags.entry(tag.clone()) {
                hash_map::Entry::Occupied(known) => known.into_mut(),
                hash_map::Entry::Vacant(unknown) => {
                    space.tag_bytes += tag.as_str().len() + TAG_OVERHEAD;
                    unknown.insert(TagEpoch { cell: EpochCell::new(runtime), captured_at: now })
                }
            };
            known.captured_at = now;
            epochs.push((tag.clone(), known.cell.epoch));
        }
        if space.tag_bytes > space.search_tags_at {
            space.forget_unused_epochs(now.saturating_sub(UNUSED_EPOCH_KEPT));
            // Whoever goes on naming new tags must not fill the memory with
            // them. Epochs in use are bounded by what uses them, and the load
            // under way that loses one stores a miss.
            if space.tag_bytes > max_bytes / 4 {
                space.forget_unused_epochs(now);
            }
            space.search_tags_at = (space.tag_bytes * 2).max(FEW * TAG_OVERHEAD);
        }
        Epochs { everything: space.everything.epoch, tags: epochs }
    }

    pub(crate) fn eviction_mark(&self, space: SpaceId) -> Id {
        self.spaces[space].eviction_mark
    }

    pub(crate) fn take_lease(
        &mut self,
        space: SpaceId,
        key: &Key,
        seen: Option<&CasToken>,
        marker: &Marker,
    ) -> Taken {
        let found = self.find(space, key);
        match (seen, found) {
            (None, Some(_)) => return Taken::Found(self.read(space, key)),
            (Some(seen), _) if self.find_held(space, key, seen).is_none() => {
                return Taken::Changed;
            }
            _ => {}
        }
        self.put(space, key, &Envelope::Lease(marker.clone()));
        Taken::Mine
    }

    pub(crate) fn commit(
        &mut self,
        space: SpaceId,
        key: &Key,
        held: &CasToken,
        entry: &Entry,
    ) -> bool {
        let holds = self.find_held(space, key, held).is_some();
        if holds {
            self.put(space, key, &Envelope::Entry(entry.clone()));
        }
        holds
    }

    pub(crate) fn give_up(&mut self, space: SpaceId, key: &Key, held: &CasToken) -> bool {
        let found = self.find_held(space, key, held);
        if let Some(id) = found {
            self.remove_slot(id);
        }
        found.is_some()
    }

    pub(crate) fn renew(
        &mut self,
        space: SpaceId,
        key: &Key,
        held: &CasToken,
        lasts: Duration,
    ) -> bool {
        let until = self.after(lasts);
        let found = self.find_held(space, key, held).and_then(|id| self.slab.get_mut(id));
        let Some(found) = found else { return false };
        found.expires_at = Some(until);
        true
    }

    pub(crate) fn put(&mut self, space: SpaceId, key: &Key, envelope: &Envelope) {
        let envelope = envelope.clone();
        if let Some(&id) = self.spaces[space].index.get(key) {
            self.remove_slot(id);
        } else {
            self.fire(space, key);
        }
        let tag_bytes = |tag: &Tag| tag.as_str().len() + TAG_OVERHEAD;
        let value_bytes = match &envelope {
            Envelope::Entry(entry) => entry.value.len(),
            Envelope::Lease(_) => 0,
        };
        let held = Stored {
            space,
            key: key.clone(),
            depends_on: self.spaces[space].current(envelope.epochs()),
            expires_at: envelope.ttl().map(|ttl| self.after(ttl)),
            weight: ENTRY_OVERHEAD
                + key.as_str().len()
                + envelope.epochs().tags.iter().map(|(tag, _)| tag_bytes(tag)).sum::<usize>()
                + value_bytes,
            envelope,
        };
        let evictable = held.is_entry();
        // Making room for what does not fit would lose all else for nothing.
        if evictable && held.weight > self.max_bytes {
            self.leftovers.dropped.push(held);
            return;
        }
        self.used_bytes += held.weight;
        let id = self.slab.insert(held, evictable);
        self.spaces[space].index.insert(key.clone(), id);
        while self.used_bytes > self.max_bytes
            && let Some(oldest) = self.slab.oldest()
        {
            self.remove_slot(oldest);
        }
    }

    pub(crate) fn remove(&mut self, space: SpaceId, key: &Key) -> Found {
        let held = self.find(space, key).and_then(|id| self.slab.get(id).map(|held| (id, held)));
        let Some((id, held)) = held else { return Found::Nothing };
        let found = held.found();
        self.remove_slot(id);
        found
    }

    pub(crate) fn elect(&mut self, space: SpaceId, key: &Key, token: Id, lasts: Duration) -> bool {
        let (now, until) = (self.now, self.after(lasts));
        let space = &mut self.spaces[space];
        if space.elections.get(key).is_some_and(|held| held.token != token && held.until > now) {
            return false;
        }
        if space.elections.len() >= space.clean_elections_at {
            space.clean_elections(now);
        }
        space.elections.insert(key.clone(), Election { token, until });
        true
    }

    pub(crate) fn stay_elected(
        &mut self,
        space: SpaceId,
        key: &Key,
        token: Id,
        lasts: Duration,
    ) -> bool {
        let until = self.after(lasts);
        let election = self.spaces[space].elections.get_mut(key);
        match election.filter(|held| held.token == token && held.until > self.now) {
            Some(held) => {
                held.until = until;
                true
            }
            None => false,
        }
    }

    pub(crate) fn resign(&mut self, space: SpaceId, key: &Key, token: Id) {
        let elections = &mut self.spaces[space].elections;
        if elections.get(key).is_some_and(|held| held.token == token) {
            elections.remove(key);
        }
    }

    pub(crate) fn evict(&mut self, space: SpaceId, tags: &[Tag], runtime: &dyn Runtime) {
        let space = &mut self.spaces[space];
        space.eviction_mark = Id::random(runtime);
        for tag in tags {
            // Without an epoch, nothing is current; the next capture makes one.
            if let Some(known) = space.tags.remove(tag) {
                known.cell.retire();
                space.tag_bytes -= tag.as_str().len() + TAG_OVERHEAD;
            }
        }
    }

    pub(crate) fn clear(&mut self, space: SpaceId, runtime: &dyn Runtime) {
        let everything = &mut self.spaces[space].everything;
        everything.retire();
        *everything = EpochCell::new(runtime);
    }

    pub(crate) fn elect_sweeper(&mut self, space: SpaceId, token: Id, lasts: Duration) -> bool {
        let (now, until) = (self.now, self.after(lasts));
        let sweeper = &mut self.spaces[space].sweeper;
        if sweeper.is_some_and(|held| held.token != token && held.until > now) {
            return false;
        }
        *sweeper = Some(Election { token, until });
        true
    }

    pub(crate) fn sweep(&mut self, space: SpaceId, from: Option<u64>, most: usize) -> Swept {
        let mut swept = Swept::default();
        let from = from.map_or(0, |from| usize::try_from(from).unwrap_or(usize::MAX));
        // At least one, or a sweep by nothing would never end.
        let until = from.saturating_add(most.max(1));
        for id in from..until.min(self.slab.places()) {
            let Some(held) = self.slab.get(id) else { continue };
            let expired = held.expires_at.is_some_and(|at| at <= self.now);
            if held.space == space {
                swept.seen += 1;
                // A dead marker stays: whose it is, is told by its commit.
                if expired || held.is_entry() && !held.is_alive() {
                    swept.removed += u64::from(held.is_entry());
                    self.remove_slot(id);
                }
            }
        }
        if until < self.slab.places() {
            swept.next = Some(until as u64);
        } else {
            let now = self.now;
            let space = &mut self.spaces[space];
            space.forget_unused_epochs(now.saturating_sub(UNUSED_EPOCH_KEPT));
            space.clean_elections(now);
            space.clean_watches();
            give_back(&mut space.index);
            self.slab.trim();
        }
        swept
    }

    fn after(&self, span: Duration) -> UnixMillis {
        self.now.saturating_add(whole_millis(span))
    }

    fn remove_slot(&mut self, id: SlotId) {
        if let Some(held) = self.slab.remove(id) {
            self.used_bytes -= held.weight;
            self.spaces[held.space].index.remove(&held.key);
            self.fire(held.space, &held.key);
            self.leftovers.dropped.push(held);
        }
    }

    fn fire(&mut self, space: SpaceId, key: &Key) {
        let watches = &mut self.spaces[space].watches;
        // Most of the time nobody watches anything.
        if watches.is_empty() {
            return;
        }
        let change = watches.remove(key).and_then(|change| change.upgrade());
        self.leftovers.fired.extend(change);
    }
}
