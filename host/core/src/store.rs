//! The steps of the protocol, which a store carries out.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::SetOnce;

use crate::entry::{Entry, Envelope, Epochs, Id, Marker};
use crate::error::StoreError;
use crate::key::{Key, Tag};

/// One step under way.
pub type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A compare-and-set token: the first bytes of what a key holds, which identify
/// it among everything that the key ever held or will hold.
///
/// For an envelope these are magic, version, kind and identity. Other bytes are
/// identified by as many of their first bytes, or by all of them if there are
/// fewer, so a few foreign bytes never pass for the envelope that replaced them.
/// What a key holds begins with a token if its own token is the same.
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
        /// What it holds.
        envelope: Envelope,
        /// Whether every epoch in it is the current one. False: it was evicted
        /// and is as good as nothing, but has to be replaced by comparing.
        alive: bool,
    },
    /// Bytes that are no envelope of this version, or a corrupt one: as good
    /// as nothing, and replaced by comparing.
    Foreign(CasToken),
}

impl Found {
    /// The entry, if there is one that is alive.
    pub fn into_entry(self) -> Option<Entry> {
        match self {
            Self::Envelope { envelope: Envelope::Entry(entry), alive: true } => Some(entry),
            _ => None,
        }
    }
}

/// How an attempt to take a lease ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The caller's marker is stored: the lease is its own.
    Mine,
    /// The key does not hold what the caller had seen, but this.
    Found(Found),
    /// The key no longer holds what the caller had seen.
    Changed,
}

/// Fires once, when a watched key may have changed. It may fire without a
/// change, as when the connection is lost; it never misses one.
pub type Change = Arc<SetOnce<()>>;

/// A random identity that every eviction replaces before it replaces the
/// epochs of its tags: while it stays the same, no tag was evicted. None: the
/// store's is damaged, and nothing can be told.
pub type EvictionMark = Option<Id>;

/// How far a sweep got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many keys it looked at.
    pub seen: u64,
    /// How many dead ones it removed.
    pub removed: u64,
    /// Where to go on; none: the sweep is done.
    pub next: Option<u64>,
}

/// What keeps entries, leases and epochs, for one cache and its prefix.
///
/// Each step happens at once at some moment between its call and its answer,
/// as seen by every user of the same store and prefix. What "current" means of
/// an epoch is said at each step: it decides between a hit and a miss.
///
/// Steps never wait for a lease, and may be dropped before they end: then it
/// is not known whether they happened, but a step that the same caller begins
/// afterwards happens after them, or they do not happen at all.
pub trait Store: Send + Sync + fmt::Debug + 'static {
    /// What `key` holds. `alive` compares with epochs that were current at the
    /// moment of the read or later.
    fn read<'a>(&'a self, key: &'a Key) -> Step<'a, Found>;

    /// As [`read`](Self::read), for each of `keys` in their order, in one round
    /// trip.
    fn read_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>>;

    /// As [`read`](Self::read), and tells of the next change of the key.
    fn watch<'a>(&'a self, key: &'a Key) -> Step<'a, (Found, Change)>;

    /// The epochs of everything and of `tags`, made where missing, and kept for
    /// at least as long as an entry that is stored with them and lives for
    /// `ttl` (none: for ever).
    ///
    /// They may lag behind an eviction that ends before this call, but not
    /// behind one that ended before an earlier step of the same store's: what
    /// is stored with an epoch that lags is dead, never stale.
    fn capture<'a>(&'a self, tags: &'a [Tag], ttl: Option<Duration>) -> Step<'a, Epochs>;

    /// The mark as it stands, made where missing.
    fn eviction_mark(&self) -> Step<'_, EvictionMark>;

    /// Stores `marker` if the key still holds what was seen: what begins with
    /// `seen`, or, if that is none, nothing.
    fn take_lease<'a>(
        &'a self,
        key: &'a Key,
        seen: Option<&'a CasToken>,
        marker: &'a Marker,
    ) -> Step<'a, Taken>;

    /// Stores `entry` if the key still holds what begins with `held`: the
    /// caller's marker or, for a refresh, the entry that it refreshes.
    fn commit<'a>(&'a self, key: &'a Key, held: &'a CasToken, entry: &'a Entry) -> Step<'a, bool>;

    /// Removes what the key holds if it begins with `held`.
    fn give_up<'a>(&'a self, key: &'a Key, held: &'a CasToken) -> Step<'a, bool>;

    /// Makes what the key holds live for `lasts` from now on, if it begins with
    /// `held`.
    fn renew<'a>(&'a self, key: &'a Key, held: &'a CasToken, lasts: Duration) -> Step<'a, bool>;

    /// Stores `envelope`, whatever the key holds.
    fn put<'a>(&'a self, key: &'a Key, envelope: &'a Envelope) -> Step<'a, ()>;

    /// Stores each entry, in order, in one round trip.
    fn put_many<'a>(&'a self, entries: &'a [(Key, Envelope)]) -> Step<'a, ()>;

    /// Empties `keys`, in one round trip; answers what each held, with `alive`
    /// as in [`read`](Self::read).
    fn remove_many<'a>(&'a self, keys: &'a [Key]) -> Step<'a, Vec<Found>>;

    /// Makes `token`, a new one, that which refreshes `key`, unless there is
    /// one, for `lasts`. This only elects: what fences is
    /// [`commit`](Self::commit).
    fn elect<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool>;

    /// Makes the election of `token` last for `lasts` from now on, if it holds.
    fn stay_elected<'a>(&'a self, key: &'a Key, token: Id, lasts: Duration) -> Step<'a, bool>;

    /// Ends the election of `token`, if it holds.
    fn resign<'a>(&'a self, key: &'a Key, token: Id) -> Step<'a, ()>;

    /// Replaces the eviction mark, then the epochs of `tags`.
    fn evict<'a>(&'a self, tags: &'a [Tag]) -> Step<'a, ()>;

    /// Replaces the epoch of everything.
    fn clear(&self) -> Step<'_, ()>;

    /// Makes `token` the one that sweeps, or keeps it so, for `lasts`, unless
    /// another is.
    fn elect_sweeper(&self, token: Id, lasts: Duration) -> Step<'_, bool>;

    /// Removes what is dead, entries and leases, among about `most` keys, from
    /// where an earlier call got to; none: from the start.
    fn sweep(&self, from: Option<u64>, most: usize) -> Step<'_, Swept>;

    /// Answers if the store does.
    fn ping(&self) -> Step<'_, ()>;
}
