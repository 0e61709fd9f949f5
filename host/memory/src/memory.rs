//! The content of the store, and each step on it. The caller holds the lock.

use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use spakky_cache_core::entry::{Envelope, Epoch, Epochs, Id, whole_millis};
use spakky_cache_core::store::{Cas, CasToken, Change, Found, Slot, Sweeping, Swept, Update};
use spakky_cache_core::{Key, Prefix, Runtime, Tag};
use tokio::sync::SetOnce;

use crate::lru_slab::{LruSlab, SlotId};

/// How long an epoch without entries is kept, because a load in progress may have
/// captured it.
const UNUSED_EPOCH_KEPT: Duration = Duration::from_hours(1);

/// The bytes that an entry takes besides its key, tags and value: a generous
/// estimate.
const ENTRY_OVERHEAD: usize = 400;
/// The same for a tag, in an entry and in the table of epochs.
const TAG_OVERHEAD: usize = 100;

/// Tables that are pruned when they have doubled are not pruned below this size.
const FEW: usize = 256;

/// Identifies a cache.
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
    now: Duration,
    /// What the step does after the lock is released.
    leftovers: Leftovers,
}

/// What a step does after the lock is released. Firing watches and freeing memory
/// may take long.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    fired: Vec<Change>,
    dropped: Vec<Stored>,
}

impl Leftovers {
    pub(crate) fn settle(self) {
        for change in self.fired {
            // An error means that it has fired already.
            let _ = change.set(());
        }
        drop(self.dropped);
    }
}

/// One cache.
#[derive(Debug)]
struct Space {
    entries: HashMap<Key, SlotId>,
    refreshes: HashMap<Key, SlotId>,
    sweeper: Option<SlotId>,
    everything: Arc<EpochCell>,
    tags: HashMap<Tag, TagEpoch>,
    /// The weight of `tags`, and at which they are next searched for unused ones.
    tag_bytes: usize,
    search_tags_at: usize,
    eviction_mark: Id,
    /// One watch for each slot, shared by its watchers.
    watches: HashMap<Place, Weak<SetOnce<()>>>,
    clean_watches_at: usize,
}

/// An epoch, shared by the table of epochs and the entries stored with it. So a
/// read needs no search to tell whether it is current, and pruning can tell whether
/// it is in use.
#[derive(Debug)]
struct EpochCell {
    epoch: Epoch,
    /// Read and written under the lock only.
    current: AtomicBool,
}

#[derive(Debug)]
struct TagEpoch {
    cell: Arc<EpochCell>,
    captured_at: Duration,
}

#[derive(Debug)]
struct Stored {
    space: SpaceId,
    place: Place,
    envelope: Envelope,
    /// The epochs that it depends on, or `None` if one of them was not current
    /// when it was stored: then it never will be.
    depends_on: Option<Box<[Arc<EpochCell>]>>,
    expires_at: Option<Duration>,
    weight: usize,
}

/// A [`Slot`] that owns its key.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Place {
    Entry(Key),
    Refresh(Key),
    Sweeper,
}

impl Place {
    fn of(slot: Slot<'_>) -> Self {
        match slot {
            Slot::Entry(key) => Self::Entry(key.clone()),
            Slot::Refresh(key) => Self::Refresh(key.clone()),
            Slot::Sweeper => Self::Sweeper,
        }
    }

    fn slot(&self) -> Slot<'_> {
        match self {
            Self::Entry(key) => Slot::Entry(key),
            Self::Refresh(key) => Slot::Refresh(key),
            Self::Sweeper => Slot::Sweeper,
        }
    }

    fn key_bytes(&self) -> usize {
        match self {
            Self::Entry(key) | Self::Refresh(key) => key.as_str().len(),
            Self::Sweeper => 0,
        }
    }
}

impl EpochCell {
    fn new(runtime: &dyn Runtime) -> Arc<Self> {
        Arc::new(Self { epoch: Epoch::random(runtime), current: AtomicBool::new(true) })
    }

    fn is_current(&self) -> bool {
        self.current.load(Ordering::Relaxed)
    }

    /// Makes everything that depends on it dead.
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
            entries: HashMap::new(),
            refreshes: HashMap::new(),
            sweeper: None,
            everything: EpochCell::new(runtime),
            tags: HashMap::new(),
            tag_bytes: 0,
            search_tags_at: FEW * TAG_OVERHEAD,
            // Created with the cache, because a commit that names new tags compares
            // it with the mark from before the load.
            eviction_mark: Id::random(runtime),
            watches: HashMap::new(),
            clean_watches_at: FEW,
        }
    }

    /// The cells of `epochs`, if all of them are current.
    fn current(&self, epochs: &Epochs) -> Option<Box<[Arc<EpochCell>]>> {
        let everything = (self.everything.epoch == epochs.everything).then_some(&self.everything);
        let tags = epochs.tags.iter().map(|(tag, epoch)| {
            self.tags.get(tag).map(|known| &known.cell).filter(|cell| cell.epoch == *epoch)
        });
        std::iter::once(everything).chain(tags).map(Option::<&_>::cloned).collect()
    }

    /// Drops the epochs that have no entries and were last captured before
    /// `before`.
    fn forget_unused_epochs(&mut self, before: Duration) {
        self.tags.retain(|tag, known| {
            let keep = Arc::strong_count(&known.cell) > 1 || known.captured_at >= before;
            if !keep {
                self.tag_bytes -= tag.as_str().len() + TAG_OVERHEAD;
            }
            keep
        });
        give_back(&mut self.tags);
    }

    fn slot_id(&self, slot: Slot<'_>) -> Option<SlotId> {
        match slot {
            Slot::Entry(key) => self.entries.get(key).copied(),
            Slot::Refresh(key) => self.refreshes.get(key).copied(),
            Slot::Sweeper => self.sweeper,
        }
    }

    fn set_slot_id(&mut self, slot: Slot<'_>, id: SlotId) {
        match slot {
            Slot::Entry(key) => _ = self.entries.insert(key.clone(), id),
            Slot::Refresh(key) => _ = self.refreshes.insert(key.clone(), id),
            Slot::Sweeper => self.sweeper = Some(id),
        }
    }

    fn clear_slot_id(&mut self, slot: Slot<'_>) {
        match slot {
            Slot::Entry(key) => _ = self.entries.remove(key),
            Slot::Refresh(key) => _ = self.refreshes.remove(key),
            Slot::Sweeper => self.sweeper = None,
        }
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
            now: Duration::ZERO,
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

    /// Begins a step.
    pub(crate) fn begin(&mut self, now: Duration) {
        self.now = now;
    }

    /// Ends a step.
    pub(crate) fn end(&mut self) -> Leftovers {
        std::mem::take(&mut self.leftovers)
    }

    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// The index of the content of `slot`. Expired content is removed.
    fn find(&mut self, space: SpaceId, slot: Slot<'_>) -> Option<SlotId> {
        let id = self.spaces[space].slot_id(slot)?;
        if self.slab.get(id)?.expires_at.is_some_and(|at| at <= self.now) {
            self.remove_slot(id);
            return None;
        }
        Some(id)
    }

    pub(crate) fn read(&mut self, space: SpaceId, slot: Slot<'_>) -> Found {
        let Some(id) = self.find(space, slot) else { return Found::Nothing };
        let Some(found) = self.slab.get(id).map(Stored::found) else { return Found::Nothing };
        // A dead entry may be the first to be dropped.
        if matches!(found, Found::Envelope { alive: true, .. }) {
            self.slab.touch(id);
        }
        found
    }

    pub(crate) fn watch(&mut self, space: SpaceId, slot: Slot<'_>) -> (Found, Change) {
        let found = self.read(space, slot);
        let (space, place) = (&mut self.spaces[space], Place::of(slot));
        if let Some(change) = space.watches.get(&place).and_then(Weak::upgrade) {
            return (found, change);
        }
        // Watches that were dropped are found here.
        if space.watches.len() >= space.clean_watches_at {
            space.clean_watches();
        }
        let change = Change::default();
        space.watches.insert(place, Arc::downgrade(&change));
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
            // A caller that keeps naming new tags must not fill the memory with
            // them. Epochs in use are bounded by their entries, and a load in
            // progress that loses its epoch stores a miss.
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

    pub(crate) fn compare_and_set(
        &mut self,
        space: SpaceId,
        slot: Slot<'_>,
        expected: Option<&CasToken>,
        update: Update<'_>,
    ) -> Cas {
        let id = self.find(space, slot);
        let stored = id.and_then(|id| self.slab.get(id));
        match (expected, stored) {
            (None, Some(stored)) => return Cas::Occupied(stored.found()),
            (Some(expected), stored)
                if stored.is_none_or(|stored| stored.envelope.cas_token() != *expected) =>
            {
                return Cas::Changed;
            }
            _ => {}
        }
        match update {
            Update::Put(envelope) => self.put(space, slot, envelope),
            Update::Extend(lasts) => {
                let until = self.after(lasts);
                if let Some(stored) = id.and_then(|id| self.slab.get_mut(id)) {
                    stored.expires_at = Some(until);
                }
            }
            Update::Remove => {
                if let Some(id) = id {
                    self.remove_slot(id);
                }
            }
        }
        Cas::Done
    }

    pub(crate) fn put(&mut self, space: SpaceId, slot: Slot<'_>, envelope: &Envelope) {
        let envelope = envelope.clone();
        if let Some(id) = self.spaces[space].slot_id(slot) {
            self.remove_slot(id);
        } else {
            self.fire(space, slot);
        }
        let tag_bytes = |tag: &Tag| tag.as_str().len() + TAG_OVERHEAD;
        let value_bytes = match &envelope {
            Envelope::Entry(entry) => entry.value.len(),
            Envelope::Lease(_) | Envelope::Pause(_) => 0,
        };
        let place = Place::of(slot);
        let stored = Stored {
            space,
            depends_on: self.spaces[space].current(envelope.epochs()),
            expires_at: envelope.ttl().map(|ttl| self.after(ttl)),
            weight: ENTRY_OVERHEAD
                + place.key_bytes()
                + envelope.epochs().tags.iter().map(|(tag, _)| tag_bytes(tag)).sum::<usize>()
                + value_bytes,
            place,
            envelope,
        };
        let evictable = stored.is_entry();
        // Making room for a value that cannot fit would drop all others in vain.
        if evictable && stored.weight > self.max_bytes {
            self.leftovers.dropped.push(stored);
            return;
        }
        self.used_bytes += stored.weight;
        let id = self.slab.insert(stored, evictable);
        self.spaces[space].set_slot_id(slot, id);
        while self.used_bytes > self.max_bytes
            && let Some(oldest) = self.slab.oldest()
        {
            self.remove_slot(oldest);
        }
    }

    /// Empties `key`. Returns whether it held an entry that was alive.
    pub(crate) fn remove(&mut self, space: SpaceId, key: &Key) -> bool {
        let Some(id) = self.find(space, Slot::Entry(key)) else { return false };
        let held = self.slab.get(id).is_some_and(|stored| stored.is_entry() && stored.is_alive());
        self.remove_slot(id);
        held
    }

    pub(crate) fn evict(&mut self, space: SpaceId, tags: &[Tag], runtime: &dyn Runtime) {
        let space = &mut self.spaces[space];
        space.eviction_mark = Id::random(runtime);
        for tag in tags {
            // Without an epoch nothing is current. The next capture creates one.
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

    pub(crate) fn sweep(
        &mut self,
        space: SpaceId,
        from: Option<u64>,
        most: usize,
        sweeping: Sweeping,
    ) -> Swept {
        let mut swept = Swept::default();
        let from = from.map_or(0, |from| usize::try_from(from).unwrap_or(usize::MAX));
        // At least one, or a sweep would never end.
        let until = from.saturating_add(most.max(1));
        for id in from..until.min(self.slab.places()) {
            let Some(held) = self.slab.get(id) else { continue };
            let expired = held.expires_at.is_some_and(|at| at <= self.now);
            if held.space == space {
                swept.seen += u64::from(matches!(held.place, Place::Entry(_)));
                // A dead marker stays, so that its commit is refused.
                if expired || held.is_entry() && !held.is_alive() {
                    swept.dead += u64::from(held.is_entry());
                    if sweeping == Sweeping::Remove {
                        self.remove_slot(id);
                    }
                }
            }
        }
        if until < self.slab.places() {
            swept.next = Some(until as u64);
        } else {
            let now = self.now;
            let space = &mut self.spaces[space];
            space.forget_unused_epochs(now.saturating_sub(UNUSED_EPOCH_KEPT));
            space.clean_watches();
            give_back(&mut space.entries);
            give_back(&mut space.refreshes);
            self.slab.trim();
        }
        swept
    }

    fn after(&self, span: Duration) -> Duration {
        self.now.saturating_add(Duration::from_millis(whole_millis(span)))
    }

    fn remove_slot(&mut self, id: SlotId) {
        if let Some(stored) = self.slab.remove(id) {
            self.used_bytes -= stored.weight;
            self.spaces[stored.space].clear_slot_id(stored.place.slot());
            self.fire(stored.space, stored.place.slot());
            self.leftovers.dropped.push(stored);
        }
    }

    /// Reports a change to the callers that watch a slot.
    fn fire(&mut self, space: SpaceId, slot: Slot<'_>) {
        let watches = &mut self.spaces[space].watches;
        // Usually nothing is watched.
        if !watches.is_empty() {
            let change = watches.remove(&Place::of(slot)).and_then(|change| change.upgrade());
            self.leftovers.fired.extend(change);
        }
    }
}
