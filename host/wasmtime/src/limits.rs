//! What an instance may take of the host.

use std::time::Duration;

use wasmtime::{Store, StoreLimits, StoreLimitsBuilder};

/// What one instance may take. Past any of them it traps, and alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Bytes of each of its memories.
    pub memory_bytes: usize,
    /// Elements of each of its tables.
    pub table_elements: usize,
    /// Core instances, memories and tables that it may be made of.
    pub instances: usize,
    /// Bytes that one call may carry from the guest to the host.
    pub call_bytes: usize,
    /// From its start to its end, waiting included; none: no limit.
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

/// The guest ran for as long as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the component ran for longer than its limit of {0:?}")]
pub struct TimeLimit(pub Duration);

impl GuestLimits {
    /// The part of the limits that belongs into the data of the guest's store.
    pub fn store_limits(&self) -> StoreLimits {
        StoreLimitsBuilder::new()
            .memory_size(self.memory_bytes)
            .table_elements(self.table_elements)
            .instances(self.instances)
            .memories(self.instances)
            .tables(self.instances)
            .trap_on_grow_failure(true)
            .build()
    }

    /// Puts `store` under these limits; `get` finds its
    /// [`store_limits`](Self::store_limits).
    ///
    /// Its engine must be one of [`EngineOptions`](crate::EngineOptions): a
    /// guest yields with every tick of it, so that it keeps no thread, and
    /// [`within_time`](Self::within_time) can end it.
    pub fn apply<T: 'static>(
        &self,
        store: &mut Store<T>,
        get: impl (Fn(&mut T) -> &mut StoreLimits) + Send + Sync + 'static,
    ) {
        store.limiter(move |data| get(data));
        store.set_hostcall_fuel(self.call_bytes);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
    }

    /// What `guest` answers, if it does within the time.
    pub async fn within_time<F: Future>(&self, guest: F) -> Result<F::Output, TimeLimit> {
        match self.time {
            None => Ok(guest.await),
            Some(time) => {
                tokio::time::timeout(time, guest).await.map_err(|_elapsed| TimeLimit(time))
            }
        }
    }
}
