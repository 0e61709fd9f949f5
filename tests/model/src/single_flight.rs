//! Single flight of the key in one process: `host/core/src/single_flight.rs`.

use crate::names::{Name, Named};
use crate::store::Version;

/// What a leader's read found, as far as followers can share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Observation {
    /// An entry to serve, of this version; fresh or stale makes no difference
    /// to those that do not refresh it.
    Hit(Version),
    /// The leader took the lease.
    LeaseTaken,
    /// A watched lease of some caller.
    LeaseHeld {
        /// Whose.
        holder: Name,
        /// Whether the watch has fired since.
        fired: bool,
    },
    /// No answer.
    Failed,
}

impl Named for Observation {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        if let Self::LeaseHeld { holder, .. } = self {
            holder.names(see);
        }
    }
}

/// A set of callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Callers(u8);

/// Who had arrived when a read began. The code gives out arrival numbers, and
/// remembers the last one that had been given out by then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Arrived {
    /// All, including those that wait for a change.
    pub all: Callers,
    /// Those that were in the queue.
    pub queued: Callers,
}

impl Arrived {
    /// Without a caller that is done.
    pub fn forget(&mut self, caller: usize) {
        self.all.take(caller);
        self.queued.take(caller);
    }
}

impl Callers {
    /// With `caller`.
    #[must_use]
    pub fn and(self, caller: usize) -> Self {
        Self(self.0 | 1 << caller)
    }

    /// Whether `caller` is one of them.
    pub fn has(self, caller: usize) -> bool {
        self.0 & 1 << caller != 0
    }

    /// Without `caller`, and whether it was one of them.
    pub fn take(&mut self, caller: usize) -> bool {
        let had = self.has(caller);
        self.0 &= !(1 << caller);
        had
    }
}

/// Where lookups of the key in one process share what they read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flight {
    /// The caller that reads, and who had arrived when it began to.
    pub leader: Option<(usize, Arrived)>,
    /// What the last read found.
    pub observed: Option<Observation>,
    /// Who had arrived when that read began: it answers them.
    pub answers: Arrived,
}

impl Flight {
    /// Shares what the leader's read found, and ends its role.
    pub fn publish(&mut self, observed: Observation) {
        if let Some((_, answers)) = self.leader.take() {
            *self = Self { leader: None, observed: Some(observed), answers };
        }
    }
}

impl Named for Flight {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.observed.names(see);
    }
}
