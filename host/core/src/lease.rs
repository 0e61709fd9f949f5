//! Leases: the right of one caller in the fleet to fill one key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::SetOnce;

use crate::cache::{Cache, HeldLeases, Session};
use crate::entry::{Envelope, Epochs, Id, Marker};
use crate::error::Error;
use crate::key::Key;
use crate::limits::{CheckedOptions, EntryOptions};
use crate::policy::Policy;
use crate::store::{CasToken, EvictionMark, Slot, Update};

/// The right, and the duty, to fill one key.
///
/// A lease is renewed for as long as it exists. Dropping it without a commit
/// gives it up: one command is sent in the background, and a waiting caller
/// takes over.
#[derive(Debug)]
pub struct Lease {
    /// `None` once the lease is spent.
    guard: Option<LeaseGuard>,
}

impl Lease {
    pub(crate) fn new(guard: LeaseGuard) -> Self {
        Self { guard: Some(guard) }
    }

    /// A lease of nothing, for a load while the store is not reachable.
    pub(crate) fn detached() -> Self {
        Self { guard: None }
    }

    /// Stores the loaded value and wakes the callers that wait for it. Returns
    /// false if something removed or replaced the key since the load began: then
    /// the value is not stored.
    ///
    /// The first call spends the lease, and further calls return false. A call
    /// refused for its arguments spends nothing. A call that fails otherwise
    /// gives the lease up.
    pub async fn commit(&mut self, value: Bytes, options: &EntryOptions) -> Result<bool, Error> {
        let Some(guard) = &self.guard else {
            return Ok(false);
        };
        let limits = &guard.cache.inner.policy.limits;
        limits.value(&value)?;
        let options = limits.options(options)?;
        // If this future is dropped half-way, so is the guard that it took.
        match self.guard.take() {
            Some(guard) => guard.commit(value, &options).await,
            None => Ok(false),
        }
    }

    /// Gives the lease up as a drop does, and returns when that is done: what
    /// its holder does next finds the key free, and is not undone.
    pub async fn give_up(mut self) {
        if let Some(mut guard) = self.guard.take()
            // If this fails or is dropped half-way, the guard's drop repeats it.
            && guard.release().await.is_ok()
        {
            guard.armed = false;
        }
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
    /// To refresh the entry with this token, which is served until then.
    Refresh(CasToken),
}

/// A lease that is not spent. Dropping it gives it up.
pub(crate) struct LeaseGuard {
    cache: Cache,
    session: Arc<HeldLeases>,
    key: Key,
    purpose: Purpose,
    /// What the store keeps for the lease; its identity is the fencing token.
    marker: Marker,
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
            .field("key", &self.key)
            .field("id", &self.marker.id)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// The slot that keeps the marker of a lease.
fn slot<'a>(key: &'a Key, purpose: &Purpose) -> Slot<'a> {
    match purpose {
        Purpose::Load | Purpose::Write => Slot::Entry(key),
        Purpose::Refresh(_) => Slot::Refresh(key),
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
        let id = Id::random(&*inner.runtime);
        session.held.add(id, session.grants.leases)?;
        let marker =
            Marker { id, taken_at: inner.runtime.now(), lasts: inner.policy.lease, epochs };
        Ok(Self {
            cache: session.cache.clone(),
            session: session.held.clone(),
            key: key.clone(),
            purpose,
            marker,
            mark: None,
            began: inner.runtime.monotonic(),
            done: Arc::default(),
            armed: true,
        })
    }

    /// What the store keeps for the lease.
    pub(crate) fn marker(&self) -> Envelope {
        Envelope::Lease(self.marker.clone())
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
        let Policy { lease, longest_load, .. } = self.cache.inner.policy;
        let (key, purpose, done) = (self.key.clone(), self.purpose.clone(), self.done.clone());
        let token = self.marker().cas_token();
        let inner = self.cache.inner.clone();
        let pause = (lease / 3).max(Duration::from_millis(1));
        // By the clock, because sleeps run late on a busy machine.
        let ends = self.began.saturating_add(longest_load);
        self.cache.inner.runtime.spawn(Box::pin(async move {
            let slot = slot(&key, &purpose);
            while inner.runtime.monotonic() < ends {
                tokio::select! {
                    &() = done.wait() => return,
                    () = inner.runtime.sleep(pause) => {}
                }
                let extend = Update::Extend(lease);
                let renewed = inner.compare_and_set("renew a lease", slot, Some(&token), extend);
                // After a failure, the store may be back before the lease ends.
                if renewed.await.is_ok_and(|renewed| !renewed.is_done()) {
                    return;
                }
            }
            tracing::warn!(?key, ?longest_load, "a lease is no longer renewed");
        }));
    }

    async fn commit(mut self, value: Bytes, options: &CheckedOptions) -> Result<bool, Error> {
        let epochs = self.epochs_to_commit(options).await?;
        let compared = epochs.is_some();
        let stored = match epochs {
            None => false,
            Some(epochs) => self.replace_marker(value, options, epochs).await?,
        };
        if stored {
            self.cache.inner.metrics.writes.add(1);
        }
        let nothing_left = match self.purpose {
            // The entry replaced the marker, or the marker was gone already.
            Purpose::Load => compared,
            Purpose::Write => stored,
            Purpose::Refresh(_) => false,
        };
        if !nothing_left && let Err(error) = self.release().await {
            // What was stored is stored: its election ends by its time limit.
            if !stored {
                return Err(error);
            }
        }
        self.armed = false;
        Ok(stored)
    }

    /// Stores the entry if the key still holds what the lease fences: its marker
    /// or, for a refresh, the entry that it refreshes.
    async fn replace_marker(
        &self,
        value: Bytes,
        options: &CheckedOptions,
        epochs: Epochs,
    ) -> Result<bool, Error> {
        let inner = &self.cache.inner;
        let spent = inner.runtime.monotonic().saturating_sub(self.began);
        let entry = inner.entry(value, options, epochs, spent);
        let entry = Envelope::Entry(entry);
        let expected = match &self.purpose {
            Purpose::Refresh(refreshed) => refreshed.clone(),
            Purpose::Load | Purpose::Write => self.marker().cas_token(),
        };
        let slot = Slot::Entry(&self.key);
        let put = Update::Put(&entry);
        Ok(inner.compare_and_set("commit", slot, Some(&expected), put).await?.is_done())
    }

    /// The epochs of the entry to commit: those captured before the load, and of
    /// tags that only the commit names. `None` if any was replaced since the
    /// load began, or that cannot be told.
    async fn epochs_to_commit(&self, options: &CheckedOptions) -> Result<Option<Epochs>, Error> {
        let inner = &self.cache.inner;
        let captured = &self.marker.epochs;
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

    /// Frees what the end of the lease leaves, with or without a commit.
    fn release(&self) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        let inner = self.cache.inner.clone();
        let (key, purpose) = (self.key.clone(), self.purpose.clone());
        let token = self.marker().cas_token();
        async move {
            match purpose {
                Purpose::Write => {
                    inner.remove(std::slice::from_ref(&key)).await?;
                }
                Purpose::Load | Purpose::Refresh(_) => {
                    let slot = slot(&key, &purpose);
                    let remove = Update::Remove;
                    inner.compare_and_set("give up a lease", slot, Some(&token), remove).await?;
                }
            }
            if matches!(purpose, Purpose::Refresh(_)) {
                inner.refreshes.forget(&key);
            }
            Ok(())
        }
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        let _ = self.done.set(());
        self.session.remove(self.marker.id);
        if self.armed {
            let release = self.release();
            self.cache.inner.runtime.spawn(Box::pin(async move {
                // If it fails, the lease ends by its time limit.
                let _ = release.await;
            }));
        }
    }
}
