//! How a cache behaves where more than one answer would be right.

use std::time::Duration;

use crate::limits::Limits;

/// What a read answers when the store fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The error (G7).
    #[default]
    Error,
    /// A miss. Its load is stored nowhere, and not shared. Writes, deletes and
    /// evictions still fail: whoever relies on them has to know.
    Miss,
}

/// The behaviour of a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What is refused.
    pub limits: Limits,
    /// How long a lease lasts after its last renewal: what it takes until the
    /// key of a killed host is free. It is renewed at a third of this.
    pub lease: Duration,
    /// How long a lease is renewed. A load that is not done by then is taken
    /// for lost, and another caller may begin.
    pub longest_load: Duration,
    /// How long a caller waits for another's load.
    pub longest_wait: Duration,
    /// How eagerly entries are refreshed before their freshness ends: the beta
    /// of `XFetch` (Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic
    /// Cache Stampede Prevention", VLDB 2015). 0: never early.
    pub early_refresh: f64,
    /// What a read answers when the store fails.
    pub on_failure: OnFailure,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            lease: Duration::from_secs(5),
            longest_load: Duration::from_mins(10),
            longest_wait: Duration::from_secs(30),
            early_refresh: 1.0,
            on_failure: OnFailure::Error,
        }
    }
}

/// What one user of a cache, such as a component, is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// Whether it may store, remove, evict, and load.
    pub write: bool,
    /// How many leases it may hold at once.
    pub leases: usize,
}

impl Default for Grants {
    fn default() -> Self {
        Self { write: true, leases: 256 }
    }
}
