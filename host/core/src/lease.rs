//! Leases: the right of one caller in the fleet to fill one key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::SetOnce;

use crate::cache::{Cache, Session};
use crate::entry::{Envelope, Epochs, Id, Marker, Pause, Paused};
use crate::error::Error;
use crate::held::{HeldLease, HeldLeases};
use crate::key::{Key, Tag};
use crate::limits::{CheckedOptions, EntryOptions};
use crate::policy::Policy;
use crate::store::{CasToken, EvictionMark, Slot, Update};

/// The right, and the duty, to fill one key.
///
/// A lease is renewed for as long as it exists. Dropping it before it was concluded
/// gives it up: one command is sent in the background, and a waiting caller
/// takes over.
#[derive(Debug)]
pub struct Lease {
    /// `None` once the lease is spent.
    guard: Option<LeaseGuard>,
}

/// How the holder of a [`Lease`] concludes it.
#[derive(Clone, Debug)]
pub enum Conclusion {
    /// Stores the loaded value and wakes the callers that wait for it.
    Commit(Bytes, EntryOptions),
    /// Stores no value, and says that the next ones will not be stored either: for
    /// this long, nobody waits for a load of the key. An entry that was being
    /// refreshed is removed.
    Pass(Duration),
    /// The load failed, and is not to be repeated for this long, or for the policy's
    /// longest. An entry that was being refreshed is served meanwhile.
    Fail(Duration),
    /// Gives the lease up, as a drop does. What its holder does next finds the key
    /// free, and is not undone.
    Release,
}

impl Lease {
    pub(crate) fn new(guard: LeaseGuard) -> Self {
        Self { guard: Some(guard) }
    }

    /// A lease of nothing, for a load while the store is not reachable.
    pub(crate) fn detached() -> Self {
        Self { guard: None }
    }

    /// Begins to conclude the lease, and spends it. The future returns false if
    /// something removed or replaced the key since the load began: then nothing is
    /// stored. It gives the lease up if it fails or is dropped.
    ///
    /// Of a spent lease, the future returns false. It does not borrow the lease, so
    /// that a host can await it while others use its table of leases.
    ///
    /// A lease of [`begin_write`](Session::begin_write) can only be committed. It is
    /// given up otherwise, and the future returns false.
    ///
    /// # Errors
    /// [`Error::ValueTooLarge`], [`Error::InvalidTtl`] or [`Error::InvalidKey`] at once:
    /// then nothing is spent.
    pub fn conclude(
        &mut self,
        conclusion: Conclusion,
    ) -> Result<impl Future<Output = Result<bool, Error>> + Send + use<>, Error> {
        let checked = match (&self.guard, conclusion) {
            (None, _) => None,
            (Some(guard), conclusion) => Some(guard.check(conclusion)?),
        };
        let guard = self.guard.take();
        Ok(async move {
            match (guard, checked) {
                // If this future is dropped half-way, so is the guard.
                (Some(guard), Some(checked)) => guard.conclude(checked).await,
                _ => Ok(false),
            }
        })
    }

    /// [`Conclusion::Commit`].
    pub async fn commit(&mut self, value: Bytes, options: &EntryOptions) -> Result<bool, Error> {
        self.conclude(Conclusion::Commit(value, options.clone()))?.await
    }

    /// [`Conclusion::Pass`].
    pub async fn pass(&mut self, duration: Duration) -> Result<bool, Error> {
        self.conclude(Conclusion::Pass(duration))?.await
    }

    /// [`Conclusion::Fail`].
    pub async fn fail(&mut self, retry_after: Duration) -> Result<bool, Error> {
        self.conclude(Conclusion::Fail(retry_after))?.await
    }

    /// [`Conclusion::Release`].
    pub async fn release(mut self) -> Result<(), Error> {
        self.conclude(Conclusion::Release)?.await.map(drop)
    }
}

/// What a lease is for. It decides what the end of the lease leaves behind.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// To load a missing entry.
    Load,
    /// To write to the origin. If the commit is refused or never comes, the key
    /// is removed whatever it holds: another writer, or a load during an expired
    /// lease, may have stored what the origin no longer holds.
    Write,
    /// To refresh the entry with this identity and token, which is served until then.
    Refresh(Id, CasToken),
}

/// A [`Conclusion`] within the limits.
enum Checked {
    Commit(Bytes, CheckedOptions),
    Pause(Paused, Duration),
    Release,
}

/// A lease that is not spent. Dropping it gives it up.
pub(crate) struct LeaseGuard {
    cache: Cache,
    session: Arc<HeldLeases>,
    lease: Arc<HeldLease>,
    purpose: Purpose,
    mark: EvictionMark,
    /// When it was about to be taken, by the monotonic clock.
    began: Duration,
    /// Completes when renewal is to stop.
    done: Arc<SetOnce<()>>,
    /// False once there is nothing to give up.
    armed: bool,
}

impl fmt::Debug for LeaseGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseGuard")
            .field("key", &self.lease.key)
            .field("id", &self.lease.marker.id)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl LeaseGuard {
    /// A lease that is about to be taken. It counts as held from now on, so that
    /// a caller that is dropped while taking it leaves nothing behind.
    pub(crate) fn about_to_take(
        session: &Session,
        key: &Key,
        purpose: Purpose,
        epochs: Epochs,
    ) -> Result<Self, Error> {
        let inner = session.inner();
        let lease = Arc::new(HeldLease {
            caller: session.caller,
            key: key.clone(),
            refresh: matches!(purpose, Purpose::Refresh(..)),
            marker: Marker {
                id: Id::random(&*inner.runtime),
                taken_at: inner.runtime.now(),
                lasts: inner.policy.lease,
                epochs,
                awaits: None,
            },
        });
        session.held.add(lease.clone(), session.grants.leases)?;
        Ok(Self {
            cache: session.cache.clone(),
            session: session.held.clone(),
            lease,
            purpose,
            mark: None,
            began: inner.runtime.monotonic(),
            done: Arc::default(),
            armed: true,
        })
    }

    /// What the store keeps for the lease.
    pub(crate) fn marker(&self) -> Envelope {
        self.lease.envelope()
    }

    /// The lease was taken while `mark` stood: keeps it alive.
    pub(crate) fn taken(mut self, mark: EvictionMark) -> Lease {
        self.mark = mark;
        self.keep_alive();
        Lease::new(self)
    }

    /// The lease was not taken: there is nothing to give up.
    pub(crate) fn not_taken(mut self) {
        self.armed = false;
    }

    fn keep_alive(&self) {
        let Policy { lease: lasts, longest_load, .. } = self.cache.inner.policy;
        let (lease, done) = (self.lease.clone(), self.done.clone());
        let token = self.marker().cas_token();
        let inner = self.cache.inner.clone();
        let pause = (lasts / 3).max(Duration::from_millis(1));
        // By the clock, because sleeps run late on a busy machine.
        let ends = self.began.saturating_add(longest_load);
        self.cache.inner.runtime.spawn(Box::pin(async move {
            while inner.runtime.monotonic() < ends {
                tokio::select! {
                    &() = done.wait() => return,
                    () = inner.runtime.sleep(pause) => {}
                }
                let (slot, extend) = (lease.slot(), Update::Extend(lasts));
                let renewed = inner.compare_and_set("renew a lease", slot, Some(&token), extend);
                // After a failure, the store may be back before the lease ends.
                if renewed.await.is_ok_and(|renewed| !renewed.is_done()) {
                    return;
                }
            }
            tracing::warn!(key = ?lease.key, ?longest_load, "a lease is no longer renewed");
        }));
    }

    /// Checks a conclusion against the limits.
    fn check(&self, conclusion: Conclusion) -> Result<Checked, Error> {
        let Policy { limits, longest_retry, .. } = &self.cache.inner.policy;
        Ok(match conclusion {
            Conclusion::Commit(value, options) => {
                limits.value(&value)?;
                Checked::Commit(value, limits.options(&options)?)
            }
            Conclusion::Pass(duration) => {
                Checked::Pause(Paused::Storing, limits.span("pass", duration)?)
            }
            Conclusion::Fail(retry_after) => {
                let lasts = limits.span("pause", retry_after.min(*longest_retry))?;
                Checked::Pause(self.failed(), lasts)
            }
            Conclusion::Release => Checked::Release,
        })
    }

    /// What a failure of the load pauses.
    fn failed(&self) -> Paused {
        match &self.purpose {
            Purpose::Load | Purpose::Write => Paused::Loading,
            Purpose::Refresh(entry, _) => Paused::Refreshing(*entry),
        }
    }

    async fn conclude(mut self, conclusion: Checked) -> Result<bool, Error> {
        let (stored, nothing_left) = match (conclusion, &self.purpose) {
            (Checked::Commit(value, options), _) => {
                let stored = self.store(&options, |guard, epochs| {
                    let inner = &guard.cache.inner;
                    let spent = inner.runtime.monotonic().saturating_sub(guard.began);
                    Envelope::Entry(inner.entry(value, &options, epochs, spent))
                });
                let stored = stored.await?;
                if stored == Some(true) {
                    self.cache.inner.metrics.writes.add(1);
                }
                (stored, self.leaves_nothing(stored))
            }
            (Checked::Release, _) | (Checked::Pause(..), Purpose::Write) => (None, false),
            (Checked::Pause(paused @ Paused::Refreshing(entry), lasts), _) => {
                let stored = self.pause_refreshing(paused, lasts).await?;
                if stored {
                    self.refreshed_not_before(entry, lasts);
                }
                (Some(stored), true)
            }
            (Checked::Pause(paused, lasts), _) => {
                // It depends on what the load depended on.
                let tags: Vec<Tag> =
                    self.lease.marker.epochs.tags.iter().map(|(tag, _)| tag.clone()).collect();
                let options = CheckedOptions { ttl: Some(lasts), fresh_for: None, tags };
                let stored = self.store(&options, |guard, epochs| {
                    Envelope::Pause(guard.pause(paused, lasts, epochs))
                });
                let stored = stored.await?;
                (stored, self.leaves_nothing(stored))
            }
        };
        let stored = stored == Some(true);
        if !nothing_left && let Err(error) = self.release().await {
            // What was stored is stored: its election ends by its time limit.
            if !stored {
                return Err(error);
            }
        }
        self.armed = false;
        Ok(stored)
    }

    /// Whether the end of the lease has nothing to free after this outcome of
    /// [`store`](Self::store).
    fn leaves_nothing(&self, stored: Option<bool>) -> bool {
        match self.purpose {
            // What was stored replaced the marker, or the marker was gone already.
            Purpose::Load => stored.is_some(),
            Purpose::Write => stored == Some(true),
            Purpose::Refresh(..) => false,
        }
    }

    fn pause(&self, paused: Paused, lasts: Duration, epochs: Epochs) -> Pause {
        let runtime = &*self.cache.inner.runtime;
        Pause { id: Id::random(runtime), since: runtime.now(), lasts, epochs, paused }
    }

    /// Replaces the marker of a refresh.
    async fn pause_refreshing(&self, paused: Paused, lasts: Duration) -> Result<bool, Error> {
        let inner = &self.cache.inner;
        let pause = self.pause(paused, lasts, self.lease.marker.epochs.clone());
        let (token, pause) = (self.marker().cas_token(), Envelope::Pause(pause));
        let put = Update::Put(&pause);
        let replaced =
            inner.compare_and_set("pause refreshes", self.lease.slot(), Some(&token), put).await?;
        Ok(replaced.is_done())
    }

    fn refreshed_not_before(&self, entry: Id, lasts: Duration) {
        let inner = &self.cache.inner;
        let now = inner.runtime.monotonic();
        inner.refreshes.note(&self.lease.key, entry, now, now.saturating_add(lasts));
    }

    /// Stores an envelope if the key still holds what the lease fences: its marker
    /// or, for a refresh, the entry that it refreshes. `None` if epochs changed, so
    /// that this was not tried.
    async fn store(
        &self,
        options: &CheckedOptions,
        envelope: impl FnOnce(&Self, Epochs) -> Envelope,
    ) -> Result<Option<bool>, Error> {
        let Some(epochs) = self.epochs_to_commit(options).await? else { return Ok(None) };
        let envelope = envelope(self, epochs);
        let expected = match &self.purpose {
            Purpose::Refresh(_, refreshed) => refreshed.clone(),
            Purpose::Load | Purpose::Write => self.marker().cas_token(),
        };
        let (slot, put) = (Slot::Entry(&self.lease.key), Update::Put(&envelope));
        let inner = &self.cache.inner;
        let stored = inner.compare_and_set("commit", slot, Some(&expected), put).await?;
        Ok(Some(stored.is_done()))
    }

    /// The epochs of the entry to commit: those captured before the load, and of
    /// tags that only the commit names. `None` if any was replaced since the
    /// load began, or that cannot be told.
    async fn epochs_to_commit(&self, options: &CheckedOptions) -> Result<Option<Epochs>, Error> {
        let inner = &self.cache.inner;
        let captured = &self.lease.marker.epochs;
        let tags = captured.tags_with(&options.tags);
        let now = inner.capture(&tags, options.ttl).await?;
        let before = |tag| captured.tags.iter().find(|(known, _)| known == tag);
        let mut all_current = now.everything == captured.everything;
        // Tags that only the lookup named, or only the commit does.
        let mut any_changed = false;
        for (tag, epoch) in &now.tags {
            let captured = before(tag);
            any_changed |= captured.is_none() || !options.tags.contains(tag);
            all_current &= captured.is_none_or(|(_, captured)| captured == epoch);
        }
        // The epochs captured now may lag behind an eviction. That is harmless
        // where they are stored with the entry, which is dead then. But the
        // epoch of a tag that the commit no longer names is not stored, and a
        // tag that it names for the first time has no epoch from before. An
        // eviction replaces the mark before the epochs, and this reads the mark,
        // which never lags, after them: if it stands, so did those tags.
        if all_current && any_changed {
            all_current = self.mark.is_some() && inner.eviction_mark().await? == self.mark;
        }
        // Tags of the lookup that the commit no longer names are not stored.
        let named = now.tags.into_iter().filter(|(tag, _)| options.tags.contains(tag)).collect();
        Ok(all_current.then_some(Epochs { everything: now.everything, tags: named }))
    }

    /// Frees what the end of the lease leaves, whatever it was concluded with.
    fn release(&self) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let inner = self.cache.inner.clone();
        let (lease, purpose) = (self.lease.clone(), self.purpose.clone());
        async move {
            match purpose {
                Purpose::Write => {
                    inner.remove(std::slice::from_ref(&lease.key)).await?;
                }
                Purpose::Load | Purpose::Refresh(..) => {
                    let (slot, token) = (lease.slot(), lease.envelope().cas_token());
                    let remove = Update::Remove;
                    inner.compare_and_set("give up a lease", slot, Some(&token), remove).await?;
                }
            }
            if matches!(purpose, Purpose::Refresh(..)) {
                inner.refreshes.forget(&lease.key);
            }
            Ok(())
        }
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        let _ = self.done.set(());
        self.session.remove(self.lease.marker.id);
        if self.armed {
            let release = self.release();
            self.cache.inner.runtime.spawn(Box::pin(async move {
                // If it fails, the lease ends by its time limit.
                let _ = release.await;
            }));
        }
    }
}
