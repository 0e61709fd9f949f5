//! The protocol without one of its checks: what the checker has to find.

use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epoch, Epochs, Id, Marker};
use spakky_cache_core::store::{
    Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Sweeping, Swept, Update,
};
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

    /// `envelope` with the epochs that it is to be stored with.
    async fn envelope(&self, envelope: &Envelope) -> Result<Envelope, StoreError> {
        let epochs = self.epochs(envelope.epochs()).await?;
        Ok(match envelope.clone() {
            Envelope::Entry(entry) => Envelope::Entry(Entry { epochs, ..entry }),
            Envelope::Lease(marker) => Envelope::Lease(Marker { epochs, ..marker }),
        })
    }

    /// What the key holds, whoever it belongs to.
    async fn held(&self, key: &Key) -> Result<Option<CasToken>, StoreError> {
        Ok(match self.store.read(key).await? {
            Found::Nothing => None,
            Found::Envelope { envelope, .. } => Some(envelope.cas_token()),
            Found::Foreign(cas_token) => Some(cas_token),
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

    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas> {
        let Slot::Entry(key) = slot else {
            return self.store.compare_and_set(slot, expected, update);
        };
        Box::pin(async move {
            let envelope;
            let update = match update {
                Update::Put(given) => {
                    envelope = self.envelope(given).await?;
                    Update::Put(&envelope)
                }
                update => update,
            };
            let left_out = match update {
                Update::Put(entry @ Envelope::Entry(_)) if self.lacks(Check::HolderOfACommit) => {
                    self.store.put(&[(key.clone(), entry.clone())]).await?;
                    return Ok(Cas::Done);
                }
                Update::Remove => self.lacks(Check::HolderOfAGiveUp),
                Update::Extend(_) => self.lacks(Check::HolderOfARenewal),
                Update::Put(_) => false,
            };
            if left_out {
                let Some(held) = self.held(key).await? else { return Ok(Cas::Changed) };
                return self.store.compare_and_set(slot, Some(&held), update).await;
            }
            Ok(match self.store.compare_and_set(slot, expected, update).await? {
                Cas::Occupied(found) => Cas::Occupied(self.found(found)),
                cas => cas,
            })
        })
    }

    fn put<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        Box::pin(async move {
            for (key, envelope) in entries {
                self.store.put(&[(key.clone(), self.envelope(envelope).await?)]).await?;
            }
            Ok(())
        })
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
