//! Lookup: find a key, or become its one loader, or wait for whoever is.

use std::time::Duration;

use bytes::Bytes;

use crate::cache::Session;
use crate::entry::{Entry, Envelope, UnixMillis, whole_millis};
use crate::error::Error;
use crate::key::{Key, Tag};
use crate::lease::{Lease, LeaseGuard, Purpose};
use crate::refresh::{Freshness, freshness};
use crate::single_flight::{Leader, Observation, Role};
use crate::store::{CasToken, Change, Found, Taken};

/// What a caller that is ready to load finds.
#[derive(Debug)]
pub enum Lookup {
    /// A fresh entry.
    Hit(Bytes),
    /// An entry past its fresh time, or so close to it that this caller was
    /// chosen to refresh it early.
    Stale {
        /// The value as it was stored.
        value: Bytes,
        /// The right to refresh it; none: another caller has it.
        refresh: Option<Lease>,
    },
    /// No entry, and this caller is the one to load it.
    Miss(Lease),
}

/// What a look gave the caller that looked.
enum Outcome {
    Hit(Entry),
    Stale(Entry, Option<Lease>),
    Lease(Lease),
    Held(Observation),
}

impl Outcome {
    /// What it is to the others.
    fn observation(&self) -> Observation {
        match self {
            Self::Hit(entry) => Observation::Hit(entry.clone()),
            Self::Stale(entry, _) => Observation::Stale(entry.clone()),
            Self::Lease(_) => Observation::LeaseTaken,
            Self::Held(seen) => seen.clone(),
        }
    }
}

impl Session {
    /// Finds `key`, or makes this caller its one loader in the whole fleet, or
    /// waits until the loader is done: at most `max_wait`, and the policy's
    /// longest wait.
    ///
    /// `tags` are those that the entry will be stored with, as far as known.
    ///
    /// # Errors
    /// [`Error::LockTimeout`] after the wait; [`Error::LeaseHeld`] at once if
    /// this session is the loader that it would wait for.
    pub async fn lookup(
        &self,
        key: &str,
        tags: &[String],
        max_wait: Option<Duration>,
    ) -> Result<Lookup, Error> {
        let limits = &self.inner().policy.limits;
        let key = limits.key(key)?;
        let tags = limits.tags(tags)?;
        let found = self.look_or_wait(&key, &tags, max_wait).await;
        let metrics = &self.inner().metrics;
        match found {
            Ok(Lookup::Miss(_)) => metrics.misses.add(1),
            Ok(_) => metrics.hits.add(1),
            Err(error) if self.failure_is_a_miss(&error) => {
                metrics.misses.add(1);
                return Ok(Lookup::Miss(Lease::detached()));
            }
            Err(_) => {}
        }
        found
    }

    /// Removes `key` and takes its lease from whoever holds it: the first step
    /// of a write to the origin. Readers miss, and wait, until it is committed
    /// or dropped.
    pub async fn begin_write(&self, key: &str, tags: &[String]) -> Result<Lease, Error> {
        if !self.grants.write {
            return Err(Error::Denied);
        }
        let limits = &self.inner().policy.limits;
        let key = limits.key(key)?;
        let tags = limits.tags(tags)?;
        let store = &self.inner().store;
        let epochs = self.capture(&tags).await?;
        let held = LeaseGuard::about_to(self, &key, Purpose::Write, epochs)?;
        let marker = Envelope::Lease(held.marker());
        let (mark, ()) = tokio::try_join!(store.eviction_mark(), store.put(&key, &marker))?;
        Ok(held.taken(mark))
    }

    async fn look_or_wait(
        &self,
        key: &Key,
        tags: &[Tag],
        max_wait: Option<Duration>,
    ) -> Result<Lookup, Error> {
        let flight = self.inner().flights.join(key);
        let mut budget = WaitBudget::new(self, max_wait);
        loop {
            let now = || self.inner().runtime.now();
            let seen = match flight.role(now, |holder| self.held.contains(holder)).await {
                Role::Follower(seen) => seen,
                Role::Leader(leader) => match self.lead(leader, key, tags).await? {
                    Outcome::Hit(entry) => return Ok(Lookup::Hit(entry.value)),
                    Outcome::Stale(entry, refresh) => {
                        return Ok(Lookup::Stale { value: entry.value, refresh });
                    }
                    Outcome::Lease(lease) => return Ok(Lookup::Miss(lease)),
                    Outcome::Held(seen) => seen,
                },
            };
            match seen {
                Observation::Hit(entry) => return Ok(Lookup::Hit(entry.value)),
                Observation::Stale(entry) => {
                    return Ok(Lookup::Stale { value: entry.value, refresh: None });
                }
                Observation::Failed(error) => return Err(error),
                Observation::LeaseHeld { holder, .. } if self.held.contains(holder) => {
                    return Err(Error::LeaseHeld);
                }
                Observation::LeaseHeld { ends, change, .. } => budget.wait(&change, ends).await?,
                // The flight never shares it: the next look finds what it is.
                Observation::LeaseTaken => {}
            }
        }
    }

    async fn lead(&self, leader: Leader<'_>, key: &Key, tags: &[Tag]) -> Result<Outcome, Error> {
        let own = self.look(key, tags, leader.lease_taken).await;
        match &own {
            Ok(own) => leader.publish(own.observation()),
            // Those that wait for their turn would only fail one by one. What
            // is this caller's own fault stays with it.
            Err(error @ (Error::Unavailable | Error::OperationFailed)) => {
                leader.publish(Observation::Failed(error.clone()));
            }
            Err(_) => {}
        }
        own
    }

    /// Looks at the key until it is clear who loads it. Every turn of the loop
    /// but the first means that somebody else got on.
    async fn look(&self, key: &Key, tags: &[Tag], lease_is_out: bool) -> Result<Outcome, Error> {
        let store = &self.inner().store;
        let mut watch = lease_is_out;
        let mut known = None;
        loop {
            let (found, change): (Found, Option<Change>) = match known.take() {
                Some(found) => (found, None),
                None if watch => {
                    let (found, change) = store.watch(key).await?;
                    (found, Some(change))
                }
                None => (self.found(key).await?, None),
            };
            let seen = match found {
                Found::Envelope { envelope: Envelope::Entry(entry), alive: true } => {
                    return self.serve(key, tags, entry).await;
                }
                Found::Envelope { envelope: Envelope::Lease(marker), alive: true } => {
                    // Only the store tells that a lease is out, and only a
                    // watched read can be waited on.
                    let Some(change) = change else {
                        watch = true;
                        continue;
                    };
                    // It was read before now, so it ends before then.
                    let lasts = whole_millis(marker.lasts);
                    let ends = self.inner().runtime.now().saturating_add(lasts);
                    return Ok(Outcome::Held(Observation::LeaseHeld {
                        holder: marker.id,
                        ends,
                        change,
                    }));
                }
                Found::Nothing => None,
                Found::Envelope { envelope, alive: false } => Some(envelope.cas_token()),
                Found::Foreign(token) => {
                    tracing::warn!(?key, ?token, "what is stored here is no entry: a miss");
                    Some(token)
                }
            };
            match self.take(key, tags, seen.as_ref()).await? {
                Ok(lease) => return Ok(Outcome::Lease(lease)),
                Err(Some(found)) => known = Some(found),
                Err(None) => {}
            }
        }
    }

    /// Takes the lease of a key that holds nothing alive; else what it holds,
    /// as far as known.
    async fn take(
        &self,
        key: &Key,
        tags: &[Tag],
        seen: Option<&CasToken>,
    ) -> Result<Result<Lease, Option<Found>>, Error> {
        if !self.grants.write {
            return Err(Error::Denied);
        }
        let store = &self.inner().store;
        let epochs = self.capture(tags).await?;
        let held = LeaseGuard::about_to(self, key, Purpose::Load, epochs)?;
        let marker = held.marker();
        let (mark, taken) =
            tokio::try_join!(store.eviction_mark(), store.take_lease(key, seen, &marker))?;
        match taken {
            Taken::Mine => Ok(Ok(held.taken(mark))),
            Taken::Found(found) => {
                held.not_taken();
                Ok(Err(Some(found)))
            }
            Taken::Changed => {
                held.not_taken();
                Ok(Err(None))
            }
        }
    }

    /// An entry that is alive: fresh, or stale and perhaps for this caller to
    /// refresh.
    async fn serve(&self, key: &Key, tags: &[Tag], entry: Entry) -> Result<Outcome, Error> {
        let inner = self.inner();
        let freshness = freshness(&entry, inner.policy.early_refresh, &*inner.runtime);
        if freshness == Freshness::Fresh {
            return Ok(Outcome::Hit(entry));
        }
        let refresh = self.refresh(key, tags, &entry).await?;
        Ok(if freshness == Freshness::Early && refresh.is_none() {
            Outcome::Hit(entry)
        } else {
            Outcome::Stale(entry, refresh)
        })
    }

    /// The right to refresh `entry`, unless another has it or it is not
    /// granted. A caller that has no leases left still gets the value.
    async fn refresh(
        &self,
        key: &Key,
        tags: &[Tag],
        entry: &Entry,
    ) -> Result<Option<Lease>, Error> {
        let inner = self.inner();
        let now = inner.runtime.now();
        if !self.grants.write || inner.refreshes.known(key, entry.id, now) {
            return Ok(None);
        }
        let epochs = self.capture(&entry.epochs.tags_with(tags)).await?;
        let refreshed = Envelope::Entry(entry.clone()).cas_token();
        let Ok(held) = LeaseGuard::about_to(self, key, Purpose::Refresh(refreshed), epochs) else {
            return Ok(None);
        };
        let lasts = inner.policy.lease;
        let (mark, elected) = tokio::try_join!(
            inner.store.eviction_mark(),
            inner.store.elect(key, held.id(), lasts)
        )?;
        // One that was elected elsewhere may give up at any time.
        let known_for = if elected { lasts } else { lasts / 50 };
        inner.refreshes.note(key, entry.id, now, now.saturating_add(whole_millis(known_for)));
        if elected {
            return Ok(Some(held.taken(mark)));
        }
        held.not_taken();
        Ok(None)
    }
}

/// How long a caller still waits.
struct WaitBudget<'a> {
    session: &'a Session,
    limit: Duration,
    /// Runs from the first wait on.
    over: Option<crate::runtime::Task>,
}

impl<'a> WaitBudget<'a> {
    fn new(session: &'a Session, max_wait: Option<Duration>) -> Self {
        let longest = session.inner().policy.longest_wait;
        let limit = max_wait.map_or(longest, |wait| wait.min(longest));
        Self { session, limit, over: None }
    }

    /// Until the key may have changed, or the lease may have ended.
    async fn wait(&mut self, change: &Change, ends: UnixMillis) -> Result<(), Error> {
        if self.limit.is_zero() {
            return Err(Error::LockTimeout);
        }
        let inner = self.session.inner();
        let lasts = Duration::from_millis(ends.saturating_sub(inner.runtime.now()));
        let over = self.over.get_or_insert_with(|| {
            inner.metrics.stampede_waits.add(1);
            inner.runtime.sleep(self.limit)
        });
        tokio::select! {
            biased;
            &() = change.wait() => Ok(()),
            () = over => Err(Error::LockTimeout),
            () = inner.runtime.sleep(lasts) => Ok(()),
        }
    }
}
