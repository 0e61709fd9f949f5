//! The sweeper frees the memory of entries that evictions left dead.

use std::time::Duration;

use crate::cache::{Cache, Inner};
use crate::entry::{Envelope, Id, Marker};
use crate::error::Error;
use crate::store::{Slot, Update};

/// How often and how fast a cache is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweeper {
    /// The time from one sweep to the next.
    pub every: Duration,
    /// The number of keys that one step examines, which is what a step costs the
    /// store.
    pub batch: usize,
    /// The pause between two steps, in which the store serves others.
    pub pause: Duration,
}

impl Default for Sweeper {
    fn default() -> Self {
        Self { every: Duration::from_mins(1), batch: 256, pause: Duration::from_millis(5) }
    }
}

impl Sweeper {
    /// Sweeps `cache` once and returns the number of dead entries removed, or
    /// `None` if another process sweeps.
    pub async fn sweep(&self, cache: &Cache) -> Result<Option<u64>, Error> {
        let inner = &cache.inner;
        let marker = Envelope::Lease(Marker {
            id: Id::random(&*inner.runtime),
            taken_at: inner.runtime.now(),
            // Renewed with every step, so it has to outlast just one of them.
            lasts: inner.policy.lease + self.pause,
            epochs: inner.store.capture(&[], None).await?,
        });
        let (mut removed, mut from) = (0, None);
        while self.elected(inner, &marker).await? {
            let swept = inner.store.sweep(from, self.batch).await?;
            removed += swept.removed;
            from = swept.next;
            if from.is_none() {
                return Ok(Some(removed));
            }
            inner.runtime.sleep(self.pause).await;
        }
        Ok(None)
    }

    /// Renews the election of `marker`, or holds one. False if another process
    /// is elected.
    async fn elected(&self, inner: &Inner, marker: &Envelope) -> Result<bool, Error> {
        let token = marker.cas_token();
        let extend = Update::Extend(inner.policy.lease + self.pause);
        for (expected, update) in [(Some(&token), extend), (None, Update::Put(marker))] {
            if inner.store.compare_and_set(Slot::Sweeper, expected, update).await?.is_done() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sweeps `cache` in the background for as long as it is in use.
    pub fn start(self, cache: &Cache) {
        let runtime = cache.inner.runtime.clone();
        let cache = std::sync::Arc::downgrade(&cache.inner);
        runtime.clone().spawn(Box::pin(async move {
            loop {
                runtime.sleep(self.every).await;
                let Some(inner) = cache.upgrade() else { return };
                match self.sweep(&Cache { inner }).await {
                    Ok(Some(removed)) => tracing::debug!(removed, "swept"),
                    Ok(None) => tracing::debug!("another process sweeps"),
                    Err(error) => tracing::warn!(%error, "the sweep failed"),
                }
            }
        }));
    }
}
