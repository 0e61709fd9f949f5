//! What is done in a cache, whatever its prefix, is done in no other.

use std::collections::BTreeSet;
use std::sync::Arc;

use spakky_cache_core::entry::{Entry, Envelope, Id};
use spakky_cache_core::store::{Cas, EvictionMark, Found, Slot};
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
    /// One key for each thing that is done, and more that stay.
    keys: Vec<Key>,
    held: Vec<Found>,
    /// Who refreshes each of the keys.
    refreshes: Id,
    sweeps: Id,
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
    async fn open(world: &World, prefix: &'static str) -> Self {
        let store = world.open_at(prefix).await;
        let keys = keys();
        let found = store.read_many(&keys).await;
        assert_eq!(found, Ok(vec![Found::Nothing; keys.len()]), "{prefix:?}");
        let (refreshes, sweeps) = (world.id(), world.id());
        for key in &keys {
            assert_eq!(
                store.elect(Slot::Refresh(key), refreshes, LONG).await,
                Ok(true),
                "{prefix:?} {key:?}"
            );
        }
        assert_eq!(store.elect_sweeper(sweeps, LONG).await, Ok(true), "{prefix:?}");
        let mark = store.eviction_mark().await.expect("eviction_mark");
        let mut own = Self { prefix, store, keys, held: Vec::new(), refreshes, sweeps, mark };
        own.furnish(world).await;
        own
    }

    /// Entries with and without tags, and leases under way.
    async fn furnish(&mut self, world: &World) {
        self.store.remove(&self.keys).await.expect("remove");
        self.held.clear();
        for (n, key) in self.keys.iter().enumerate() {
            let tags: &[&str] = if n % 2 == 0 { &["t", key.as_str()] } else { &[] };
            self.held.push(alive(&match n % 3 {
                0 => world.lease(&*self.store, key, tags).await,
                _ => world.put(&*self.store, key, tags, self.prefix).await,
            }));
        }
        self.mark = self.store.eviction_mark().await.expect("eviction_mark");
    }

    /// Nothing that can be read has changed.
    async fn is_readable(&self, after: &str) {
        let found = self.store.read_many(&self.keys).await;
        assert!(found.as_ref() == Ok(&self.held), "{:?} after {after}: {found:?}", self.prefix);
    }

    /// Nor anything else.
    async fn is_untouched(&self, after: &str) {
        self.is_readable(after).await;
        for key in &self.keys {
            let stays = self.store.stay_elected(Slot::Refresh(key), self.refreshes, LONG).await;
            assert_eq!(stays, Ok(true), "{:?} {key:?} after {after}", self.prefix);
        }
        let sweeps = self.store.elect_sweeper(self.sweeps, LONG).await;
        assert_eq!(sweeps, Ok(true), "{:?} after {after}", self.prefix);
        let mark = self.store.eviction_mark().await;
        assert_eq!(mark, Ok(self.mark), "{:?} after {after}", self.prefix);
    }

    /// Removes all that the keys hold, and ends what was elected.
    async fn resign(&self) {
        self.store.remove(&self.keys).await.expect("remove");
        for key in &self.keys {
            self.store.resign(Slot::Refresh(key), self.refreshes).await.expect("resign");
            let gone = self.store.stay_elected(Slot::Refresh(key), self.refreshes, LONG).await;
            assert_eq!(gone, Ok(false), "{:?} {key:?}", self.prefix);
        }
    }

    /// Sweeps what was evicted, and all the rest unless it `keeps_untagged`.
    async fn is_swept(&self, keeps_untagged: bool) {
        sweep(&*self.store, 10_000).await;
        let left = self.store.read_many(&self.keys).await.expect("read_many");
        for (n, (found, held)) in left.iter().zip(&self.held).enumerate() {
            let (is_tagged, is_lease) = (n % 2 == 0, n % 3 == 0);
            if keeps_untagged && !is_tagged {
                assert_eq!(found, held, "{:?} {:?}", self.prefix, self.keys[n]);
            } else if !is_lease {
                // A dead lease ends by itself, and may stay until then.
                assert_eq!(*found, Found::Nothing, "{:?} {:?}", self.prefix, self.keys[n]);
            }
        }
    }

    /// Every key is removed, loaded by somebody else, and elected for anew.
    async fn load_anew(&mut self, world: &World) {
        let another = world.id();
        for key in &self.keys {
            let marker = world.marker(&*self.store, &[key.as_str(), "t"]).await;
            let taken = self.store.take_lease(key, None, &marker).await;
            assert_eq!(taken, Ok(Cas::Done), "{:?} {key:?}", self.prefix);
            let entry = Entry { id: world.id(), ..world.entry(&*self.store, &["t"], "new").await };
            let held = Envelope::Lease(marker).cas_token();
            assert_eq!(self.store.renew(key, &held, LONG).await, Ok(true));
            assert_eq!(self.store.commit(key, &held, &entry).await, Ok(true));
            let stored = Envelope::Entry(entry).cas_token();
            assert_eq!(self.store.give_up(key, &stored).await, Ok(true));
            assert_eq!(self.store.elect(Slot::Refresh(key), another, LONG).await, Ok(true));
        }
        self.refreshes = another;
        let sweeps = self.store.elect_sweeper(world.id(), LONG).await;
        assert_eq!(sweeps, Ok(false), "{:?}", self.prefix);
    }
}

async fn caches_of_different_prefixes_share_nothing(world: World) {
    let mut caches = Vec::new();
    for prefix in PREFIXES {
        caches.push(Neighbour::open(&world, prefix).await);
    }
    for actor in 0..caches.len() {
        let prefix = caches[actor].prefix;
        for what in ["resign", "load", "evict", "sweep", "clear", "sweep after a clear"] {
            let after = format!("{what} in {prefix:?}");
            let cache = &mut caches[actor];
            match what {
                "resign" => cache.resign().await,
                "load" => {
                    cache.load_anew(&world).await;
                    cache.furnish(&world).await;
                }
                "evict" => {
                    let tags: Vec<_> = cache.keys.iter().map(|key| tag(key.as_str())).collect();
                    cache.store.evict(&[&tags[..], &[tag("t")]].concat()).await.expect("evict");
                }
                "clear" => cache.store.clear().await.expect("clear"),
                _ => cache.is_swept(what == "sweep").await,
            }
            for other in (0..caches.len()).filter(|other| *other != actor) {
                caches[other].is_readable(&after).await;
            }
        }
        for other in (0..caches.len()).filter(|other| *other != actor) {
            caches[other].is_untouched(&format!("all in {prefix:?}")).await;
        }
        let cache = &mut caches[actor];
        cache.furnish(&world).await;
        cache.is_untouched("its own turn").await;
    }
}
