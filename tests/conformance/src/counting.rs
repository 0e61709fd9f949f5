//! A wrapper of a store that counts steps, and can fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use spakky_cache_core::entry::{Envelope, Epochs};
use spakky_cache_core::store::{
    Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Sweeping, Swept, Update,
};
use spakky_cache_core::{Key, Store, StoreError, StoreErrorKind, Tag};

/// Counts the steps of the wrapped store, and fails them on demand.
#[derive(Debug)]
pub struct Counting {
    store: Arc<dyn Store>,
    steps: AtomicU64,
    done: AtomicU64,
    /// The number of the first step that fails. All later ones fail, too.
    down_from: AtomicU64,
}

impl Counting {
    /// Wraps `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            steps: AtomicU64::new(0),
            done: AtomicU64::new(0),
            down_from: AtomicU64::new(u64::MAX),
        })
    }

    /// How many steps began so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(SeqCst)
    }

    /// How many steps succeeded or failed in the wrapped store so far.
    pub fn done(&self) -> u64 {
        self.done.load(SeqCst)
    }

    /// Makes every step fail from now on, or none.
    pub fn set_down(&self, down: bool) {
        self.down_from.store(if down { 0 } else { u64::MAX }, SeqCst);
    }

    /// Makes all steps fail but the next `steps`.
    pub fn set_down_after(&self, steps: u64) {
        self.down_from.store(self.steps() + steps, SeqCst);
    }

    fn step<'a, T: Send + 'a>(&'a self, step: Step<'a, T>) -> Step<'a, T> {
        if self.steps.fetch_add(1, SeqCst) >= self.down_from.load(SeqCst) {
            let down = StoreError::new(StoreErrorKind::Unavailable, "secret of the backend");
            return Box::pin(async { Err(down) });
        }
        // As over a network, other tasks run before the answer arrives.
        Box::pin(async {
            tokio::task::yield_now().await;
            let answer = step.await;
            self.done.fetch_add(1, SeqCst);
            answer
        })
    }
}

impl Store for Counting {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        self.step(self.store.read(key))
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        self.step(self.store.read_many(keys))
    }

    fn watch<'a>(&'a self, slot: Slot<'a>) -> Step<'a, (Found, Change)> {
        self.step(self.store.watch(slot))
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        self.step(self.store.capture(tags, ttl))
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.step(self.store.eviction_mark())
    }

    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas> {
        self.step(self.store.compare_and_set(slot, expected, update))
    }

    fn put<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        self.step(self.store.put(entries))
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<bool>> {
        self.step(self.store.remove(keys))
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        self.step(self.store.evict(tags))
    }

    fn clear(&self) -> Step<'_, ()> {
        self.step(self.store.clear())
    }

    fn sweep(&self, from: Option<u64>, most: usize, sweeping: Sweeping) -> Step<'_, Swept> {
        self.step(self.store.sweep(from, most, sweeping))
    }

    fn ping(&self) -> Step<'_, ()> {
        self.step(self.store.ping())
    }
}
