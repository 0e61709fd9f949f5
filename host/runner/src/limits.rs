//! Limits of what an instance may use.

use std::time::Duration;

use wasmtime::{Store, StoreLimits, StoreLimitsBuilder};

/// What one instance may use. An instance that exceeds a limit traps; others are
/// not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Bytes of each linear memory.
    pub memory_bytes: usize,
    /// Elements of each table.
    pub table_elements: usize,
    /// Number of core instances, of memories and of tables.
    pub instances: usize,
    /// Bytes that one call may carry from the guest to the host.
    pub call_bytes: usize,
    /// Time from start to end, including waits. `None`: no limit.
    pub time: Option<Duration>,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            table_elements: 1 << 20,
            instances: 1_000,
            call_bytes: 128 << 20,
            time: None,
        }
    }
}

/// The guest ran for longer than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the component ran for longer than its limit of {0:?}")]
pub struct TimeLimit(pub Duration);

impl GuestLimits {
    /// Returns the limits for the data of a `Store`.
    pub(crate) fn store_limits(&self) -> StoreLimits {
        StoreLimitsBuilder::new()
            .memory_size(self.memory_bytes)
            .table_elements(self.table_elements)
            .instances(self.instances)
            .memories(self.instances)
            .tables(self.instances)
            .trap_on_grow_failure(true)
            .build()
    }

    /// Applies these limits to `store`; `get` returns its
    /// [`store_limits`](Self::store_limits).
    ///
    /// The guest yields at each tick of an engine of
    /// [`EngineOptions`](crate::EngineOptions), so that it occupies no thread and
    /// [`within_time`](Self::within_time) can end it.
    pub(crate) fn apply<T: 'static>(
        &self,
        store: &mut Store<T>,
        get: impl (Fn(&mut T) -> &mut StoreLimits) + Send + Sync + 'static,
    ) {
        store.limiter(move |data| get(data));
        store.set_hostcall_fuel(self.call_bytes);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
    }

    /// Runs `guest` for as long as it may.
    ///
    /// # Errors
    /// If the time is over. `guest` is dropped then.
    pub async fn within_time<F: Future>(&self, guest: F) -> Result<F::Output, TimeLimit> {
        match self.time {
            None => Ok(guest.await),
            Some(time) => {
                tokio::time::timeout(time, guest).await.map_err(|_elapsed| TimeLimit(time))
            }
        }
    }
}
