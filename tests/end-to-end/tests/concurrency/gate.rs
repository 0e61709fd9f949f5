//! A store whose reads of some keys wait until the test lets them through.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use spakky_cache_core::entry::{Envelope, Epochs};
use spakky_cache_core::store::{
    Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Sweeping, Swept, Update,
};
use spakky_cache_core::{Key, Store, Tag, TokioRuntime};
use spakky_cache_memory::MemoryStore;
use tokio::sync::Semaphore;

/// The embedded store, where a read of a key that begins with `slow` waits at a gate.
#[derive(Debug)]
pub(crate) struct Gate {
    store: MemoryStore,
    pass: Semaphore,
    waiting: AtomicUsize,
    /// The reads that were dropped at the gate.
    dropped: AtomicUsize,
}

impl Gate {
    /// A store whose gate is shut.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            store: MemoryStore::new(Arc::new(TokioRuntime)),
            pass: Semaphore::new(0),
            waiting: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        })
    }

    /// How many reads wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(SeqCst)
    }

    /// How many reads were dropped while they waited.
    pub(crate) fn dropped(&self) -> usize {
        self.dropped.load(SeqCst)
    }

    /// Lets `reads` through, now or later.
    pub(crate) fn let_through(&self, reads: usize) {
        self.pass.add_permits(reads);
    }

    async fn wait(&self) {
        self.waiting.fetch_add(1, SeqCst);
        let mut place = Place { gate: self, passed: false };
        if let Ok(pass) = self.pass.acquire().await {
            pass.forget();
        }
        place.passed = true;
    }
}

/// A read that waits.
struct Place<'a> {
    gate: &'a Gate,
    passed: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.gate.waiting.fetch_sub(1, SeqCst);
        self.gate.dropped.fetch_add(usize::from(!self.passed), SeqCst);
    }
}

impl Store for Gate {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        Box::pin(async move {
            if key.as_str().starts_with("slow") {
                self.wait().await;
            }
            self.store.read(key).await
        })
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        self.store.read_many(keys)
    }

    fn watch<'a>(&'a self, slot: Slot<'a>) -> Step<'a, (Found, Change)> {
        self.store.watch(slot)
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        self.store.capture(tags, ttl)
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.store.eviction_mark()
    }

    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas> {
        self.store.compare_and_set(slot, expected, update)
    }

    fn put<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        self.store.put(entries)
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<bool>> {
        self.store.remove(keys)
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        self.store.evict(tags)
    }

    fn clear(&self) -> Step<'_, ()> {
        self.store.clear()
    }

    fn sweep(&self, from: Option<u64>, most: usize, sweeping: Sweeping) -> Step<'_, Swept> {
        self.store.sweep(from, most, sweeping)
    }

    fn ping(&self) -> Step<'_, ()> {
        self.store.ping()
    }
}
