//! A store whose steps wait for the schedule.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use spakky_cache_core::entry::{Envelope, Epochs};
use spakky_cache_core::store::{
    Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Sweeping, Swept, Update,
};
use spakky_cache_core::{Key, Store, StoreError, StoreErrorKind, Tag};

use super::lag::Lag;
use super::ledger::Ledger;
use super::steps::Steps;

/// Stands before the store of one process.
pub(crate) struct Stepping {
    pub(crate) process: usize,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) steps: Steps,
    pub(crate) ledger: Ledger,
    /// `None` if the store's epochs lag by themselves, or never.
    pub(crate) lag: Option<Arc<Lag>>,
}

impl fmt::Debug for Stepping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the store of process {}", self.process)
    }
}

impl Stepping {
    /// A step that does `work` on the store behind this when it happens.
    fn step<T, F>(
        &self,
        label: String,
        work: impl FnOnce(Arc<dyn Store>, Ledger) -> F,
    ) -> Step<'_, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let work = work(Arc::clone(&self.store), self.ledger.clone());
        let (store, lag) = (Arc::clone(&self.store), self.lag.clone());
        let answer = Arc::new(Mutex::new(None));
        let answers = Arc::clone(&answer);
        let work = async move {
            let answer = work.await;
            let heard = match lag {
                Some(lag) => lag.overhear(&*store).await,
                None => None,
            };
            *answers.lock() = Some((answer, heard));
        };
        let verdict = self.steps.send(self.process, label, Box::pin(work));
        Box::pin(async move {
            let nothing = || StoreError::new(StoreErrorKind::Failed, "it did not happen");
            verdict.await.map_err(|_| nothing())??;
            let answer = answer.lock().take();
            let (answer, heard) = answer.ok_or_else(nothing)?;
            if let (Some(lag), Some(heard)) = (&self.lag, heard) {
                lag.hear(heard);
            }
            answer
        })
    }
}

/// A slot that owns its key.
enum Place {
    Entry(Key),
    Refresh(Key),
    Sweeper,
}

impl Place {
    fn of(slot: Slot<'_>) -> Self {
        match slot {
            Slot::Entry(key) => Self::Entry(key.clone()),
            Slot::Refresh(key) => Self::Refresh(key.clone()),
            Slot::Sweeper => Self::Sweeper,
        }
    }

    fn slot(&self) -> Slot<'_> {
        match self {
            Self::Entry(key) => Slot::Entry(key),
            Self::Refresh(key) => Slot::Refresh(key),
            Self::Sweeper => Slot::Sweeper,
        }
    }
}

impl Store for Stepping {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        let of = key.clone();
        self.step(format!("read {key:?}"), |store, _| async move { store.read(&of).await })
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        let of = keys.to_vec();
        self.step(format!("read {keys:?}"), |store, _| async move { store.read_many(&of).await })
    }

    fn watch<'a>(&'a self, slot: Slot<'a>) -> Step<'a, (Found, Change)> {
        let (place, steps, process) = (Place::of(slot), self.steps.clone(), self.process);
        let what = format!("{slot:?}");
        self.step(format!("watch {slot:?}"), |store, _| async move {
            let (found, change) = store.watch(place.slot()).await?;
            Ok((found, steps.forward(process, what, change)))
        })
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        if let Some(known) = self.lag.as_ref().and_then(|lag| lag.known(tags)) {
            return Box::pin(async { Ok(known) });
        }
        let of = tags.to_vec();
        self.step(format!("capture {tags:?}"), move |store, _| async move {
            store.capture(&of, ttl).await
        })
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.step("eviction mark".into(), |store, _| async move { store.eviction_mark().await })
    }

    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas> {
        let place = Place::of(slot);
        let (name, put, extend) = match update {
            Update::Put(envelope @ Envelope::Entry(_)) => {
                ("put entry", Some(envelope.clone()), None)
            }
            Update::Put(envelope) => ("put marker", Some(envelope.clone()), None),
            Update::Extend(lasts) => ("extend", None, Some(lasts)),
            Update::Remove => ("remove", None, None),
        };
        let expected = expected.cloned();
        self.step(format!("{name} {slot:?}"), move |store, ledger| async move {
            let slot = place.slot();
            let update = match (&put, extend) {
                (Some(envelope), _) => Update::Put(envelope),
                (None, Some(lasts)) => Update::Extend(lasts),
                (None, None) => Update::Remove,
            };
            let cas = store.compare_and_set(slot, expected.as_ref(), update).await?;
            if cas.is_done() {
                ledger.updated(slot, expected.as_ref(), update);
            }
            Ok(cas)
        })
    }

    fn put<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        let of = entries.to_vec();
        let keys: Vec<_> = entries.iter().map(|(key, _)| key).collect();
        self.step(format!("put {keys:?}"), |store, ledger| async move {
            store.put(&of).await?;
            for (key, envelope) in &of {
                ledger.stored(Slot::Entry(key), envelope);
            }
            Ok(())
        })
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<bool>> {
        let of = keys.to_vec();
        self.step(format!("remove {keys:?}"), |store, ledger| async move {
            let removed = store.remove(&of).await?;
            ledger.removed(&of);
            Ok(removed)
        })
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        let of = tags.to_vec();
        self.step(format!("evict {tags:?}"), |store, _| async move { store.evict(&of).await })
    }

    fn clear(&self) -> Step<'_, ()> {
        self.step("clear".into(), |store, _| async move { store.clear().await })
    }

    fn sweep(&self, from: Option<u64>, most: usize, sweeping: Sweeping) -> Step<'_, Swept> {
        self.step(
            "sweep".into(),
            move |store, _| async move { store.sweep(from, most, sweeping).await },
        )
    }

    fn ping(&self) -> Step<'_, ()> {
        self.step("ping".into(), |store, _| async move { store.ping().await })
    }
}
