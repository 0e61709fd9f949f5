//! The counters of a cache.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters of one cache since it was created.
        #[derive(Debug, Default)]
        pub(crate) struct Metrics {
            $(pub(crate) $name: Counter,)*
        }

        /// The values of the counters at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
        pub struct Snapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Metrics {
            pub(crate) fn snapshot(&self) -> Snapshot {
                Snapshot { $($name: self.$name.0.load(Relaxed),)* }
            }
        }

        impl Snapshot {
            /// The values with their names, sorted by name.
            pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name),)*].into_iter()
            }
        }
    };
}

metrics! {
    /// Calls of `clear`.
    clears,
    /// Deletes that found an entry.
    deletes,
    /// Reads answered with a value.
    hits,
    /// Reads that found no value. A load counts once, however long it takes.
    misses,
    /// Entries that were loaded anew because a lookup's `unless` named them.
    rejections,
    /// Lookups that waited for another caller's load.
    stampede_waits,
    /// Calls of `evict-tags` that named a tag.
    tag_evictions,
    /// Entries stored.
    writes,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }
}
