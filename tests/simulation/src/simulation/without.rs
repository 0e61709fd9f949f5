//! The protocol without one of its checks: what the checker has to find.

use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epoch, Epochs, Id, Marker};
use spakky_cache_core::store::{CasToken, Change, EvictionMark, Found, Step, Swept, Taken};
use spakky_cache_core::{Key, Store, StoreError, Tag};

/// A check of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Check {
    /// What is read is alive only if its epochs are the current ones.
    EpochsOfWhatIsRead,
    /// A commit stores only if the key holds what the caller had seen.
    HolderOfACommit,
    /// What the key holds is removed if a write to the origin was refused or
    /// dropped.
    RemovalAfterAWrite,
    /// Epochs are captured before the load, not when its value is stored.
    EpochsBeforeTheLoad,
    /// The eviction mark stands still since the lease was taken.
    EvictionMark,
    /// A lease is given up by its holder only.
    HolderOfAGiveUp,
    /// A lease is renewed by its holder only.
    HolderOfARenewal,
}

impl Check {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::EpochsOfWhatIsRead,
        Self::HolderOfACommit,
        Self::RemovalAfterAWrite,
        Self::EpochsBeforeTheLoad,
        Self::EvictionMark,
        Self::HolderOfAGiveUp,
        Self::HolderOfARenewal,
    ];
}

/// A store that leaves out a check. [`Check::RemovalAfterAWrite`] is not a
/// store's to leave out: it is done by whoever knows why something is removed.
#[derive(Debug)]
pub struct Without {
    /// What is left out.
    pub check: Check,
    /// What does all the rest.
    pub store: Arc<dyn Store>,
}

impl Without {
    fn lacks(&self, check: Check) -> bool {
        self.check == check
    }

    fn found(&self, found: Found) -> Found {
        match found {
            Found::Envelope { envelope, .. } if self.lacks(Check::EpochsOfWhatIsRead) => {
                Found::Envelope { envelope, alive: true }
            }
            found => found,
        }
    }

    /// The epochs that `captured` stand for, at this moment.
    async fn epochs(&self, captured: &Epochs) -> Result<Epochs, StoreError> {
        if !self.lacks(Check::EpochsBeforeTheLoad) {
            return Ok(captured.clone());
        }
        let tags: Vec<_> = captured.tags.iter().map(|(tag, _)| tag.clone()).collect();
        self.store.capture(&tags, None).await
    }

    async fn entry(&self, entry: &Entry) -> Result<Entry, StoreError> {
        Ok(Entry { epochs: self.epochs(&entry.epochs).await?, ..entry.clone() })
    }

    async fn marker(&self, marker: &Marker) -> Result<Marker, StoreError> {
        Ok(Marker { epochs: self.epochs(&marker.epochs).await?, ..marker.clone() })
    }

    async fn envelope(&self, envelope: &Envelope) -> Result<Envelope, StoreError> {
        Ok(match envelope {
            Envelope::Entry(entry) => Envelope::Entry(self.entry(entry).await?),
            Envelope::Lease(marker) => Envelope::Lease(self.marker(marker).await?),
        })
    }

    /// What the key holds, whoever it belongs to.
    async fn held(&self, key: &Key) -> Result<Option<CasToken>, StoreError> {
        Ok(match self.store.read(key).await? {
            Found::Nothing => None,
            Found::Envelope { envelope, .. } => Some(envelope.cas_token()),
            Found::Foreign(stem) => Some(stem),
        })
    }
}

impl Store for Without {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        Box::pin(async move { Ok(self.found(self.store.read(key).await?)) })
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        Box::pin(async move {
            let found = self.store.read_many(keys).await?;
            Ok(found.into_iter().map(|found| self.found(found)).collect())
        })
    }

    fn watch<'a>(&'a self, key: &'a Key) -> Step<'a, (Found, Change)> {
        Box::pin(async move {
            let (found, change) = self.store.watch(key).await?;
            Ok((self.found(found), change))
        })
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        if !self.lacks(Check::EpochsBeforeTheLoad) {
            return self.store.capture(tags, ttl);
        }
        let later = Epoch([0; 16]);
        let tags = tags.iter().map(|tag| (tag.clone(), later)).collect();
        Box::pin(async move { Ok(Epochs { everything: later, tags }) })
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        if self.lacks(Check::EvictionMark) {
            return Box::pin(async { Ok(Some(Id([0; 16]))) });
        }
        self.store.eviction_mark()
    }

    fn take_lease<'a>(
        &'a self,
        key: &'a Key,
        seen: Option<&'a CasToken>,
        marker: &'a Marker,
    ) -> Step<'a, Taken> {
        Box::pin(async move {
            let marker = self.marker(marker).await?;
            Ok(match self.store.take_lease(key, seen, &marker).await? {
                Taken::Found(found) => Taken::Found(self.found(found)),
                taken => taken,
            })
        })
    }

    fn commit<'a>(&'a self, key: &'a Key, held: &'a CasToken, entry: &'a Entry) -> Step<'a, bool> {
        Box::pin(async move {
            let entry = self.entry(entry).await?;
            if self.lacks(Check::HolderOfACommit) {
                self.store.put(key, &Envelope::Entry(entry)).await?;
                return Ok(true);
            }
            self.store.commit(key, held, &entry).await
        })
    }

    fn give_up<'a>(&'a self, key: &'a Key, held: &'a CasToken) -> Step<'a, bool> {
        Box::pin(async move {
            if !self.lacks(Check::HolderOfAGiveUp) {
                return self.store.give_up(key, held).await;
            }
            let Some(held) = self.held(key).await? else { return Ok(false) };
            self.store.give_up(key, &held).await
        })
    }

    fn renew<'a>(&'a self, key: &'a Key, held: &'a CasToken, lasts: Duration) -> Step<'a, bool> {
        Box::pin(async move {
            if !self.lacks(Check::HolderOfARenewal) {
                return self.store.renew(key, held, lasts).await;
            }
            let Some(held) = self.held(key).await? else { return Ok(false) };
            self.store.renew(key, &held, lasts).await
        })
    }

    fn put<'a>(&'a self, key: &'a Key, envelope: &'a Envelope) -> Step<'a, ()> {
        Box::pin(async move { self.store.put(key, &self.envelope(envelope).await?).await })
    }

    fn put_many<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        Box::pin(async move {
            for (key, envelope) in entries {
                self.put(key, envelope).await?;
            }
            Ok(())
        })
    }

    fn remove_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        Box::pin(async move {
            let found = self.store.remove_many(keys).await?;
            Ok(found.into_iter().map(|found| self.found(found)).collect())
        })
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
