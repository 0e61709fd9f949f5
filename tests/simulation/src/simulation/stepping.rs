//! A store whose steps wait for the schedule.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};
use spakky_cache_core::store::{CasToken, Change, EvictionMark, Found, Step, Swept, Taken};
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

    fn take_lease<'a>(
        &'a self,
        key: &'a Key,
        seen: Option<&'a CasToken>,
        marker: &'a Marker,
    ) -> Step<'a, Taken> {
        let (of, seen, marker) = (key.clone(), seen.cloned(), marker.clone());
        self.step("take_lease", Some(key), |store, ledger| async move {
            let taken = store.take_lease(&of, seen.as_ref(), &marker).await?;
            if taken == Taken::Mine {
                ledger.stored(&of, &Envelope::Lease(marker));
            }
            Ok(taken)
        })
    }

    fn commit<'a>(&'a self, key: &'a Key, held: &'a CasToken, entry: &'a Entry) -> Step<'a, bool> {
        let (of, held, entry) = (key.clone(), held.clone(), entry.clone());
        self.step("commit", Some(key), |store, ledger| async move {
            let stored = store.commit(&of, &held, &entry).await?;
            if stored {
                ledger.stored(&of, &Envelope::Entry(entry));
            }
            Ok(stored)
        })
    }

    fn give_up<'a>(&'a self, key: &'a Key, held: &'a CasToken) -> Step<'a, bool> {
        let (of, held) = (key.clone(), held.clone());
        self.step("give_up", Some(key), |store, ledger| async move {
            let given_up = store.give_up(&of, &held).await?;
            if given_up {
                ledger.removed(&of);
            }
            Ok(given_up)
        })
    }

    fn renew<'a>(&'a self, key: &'a Key, held: &'a CasToken, lasts: Duration) -> Step<'a, bool> {
        let (of, held) = (key.clone(), held.clone());
        self.step("renew", Some(key), move |store, ledger| async move {
            let renewed = store.renew(&of, &held, lasts).await?;
            if renewed {
                ledger.renewed(&held, lasts);
            }
            Ok(renewed)
        })
    }

    fn put<'a>(&'a self, key: &'a Key, envelope: &'a Envelope) -> Step<'a, ()> {
        let (of, envelope) = (key.clone(), envelope.clone());
        self.step("put", Some(key), |store, ledger| async move {
            store.put(&of, &envelope).await?;
            ledger.stored(&of, &envelope);
            Ok(())
        })
    }

    fn put_many<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        let of = entries.to_vec();
        let first = entries.first().map(|(key, _)| key);
        self.step("put_many", first, |store, ledger| async move {
            store.put_many(&of).await?;
            for (key, envelope) in &of {
                ledger.stored(key, envelope);
            }
            Ok(())
        })
    }

    fn remove_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>> {
        let of = keys.to_vec();
        let is_aftermath = self.tasks.running().is_some_and(|doing| doing.is_aftermath());
        let keep = self.keeps_after_writes && is_aftermath;
        self.step("remove_many", keys.first(), move |store, ledger| async move {
            if keep {
                return Ok(vec![Found::Nothing; of.len()]);
            }
            let found = store.remove_many(&of).await?;
            for key in &of {
                ledger.removed(key);
            }
            Ok(found)
        })
    }

    fn elect<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        let of = key.clone();
        self.step("elect", Some(key), move |store, ledger| async move {
            let elected = store.elect(&of, token, lasts).await?;
            if elected {
                ledger.elected(&of, token, lasts);
            }
            Ok(elected)
        })
    }

    fn stay_elected<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool> {
        let of = key.clone();
        self.step("stay_elected", Some(key), move |store, ledger| async move {
            let elected = store.stay_elected(&of, token, lasts).await?;
            if elected {
                ledger.elected(&of, token, lasts);
            }
            Ok(elected)
        })
    }

    fn resign<'a>(&'a self, key: &'a Key, token: Id) -> Step<'a, ()> {
        let of = key.clone();
        self.step("resign", Some(key), move |store, ledger| async move {
            store.resign(&of, token).await?;
            ledger.resigned(&of, token);
            Ok(())
        })
    }

    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()> {
        let of = tags.to_vec();
        self.step("evict", None, |store, _| async move { store.evict(&of).await })
    }

    fn clear(&self) -> Step<'_, ()> {
        self.step("clear", None, |store, _| async move { store.clear().await })
    }

    fn elect_sweeper(&self, token: Id, lasts: Duration) -> Step<'_, bool> {
        self.step("elect_sweeper", None, move |store, _| async move {
            store.elect_sweeper(token, lasts).await
        })
    }

    fn sweep(&self, from: Option<u64>, most: usize) -> Step<'_, Swept> {
        self.step("sweep", None, move |store, _| async move { store.sweep(from, most).await })
    }

    fn ping(&self) -> Step<'_, ()> {
        self.step("ping", None, |store, _| async move { store.ping().await })
    }
}
