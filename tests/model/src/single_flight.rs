//! Single flight of one key in one process, as in `host/core/src/single_flight.rs`.

use crate::names::{Name, Named};
use crate::store::Version;

/// What a look found, as far as callers can share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    /// An entry to serve, of this version; fresh or stale makes no difference
    /// to those that do not refresh it.
    Hit(Version),
    /// The looking caller took the lease.
    Taken,
    /// Somebody's lease, watched.
    Out {
        /// Whose.
        holder: Name,
        /// Whether the watch has fired since.
        fired: bool,
    },
    /// No answer.
    Failed,
}

impl Named for Seen {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        if let Self::Out { holder, .. } = self {
            holder.names(see);
        }
    }
}

/// A set of callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Callers(u8);

/// Who was at the gate when a look began. The code gives out tickets, and
/// remembers the last one that had been given out by then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Present {
    /// All, also those that wait for a change: by the tickets of first turns.
    pub all: Callers,
    /// Those that were in the queue: by the tickets of these turns.
    pub queued: Callers,
}

impl Present {
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

/// Where lookups of the key in one process share what they find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gate {
    /// The one that looks, and who was there when it began to.
    pub looks: Option<(usize, Present)>,
    /// What was seen last.
    pub seen: Option<Seen>,
    /// Who was there when that look began.
    pub began_after: Present,
}

impl Gate {
    /// Notes what was seen, and lets the next one look.
    pub fn note(&mut self, seen: Seen) {
        if let Some((_, began_after)) = self.looks.take() {
            *self = Self { looks: None, seen: Some(seen), began_after };
        }
    }
}

impl Named for Gate {
    fn names(&mut self, see: &mut dyn FnMut(&mut Name)) {
        self.seen.names(see);
    }
}
