//! Stores that stand before another one: to count its steps, or to fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};
use spakky_cache_core::store::{CasToken, Change, EvictionMark, Found, Step, Swept, Taken};
use spakky_cache_core::{Key, Store, StoreError, Tag};

/// Counts the steps of the store behind it, and fails them when told to.
#[derive(Debug)]
pub struct Counting {
    store: Arc<dyn Store>,
    steps: AtomicU64,
    done: AtomicU64,
    down: AtomicBool,
}

impl Counting {
    /// Before `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            steps: AtomicU64::new(0),
            done: AtomicU64::new(0),
            down: AtomicBool::new(false),
        })
    }

    /// How many steps were taken so far.
    pub fn steps(&self) -> u64 {
        self.steps.load(SeqCst)
    }

    /// How many of them were answered so far.
    pub fn done(&self) -> u64 {
        self.done.load(SeqCst)
    }

    /// From now on every step fails, or none does.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, SeqCst);
    }

    fn step<'a, T: Send + 'a>(&'a self, step: Step<'a, T>) -> Step<'a, T> {
        self.steps.fetch_add(1, SeqCst);
        if self.down.load(SeqCst) {
            let down = StoreError::Unavailable("secret of the backend".into());
            return Box::pin(async { Err(down) });
        }
        // As over a network, others get their turn before the answer is there.
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

    fn watch<'a>(&'a self, key: &'a Key) -> Step<'a, (Found, Change)> {
        self.step(self.store.watch(key))
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        self.step(self.store.capture(tags, ttl))
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.step(self.store.eviction_mark())
    }

    fn take_lease<'a>(
        &'a self,
        key: &'a Key,
        seen: Option<&'a CasToken>,
        marker: &'a Marker,
    ) -> Step<'a, Taken> {
        self.step(self.store.take_lease(key, seen, marker))
    }

    fn commit<'a>(&'a self, key: &'a Key, held: &'a CasToken, entry: &'a Entry) -> Step<'a, bool> {
        self.step(self.store.commit(key, held, entry))
    }

    fn give_up<'a>(&'a self, key: &'a Key, held: &'a CasToken) -> Step<'a, bool> {
        self.step(self.store.give_up(key, held))
    }

    fn renew<'a>(&'a self, key: &'a Key, held: &'a CasToken, lasts: Duration) -> Step<'a, bool> {
        self.step(self.store.renew(key, held, lasts))
    }

    fn put<'a>(&'a self, key: &'a Key, envelope: &'a Envelope) -> Step<'a, ()> {
        self.step(self.store.put(key, envelope))
    }

    fn put_many<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        self.step(self.store.put_many(entries))
    }

    fn remove_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        self.step(self.store.remove_many(keys))
    }

    fn elect<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        self.step(self.store.elect(key, token, lasts))
    }

    fn stay_elected<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        self.step(self.store.stay_elected(key, token, lasts))
    }

    fn resign<'a>(&'a self, key: &'a Key, token: Id) -> Step<'a, ()> {
        self.step(self.store.resign(key, token))
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        self.step(self.store.evict(tags))
    }

    fn clear(&self) -> Step<'_, ()> {
        self.step(self.store.clear())
    }

    fn elect_sweeper(&self, token: Id, lasts: Duration) -> Step<'_, bool> {
        self.step(self.store.elect_sweeper(token, lasts))
    }

    fn sweep(&self, from: Option<u64>, most: usize) -> Step<'_, Swept> {
        self.step(self.store.sweep(from, most))
    }

    fn ping(&self) -> Step<'_, ()> {
        self.step(self.store.ping())
    }
}
