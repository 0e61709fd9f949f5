//! The configurable behavior of a cache.

use std::time::Duration;

use crate::limits::Limits;

/// The result of a read when the store fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The error (G7).
    #[default]
    Error,
    /// A miss. The loaded value is neither stored nor shared. Writes, deletes and
    /// evictions still fail, because their callers rely on them.
    Miss,
}

/// The behavior of a cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The limits on keys, tags, values and batches.
    pub limits: Limits,
    /// How long a lease lasts after its last renewal. The keys of a host that was
    /// killed are free after this time. A lease is renewed after each third of it.
    pub lease: Duration,
    /// How long a lease is renewed. A load that takes longer counts as lost, and
    /// another caller may begin.
    pub longest_load: Duration,
    /// The longest time that a caller waits for another caller's load.
    pub longest_wait: Duration,
    /// How long a caller that holds a lease waits for another one before it looks
    /// whether that one waits for it in turn.
    pub nested_wait: Duration,
    /// The longest time for which a failed load is not repeated.
    pub longest_retry: Duration,
    /// How eagerly entries are refreshed before they become stale: the beta of
    /// `XFetch` (Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic
    /// Cache Stampede Prevention", VLDB 2015). 0 disables it.
    pub early_refresh: f64,
    /// The result of a read when the store fails.
    pub on_failure: OnFailure,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            lease: Duration::from_secs(5),
            longest_load: Duration::from_mins(10),
            longest_wait: Duration::from_secs(30),
            nested_wait: Duration::from_secs(1),
            longest_retry: Duration::from_mins(1),
            early_refresh: 1.0,
            on_failure: OnFailure::Error,
        }
    }
}

/// The rights of one user of a cache, such as a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// Whether it may store, remove, evict, and load.
    pub write: bool,
    /// How many leases it may hold at once.
    pub leases: usize,
}

impl Default for Grants {
    fn default() -> Self {
        Self { write: true, leases: 1_024 }
    }
}
