//! Lookup: finds a key, or makes the caller its one loader, or waits for the
//! loader.

use std::time::Duration;

use bytes::Bytes;

use crate::cache::Session;
use crate::entry::{Entry, Envelope};
use crate::error::Error;
use crate::key::{Key, Tag};
use crate::lease::{Lease, LeaseGuard, Purpose};
use crate::refresh::{Freshness, freshness};
use crate::single_flight::{HeldLease, Leader, Observation, Role};
use crate::store::{Cas, CasToken, Change, Found, Slot, Update};

/// The result of [`Session::lookup`].
#[derive(Debug)]
pub enum Lookup {
    /// A fresh entry.
    Hit(Bytes),
    /// An entry past its fresh time, or close enough to it that this caller was
    /// chosen to refresh it early.
    Stale {
        /// The value as it was stored.
        value: Bytes,
        /// The right to refresh it, unless another caller has it.
        refresh: Option<Lease>,
    },
    /// No entry. This caller is the one to load it.
    Miss(Lease),
}

/// The result of a leader's read.
enum Outcome {
    Hit(Entry),
    Stale(Entry, Option<Lease>),
    Lease(Lease),
    Held(Observation),
}

impl Outcome {
    /// What the followers share of it.
    fn observation(&self) -> Observation {
        match self {
            Self::Hit(entry) => Observation::Hit(entry.clone()),
            Self::Stale(entry, _) => Observation::Stale(entry.clone()),
            Self::Lease(_) => Observation::LeaseTaken,
            Self::Held(held) => held.clone(),
        }
    }
}

impl Session {
    /// Finds `key`, or makes this caller its one loader in the whole fleet, or
    /// waits for the loader: at most `max_wait`, and at most the policy's
    /// longest wait.
    ///
    /// `tags` are those that the entry will be stored with, as far as known.
    ///
    /// # Errors
    /// [`Error::LockTimeout`] after the wait; [`Error::LeaseHeld`] at once if
    /// this session is the loader that it would wait for; [`Error::Denied`] if
    /// there is no entry and the session may not write.
    pub async fn lookup(
        &self,
        key: &str,
        tags: &[String],
        max_wait: Option<Duration>,
    ) -> Result<Lookup, Error> {
        let limits = &self.inner().policy.limits;
        let key = limits.key(key)?;
        let tags = limits.tags(tags)?;
        let found = self.read_or_wait(&key, &tags, max_wait).await;
        let metrics = &self.inner().metrics;
        match found {
            Ok(Lookup::Miss(_)) => metrics.misses.add(1),
            Ok(_) => metrics.hits.add(1),
            Err(error) if self.failure_is_a_miss(&error) => {
                self.may_write()?;
                metrics.misses.add(1);
                return Ok(Lookup::Miss(Lease::detached()));
            }
            Err(_) => {}
        }
        found
    }

    /// Begins a write to the origin: removes `key` and takes its lease, even from
    /// another holder. Until the lease is committed or dropped, readers miss and
    /// lookups wait.
    pub async fn begin_write(&self, key: &str, tags: &[String]) -> Result<Lease, Error> {
        self.may_write()?;
        let limits = &self.inner().policy.limits;
        let key = limits.key(key)?;
        let tags = limits.tags(tags)?;
        let inner = self.inner();
        let epochs = self.capture(&tags).await?;
        let guard = LeaseGuard::about_to_take(self, &key, Purpose::Write, epochs)?;
        let marked = [(key.clone(), guard.marker())];
        let keys = std::slice::from_ref(&key);
        let put = inner.step("take a lease", keys, inner.store.put(&marked));
        let (mark, ()) = tokio::try_join!(inner.eviction_mark(), put)?;
        Ok(guard.taken(mark))
    }

    async fn read_or_wait(
        &self,
        key: &Key,
        tags: &[Tag],
        max_wait: Option<Duration>,
    ) -> Result<Lookup, Error> {
        let flight = self.inner().flights.join(key);
        let mut budget = WaitBudget::new(self, max_wait);
        loop {
            let now = || self.inner().runtime.monotonic();
            let observed = match flight.role(now, |holder| self.held.contains(holder)).await {
                Role::Follower(observed) => observed,
                Role::Leader(leader) => match self.lead(leader, key, tags).await? {
                    Outcome::Hit(entry) => return Ok(Lookup::Hit(entry.value)),
                    Outcome::Stale(entry, refresh) => {
                        return Ok(Lookup::Stale { value: entry.value, refresh });
                    }
                    Outcome::Lease(lease) => return Ok(Lookup::Miss(lease)),
                    Outcome::Held(held) => held,
                },
            };
            match observed {
                Observation::Hit(entry) => return Ok(Lookup::Hit(entry.value)),
                Observation::Stale(entry) => {
                    return Ok(Lookup::Stale { value: entry.value, refresh: None });
                }
                Observation::Failed(error) => return Err(error),
                Observation::LeaseHeld(held) if self.held.contains(held.holder) => {
                    return Err(Error::LeaseHeld);
                }
                Observation::LeaseHeld(held) => budget.wait(&held).await?,
                // It is never shared: the next read finds what the key holds.
                Observation::LeaseTaken => {}
            }
        }
    }

    async fn lead(&self, leader: Leader<'_>, key: &Key, tags: &[Tag]) -> Result<Outcome, Error> {
        let outcome = self.read_until_clear(key, tags, &leader).await;
        match &outcome {
            Ok(outcome) => leader.publish(outcome.observation()),
            // The queued followers would only fail one by one. An error that is
            // this caller's own fault is not shared.
            Err(error @ (Error::Unavailable | Error::OperationFailed)) => {
                leader.publish(Observation::Failed(error.clone()));
            }
            Err(_) => {}
        }
        outcome
    }

    /// Reads the key until it is clear who loads it. Each iteration but the first
    /// means that another caller made progress.
    async fn read_until_clear(
        &self,
        key: &Key,
        tags: &[Tag],
        leader: &Leader<'_>,
    ) -> Result<Outcome, Error> {
        let inner = self.inner();
        let mut watch = leader.lease_taken;
        let mut known = None;
        loop {
            let (found, change): (Found, Option<Change>) = match known.take() {
                Some(found) => (found, None),
                None if watch => {
                    let keys = std::slice::from_ref(key);
                    let (found, change) = inner.step("watch", keys, inner.store.watch(key)).await?;
                    (found, Some(change))
                }
                None => (self.found(key).await?, None),
            };
            let expected = match found {
                Found::Envelope { envelope: Envelope::Entry(entry), alive: true } => {
                    return self.serve(key, tags, entry).await;
                }
                Found::Envelope { envelope: Envelope::Lease(marker), alive: true } => {
                    // Only a watched read can be waited on.
                    let Some(change) = change else {
                        watch = true;
                        continue;
                    };
                    return Ok(Outcome::Held(Observation::LeaseHeld(leader.held(HeldLease {
                        holder: marker.id,
                        // It was read before now, so it ends by what follows from this.
                        read_at: inner.runtime.monotonic(),
                        lasts: marker.lasts,
                        change,
                        false_alarms: 0,
                    }))));
                }
                Found::Nothing => None,
                Found::Envelope { envelope, alive: false } => Some(envelope.cas_token()),
                Found::Foreign(token) => {
                    tracing::warn!(?key, ?token, "a corrupt or foreign entry is a miss");
                    Some(token)
                }
            };
            match self.take(key, tags, expected.as_ref()).await? {
                Ok(lease) => return Ok(Outcome::Lease(lease)),
                Err(Some(found)) => known = Some(found),
                Err(None) => {}
            }
        }
    }

    /// Takes the lease of a key that holds nothing alive. If another caller was
    /// faster, returns what the key holds, as far as known.
    async fn take(
        &self,
        key: &Key,
        tags: &[Tag],
        expected: Option<&CasToken>,
    ) -> Result<Result<Lease, Option<Found>>, Error> {
        self.may_write()?;
        let inner = self.inner();
        let epochs = self.capture(tags).await?;
        let guard = LeaseGuard::about_to_take(self, key, Purpose::Load, epochs)?;
        let marker = guard.marker();
        let (mark, taken) = tokio::try_join!(
            inner.eviction_mark(),
            inner.compare_and_set("take a lease", Slot::Entry(key), expected, Update::Put(&marker))
        )?;
        let found = match taken {
            Cas::Done => return Ok(Ok(guard.taken(mark))),
            Cas::Occupied(found) => Some(found),
            Cas::Changed => None,
        };
        guard.not_taken();
        Ok(Err(found))
    }

    /// Serves an entry that is alive: fresh, or stale and perhaps with the right
    /// to refresh it.
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

    /// Tries to become the one caller that refreshes `entry`. A caller that has
    /// no leases left still gets the value.
    async fn refresh(
        &self,
        key: &Key,
        tags: &[Tag],
        entry: &Entry,
    ) -> Result<Option<Lease>, Error> {
        let inner = self.inner();
        let now = inner.runtime.monotonic();
        if !self.grants.write || inner.refreshes.known(key, entry.id, now) {
            return Ok(None);
        }
        let epochs = self.capture(&entry.epochs.tags_with(tags)).await?;
        let refreshed = Envelope::Entry(entry.clone()).cas_token();
        let purpose = Purpose::Refresh(refreshed);
        let Ok(guard) = LeaseGuard::about_to_take(self, key, purpose, epochs) else {
            return Ok(None);
        };
        let lease = inner.policy.lease;
        let marker = guard.marker();
        let (mark, elected) = tokio::try_join!(
            inner.eviction_mark(),
            inner.elect(Slot::Refresh(key), &marker, false)
        )?;
        // A caller elected in another process may give up at any time.
        let known_for = if elected { lease } else { lease / 50 };
        inner.refreshes.note(key, entry.id, now, now.saturating_add(known_for));
        if elected {
            return Ok(Some(guard.taken(mark)));
        }
        guard.not_taken();
        Ok(None)
    }
}

/// How much longer a caller waits.
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

    /// Waits until the key may have changed or the lease may have ended.
    async fn wait(&mut self, held: &HeldLease) -> Result<(), Error> {
        if self.limit.is_zero() {
            return Err(Error::LockTimeout);
        }
        let inner = self.session.inner();
        let lasts = held.lasts_for(inner.runtime.monotonic());
        let changed = async {
            held.change.wait().await;
            let pause = held.pauses_for(inner.runtime.monotonic());
            if !pause.is_zero() {
                inner.runtime.sleep(pause).await;
            }
        };
        let over = self.over.get_or_insert_with(|| {
            inner.metrics.stampede_waits.add(1);
            inner.runtime.sleep(self.limit)
        });
        tokio::select! {
            biased;
            () = changed => Ok(()),
            () = over => Err(Error::LockTimeout),
            () = inner.runtime.sleep(lasts) => Ok(()),
        }
    }
}
