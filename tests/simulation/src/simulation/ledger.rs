//! What keys hold, as the steps that happened tell, and until when.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use spakky_cache_core::Key;
use spakky_cache_core::entry::{Envelope, Id, UnixMillis, whole_millis};
use spakky_cache_core::store::CasToken;
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
    elections: BTreeMap<Key, (Id, UnixMillis)>,
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

    pub(crate) fn renewed(&self, held: &CasToken, lasts: Duration) {
        let until = self.after(lasts);
        self.book().ends.insert(held.clone(), until);
    }

    pub(crate) fn elected(&self, key: &Key, token: Id, lasts: Duration) {
        let until = self.after(lasts);
        self.book().elections.insert(key.clone(), (token, until));
    }

    pub(crate) fn resigned(&self, key: &Key, token: Id) {
        let mut book = self.book();
        if book.elections.get(key).is_some_and(|(held, _)| *held == token) {
            book.elections.remove(key);
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
    pub(crate) fn ended_elections(&self) -> Vec<(Key, Id)> {
        let now = self.clock.now();
        let mut ended = Vec::new();
        self.book().elections.retain(|key, (token, until)| {
            let over = *until <= now;
            if over {
                ended.push((key.clone(), *token));
            }
            !over
        });
        ended
    }
}
