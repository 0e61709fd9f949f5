//! Envelopes: what a store keeps under a key, an entry or a lease marker.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::key::{Key, Tag};
use crate::runtime::Runtime;
pub use crate::runtime::UnixMillis;

macro_rules! random_128 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// A new random identity.
            pub fn random(runtime: &dyn Runtime) -> Self {
                let mut bytes = [0; 16];
                runtime.fill_random(&mut bytes);
                Self(bytes)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", u128::from_be_bytes(self.0))
            }
        }
    };
}

random_128! {
    /// The identity of one stored envelope. It is never used again, so comparing
    /// it tells whether a key still holds that envelope.
    Id
}

impl Id {
    /// The version of the entry with this identity, as callers see it: the first 53
    /// bits, which every language holds exactly.
    pub fn version(self) -> u64 {
        u64::try_from(u128::from_be_bytes(self.0) >> (128 - 53)).unwrap_or(u64::MAX)
    }
}
random_128! {
    /// The identity of a tag, which every eviction of the tag replaces.
    Epoch
}

/// The epochs that an entry depends on, captured before its value was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epochs {
    /// The epoch of everything: the tag that every entry has.
    pub everything: Epoch,
    /// The epoch of each tag.
    pub tags: Vec<(Tag, Epoch)>,
}

impl Epochs {
    /// The tags of these epochs and `others`, each once, in a fixed order.
    pub(crate) fn tags_with(&self, others: &[Tag]) -> Vec<Tag> {
        let mut tags = others.to_vec();
        tags.extend(self.tags.iter().map(|(tag, _)| tag.clone()));
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

/// A value with all that decides whether it may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its identity.
    pub id: Id,
    /// When it was stored.
    pub stored_at: UnixMillis,
    /// How long it lives from then on. `None`: until something removes it.
    pub ttl: Option<Duration>,
    /// How long it is fresh from then on. `None`: for as long as it lives.
    pub fresh_for: Option<Duration>,
    /// How long its load took. Zero if it was set without one.
    pub load_time: Duration,
    /// The epochs that it depends on.
    pub epochs: Epochs,
    /// The value.
    pub value: Bytes,
}

impl Entry {
    /// How long ago it was stored.
    pub(crate) fn age(&self, now: UnixMillis) -> Duration {
        Duration::from_millis(now.saturating_sub(self.stored_at))
    }
}

/// The marker of a lease, stored in place of the entry while it is loaded. It is
/// also the marker of an election.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Its identity: the fencing token of the lease.
    pub id: Id,
    /// When the lease was taken.
    pub taken_at: UnixMillis,
    /// How long it lasts after each renewal.
    pub lasts: Duration,
    /// The epochs captured before the load.
    pub epochs: Epochs,
    /// The lease that its holder has been waiting for.
    pub awaits: Option<Awaited>,
}

/// A lease that the holder of another one waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The identity of the lease.
    pub holder: Id,
    /// Its key.
    pub key: Key,
    /// Whether it is the lease of a refresh, rather than of a load or write.
    pub refresh: bool,
}

/// The marker of a key whose loads are not stored for now, or not repeated.
///
/// Fastly and Varnish call the first one hit-for-pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Its identity.
    pub id: Id,
    /// When it was stored.
    pub since: UnixMillis,
    /// How long it lasts from then on.
    pub lasts: Duration,
    /// The epochs that it depends on.
    pub epochs: Epochs,
    /// What is paused.
    pub paused: Paused,
}

/// What a [`Pause`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Paused {
    /// Loads are not stored: each caller loads for itself.
    Storing,
    /// Loads are not repeated, because the last one failed.
    Loading,
    /// Refreshes of the entry with this identity are not repeated, because the last
    /// one failed.
    Refreshing(Id),
}

impl Pause {
    /// How much longer it lasts.
    pub(crate) fn lasts_for(&self, now: UnixMillis) -> Duration {
        let over = Duration::from_millis(now.saturating_sub(self.since));
        self.lasts.saturating_sub(over).max(Duration::from_millis(1))
    }
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// A value.
    Entry(Entry),
    /// The marker of a lease.
    Lease(Marker),
    /// The marker of a pause.
    Pause(Pause),
}

impl Envelope {
    /// Its identity.
    pub fn id(&self) -> Id {
        match self {
            Self::Entry(entry) => entry.id,
            Self::Lease(marker) => marker.id,
            Self::Pause(pause) => pause.id,
        }
    }

    /// The epochs that it depends on.
    pub fn epochs(&self) -> &Epochs {
        match self {
            Self::Entry(entry) => &entry.epochs,
            Self::Lease(marker) => &marker.epochs,
            Self::Pause(pause) => &pause.epochs,
        }
    }

    /// How long the store keeps it. `None`: until something removes it.
    pub fn ttl(&self) -> Option<Duration> {
        match self {
            Self::Entry(entry) => entry.ttl,
            Self::Lease(marker) => Some(marker.lasts),
            Self::Pause(pause) => Some(pause.lasts),
        }
    }
}

/// `duration` in whole milliseconds, at least one.
pub fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}
