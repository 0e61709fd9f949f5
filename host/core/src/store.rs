//! The steps of the protocol that a store carries out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::SetOnce;

use crate::entry::{Entry, Envelope, Epochs, Id};
use crate::error::StoreError;
use crate::key::{Key, Tag};

/// One step in progress.
pub type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A compare-and-set token: identifies what a slot holds among everything that
/// it ever held or will hold.
///
/// The token of an envelope is its first 24 bytes: magic, version, kind and
/// identity. Other bytes are identified by as many of their first bytes, or all
/// of them if there are fewer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CasToken(pub Bytes);

impl fmt::Debug for CasToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CasToken({:x})", self.0)
    }
}

/// What a key was found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// An envelope.
    Envelope {
        /// The entry or marker.
        envelope: Envelope,
        /// Whether all of its epochs are current. An envelope that is not alive
        /// was evicted: it counts as nothing, and is replaced by comparing.
        alive: bool,
    },
    /// An envelope of another version of the layout. It counts as nothing, but only
    /// [`put`](Store::put) and [`remove`](Store::remove) replace it.
    OtherVersion,
    /// Bytes that are not an envelope, or a corrupt one. They count as nothing, and
    /// are replaced by comparing.
    Foreign(CasToken),
}

impl Found {
    /// The entry, if there is one and it is alive.
    pub fn into_entry(self) -> Option<Entry> {
        match self {
            Self::Envelope { envelope: Envelope::Entry(entry), alive: true } => Some(entry),
            _ => None,
        }
    }
}

/// A place in the store that [`compare_and_set`](Store::compare_and_set)
/// changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot<'a> {
    /// The entry of a key, or the marker of its lease or of a pause.
    Entry(&'a Key),
    /// The marker of the caller elected to refresh the entry of a key, or of a
    /// pause. It only elects: a refresh is fenced by comparing the entry that it
    /// replaces.
    Refresh(&'a Key),
    /// The marker of the process elected to sweep.
    Sweeper,
}

impl<'a> Slot<'a> {
    /// The slot of a lease on `key`: that of its entry, or that of its refresh.
    pub(crate) fn of_lease(key: &'a Key, refresh: bool) -> Self {
        if refresh { Self::Refresh(key) } else { Self::Entry(key) }
    }

    /// The key that it belongs to, if it belongs to one.
    pub(crate) fn keys(self) -> &'a [Key] {
        match self {
            Self::Entry(key) | Self::Refresh(key) => std::slice::from_ref(key),
            Self::Sweeper => &[],
        }
    }
}

/// How [`compare_and_set`](Store::compare_and_set) changes a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update<'a> {
    /// Stores this envelope for its time to live.
    Put(&'a Envelope),
    /// Lets what the slot holds live for this long from now on.
    Extend(Duration),
    /// Empties the slot.
    Remove,
}

/// The outcome of [`compare_and_set`](Store::compare_and_set).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cas {
    /// The slot held what was expected, and was updated.
    Done,
    /// The slot was expected to be empty, but holds this.
    Occupied(Found),
    /// The slot does not hold what was expected.
    Changed,
}

impl Cas {
    /// Whether the slot was updated.
    pub fn is_done(&self) -> bool {
        *self == Self::Done
    }
}

/// Completes once, when a watched slot may have changed. It may complete without
/// a change, for example when the connection is lost. It never misses one.
pub type Change = Arc<SetOnce<()>>;

/// A random identity that every eviction replaces before it replaces the epochs
/// of its tags. As long as it stays the same, no tag was evicted. `None` means
/// that the stored mark is damaged and nothing can be concluded.
pub type EvictionMark = Option<Id>;

/// What a sweep does with dead keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sweeping {
    /// Removes them.
    Remove,
    /// Only counts them.
    Count,
}

/// The progress of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// The number of keys examined.
    pub seen: u64,
    /// The number of dead keys found among them.
    pub dead: u64,
    /// Where to continue, or `None` at the end.
    pub next: Option<u64>,
}

/// Keeps the entries, leases and epochs of one cache and its prefix.
///
/// Each step takes effect at one moment between its call and its answer, as seen
/// by every user of the same store and prefix. Each step says which epochs count
/// as "current", because that decides between a hit and a miss.
///
/// Steps never wait for a lease. A step that is dropped before it ends may or
/// may not have taken effect, but a step that the same caller begins afterwards
/// takes effect after it.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// Reads what `key` holds. `alive` compares with epochs that were current at
    /// the moment of the read or later.
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found>;

    /// Reads each of `keys` in order, as [`read`](Self::read) does, in one round
    /// trip.
    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>>;

    /// Reads `slot` as [`read`](Self::read) does, and reports its next change.
    fn watch<'a>(&'a self, slot: Slot<'a>) -> Step<'a, (Found, Change)>;

    /// Returns the epochs of everything and of `tags`, creating those that are
    /// missing. They are kept for at least as long as an entry that is stored
    /// with them now and lives for `ttl` (`None` means forever).
    ///
    /// They may lag behind an eviction that ends before this call, but not
    /// behind one that ended before an earlier step of the same store. An entry
    /// that is stored with an epoch that lags is dead, never stale.
    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs>;

    /// Returns the current eviction mark, creating it if it is missing.
    fn eviction_mark(&self) -> Step<'_, EvictionMark>;

    /// Updates `slot` if it holds what `expected` identifies, or nothing if that
    /// is `None`.
    ///
    /// This one step takes, renews, commits and gives up leases, and holds
    /// elections.
    fn compare_and_set<'a>(
        &'a self,
        slot: Slot<'a>,
        expected: Option<&'a CasToken>,
        update: Update<'a>,
    ) -> Step<'a, Cas>;

    /// Stores each envelope under its key, whatever the key holds, in order and
    /// in one round trip.
    fn put<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()>;

    /// Empties `keys` in one round trip, without reading their values. Returns
    /// for each whether it held an entry that was alive, as far as the entry's
    /// header tells.
    fn remove<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<bool>>;

    /// Replaces the eviction mark, then the epochs of `tags`.
    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()>;

    /// Replaces the epoch of everything.
    fn clear(&self) -> Step<'_, ()>;

    /// Removes or counts dead entries and leases among about `most` keys, starting
    /// at `from`, an earlier call's [`next`](Swept::next), or at the beginning.
    fn sweep(&self, from: Option<u64>, most: usize, sweeping: Sweeping) -> Step<'_, Swept>;

    /// Checks that the store answers.
    fn ping(&self) -> Step<'_, ()>;
}
