//! What keys hold, as the steps that happened tell, and until when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use spakky_cache_core::Key;
use spakky_cache_core::entry::{Envelope, UnixMillis, whole_millis};
use spakky_cache_core::store::{CasToken, Slot, Update};
use spakky_test_runtime::ManualClock;

/// Keeps account of entries, leases and elections. Clones share it.
#[derive(Clone)]
pub(crate) struct Ledger {
    clock: ManualClock,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    /// What each key holds.
    keys: BTreeMap<Key, CasToken>,
    /// All that was ever stored, but for elections that were ended.
    stored: Vec<Stored>,
}

/// An entry, or the marker of a lease or an election.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) key: Key,
    pub(crate) token: CasToken,
    pub(crate) is_lease: bool,
    pub(crate) is_election: bool,
    ends: Option<UnixMillis>,
}

impl Ledger {
    pub(crate) fn new(clock: ManualClock) -> Self {
        Self { clock, book: Arc::default() }
    }

    fn after(&self, span: Duration) -> UnixMillis {
        self.clock.now().saturating_add(whole_millis(span))
    }

    pub(crate) fn stored(&self, slot: Slot<'_>, envelope: &Envelope) {
        let (key, is_election) = match slot {
            Slot::Entry(key) => (key.clone(), false),
            Slot::Refresh(key) => (key.clone(), true),
            Slot::Sweeper => return,
        };
        let (token, ends) = (envelope.cas_token(), envelope.ttl().map(|ttl| self.after(ttl)));
        let is_lease = matches!(envelope, Envelope::Lease(_));
        let mut book = self.book.lock();
        // A marker may be written again, for a longer time.
        book.stored.retain(|it| it.token != token);
        if is_election {
            book.stored.retain(|it| !(it.is_election && it.key == key));
        } else {
            book.keys.insert(key.clone(), token.clone());
        }
        book.stored.push(Stored { key, token, is_lease, is_election, ends });
    }

    pub(crate) fn removed(&self, keys: &[Key]) {
        self.book.lock().keys.retain(|key, _| !keys.contains(key));
    }

    /// A slot that held `expected` was updated.
    pub(crate) fn updated(&self, slot: Slot<'_>, expected: Option<&CasToken>, update: Update<'_>) {
        match (slot, update) {
            (_, Update::Put(envelope)) => self.stored(slot, envelope),
            (Slot::Entry(key), Update::Remove) => self.removed(std::slice::from_ref(key)),
            (_, Update::Remove) => self.book.lock().stored.retain(|it| Some(&it.token) != expected),
            (_, Update::Extend(lasts)) => {
                let ends = Some(self.after(lasts));
                let mut book = self.book.lock();
                book.stored
                    .iter_mut()
                    .filter(|it| Some(&it.token) == expected)
                    .for_each(|it| it.ends = ends);
            }
        }
    }

    /// What `key` holds.
    pub(crate) fn holds(&self, key: &Key) -> Option<CasToken> {
        self.book.lock().keys.get(key).cloned()
    }

    /// Whether `token` is a lease's.
    pub(crate) fn is_lease(&self, token: &CasToken) -> bool {
        self.book.lock().stored.iter().any(|it| it.is_lease && it.token == *token)
    }

    /// Whether a caller is elected to refresh `key`.
    pub(crate) fn is_refreshed(&self, key: &Key) -> bool {
        let book = self.book.lock();
        book.stored.iter().any(|it| it.is_election && it.is_lease && it.key == *key)
    }

    /// What has expired since this was called last.
    pub(crate) fn expired(&self) -> Vec<Stored> {
        let now = self.clock.now();
        let mut book = self.book.lock();
        let expired = book.stored.iter_mut().filter_map(|stored| {
            stored.ends.take_if(|ends| *ends <= now)?;
            Some(stored.clone())
        });
        expired.collect()
    }
}
