//! What keys hold, as the steps that happened tell, and until when.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spakky_cache_core::Key;
use spakky_cache_core::entry::{Envelope, UnixMillis, whole_millis};
use spakky_cache_core::store::{CasToken, Slot, Update};
use spakky_test_runtime::ManualClock;

/// Keeps book of leases, entries and elections. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    clock: ManualClock,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    /// What each key holds, where the steps tell.
    keys: BTreeMap<Key, Option<CasToken>>,
    /// All that was stored with an end.
    ends: HashMap<CasToken, UnixMillis>,
    /// All markers.
    leases: HashSet<CasToken>,
    elections: BTreeMap<Key, (CasToken, UnixMillis)>,
}

impl Ledger {
    pub(crate) fn new(clock: ManualClock) -> Self {
        Self { clock, book: Arc::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn after(&self, span: Duration) -> UnixMillis {
        self.clock.now().saturating_add(whole_millis(span))
    }

    pub(crate) fn stored(&self, key: &Key, envelope: &Envelope) {
        let token = envelope.cas_token();
        let mut book = self.book();
        if let Some(ttl) = envelope.ttl() {
            book.ends.insert(token.clone(), self.after(ttl));
        }
        if matches!(envelope, Envelope::Lease(_)) {
            book.leases.insert(token.clone());
        }
        book.keys.insert(key.clone(), Some(token));
    }

    pub(crate) fn removed(&self, key: &Key) {
        self.book().keys.insert(key.clone(), None);
    }

    /// A slot that held `expected` was updated.
    pub(crate) fn updated(&self, slot: Slot<'_>, expected: Option<&CasToken>, update: Update<'_>) {
        match (slot, update) {
            (Slot::Entry(key), Update::Put(envelope)) => self.stored(key, envelope),
            (Slot::Entry(key), Update::Remove) => self.removed(key),
            (Slot::Entry(_), Update::Extend(lasts)) => {
                let until = self.after(lasts);
                self.book().ends.extend(expected.map(|token| (token.clone(), until)));
            }
            (Slot::Refresh(key), Update::Put(envelope)) => {
                let until = self.after(envelope.ttl().unwrap_or(Duration::MAX));
                self.book().elections.insert(key.clone(), (envelope.cas_token(), until));
            }
            (Slot::Refresh(key), Update::Extend(lasts)) => {
                let until = self.after(lasts);
                self.book().elections.entry(key.clone()).and_modify(|(_, end)| *end = until);
            }
            (Slot::Refresh(key), Update::Remove) => {
                self.book().elections.remove(key);
            }
            (Slot::Sweeper, _) => {}
        }
    }

    /// All keys that ever held something.
    pub(crate) fn keys(&self) -> Vec<Key> {
        self.book().keys.keys().cloned().collect()
    }

    /// What `key` holds.
    pub(crate) fn holds(&self, key: &Key) -> Option<CasToken> {
        self.book().keys.get(key).cloned().flatten()
    }

    /// Whether `token` is a lease's.
    pub(crate) fn is_lease(&self, token: &CasToken) -> bool {
        self.book().leases.contains(token)
    }

    /// Whether the time of `token` is over. It is told once.
    pub(crate) fn is_over(&self, token: &CasToken) -> bool {
        let now = self.clock.now();
        let mut book = self.book();
        let over = book.ends.get(token).is_some_and(|until| *until <= now);
        if over {
            book.ends.remove(token);
        }
        over
    }

    /// The elections whose time is over. They are told once.
    pub(crate) fn ended_elections(&self) -> Vec<(Key, CasToken)> {
        let now = self.clock.now();
        let mut ended = Vec::new();
        self.book().elections.retain(|key, (token, until)| {
            let over = *until <= now;
            if over {
                ended.push((key.clone(), token.clone()));
            }
            !over
        });
        ended
    }
}
