//! A store whose steps wait for the schedule.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use spakky_cache_core::entry::{Envelope, Epochs};
use spakky_cache_core::store::{
    Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Sweeping, Swept, Update,
};
use spakky_cache_core::{Key, Store, StoreError, Tag};

use super::executor::Tasks;
use super::lag::{Heard, Lag};
use super::ledger::Ledger;
use super::steps::{Label, Mailbox, Steps};

/// Stands before the store of one process.
#[derive(Debug)]
pub(crate) struct Stepping {
    pub(crate) process: usize,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) steps: Steps,
    pub(crate) ledger: Ledger,
    /// None: the store's epochs lag by themselves, or never.
    pub(crate) lag: Option<Arc<Lag>>,
    pub(crate) tasks: Tasks,
    /// The protocol without one of its checks: what the end of a write removes
    /// stays.
    pub(crate) keeps_after_writes: bool,
}

/// An answer, and what the process hears with it.
type Answered<T> = (Result<T, StoreError>, Option<Heard>);

impl Stepping {
    /// A step that does `work` on the store behind this when it happens.
    fn step<'a, T, F>(
        &'a self,
        name: &'static str,
        key: Option<&Key>,
        work: impl FnOnce(Arc<dyn Store>, Ledger) -> F,
    ) -> Step<'a, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let work = work(Arc::clone(&self.store), self.ledger.clone());
        let (store, lag) = (Arc::clone(&self.store), self.lag.clone());
        self.send(name, key, async move {
            let answer = work.await;
            let heard = match lag {
                Some(lag) => lag.overhear(&*store).await,
                None => None,
            };
            (answer, heard)
        })
    }

    fn send<'a, T: Send + 'static>(
        &'a self,
        name: &'static str,
        key: Option<&Key>,
        work: impl Future<Output = Answered<T>> + Send + 'static,
    ) -> Step<'a, T> {
        let mailbox = Mailbox::<Answered<T>>::default();
        let answers = Arc::clone(&mailbox);
        let work = Box::pin(async move {
            let answered = work.await;
            *answers.lock().unwrap_or_else(PoisonError::into_inner) = Some(answered);
        });
        let label = Label { process: self.process, name, key: key.cloned() };
        let sent = self.steps.send(label, work, mailbox);
        Box::pin(async move {
            let (answer, heard) = sent.await?;
            if let (Some(lag), Some(heard)) = (&self.lag, heard) {
                lag.hear(heard);
            }
            answer
        })
    }
}

impl Store for Stepping {
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found> {
        let of = key.clone();
        self.step("read", Some(key), |store, _| async move { store.read(&of).await })
    }

    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        let of = keys.to_vec();
        self.step("read_many", keys.first(), |store, _| async move { store.read_many(&of).await })
    }

    fn watch<'a>(&'a self, key: &'a Key) -> Step<'a, (Found, Change)> {
        let (of, steps, process) = (key.clone(), self.steps.clone(), self.process);
        self.step("watch", Some(key), |store, _| async move {
            let (found, change) = store.watch(&of).await?;
            Ok((found, steps.forward(process, of, change)))
        })
    }

    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs> {
        let (of, store, lag) = (tags.to_vec(), Arc::clone(&self.store), self.lag.clone());
        self.send("capture", None, async move {
            let Some(lag) = lag else { return (store.capture(&of, ttl).await, None) };
            if let Some(known) = lag.answer(&of) {
                return (Ok(known), None);
            }
            let answer = store.capture(&of, ttl).await;
            (answer, lag.overhear(&*store).await)
        })
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.step("eviction_mark", None, |store, _| async move { store.eviction_mark().await })
    }

    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas> {
        let (name, key) = label(slot, update);
        let (of, expected) = (key.cloned(), expected.cloned());
        let is_refresh = matches!(slot, Slot::Refresh(_));
        let (put, extend) = match update {
            Update::Put(envelope) => (Some(envelope.clone()), None),
            Update::Extend(lasts) => (None, Some(lasts)),
            Update::Remove => (None, None),
        };
        self.step(name, key, move |store, ledger| async move {
            let slot = match &of {
                None => Slot::Sweeper,
                Some(key) if is_refresh => Slot::Refresh(key),
                Some(key) => Slot::Entry(key),
            };
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
        let first = entries.first().map(|(key, _)| key);
        self.step("put", first, |store, ledger| async move {
            store.put(&of).await?;
            for (key, envelope) in &of {
                ledger.stored(key, envelope);
            }
            Ok(())
        })
    }

    fn remove<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<bool>> {
        let of = keys.to_vec();
        let is_aftermath = self.tasks.running().is_some_and(|doing| doing.is_aftermath());
        let keep = self.keeps_after_writes && is_aftermath;
        self.step("remove", keys.first(), move |store, ledger| async move {
            if keep {
                return Ok(vec![false; of.len()]);
            }
            let removed = store.remove(&of).await?;
            for key in &of {
                ledger.removed(key);
            }
            Ok(removed)
        })
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        let of = tags.to_vec();
        self.step("evict", None, |store, _| async move { store.evict(&of).await })
    }

    fn clear(&self) -> Step<'_, ()> {
        self.step("clear", None, |store, _| async move { store.clear().await })
    }

    fn sweep(&self, from: Option<u64>, most: usize, sweeping: Sweeping) -> Step<'_, Swept> {
        self.step(
            "sweep",
            None,
            move |store, _| async move { store.sweep(from, most, sweeping).await },
        )
    }

    fn ping(&self) -> Step<'_, ()> {
        self.step("ping", None, |store, _| async move { store.ping().await })
    }
}

/// What the protocol calls an update, and the key of its slot.
fn label<'a>(slot: Slot<'a>, update: Update<'_>) -> (&'static str, Option<&'a Key>) {
    match slot {
        Slot::Entry(key) => {
            let name = match update {
                Update::Put(Envelope::Lease(_)) => "take_lease",
                Update::Put(Envelope::Entry(_)) => "commit",
                Update::Extend(_) => "renew",
                Update::Remove => "give_up",
            };
            (name, Some(key))
        }
        Slot::Refresh(key) => {
            let name = match update {
                Update::Put(_) => "elect",
                Update::Extend(_) => "stay_elected",
                Update::Remove => "resign",
            };
            (name, Some(key))
        }
        Slot::Sweeper => ("elect_sweeper", None),
    }
}
