//! Waiting for another caller's lease, and what ends it.

use std::sync::Arc;
use std::time::Duration;

use crate::cache::Session;
use crate::entry::{Awaited, Envelope, Marker};
use crate::error::Error;
use crate::held;
use crate::key::Key;
use crate::runtime::Task;
use crate::single_flight::HeldLease;
use crate::store::{Found, Slot, Update};

/// Why a caller no longer waits for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// The key may have changed, or the lease may have ended.
    Changed,
    /// The holder of the lease waits for a lease of this caller.
    Circle,
}

/// A circle of callers that wait for each other is at most this long, or is not found.
const LONGEST_CIRCLE: usize = 64;

/// How a caller waits for the leases of one key, one after another.
pub(crate) struct Wait<'a> {
    session: &'a Session,
    key: &'a Key,
    limit: Duration,
    /// Runs from the first wait on.
    over: Option<Task>,
    /// Completes when a caller that holds leases looks whether it is waited for.
    nested: Option<Task>,
    announced: Option<Announced>,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(session: &'a Session, key: &'a Key, max_wait: Option<Duration>) -> Self {
        let longest = session.inner().policy.longest_wait;
        let limit = max_wait.map_or(longest, |wait| wait.min(longest));
        Self { session, key, limit, over: None, nested: None, announced: None }
    }

    /// Waits until the key may have changed, the lease may have ended, or waiting for it
    /// would never end.
    ///
    /// # Errors
    /// [`Error::LockTimeout`] after the longest wait.
    pub(crate) async fn for_lease(&mut self, held: &HeldLease) -> Result<Waited, Error> {
        if self.limit.is_zero() {
            return Err(Error::LockTimeout);
        }
        let inner = self.session.inner();
        let lasts = held.lasts_for(inner.runtime.monotonic());
        if self.over.is_none() {
            inner.metrics.stampede_waits.add(1);
            self.over = Some(inner.runtime.sleep(self.limit));
            self.nested = Some(inner.runtime.sleep(inner.policy.nested_wait));
        }
        let changed = async {
            held.changed().await;
            let pause = held.pauses_for(inner.runtime.monotonic());
            if !pause.is_zero() {
                inner.runtime.sleep(pause).await;
            }
        };
        tokio::pin!(changed);
        loop {
            let nested = async {
                match &mut self.nested {
                    Some(nested) => nested.await,
                    None => std::future::pending().await,
                }
            };
            let over = async {
                match &mut self.over {
                    Some(over) => over.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = &mut changed => return Ok(Waited::Changed),
                () = over => return Err(Error::LockTimeout),
                () = inner.runtime.sleep(lasts) => return Ok(Waited::Changed),
                () = nested => self.nested = None,
            }
            // Boxed, because it is rare and would make every lookup's future larger.
            if Box::pin(self.closes_a_circle(held)).await? {
                return Ok(Waited::Circle);
            }
        }
    }

    /// Ends the wait: others no longer find that this caller waits.
    pub(crate) async fn end(mut self) {
        if let Some(announced) = self.announced.take() {
            Box::pin(announced.withdraw()).await;
        }
    }

    /// Announces that this caller waits for `held`, and then follows who waits for whom. Of
    /// the callers in a circle, the last to announce finds it, because it reads what all
    /// the others wrote before.
    async fn closes_a_circle(&mut self, held: &HeldLease) -> Result<bool, Error> {
        let own = self.session.held.of(self.session.caller);
        if own.is_empty() {
            return Ok(false);
        }
        let awaited = Awaited { holder: held.holder, key: self.key.clone(), refresh: held.refresh };
        if self.announced.as_ref().is_none_or(|announced| announced.awaited != awaited) {
            let announced =
                Announced { session: self.session.clone(), own, awaited: awaited.clone() };
            announced.mark(Some(&awaited)).await?;
            self.announced = Some(announced);
        }
        let mut next = awaited;
        for _ in 0..LONGEST_CIRCLE {
            if self.session.held.holds(self.session.caller, next.holder) {
                return Ok(true);
            }
            let slot = Slot::of_lease(&next.key, next.refresh);
            let (found, _) = self.session.inner().watch(slot).await?;
            match found {
                Found::Envelope { envelope: Envelope::Lease(marker), alive: true }
                    if marker.id == next.holder =>
                {
                    let Some(awaited) = marker.awaits else { return Ok(false) };
                    next = awaited;
                }
                _ => return Ok(false),
            }
        }
        Ok(false)
    }
}

/// The markers of a caller's leases that name the lease that it waits for.
struct Announced {
    session: Session,
    own: Vec<Arc<held::HeldLease>>,
    awaited: Awaited,
}

impl Announced {
    /// Writes into each marker which lease its holder waits for.
    async fn mark(&self, awaits: Option<&Awaited>) -> Result<(), Error> {
        let inner = self.session.inner();
        for lease in &self.own {
            // A lease that ended meanwhile has another token, or none.
            let marker =
                Envelope::Lease(Marker { awaits: awaits.cloned(), ..lease.marker.clone() });
            let (token, put) = (marker.cas_token(), Update::Put(&marker));
            inner.compare_and_set("announce a wait", lease.slot(), Some(&token), put).await?;
        }
        Ok(())
    }

    async fn withdraw(mut self) {
        // If it fails, the wait can only seem to go on until the lease ends.
        let _ = self.mark(None).await;
        self.own.clear();
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        if !self.own.is_empty() {
            let own = std::mem::take(&mut self.own);
            let announced =
                Self { session: self.session.clone(), own, awaited: self.awaited.clone() };
            let runtime = self.session.inner().runtime.clone();
            runtime.spawn(Box::pin(announced.withdraw()));
        }
    }
}
