use crate::host;

/// Counts since the host started, for this component's cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Reads answered with a value.
    pub hits: u64,
    /// Reads answered with none: one for a load, however long it takes.
    pub misses: u64,
    /// Entries stored.
    pub writes: u64,
    /// Deletes that found an entry.
    pub deletes: u64,
    /// Calls of `clear`.
    pub clears: u64,
    /// Calls of `evict_tags` that named a tag.
    pub tag_evictions: u64,
    /// Lookups that waited for another caller's load.
    pub stampede_waits: u64,
    /// Lookups that met the entry that they had named as one that will not do.
    pub rejections: u64,
}

/// The counts as they stand.
pub fn metrics() -> Metrics {
    host::metrics()
}
