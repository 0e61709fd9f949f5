//! Lookup: finds a key, or makes the caller its one loader, or waits for the
//! loader.

use std::time::Duration;

use bytes::Bytes;

use crate::cache::Session;
use crate::entry::{Entry, Envelope, Paused};
use crate::error::Error;
use crate::key::{Key, Tag};
use crate::lease::{Lease, LeaseGuard, Purpose};
use crate::refresh::{Freshness, freshness};
use crate::single_flight::{HeldLease, Leader, Observation, Role, Stale};
use crate::store::{Cas, CasToken, Change, Found, Slot, Update};
use crate::wait::{Wait, Waited};

/// What a caller knows before it looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookupOptions {
    /// The tags that the entry will be stored with, as far as known.
    pub tags: Vec<String>,
    /// How long to wait for another caller's load. `None`: the policy's longest
    /// wait, which is also the longest.
    pub max_wait: Option<Duration>,
    /// An entry of this version will not do: it cannot be decoded, or it was found to
    /// be wrong. One caller is elected to refresh it, callers with the same version
    /// wait for that, and all others go on reading the entry.
    pub unless: Option<u64>,
    /// Whether the store has to be asked. Every lookup asks it today.
    pub strict: bool,
}

/// An entry that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The value as it was stored.
    pub value: Bytes,
    /// Identifies the entry among all that its key ever held. Below 2^53.
    pub version: u64,
    /// How long ago it was stored, by the wall clock.
    pub age: Duration,
}

/// The result of [`Session::lookup`].
#[derive(Debug)]
pub enum Lookup {
    /// A fresh entry.
    Hit(Hit),
    /// An entry that should be loaded anew: it is past its fresh time, or this caller
    /// was chosen to refresh it early, or it is the one that `unless` named.
    Stale {
        /// The entry, which may be served meanwhile.
        entry: Hit,
        /// Whether it is still fresh.
        fresh: bool,
        /// The right to refresh it. `None`: another caller has it, or the last
        /// refresh failed and is not to be repeated yet.
        refresh: Option<Lease>,
    },
    /// No entry. This caller is the one to load it.
    Miss(Lease),
    /// No entry. This caller loads for itself, without a lease: loads of the key are
    /// not to be stored for now, or waiting for its loader would never end.
    Pass,
}

/// The result of a leader's read.
enum Outcome {
    /// What the followers share, too.
    Shared(Observation),
    /// The right to refresh an entry.
    Refresh(Stale, Lease),
    Lease(Lease),
}

/// A key that is being looked up.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    key: &'a Key,
    tags: &'a [Tag],
    unless: Option<u64>,
}

impl Session {
    /// Finds `key`, or makes this caller its one loader in the whole fleet, or
    /// waits for the loader.
    ///
    /// # Errors
    /// [`Error::LockTimeout`] after the wait; [`Error::LeaseHeld`] at once if
    /// this caller is the loader that it would wait for; [`Error::LoadFailed`] if the
    /// last load failed and is not to be repeated yet; [`Error::Denied`] if
    /// there is no entry and the session may not write.
    pub async fn lookup(&self, key: &str, options: &LookupOptions) -> Result<Lookup, Error> {
        let limits = &self.inner().policy.limits;
        let key = limits.key(key)?;
        let tags = limits.tags(&options.tags)?;
        let wanted = Wanted { key: &key, tags: &tags, unless: options.unless };
        let mut wait = Wait::new(self, &key, options.max_wait);
        let found = self.read_or_wait(wanted, &mut wait).await;
        wait.end().await;
        let metrics = &self.inner().metrics;
        match &found {
            Ok(Lookup::Miss(_) | Lookup::Pass) => metrics.misses.add(1),
            Ok(Lookup::Stale { entry, .. }) if options.unless == Some(entry.version) => {
                metrics.misses.add(1);
                metrics.rejections.add(1);
            }
            Ok(Lookup::Hit(_) | Lookup::Stale { .. }) => metrics.hits.add(1),
            Err(error) if self.failure_is_a_miss(error) => {
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

    async fn read_or_wait(&self, wanted: Wanted<'_>, wait: &mut Wait<'_>) -> Result<Lookup, Error> {
        let flight = self.inner().flights.join(wanted.key, wanted.unless);
        let is_own = |holder| self.held.holds(self.caller, holder);
        loop {
            let now = || self.inner().runtime.monotonic();
            let observed = match flight.role(now, is_own).await {
                Role::Follower(observed) => observed,
                Role::Leader(leader) => match self.lead(leader, wanted).await? {
                    Outcome::Shared(observed) => observed,
                    Outcome::Refresh(stale, lease) => return Ok(self.stale(stale, Some(lease))),
                    Outcome::Lease(lease) => return Ok(Lookup::Miss(lease)),
                },
            };
            match observed {
                Observation::Hit(entry) => return Ok(Lookup::Hit(self.hit(entry))),
                Observation::Stale(stale) => return Ok(self.stale(stale, None)),
                Observation::Pass => return Ok(Lookup::Pass),
                Observation::LoadFailed(left) => return Err(Error::LoadFailed(left)),
                Observation::Failed(error) => return Err(error),
                Observation::LeaseHeld(held) if is_own(held.holder) => {
                    return Err(Error::LeaseHeld);
                }
                Observation::LeaseHeld(held) => {
                    if wait.for_lease(&held).await? == Waited::Circle {
                        return Ok(Lookup::Pass);
                    }
                }
                // It is never shared: the next read finds what the key holds.
                Observation::LeaseTaken => {}
            }
        }
    }

    fn hit(&self, entry: Entry) -> Hit {
        let age = entry.age(self.inner().runtime.now());
        Hit { version: entry.id.version(), age, value: entry.value }
    }

    fn stale(&self, stale: Stale, refresh: Option<Lease>) -> Lookup {
        Lookup::Stale { entry: self.hit(stale.entry), fresh: stale.fresh, refresh }
    }

    async fn lead(&self, leader: Leader<'_>, wanted: Wanted<'_>) -> Result<Outcome, Error> {
        let outcome = self.read_until_clear(wanted, &leader).await;
        match &outcome {
            Ok(Outcome::Shared(observed)) => leader.publish(observed.clone()),
            Ok(Outcome::Refresh(stale, _)) if !wanted.will_not_do(&stale.entry) => {
                leader.publish(Observation::Stale(stale.clone()));
            }
            Ok(Outcome::Refresh(..) | Outcome::Lease(_)) => leader.publish(Observation::LeaseTaken),
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
        wanted: Wanted<'_>,
        leader: &Leader<'_>,
    ) -> Result<Outcome, Error> {
        let key = wanted.key;
        let mut watch = leader.lease_taken;
        let mut known = None;
        loop {
            let (found, change): (Found, Option<Change>) = match known.take() {
                Some(found) => (found, None),
                None if watch => {
                    let (found, change) = self.inner().watch(Slot::Entry(key)).await?;
                    (found, Some(change))
                }
                None => (self.found(key).await?, None),
            };
            let expected = match found {
                Found::Envelope { envelope: Envelope::Entry(entry), alive: true } => {
                    if !wanted.will_not_do(&entry) {
                        return self.serve(wanted, entry).await;
                    }
                    let Some(change) = change else {
                        watch = true;
                        continue;
                    };
                    // Boxed, because it is rare and would make every lookup's future larger.
                    match Box::pin(self.replace(wanted, entry, change, leader)).await? {
                        Some(outcome) => return Ok(outcome),
                        None => continue,
                    }
                }
                Found::Envelope { envelope: Envelope::Lease(marker), alive: true } => {
                    // Only a watched read can be waited on.
                    let Some(change) = change else {
                        watch = true;
                        continue;
                    };
                    return Ok(Outcome::Shared(Observation::LeaseHeld(leader.held(HeldLease {
                        holder: marker.id,
                        refresh: false,
                        // It was read before now, so it ends by what follows from this.
                        read_at: self.inner().runtime.monotonic(),
                        lasts: marker.lasts,
                        change,
                        entry_change: None,
                        false_alarms: 0,
                    }))));
                }
                Found::Envelope { envelope: Envelope::Pause(pause), alive: true } => {
                    let left = pause.lasts_for(self.inner().runtime.now());
                    return Ok(Outcome::Shared(match pause.paused {
                        Paused::Storing => Observation::Pass,
                        Paused::Loading | Paused::Refreshing(_) => Observation::LoadFailed(left),
                    }));
                }
                Found::OtherVersion => return Ok(Outcome::Shared(Observation::Pass)),
                Found::Nothing => None,
                Found::Envelope { envelope, alive: false } => Some(envelope.cas_token()),
                Found::Foreign(token) => {
                    tracing::warn!(?key, ?token, "a corrupt or foreign entry is a miss");
                    Some(token)
                }
            };
            match self.take(wanted, expected.as_ref()).await? {
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
        wanted: Wanted<'_>,
        expected: Option<&CasToken>,
    ) -> Result<Result<Lease, Option<Found>>, Error> {
        self.may_write()?;
        let (inner, key) = (self.inner(), wanted.key);
        let epochs = self.capture(wanted.tags).await?;
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
    async fn serve(&self, wanted: Wanted<'_>, entry: Entry) -> Result<Outcome, Error> {
        let inner = self.inner();
        let freshness = freshness(&entry, inner.policy.early_refresh, &*inner.runtime);
        if freshness == Freshness::Fresh {
            return Ok(Outcome::Shared(Observation::Hit(entry)));
        }
        let now = inner.runtime.monotonic();
        let refresh = if !self.grants.write || inner.refreshes.known(wanted.key, entry.id, now) {
            None
        } else {
            // A caller that has no leases left still gets the value.
            match Box::pin(self.refresh(wanted, &entry)).await {
                Ok(refresh) => refresh,
                Err(Error::QuotaExceeded(_)) => None,
                Err(error) => return Err(error),
            }
        };
        let fresh = freshness == Freshness::Early;
        Ok(match refresh {
            Some(lease) => Outcome::Refresh(Stale { entry, fresh }, lease),
            None if fresh => Outcome::Shared(Observation::Hit(entry)),
            None => Outcome::Shared(Observation::Stale(Stale { entry, fresh })),
        })
    }

    /// Makes this caller replace an entry that will not do, or finds who does. `None`
    /// if that has just ended.
    async fn replace(
        &self,
        wanted: Wanted<'_>,
        entry: Entry,
        entry_change: Change,
        leader: &Leader<'_>,
    ) -> Result<Option<Outcome>, Error> {
        self.may_write()?;
        if let Some(lease) = self.refresh(wanted, &entry).await? {
            let inner = self.inner();
            let fresh = freshness(&entry, 0.0, &*inner.runtime) == Freshness::Fresh;
            return Ok(Some(Outcome::Refresh(Stale { entry, fresh }, lease)));
        }
        let (found, change) = self.inner().watch(Slot::Refresh(wanted.key)).await?;
        let now = self.inner().runtime.now();
        Ok(match found {
            // Even one whose epochs ended stands until its holder is done.
            Found::Envelope { envelope: Envelope::Lease(marker), .. } => {
                Some(Outcome::Shared(Observation::LeaseHeld(leader.held(HeldLease {
                    holder: marker.id,
                    refresh: true,
                    read_at: self.inner().runtime.monotonic(),
                    lasts: marker.lasts,
                    change,
                    entry_change: Some(entry_change),
                    false_alarms: 0,
                }))))
            }
            Found::Envelope { envelope: Envelope::Pause(pause), .. }
                if pause.paused == Paused::Refreshing(entry.id) =>
            {
                let left = pause.lasts_for(now);
                Some(Outcome::Shared(Observation::LoadFailed(left)))
            }
            Found::OtherVersion => Some(Outcome::Shared(Observation::Pass)),
            _ => None,
        })
    }

    /// Tries to become the one caller that refreshes `entry`.
    async fn refresh(&self, wanted: Wanted<'_>, entry: &Entry) -> Result<Option<Lease>, Error> {
        let (inner, key) = (self.inner(), wanted.key);
        let now = inner.runtime.monotonic();
        let epochs = self.capture(&entry.epochs.tags_with(wanted.tags)).await?;
        let refreshed = Envelope::Entry(entry.clone()).cas_token();
        let purpose = Purpose::Refresh(entry.id, refreshed);
        let guard = LeaseGuard::about_to_take(self, key, purpose, epochs)?;
        let marker = guard.marker();
        // A pause belongs to one entry.
        let replaces = |envelope: &Envelope| match envelope {
            Envelope::Pause(pause) => pause.paused != Paused::Refreshing(entry.id),
            Envelope::Entry(_) | Envelope::Lease(_) => false,
        };
        let (mark, elected) = tokio::try_join!(
            inner.eviction_mark(),
            inner.elect(Slot::Refresh(key), &marker, replaces)
        )?;
        let known_for = match &elected {
            Cas::Done => inner.policy.lease,
            Cas::Occupied(Found::Envelope { envelope: Envelope::Pause(pause), .. }) => {
                pause.lasts_for(inner.runtime.now())
            }
            // A caller elected in another process may give up at any time.
            _ => inner.policy.lease / 50,
        };
        inner.refreshes.note(key, entry.id, now, now.saturating_add(known_for));
        if elected.is_done() {
            return Ok(Some(guard.taken(mark)));
        }
        guard.not_taken();
        Ok(None)
    }
}

impl Wanted<'_> {
    fn will_not_do(&self, entry: &Entry) -> bool {
        self.unless == Some(entry.id.version())
    }
}
