//! Schedules on the embedded store.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use spakky_cache_core::Sweeping;
use spakky_cache_core::{Cache, EntryOptions, Grants, Key, Policy, Prefix, Runtime, Store, Tag};
use spakky_cache_memory::{DEFAULT_MAX_BYTES, MemoryStore};

use super::chance::Chance;
use super::site::{Backing, Site, Work};
use crate::history::Trouble;

const LEASE: Duration = Duration::from_secs(1);
/// Holds two entries: a third evicts one.
const TIGHT: usize = 1_200;
/// Enough tags for the store to look for epochs that nobody uses.
const FLOOD: usize = 300;

/// The store in the process. A seed repeats its schedule exactly.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl Backing for Embedded {
    fn site(&mut self, chance: &mut Chance, runtime: Arc<dyn Runtime>) -> Arc<dyn Site> {
        let max_bytes = if chance.one_in(4) { TIGHT } else { DEFAULT_MAX_BYTES };
        let store = MemoryStore::with_max_bytes(Arc::clone(&runtime), max_bytes);
        let prefix = Prefix::new("cache:").expect("it holds no separator");
        Arc::new(OneStore { store, prefix, runtime })
    }
}

struct OneStore {
    store: MemoryStore,
    prefix: Prefix,
    runtime: Arc<dyn Runtime>,
}

impl OneStore {
    fn keyspace(&self) -> Arc<MemoryStore> {
        self.store.keyspace(&self.prefix)
    }
}

/// The answer of a step that happens when it is polled.
fn at_once<T>(step: impl Future<Output = T>) -> T {
    step.now_or_never().expect("a step of the embedded store happens at once")
}

impl Site for OneStore {
    fn store(&self, _process: usize) -> Arc<dyn Store> {
        self.keyspace()
    }

    fn carry_out(&self, work: Work) {
        at_once(work);
    }

    fn lease(&self) -> Duration {
        LEASE
    }

    fn lose(&self, chance: &mut Chance, keys: &[Key], tags: &[Tag]) -> Option<Trouble> {
        let store = self.keyspace();
        let (key, tag) = (chance.pick(keys), chance.pick(tags));
        match chance.below(6) {
            0 => {
                at_once(store.evict(std::slice::from_ref(tag))).ok()?;
                Some(Trouble::EpochLost(Some(tag.as_str().into())))
            }
            1 => at_once(store.clear()).ok().map(|()| Trouble::EpochLost(None)),
            2 => {
                at_once(store.remove(std::slice::from_ref(key))).ok()?;
                Some(Trouble::EntryLost(key.as_str().into()))
            }
            3 => at_once(store.sweep(None, FLOOD, Sweeping::Remove)).ok().and(None),
            4 => {
                let tag = |index| Tag::new(&format!("flood {index}"), usize::MAX).ok();
                let flood: Vec<_> = (0..FLOOD).filter_map(tag).collect();
                at_once(store.capture(&flood, None)).ok().map(|_| Trouble::AnyLost)
            }
            _ => {
                // Where memory is tight, another entry goes.
                let cache = Cache::with(store, Policy::default(), Arc::clone(&self.runtime));
                let session = cache.session(Grants::default());
                let value = Bytes::from_static(&[0; 400]);
                at_once(session.set("beside", value, &EntryOptions::default())).ok().and(None)
            }
        }
    }
}
