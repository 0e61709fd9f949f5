//! The leases that one session holds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::entry::{Envelope, Id, Marker};
use crate::error::Error;
use crate::key::Key;
use crate::store::Slot;

/// A lease that is held, or about to be taken.
#[derive(Debug)]
pub(crate) struct HeldLease {
    /// Which caller of the session took it.
    pub(crate) caller: u64,
    pub(crate) key: Key,
    /// Whether it is the lease of a refresh.
    pub(crate) refresh: bool,
    /// What the store keeps for it; its identity is the fencing token.
    pub(crate) marker: Marker,
}

impl HeldLease {
    /// The slot that keeps its marker.
    pub(crate) fn slot(&self) -> Slot<'_> {
        Slot::of_lease(&self.key, self.refresh)
    }

    /// What the store keeps for it.
    pub(crate) fn envelope(&self) -> Envelope {
        Envelope::Lease(self.marker.clone())
    }
}

/// The leases that one session holds.
#[derive(Debug, Default)]
pub(crate) struct HeldLeases(Mutex<HashMap<Id, Arc<HeldLease>>>);

impl HeldLeases {
    fn leases(&self) -> MutexGuard<'_, HashMap<Id, Arc<HeldLease>>> {
        // No change under the lock can panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `caller` holds the lease `id`.
    pub(crate) fn holds(&self, caller: u64, id: Id) -> bool {
        self.leases().get(&id).is_some_and(|lease| lease.caller == caller)
    }

    /// The leases of `caller`.
    pub(crate) fn of(&self, caller: u64) -> Vec<Arc<HeldLease>> {
        self.leases().values().filter(|lease| lease.caller == caller).cloned().collect()
    }

    /// Adds `lease`, unless there are `most` already.
    pub(crate) fn add(&self, lease: Arc<HeldLease>, most: usize) -> Result<(), Error> {
        let mut leases = self.leases();
        if leases.len() >= most {
            let text = format!("leases: {most} are held at once, which is the limit");
            return Err(Error::QuotaExceeded(text));
        }
        leases.insert(lease.marker.id, lease);
        Ok(())
    }

    pub(crate) fn remove(&self, id: Id) {
        self.leases().remove(&id);
    }
}
