//! The sweeper: gives back the memory of entries that evictions left dead.

use std::time::Duration;

use crate::cache::Cache;
use crate::entry::Id;
use crate::error::Error;

/// How the sweeper goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweeper {
    /// From one sweep to the next.
    pub every: Duration,
    /// How many keys one step looks at: what a step costs the store.
    pub batch: usize,
    /// Between two steps, so that others are served.
    pub pause: Duration,
}

impl Default for Sweeper {
    fn default() -> Self {
        Self { every: Duration::from_mins(1), batch: 256, pause: Duration::from_millis(5) }
    }
}

impl Sweeper {
    /// Sweeps `cache` once, unless another process is at it: then none, else
    /// how many dead entries were removed.
    pub async fn sweep(&self, cache: &Cache) -> Result<Option<u64>, Error> {
        let inner = &cache.inner;
        let token = Id::random(&*inner.runtime);
        // Renewed with every step, so it has to outlast just one of them.
        let lasts = inner.policy.lease + self.pause;
        let (mut removed, mut from) = (0, None);
        while inner.store.elect_sweeper(token, lasts).await? {
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
                    Err(error) => tracing::warn!(%error, "not swept"),
                }
            }
        }));
    }
}
