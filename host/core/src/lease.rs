//! Leases: the right of one caller in the fleet to fill one key.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::SetOnce;

use crate::cache::{Cache, HeldLeases, Session};
use crate::entry::{Envelope, Epochs, Id, Marker, UnixMillis};
use crate::error::Error;
use crate::key::Key;
use crate::limits::{CheckedOptions, EntryOptions};
use crate::policy::Policy;
use crate::store::{CasToken, EvictionMark};

/// The right, and the duty, to fill one key.
///
/// It is renewed while it exists. Dropping it unfilled gives it up: one command
/// is sent in the background, and a waiting caller takes over.
#[derive(Debug)]
pub struct Lease {
    /// None once it is spent.
    held: Option<LeaseGuard>,
}

impl Lease {
    pub(crate) fn new(held: LeaseGuard) -> Self {
        Self { held: Some(held) }
    }

    /// A lease of nothing, for a load that the store is not there for.
    pub(crate) fn detached() -> Self {
        Self { held: None }
    }

    /// Stores the loaded value and wakes the callers that wait for it. False:
    /// something removed or replaced the key since the load began, so the value
    /// was not stored.
    ///
    /// The first call spends the lease, and further ones answer false. A call
    /// refused for its arguments spends nothing; one that fails otherwise gives
    /// the lease up.
    pub async fn commit(&mut self, value: Bytes, options: &EntryOptions) -> Result<bool, Error> {
        let Some(held) = &self.held else {
            return Ok(false);
        };
        let limits = &held.cache.inner.policy.limits;
        limits.value(&value)?;
        let options = limits.options(options)?;
        // Should this future be dropped half-way, then so is what it took.
        match self.held.take() {
            Some(held) => held.commit(value, &options).await,
            None => Ok(false),
        }
    }

    /// Gives the lease up, as a drop does, and returns when that is done: what
    /// its holder does next finds the key free, and is not undone by it.
    pub async fn give_up(mut self) {
        if let Some(mut held) = self.held.take()
            // Should this fail, or be dropped half-way, the drop does it again.
            && held.release().await.is_ok()
        {
            held.armed = false;
        }
    }
}

/// What a lease was taken for, which decides what its end leaves behind.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// To load a missing entry.
    Load,
    /// To write to the origin. If its commit is refused, or never comes, the
    /// key is removed whatever it holds: another writer, or a load during an
    /// expired lease, may have stored what the origin no longer holds.
    Write,
    /// To refresh the entry with this token, which is served until then.
    Refresh(CasToken),
}

/// A lease that is not spent: when dropped, it is given up.
pub(crate) struct LeaseGuard {
    cache: Cache,
    session: Arc<HeldLeases>,
    key: Key,
    id: Id,
    purpose: Purpose,
    epochs: Epochs,
    mark: EvictionMark,
    began: UnixMillis,
    /// Fires when renewal is to stop.
    done: Arc<SetOnce<()>>,
    /// False once there is nothing to give up.
    armed: bool,
}

impl fmt::Debug for LeaseGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseGuard")
            .field("key", &self.key)
            .field("id", &self.id)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl LeaseGuard {
    /// A lease that is about to be taken. It counts as held from now on, so
    /// that a caller who is dropped while taking it leaves nothing behind.
    pub(crate) fn about_to(
        session: &Session,
        key: &Key,
        purpose: Purpose,
        epochs: Epochs,
    ) -> Result<Self, Error> {
        let runtime = &*session.inner().runtime;
        let id = Id::random(runtime);
        session.held.add(id, session.grants.leases)?;
        Ok(Self {
            cache: session.cache.clone(),
            session: session.held.clone(),
            key: key.clone(),
            id,
            purpose,
            epochs,
            mark: None,
            began: runtime.now(),
            done: Arc::default(),
            armed: true,
        })
    }

    /// The token.
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// What a store keeps for it.
    pub(crate) fn marker(&self) -> Marker {
        Marker {
            id: self.id,
            taken_at: self.began,
            lasts: self.cache.inner.policy.lease,
            epochs: self.epochs.clone(),
        }
    }

    fn cas_token(&self) -> CasToken {
        Envelope::Lease(self.marker()).cas_token()
    }

    /// It was taken, when `mark` stood: keep it alive.
    pub(crate) fn taken(mut self, mark: EvictionMark) -> Lease {
        self.mark = mark;
        self.keep_alive();
        Lease::new(self)
    }

    /// It was not taken, so there is nothing to give up.
    pub(crate) fn not_taken(mut self) {
        self.armed = false;
    }

    fn keep_alive(&self) {
        let Policy { lease, longest_load, .. } = self.cache.inner.policy;
        let (key, id, done) = (self.key.clone(), self.id, self.done.clone());
        let token = self.cas_token();
        let elected = matches!(self.purpose, Purpose::Refresh(_));
        let inner = self.cache.inner.clone();
        let pause = (lease / 3).max(Duration::from_millis(1));
        self.cache.inner.runtime.spawn(Box::pin(async move {
            let mut kept = Duration::ZERO;
            while kept < longest_load {
                tokio::select! {
                    &() = done.wait() => return,
                    () = inner.runtime.sleep(pause) => kept += pause,
                }
                let renewed = if elected {
                    inner.store.stay_elected(&key, id, lease).await
                } else {
                    inner.store.renew(&key, &token, lease).await
                };
                match renewed {
                    Ok(true) => {}
                    Ok(false) => return,
                    // The store may be back before the lease ends.
                    Err(error) => tracing::warn!(%error, ?key, "a lease was not renewed"),
                }
            }
            tracing::warn!(?key, ?longest_load, "a lease is no longer renewed");
        }));
    }

    async fn commit(mut self, value: Bytes, options: &CheckedOptions) -> Result<bool, Error> {
        let inner = self.cache.inner.clone();
        let current = self.epochs_to_commit(options).await?;
        let asked = current.is_some();
        let stored = match current {
            None => false,
            Some(epochs) => {
                let spent = inner.runtime.now().saturating_sub(self.began);
                let entry = inner.entry(value, options, epochs, Duration::from_millis(spent));
                let held = match &self.purpose {
                    Purpose::Refresh(entry) => entry.clone(),
                    Purpose::Load | Purpose::Write => self.cas_token(),
                };
                inner.store.commit(&self.key, &held, &entry).await?
            }
        };
        if stored {
            inner.metrics.writes.add(1);
        }
        let nothing_left = match self.purpose {
            // The store compared: the marker is replaced, or was gone already.
            Purpose::Load => asked,
            Purpose::Write => stored,
            Purpose::Refresh(_) => false,
        };
        if !nothing_left {
            self.release().await?;
        }
        self.armed = false;
        Ok(stored)
    }

    /// The epochs of what is committed: those captured before the load, and of
    /// tags that are named only now. None if any was replaced since the load
    /// began, or that cannot be told.
    async fn epochs_to_commit(&self, options: &CheckedOptions) -> Result<Option<Epochs>, Error> {
        let store = &self.cache.inner.store;
        let tags = self.epochs.tags_with(&options.tags);
        let now = store.capture(&tags, options.ttl).await?;
        let before = |tag| self.epochs.tags.iter().find(|(known, _)| known == tag);
        let mut all_current = now.everything == self.epochs.everything;
        // Tags that only the lookup named, or only the commit does.
        let mut any_changed = false;
        for (tag, epoch) in &now.tags {
            let captured = before(tag);
            any_changed |= captured.is_none() || !options.tags.contains(tag);
            all_current &= captured.is_none_or(|(_, captured)| captured == epoch);
        }
        // What was captured now may lag behind an eviction. Nobody minds where
        // it is stored with the entry, which is dead then. But the epoch of a
        // tag that the commit no longer names is not stored, and of one that it
        // names for the first time there is none from before. An eviction
        // replaces the mark before the epochs, and this reads the mark, which
        // never lags, after them: if it stands, then so did those tags.
        if all_current && any_changed {
            all_current = self.mark.is_some() && store.eviction_mark().await? == self.mark;
        }
        // Tags of the lookup that the commit no longer names do not stay.
        let named = now.tags.into_iter().filter(|(tag, _)| options.tags.contains(tag)).collect();
        Ok(all_current.then_some(Epochs { everything: now.everything, tags: named }))
    }

    /// Frees what the end of the lease, without or after a commit, leaves.
    fn release(&self) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        let inner = self.cache.inner.clone();
        let (key, id, purpose) = (self.key.clone(), self.id, self.purpose.clone());
        let token = self.cas_token();
        async move {
            match purpose {
                Purpose::Load => {
                    inner.store.give_up(&key, &token).await?;
                }
                Purpose::Write => {
                    inner.store.remove_many(std::slice::from_ref(&key)).await?;
                }
                Purpose::Refresh(_) => {
                    inner.store.resign(&key, id).await?;
                    inner.refreshes.forget(&key);
                }
            }
            Ok(())
        }
    }
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        let _ = self.done.set(());
        self.session.remove(self.id);
        if self.armed {
            let release = self.release();
            self.cache.inner.runtime.spawn(Box::pin(async move {
                if let Err(error) = release.await {
                    tracing::warn!(%error, "a lease was not given up: it ends by its time limit");
                }
            }));
        }
    }
}
