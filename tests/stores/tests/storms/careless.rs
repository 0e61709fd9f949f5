//! A store that leaves out a check: what a storm has to find.

use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};
use spakky_cache_core::store::{Change, EvictionMark, Found, Stem, Step, Swept, Taken};
use spakky_cache_core::{Key, Store, Tag};

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    /// Whatever is read is alive.
    Epochs,
    /// A commit stores, whatever the key holds.
    Holder,
}

/// A store without a check.
#[derive(Debug)]
struct Careless {
    store: Arc<dyn Store>,
    without: Without,
}

/// `store`, except that whatever is read is alive.
pub(crate) fn without_epochs(store: Arc<dyn Store>) -> Arc<dyn Store> {
    Arc::new(Careless { store, without: Without::Epochs })
}

/// `store`, except that a commit stores whatever the key holds.
pub(crate) fn without_holder(store: Arc<dyn Store>) -> Arc<dyn Store> {
    Arc::new(Careless { store, without: Without::Holder })
}

impl Careless {
    fn found(&self, mut found: Found) -> Found {
        if let Found::Envelope { alive, .. } = &mut found {
            *alive |= self.without == Without::Epochs;
        }
        found
    }

    fn all(&self, found: Vec<Found>) -> Vec<Found> {
        found.into_iter().map(|found| self.found(found)).collect()
    }
}

impl Store for Careless {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        Box::pin(async { Ok(self.found(self.store.read(key).await?)) })
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        Box::pin(async { Ok(self.all(self.store.read_many(keys).await?)) })
    }

    fn watch<'a>(&'a self, key: &'a Key) -> Step<'a, (Found, Change)> {
        Box::pin(async {
            let (found, change) = self.store.watch(key).await?;
            Ok((self.found(found), change))
        })
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        self.store.capture(tags, ttl)
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.store.eviction_mark()
    }

    fn take_lease<'a>(
        &'a self,
        key: &'a Key,
        seen: Option<&'a Stem>,
        marker: &'a Marker,
    ) -> Step<'a, Taken> {
        Box::pin(async move {
            Ok(match self.store.take_lease(key, seen, marker).await? {
                Taken::Found(found) => Taken::Found(self.found(found)),
                taken => taken,
            })
        })
    }

    fn commit<'a>(&'a self, key: &'a Key, held: &'a Stem, entry: &'a Entry) -> Step<'a, bool> {
        if self.without != Without::Holder {
            return self.store.commit(key, held, entry);
        }
        Box::pin(async {
            self.store.put(key, &Envelope::Entry(entry.clone())).await?;
            Ok(true)
        })
    }

    fn give_up<'a>(&'a self, key: &'a Key, held: &'a Stem) -> Step<'a, bool> {
        self.store.give_up(key, held)
    }

    fn renew<'a>(&'a self, key: &'a Key, held: &'a Stem, lasts: Duration) -> Step<'a, bool> {
        self.store.renew(key, held, lasts)
    }

    fn put<'a>(&'a self, key: &'a Key, envelope: &'a Envelope) -> Step<'a, ()> {
        self.store.put(key, envelope)
    }

    fn put_many<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        self.store.put_many(entries)
    }

    fn remove_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        Box::pin(async { Ok(self.all(self.store.remove_many(keys).await?)) })
    }

    fn elect<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        self.store.elect(key, token, lasts)
    }

    fn stay_elected<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        self.store.stay_elected(key, token, lasts)
    }

    fn resign<'a>(&'a self, key: &'a Key, token: Id) -> Step<'a, ()> {
        self.store.resign(key, token)
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        self.store.evict(tags)
    }

    fn clear(&self) -> Step<'_, ()> {
        self.store.clear()
    }

    fn elect_sweeper(&self, token: Id, lasts: Duration) -> Step<'_, bool> {
        self.store.elect_sweeper(token, lasts)
    }

    fn sweep(&self, from: Option<u64>, most: usize) -> Step<'_, Swept> {
        self.store.sweep(from, most)
    }

    fn ping(&self) -> Step<'_, ()> {
        self.store.ping()
    }
}
