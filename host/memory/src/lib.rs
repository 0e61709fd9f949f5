//! A cache store in the memory of the process: for a first try without Redis, and
//! as the reference implementation of each step.
//!
//! ```
//! use std::sync::Arc;
//! use spakky_cache_core::{Prefix, TokioRuntime};
//! use spakky_cache_memory::MemoryStore;
//!
//! let store = MemoryStore::new(Arc::new(TokioRuntime));
//! let orders = store.keyspace(&Prefix::new("orders:")?);
//! let users = store.keyspace(&Prefix::new("users:")?);
//! # Ok::<(), spakky_cache_core::InvalidPrefix>(())
//! ```

mod lru_slab;
mod memory;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use spakky_cache_core::entry::{Envelope, Epochs};
use spakky_cache_core::store::{
    Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Sweeping, Swept, Update,
};
use spakky_cache_core::{Key, Prefix, Runtime, Store, Tag};

use crate::memory::{Memory, SpaceId};

/// The default bound of the memory of a store, in bytes.
pub const DEFAULT_MAX_BYTES: usize = 256 << 20;

/// One keyspace of a [`Store`] in the memory of this process.
///
/// Keyspaces of the same store and prefix share their entries, like two processes
/// that use the same Redis and prefix. Other keyspaces share nothing but one bound
/// of memory. Beyond it, the least recently used entry is dropped. Leases are not
/// dropped, and neither are the epochs of stored entries. Both are small, and an
/// epoch is dropped after the last entry that has it.
///
/// Expired entries are never read. Their memory is freed when they are found, or by
/// [`sweep`](Store::sweep).
///
/// Each step takes one lock for a short time and never waits while it holds it.
pub struct MemoryStore {
    runtime: Arc<dyn Runtime>,
    memory: Arc<Mutex<Memory>>,
    space: SpaceId,
    prefix: Prefix,
}

impl MemoryStore {
    /// An empty store with [`DEFAULT_MAX_BYTES`]. This is its keyspace without a
    /// prefix.
    #[must_use]
    pub fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self::with_max_bytes(runtime, DEFAULT_MAX_BYTES)
    }

    /// An empty store of about `max_bytes` at most. A value that does not fit is
    /// not stored, so a read of it is a miss.
    #[must_use]
    pub fn with_max_bytes(runtime: Arc<dyn Runtime>, max_bytes: usize) -> Self {
        let prefix = no_prefix();
        let mut memory = Memory::new(max_bytes);
        let space = memory.space(&prefix, &*runtime);
        Self { runtime, memory: Arc::new(Mutex::new(memory)), space, prefix }
    }

    /// The keyspace of `prefix` in the same store.
    #[must_use]
    pub fn keyspace(&self, prefix: &Prefix) -> Arc<Self> {
        let space = self.locked(|memory| memory.space(prefix, &*self.runtime));
        Arc::new(Self {
            runtime: Arc::clone(&self.runtime),
            memory: Arc::clone(&self.memory),
            space,
            prefix: prefix.clone(),
        })
    }

    /// An estimate of the bytes that all keyspaces take together.
    pub fn used_bytes(&self) -> usize {
        self.locked(|memory| memory.used_bytes())
    }

    fn locked<T>(&self, step: impl FnOnce(&mut Memory) -> T) -> T {
        let (answer, leftovers) = {
            // A step that panicked has left something unstored at worst.
            let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
            memory.begin(self.runtime.monotonic());
            (step(&mut memory), memory.end())
        };
        leftovers.settle();
        answer
    }

    /// A step that takes effect when it is first polled.
    fn step<'a, T: Send + 'a>(
        &'a self,
        step: impl FnOnce(&mut Memory, SpaceId) -> T + Send + 'a,
    ) -> Step<'a, T> {
        Box::pin(async move { Ok(self.locked(|memory| step(memory, self.space))) })
    }
}

fn no_prefix() -> Prefix {
    Prefix::new("").expect("an empty prefix is allowed")
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content is private to the callers, and long.
        f.debug_struct("MemoryStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Store for MemoryStore {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        self.step(move |memory, space| memory.read(space, Slot::Entry(key)))
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        let read = |memory: &mut Memory, space, key| memory.read(space, Slot::Entry(key));
        self.step(move |memory, space| keys.iter().map(|key| read(memory, space, key)).collect())
    }

    fn watch<'a>(&'a self, slot: Slot<'a>) -> Step<'a, (Found, Change)> {
        self.step(move |memory, space| memory.watch(space, slot))
    }

    /// An epoch is kept for as long as an entry is stored with it, and for an hour
    /// after its last capture.
    fn capture<'a>(&'a self, tags: &'a [Tag], _ttl: Option<Duration>) -> Step<'a, Epochs> {
        self.step(move |memory, space| memory.capture(space, tags, &*self.runtime))
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.step(move |memory, space| Some(memory.eviction_mark(space)))
    }

    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas> {
        self.step(move |memory, space| memory.compare_and_set(space, slot, expected, update))
    }

    fn put<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        self.step(move |memory, space| {
            for (key, envelope) in entries {
                memory.put(space, Slot::Entry(key), envelope);
            }
        })
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<bool>> {
        self.step(move |memory, space| keys.iter().map(|key| memory.remove(space, key)).collect())
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        self.step(move |memory, space| memory.evict(space, tags, &*self.runtime))
    }

    fn clear(&self) -> Step<'_, ()> {
        self.step(move |memory, space| memory.clear(space, &*self.runtime))
    }

    fn sweep(&self, from: Option<u64>, most: usize, sweeping: Sweeping) -> Step<'_, Swept> {
        self.step(move |memory, space| memory.sweep(space, from, most, sweeping))
    }

    fn ping(&self) -> Step<'_, ()> {
        self.step(|_, _| ())
    }
}
