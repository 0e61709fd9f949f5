//! What is done in a cache, whatever its prefix, is done in no other.

use std::collections::BTreeSet;
use std::sync::Arc;

use spakky_cache_core::entry::{Envelope, Id};
use spakky_cache_core::store::{EvictionMark, Found, Slot};
use spakky_cache_core::{Key, Store};
use spakky_test_runtime::Protocol as _;

use crate::steps::LONG;
use crate::steps::sweeps::sweep;
use crate::world::alive;
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![caches_of_different_prefixes_share_nothing]
}

/// Those that begin alike, those that end as a kind begins, and those that a
/// glob would take for one another.
const PREFIXES: [&str; 27] = [
    "", ":", "k", "app", "app:", "app:k", "app:k:", "app:kk", "app:v2:", "app:t", "app:r", "app:a",
    "app:e", "app:s", "app[1]:", "app1:", "app[^1]:", "app*", "app?", "appx", "app\\", "app\\*",
    "app\n", "app\0", "{app}:", "*", "[a-z]",
];

/// A cache with something of each kind in it.
struct Neighbour {
    prefix: &'static str,
    store: Arc<dyn Store>,
    keys: Vec<Key>,
    held: Vec<Found>,
    /// The identity elected to refresh each of the keys, and to sweep.
    elected: Id,
    mark: EvictionMark,
}

/// Keys that, behind one of the prefixes, read as another's.
fn keys() -> Vec<Key> {
    let mut names: BTreeSet<String> = ["*", "k", "k|", "|", "t|t", "|k"].map(str::to_owned).into();
    for prefix in PREFIXES.into_iter().filter(|prefix| !prefix.is_empty()) {
        names.insert(prefix.into());
        names.insert(format!("{prefix}k|k"));
    }
    names.iter().map(|name| key(name)).collect()
}

impl Neighbour {
    /// Takes each key's lease and election, which have to be free, and leaves entries with
    /// and without tags, and leases under way.
    async fn open(world: &World, prefix: &'static str) -> Self {
        let (store, elected) = (world.open_at(prefix).await, world.id());
        let mut held = Vec::new();
        for (n, key) in keys().iter().enumerate() {
            let tags: &[&str] = if n % 2 == 0 { &["t", key.as_str()] } else { &[] };
            let marker = world.lease(&*store, key, tags).await;
            assert_eq!(store.renew(key, &marker.cas_token(), LONG).await, Ok(true));
            held.push(alive(&match n % 3 {
                0 => marker,
                1 => world.put(&*store, key, tags, prefix).await,
                _ => {
                    let entry = world.entry(&*store, tags, prefix).await;
                    assert_eq!(store.commit(key, &marker.cas_token(), &entry).await, Ok(true));
                    Envelope::Entry(entry)
                }
            }));
            let won = store.elect(Slot::Refresh(key), elected, LONG).await;
            assert_eq!(won, Ok(true), "{prefix:?} {key:?}");
        }
        assert_eq!(store.elect(Slot::Sweeper, elected, LONG).await, Ok(true), "{prefix:?}");
        let mark = store.eviction_mark().await.expect("eviction_mark");
        Self { prefix, store, keys: keys(), held, elected, mark }
    }

    async fn is_readable(&self, after: &str) {
        let found = self.store.read_many(&self.keys).await;
        assert!(found.as_ref() == Ok(&self.held), "{:?} after {after}: {found:?}", self.prefix);
        assert_eq!(self.store.eviction_mark().await, Ok(self.mark), "{:?}", self.prefix);
    }

    /// Does all that ends something: evicts, clears, sweeps, removes, resigns. That it can
    /// resign shows that nobody else ended its elections.
    async fn leave(&self) {
        let tags: Vec<_> = self.keys.iter().map(|key| tag(key.as_str())).collect();
        self.store.evict(&[&tags[..], &[tag("t")]].concat()).await.expect("evict");
        for clears in [false, true] {
            if clears {
                self.store.clear().await.expect("clear");
            }
            sweep(&*self.store, 10_000).await;
            let left = self.store.read_many(&self.keys).await.expect("read_many");
            for (n, (found, held)) in left.iter().zip(&self.held).enumerate() {
                if n % 2 == 1 && !clears {
                    assert_eq!(found, held, "{:?} {:?}", self.prefix, self.keys[n]);
                } else if n % 3 != 0 {
                    // A dead lease ends by itself, and may stay until then.
                    assert_eq!(*found, Found::Nothing, "{:?} {:?}", self.prefix, self.keys[n]);
                }
            }
        }
        self.store.remove(&self.keys).await.expect("remove");
        for slot in self.keys.iter().map(Slot::Refresh).chain([Slot::Sweeper]) {
            let ended = self.store.resign(slot, self.elected).await;
            assert_eq!(ended, Ok(true), "{:?} {slot:?}", self.prefix);
        }
    }
}

async fn caches_of_different_prefixes_share_nothing(world: World) {
    let mut prefixes = PREFIXES;
    for _ in 0..2 {
        let mut caches = Vec::new();
        for prefix in prefixes {
            caches.push(Neighbour::open(&world, prefix).await);
        }
        while let Some(cache) = caches.pop() {
            cache.leave().await;
            for other in &caches {
                other.is_readable(cache.prefix).await;
            }
        }
        // Each has left before each other one.
        prefixes.reverse();
    }
}
