//! A cache over one store, and the sessions that use it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::entry::{Entry, Envelope, Epochs, Id};
use crate::error::{Error, StoreErrorKind};
use crate::failure_log::FailureLog;
use crate::held::HeldLeases;
use crate::key::{Key, Tag};
use crate::limits::{CheckedOptions, EntryOptions};
use crate::metrics::{Metrics, Snapshot};
use crate::policy::{Grants, OnFailure, Policy};
use crate::refresh::{Refreshes, left_of};
use crate::runtime::{Runtime, TokioRuntime};
use crate::single_flight::SingleFlight;
use crate::store::{Cas, CasToken, Change, EvictionMark, Found, Slot, Step, Store, Update};

/// A cache over one store. Clones are handles of the same cache and share its
/// counters, its single flight and its limits.
#[derive(Clone)]
pub struct Cache {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) policy: Policy,
    pub(crate) metrics: Metrics,
    pub(crate) flights: SingleFlight,
    pub(crate) refreshes: Refreshes,
    failures: FailureLog,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("store", &self.inner.store).finish_non_exhaustive()
    }
}

impl Cache {
    /// A cache over `store` with the default policy, on tokio.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::with(store, Policy::default(), Arc::new(TokioRuntime))
    }

    /// A cache over `store` with this policy and runtime.
    pub fn with(store: Arc<dyn Store>, policy: Policy, runtime: Arc<dyn Runtime>) -> Self {
        let inner = Inner {
            store,
            runtime,
            policy,
            metrics: Metrics::default(),
            flights: SingleFlight::default(),
            refreshes: Refreshes::default(),
            failures: FailureLog::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Opens a session with these grants.
    pub fn session(&self, grants: Grants) -> Session {
        Session { cache: self.clone(), grants: Arc::new(grants), held: Arc::default(), caller: 0 }
    }

    /// The current values of the counters.
    pub fn metrics(&self) -> Snapshot {
        self.inner.metrics.snapshot()
    }

    /// Checks that the store answers.
    pub async fn ping(&self) -> Result<(), Error> {
        self.inner.step("ping", &[], self.inner.store.ping()).await
    }

    /// The policy of this cache.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }
}

impl Inner {
    /// Elects `marker` in `slot`, unless another marker is elected that it does not
    /// replace. Foreign content is always replaced, because it may have no time to live.
    pub(crate) async fn elect(
        &self,
        slot: Slot<'_>,
        marker: &Envelope,
        replaces: impl Fn(&Envelope) -> bool + Send,
    ) -> Result<Cas, Error> {
        let put = Update::Put(marker);
        let elected = self.compare_and_set("elect", slot, None, put).await?;
        let in_the_way = match &elected {
            Cas::Occupied(Found::Foreign(token)) => token.clone(),
            Cas::Occupied(Found::Envelope { envelope, .. }) if replaces(envelope) => {
                envelope.cas_token()
            }
            _ => return Ok(elected),
        };
        self.compare_and_set("elect", slot, Some(&in_the_way), put).await
    }

    /// Updates a slot of the store, for `operation`.
    pub(crate) async fn compare_and_set(
        &self,
        operation: &'static str,
        slot: Slot<'_>,
        expected: Option<&CasToken>,
        update: Update<'_>,
    ) -> Result<Cas, Error> {
        let update = self.store.compare_and_set(slot, expected, update);
        self.step(operation, slot.keys(), update).await
    }

    /// Reads a slot of the store, and watches it.
    pub(crate) async fn watch(&self, slot: Slot<'_>) -> Result<(Found, Change), Error> {
        self.step("watch", slot.keys(), self.store.watch(slot)).await
    }

    /// Carries out a step of the store on `keys`, for `operation`. A failure is logged,
    /// because the caller sees its kind only.
    pub(crate) async fn step<T>(
        &self,
        operation: &'static str,
        keys: &[Key],
        step: Step<'_, T>,
    ) -> Result<T, Error> {
        let now = || self.runtime.monotonic();
        match step.await {
            Ok(output) => {
                self.failures.succeeded(operation, now);
                Ok(output)
            }
            Err(error) => {
                // A value that is too large is the caller's fault.
                if !matches!(error.kind(), StoreErrorKind::ValueTooLarge(_)) {
                    self.failures.failed(operation, keys, &error, now());
                }
                Err(error.kind().into())
            }
        }
    }

    pub(crate) async fn capture(
        &self,
        tags: &[Tag],
        ttl: Option<Duration>,
    ) -> Result<Epochs, Error> {
        self.step("capture epochs", &[], self.store.capture(tags, ttl)).await
    }

    pub(crate) async fn remove(&self, keys: &[Key]) -> Result<Vec<bool>, Error> {
        self.step("remove", keys, self.store.remove(keys)).await
    }

    /// The store's eviction mark.
    pub(crate) async fn eviction_mark(&self) -> Result<EvictionMark, Error> {
        self.step("read the eviction mark", &[], self.store.eviction_mark()).await
    }

    /// A new entry with `value`, stored now.
    pub(crate) fn entry(
        &self,
        value: Bytes,
        options: &CheckedOptions,
        epochs: Epochs,
        load_time: Duration,
    ) -> Entry {
        Entry {
            id: Id::random(&*self.runtime),
            stored_at: self.runtime.now(),
            ttl: options.ttl,
            fresh_for: options.fresh_for,
            load_time,
            epochs,
            value,
        }
    }
}

/// One user of a cache, such as an instance of a component, with its grants and the
/// leases that it holds. Clones are handles of the same session.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) cache: Cache,
    pub(crate) grants: Arc<Grants>,
    pub(crate) held: Arc<HeldLeases>,
    pub(crate) caller: u64,
}

/// What is known of an entry without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Identifies the entry among all that its key ever held.
    pub version: u64,
    /// How long ago it was stored.
    pub age: Duration,
    /// How much longer it is fresh; zero if it is stale. `None`: for as long as it lives.
    pub fresh_for: Option<Duration>,
    /// How much longer it lives. `None`: until something removes it.
    pub ttl: Option<Duration>,
    /// The tags that evict it.
    pub tags: Vec<String>,
    /// The bytes of its value.
    pub size: u64,
    /// How long its load took. Zero if it was stored without one.
    pub load_time: Duration,
}

impl Session {
    pub(crate) fn inner(&self) -> &Inner {
        &self.cache.inner
    }

    pub(crate) fn may_write(&self) -> Result<(), Error> {
        if self.grants.write { Ok(()) } else { Err(Error::Denied) }
    }

    /// A handle of the same session for one of its callers, such as one of several
    /// requests that an instance answers at once. A caller waits for the loads of the
    /// others, but never for its own.
    #[must_use]
    pub fn caller(&self, caller: u64) -> Self {
        Self { caller, ..self.clone() }
    }

    /// The cache that this session uses.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The grants of this session.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Returns the value of `key`, if it has one. Never waits for a loader.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let key = self.inner().policy.limits.key(key)?;
        let found = self.found(&key).await;
        let value = self.or_miss(found)?.and_then(Found::into_entry).map(|entry| entry.value);
        self.count_reads(std::slice::from_ref(&value));
        Ok(value)
    }

    /// Describes the entry of `key`, if it has one. It is not counted as a read.
    pub async fn describe(&self, key: &str) -> Result<Option<Description>, Error> {
        let key = self.inner().policy.limits.key(key)?;
        let found = self.or_miss(self.found(&key).await)?;
        let now = self.inner().runtime.now();
        Ok(found.and_then(Found::into_entry).map(|entry| Description {
            version: entry.id.version(),
            age: entry.age(now),
            fresh_for: entry.fresh_for.map(|span| left_of(&entry, span, now)),
            ttl: entry.ttl.map(|span| left_of(&entry, span, now)),
            tags: entry.epochs.tags.iter().map(|(tag, _)| tag.as_str().to_owned()).collect(),
            size: entry.value.len() as u64,
            load_time: entry.load_time,
        }))
    }

    /// Returns the values of `keys` in order, in one round trip. A key that is named
    /// more than once is fetched once.
    ///
    /// # Errors
    /// [`Error::ValueTooLarge`] if the values have more bytes together than the
    /// limit of a batch. The failure of one key is in its place.
    pub async fn get_many<'a, I>(&self, keys: I) -> Result<Vec<Result<Option<Bytes>, Error>>, Error>
    where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: ExactSizeIterator,
    {
        let limits = &self.inner().policy.limits;
        let keys = limits.batch(keys.into_iter())?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut positions = HashMap::with_capacity(keys.len());
        let mut distinct = Vec::with_capacity(keys.len());
        for key in &keys {
            positions.entry(key).or_insert_with(|| {
                distinct.push(key.clone());
                distinct.len() - 1
            });
        }
        let read = self.inner().store.read_many(&distinct);
        let found = self.inner().step("read", &distinct, read).await;
        let values: Vec<Option<Bytes>> = match self.or_miss(found)? {
            None => vec![None; distinct.len()],
            Some(found) => {
                let value = |found: Found| found.into_entry().map(|entry| entry.value);
                found.into_iter().map(value).collect()
            }
        };
        let values: Vec<_> = keys.iter().map(|key| values[positions[key]].clone()).collect();
        limits.batch_values(values.iter().flatten())?;
        self.count_reads(&values);
        Ok(values.into_iter().map(Ok).collect())
    }

    /// Stores an entry. The result of a load of the same key that is in progress
    /// is then refused.
    pub async fn set(&self, key: &str, value: Bytes, options: &EntryOptions) -> Result<(), Error> {
        self.set_many(vec![(key, value)], options).await?.into_iter().collect()
    }

    /// Stores entries that share their options, in one round trip, and answers for
    /// each. All of them are checked before any is written.
    pub async fn set_many(
        &self,
        entries: Vec<(&str, Bytes)>,
        options: &EntryOptions,
    ) -> Result<Vec<Result<(), Error>>, Error> {
        self.may_write()?;
        let limits = &self.inner().policy.limits;
        let keys = limits.batch(entries.iter().map(|(key, _)| *key))?;
        for (_, value) in &entries {
            limits.value(value)?;
        }
        limits.batch_values(entries.iter().map(|(_, value)| value))?;
        let options = limits.options(options)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let epochs = self.inner().capture(&options.tags, options.ttl).await?;
        let envelope = |value| {
            let entry = self.inner().entry(value, &options, epochs.clone(), Duration::ZERO);
            Envelope::Entry(entry)
        };
        let entries: Vec<_> = keys
            .iter()
            .cloned()
            .zip(entries)
            .map(|(key, (_, value))| (key, envelope(value)))
            .collect();
        self.inner().step("write", &keys, self.inner().store.put(&entries)).await?;
        self.inner().metrics.writes.add(entries.len() as u64);
        Ok(vec![Ok(()); entries.len()])
    }

    /// Removes an entry. Returns whether there was one.
    pub async fn delete(&self, key: &str) -> Result<bool, Error> {
        Ok(self.delete_many([key]).await?.into_iter().collect::<Result<Vec<_>, _>>()? == [true])
    }

    /// Removes entries. Returns for each whether there was one.
    pub async fn delete_many<'a, I>(&self, keys: I) -> Result<Vec<Result<bool, Error>>, Error>
    where
        I: IntoIterator<Item = &'a str>,
        I::IntoIter: ExactSizeIterator,
    {
        self.may_write()?;
        let keys = self.inner().policy.limits.batch(keys.into_iter())?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let removed = self.inner().remove(&keys).await?;
        let deleted = removed.iter().filter(|was_alive| **was_alive).count() as u64;
        self.inner().metrics.deletes.add(deleted);
        Ok(removed.into_iter().map(Ok).collect())
    }

    /// Evicts every entry that has one of `tags`. The cost does not depend on their
    /// number. Once this returns, no caller in the fleet reads an entry whose load
    /// began before the call.
    pub async fn evict_tags(&self, tags: &[String]) -> Result<(), Error> {
        self.may_write()?;
        let tags = self.inner().policy.limits.tags(tags)?;
        if tags.is_empty() {
            return Ok(());
        }
        self.inner().step("evict tags", &[], self.inner().store.evict(&tags)).await?;
        self.inner().metrics.tag_evictions.add(1);
        Ok(())
    }

    /// Evicts every entry of this cache, like [`evict_tags`](Self::evict_tags).
    pub async fn clear(&self) -> Result<(), Error> {
        self.may_write()?;
        self.inner().step("clear", &[], self.inner().store.clear()).await?;
        self.inner().metrics.clears.add(1);
        Ok(())
    }

    /// Captures the epochs for a load that begins now. They are kept for the
    /// longest load. Its commit extends them.
    pub(crate) async fn capture(&self, tags: &[Tag]) -> Result<Epochs, Error> {
        let longest_load = self.inner().policy.longest_load;
        self.inner().capture(tags, Some(longest_load)).await
    }

    pub(crate) async fn found(&self, key: &Key) -> Result<Found, Error> {
        let read = self.inner().store.read(key);
        self.inner().step("read", std::slice::from_ref(key), read).await
    }

    /// `None` if the store failed and the policy makes that a miss.
    fn or_miss<T>(&self, found: Result<T, Error>) -> Result<Option<T>, Error> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(error) if self.failure_is_a_miss(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn failure_is_a_miss(&self, error: &Error) -> bool {
        self.inner().policy.on_failure == OnFailure::Miss
            && matches!(error, Error::Unavailable | Error::OperationFailed)
    }

    fn count_reads(&self, values: &[Option<Bytes>]) {
        let hits = values.iter().flatten().count();
        let metrics = &self.inner().metrics;
        metrics.hits.add(hits as u64);
        metrics.misses.add((values.len() - hits) as u64);
    }
}
