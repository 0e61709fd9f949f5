//! The sweeper frees the memory of entries that evictions left dead.

use std::sync::Arc;
use std::time::Duration;

use crate::cache::{Cache, Inner};
use crate::entry::{Envelope, Id, Marker};
use crate::error::Error;
use crate::store::{CasToken, Slot, Sweeping, Swept, Update};

/// How often and how fast a cache is swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweeper {
    /// The time from the end of one sweep to the next, whichever process of the fleet
    /// carries them out.
    pub every: Duration,
    /// The number of keys that one step examines, which is what a step costs the
    /// store.
    pub batch: usize,
    /// The pause between two steps, in which the store serves others.
    pub pause: Duration,
    /// The number of keys after which a sweep ends early.
    pub most: u64,
}

impl Default for Sweeper {
    fn default() -> Self {
        Self {
            every: Duration::from_mins(1),
            batch: 256,
            pause: Duration::from_millis(5),
            most: u64::MAX,
        }
    }
}

impl Sweeper {
    /// Sweeps `cache` if that is due, and returns what it found. Returns `None` if
    /// another process sweeps, or did so less than [`every`](Self::every) ago.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn sweep(&self, cache: &Cache) -> Result<Option<Swept>, Error> {
        let inner = &cache.inner;
        let marker = self.marker(inner).await?;
        if !inner.elect(Slot::Sweeper, &marker, |_| false).await?.is_done() {
            return Ok(None);
        }
        self.sweep_as(inner, Some(&marker), |_| {}).await
    }

    /// Sweeps `cache` now, instead of a process that sweeps. `progress` is called after
    /// each step with what was found so far. Returns `None` if another process takes
    /// over.
    ///
    /// [`Sweeping::Count`] changes nothing in the store.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn sweep_now(
        &self,
        cache: &Cache,
        sweeping: Sweeping,
        progress: impl FnMut(&Swept) + Send,
    ) -> Result<Option<Swept>, Error> {
        let inner = &cache.inner;
        if sweeping == Sweeping::Count {
            return self.sweep_as(inner, None, progress).await;
        }
        let marker = self.marker(inner).await?;
        if !inner.elect(Slot::Sweeper, &marker, |_| true).await?.is_done() {
            return Ok(None);
        }
        self.sweep_as(inner, Some(&marker), progress).await
    }

    /// Sweeps for as long as `marker` is elected, and lets it stand until the next sweep
    /// is due. Without a marker, it only counts.
    async fn sweep_as(
        &self,
        inner: &Inner,
        marker: Option<&Envelope>,
        mut progress: impl FnMut(&Swept) + Send,
    ) -> Result<Option<Swept>, Error> {
        let sweeping = if marker.is_some() { Sweeping::Remove } else { Sweeping::Count };
        let mut total = Swept::default();
        while self.step(inner, sweeping, &mut total).await? {
            progress(&total);
            inner.runtime.sleep(self.pause).await;
            // If it took longer than the marker stands, another may be elected.
            if let Some(marker) = marker
                && !extend(inner, &marker.cas_token(), self.lasts(inner)).await?
                && !inner.elect(Slot::Sweeper, marker, |_| false).await?.is_done()
            {
                return Ok(None);
            }
        }
        if let Some(marker) = marker {
            extend(inner, &marker.cas_token(), self.every).await?;
        }
        Ok(Some(total))
    }

    /// Sweeps some keys, and adds them to `total`. Returns whether there are more.
    async fn step(
        &self,
        inner: &Inner,
        sweeping: Sweeping,
        total: &mut Swept,
    ) -> Result<bool, Error> {
        let step = inner.store.sweep(total.next, self.batch, sweeping);
        let swept = inner.step("sweep", &[], step).await?;
        total.seen += swept.seen;
        total.dead += swept.dead;
        total.next = swept.next;
        Ok(total.next.is_some() && total.seen < self.most)
    }

    async fn marker(&self, inner: &Inner) -> Result<Envelope, Error> {
        Ok(Envelope::Lease(Marker {
            id: Id::random(&*inner.runtime),
            taken_at: inner.runtime.now(),
            lasts: self.lasts(inner),
            epochs: inner.capture(&[], None).await?,
            awaits: None,
        }))
    }

    /// How long the election stands. It is renewed with every step, so it has to outlast
    /// just one of them.
    fn lasts(&self, inner: &Inner) -> Duration {
        inner.policy.lease + self.pause
    }

    /// Sweeps `cache` in the background for as long as it is in use, whenever that is
    /// due.
    pub fn start(self, cache: &Cache) {
        let runtime = cache.inner.runtime.clone();
        let cache = Arc::downgrade(&cache.inner);
        runtime.clone().spawn(Box::pin(async move {
            loop {
                runtime.sleep(self.every).await;
                let Some(inner) = cache.upgrade() else { return };
                // An error was logged with its step.
                if let Ok(swept) = self.sweep(&Cache { inner }).await {
                    tracing::debug!(?swept, "swept, unless another process does");
                }
            }
        }));
    }
}

/// Lets the election of `token` stand for `lasts` from now on. False if it no longer
/// stands.
async fn extend(inner: &Inner, token: &CasToken, lasts: Duration) -> Result<bool, Error> {
    let extend = Update::Extend(lasts);
    let extended = inner.compare_and_set("elect", Slot::Sweeper, Some(token), extend).await?;
    Ok(extended.is_done())
}
