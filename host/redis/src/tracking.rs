//! What one connection knows, and is told when it changes.
//!
//! Redis promises (`CLIENT TRACKING`) to tell a connection of the next change
//! of each key that it has read. Two tables rest on it: the current epochs, and
//! who watches which key. Both belong to one connection, and end with it.
//!
//! An epoch is asked for, the reply comes, and its reader wakes up a little
//! later, on another thread perhaps: in between, its invalidation may have been
//! handled. So a reader announces what it is about to ask for
//! ([`Tracking::expect`]), an invalidation crosses the announcement out, and
//! only what is still announced is filled in ([`PendingRead::fill`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use redis::{PushInfo, PushKind, Value};
use spakky_cache_core::entry::Epoch;
use spakky_cache_core::store::Change;
use tokio::sync::SetOnce;

/// How many epochs are kept: some 15 MB with tags of 50 bytes.
const MAX_EPOCHS: usize = 100_000;
/// How many watched keys there are before the forgotten ones are looked for.
const FIRST_PRUNE: usize = 1_024;

/// Until when an epoch is sure to exist, unless it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// It does not expire.
    ForEver,
    /// It expires at this time or later.
    Until(Instant),
}

impl Expiry {
    /// Whether that is for at least `span` from `now` on; none: for ever.
    pub(crate) fn covers(self, span: Option<Duration>, now: Instant) -> bool {
        match (self, span) {
            (Self::ForEver, _) => true,
            (Self::Until(_), None) => false,
            (Self::Until(end), Some(span)) => end.saturating_duration_since(now) >= span,
        }
    }
}

/// An epoch as Redis has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) epoch: Epoch,
    pub(crate) expiry: Expiry,
}

/// Somebody who watches a key, or did.
type Watcher = Weak<SetOnce<()>>;

/// The tables of one connection.
#[derive(Debug, Default)]
pub(crate) struct Tracking {
    // One lock: an invalidation acts on all of them as one.
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    /// The connection is lost: nothing is known, and nothing will be.
    closed: bool,
    epochs: HashMap<Box<[u8]>, Known>,
    /// What is being asked for: the key of each, and who asks.
    pending: HashMap<Box<[u8]>, Vec<u64>>,
    next_reader: u64,
    watches: HashMap<Box<[u8]>, Vec<Watcher>>,
    /// At how many watched keys to look for those that nobody watches.
    prune_at: usize,
}

impl Tracking {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        // Nothing panics while it holds the lock; and if it did, a table that
        // lacks something costs a read, and none has too much.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The epochs that are known, for as long as this is kept: no invalidation
    /// is handled meanwhile, so keep it for a moment only.
    pub(crate) fn known(&self) -> KnownEpochs<'_> {
        KnownEpochs(self.tables())
    }

    /// Announces that `keys` are about to be asked for, tracked.
    pub(crate) fn expect(&self, keys: Vec<Vec<u8>>) -> PendingRead<'_> {
        let mut tables = self.tables();
        let reader = tables.next_reader;
        tables.next_reader += 1;
        for key in &keys {
            tables.pending.entry(key.as_slice().into()).or_default().push(reader);
        }
        drop(tables);
        PendingRead { tracking: self, keys, reader }
    }

    /// Fires once `key` may have changed, if it is asked for, tracked, after
    /// this call.
    pub(crate) fn watch(&self, key: &[u8]) -> Change {
        let change = Change::default();
        let mut tables = self.tables();
        if tables.closed {
            fire(&change);
            return change;
        }
        if tables.watches.len() >= tables.prune_at.max(FIRST_PRUNE) {
            tables.prune_watches();
        }
        let watchers = tables.watches.entry(key.into()).or_default();
        watchers.retain(|watcher| watcher.strong_count() > 0);
        watchers.push(Arc::downgrade(&change));
        change
    }

    /// Handles what the server, or the driver of the connection, has to tell.
    ///
    /// Called by the driver, in order with the replies.
    pub(crate) fn handle(&self, info: &PushInfo) {
        match info.kind {
            PushKind::Invalidate => match info.data.as_slice() {
                [Value::Array(keys)] => self.invalidate(keys),
                // Null is what FLUSHALL sends; a form that is not known may
                // mean any key.
                _ => self.invalidate_everything(),
            },
            PushKind::Disconnection => self.close(),
            _ => {}
        }
    }

    fn invalidate(&self, keys: &[Value]) {
        let mut watchers = Vec::new();
        let mut tables = self.tables();
        for key in keys {
            let Value::BulkString(key) = key else {
                drop(tables);
                return self.invalidate_everything();
            };
            tables.epochs.remove(key.as_slice());
            tables.pending.remove(key.as_slice());
            watchers.extend(tables.watches.remove(key.as_slice()).into_iter().flatten());
        }
        drop(tables);
        fire_all(&watchers);
    }

    fn invalidate_everything(&self) {
        let watchers = self.tables().empty();
        fire_all(&watchers);
    }

    /// The connection is lost: whoever watches has to look again, and nothing
    /// is known from now on.
    pub(crate) fn close(&self) {
        let mut tables = self.tables();
        tables.closed = true;
        let watchers = tables.empty();
        drop(tables);
        fire_all(&watchers);
    }
}

impl Tables {
    fn empty(&mut self) -> Vec<Watcher> {
        self.epochs = HashMap::new();
        self.pending = HashMap::new();
        std::mem::take(&mut self.watches).into_values().flatten().collect()
    }

    /// Drops the keys that nobody watches any more. It is done when their
    /// number has doubled, so that each is looked at a few times at most.
    fn prune_watches(&mut self) {
        self.watches.retain(|_, watchers| {
            watchers.retain(|watcher| watcher.strong_count() > 0);
            !watchers.is_empty()
        });
        self.prune_at = self.watches.len() * 2;
    }

    fn insert(&mut self, key: &[u8], known: Known) {
        if self.epochs.len() >= MAX_EPOCHS && !self.epochs.contains_key(key) {
            // Any will do, and half of them at once, so that it is done rarely:
            // what is forgotten costs a read.
            let mut keep = false;
            self.epochs.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
        self.epochs.insert(key.into(), known);
    }
}

/// What is known, at this moment.
pub(crate) struct KnownEpochs<'a>(MutexGuard<'a, Tables>);

impl KnownEpochs<'_> {
    pub(crate) fn get(&self, key: &[u8]) -> Option<Known> {
        self.0.epochs.get(key).copied()
    }
}

/// An announcement of keys that are asked for; it ends when this is dropped.
pub(crate) struct PendingRead<'a> {
    tracking: &'a Tracking,
    keys: Vec<Vec<u8>>,
    reader: u64,
}

impl PendingRead<'_> {
    pub(crate) fn keys(&self) -> &[Vec<u8>] {
        &self.keys
    }

    /// Fills in what came back, for each key in order, unless it has been
    /// invalidated since; none: Redis has no such key.
    pub(crate) fn fill(self, answers: &[Option<Known>]) {
        let mut tables = self.tracking.tables();
        if tables.closed {
            return;
        }
        for (key, answer) in self.keys.iter().zip(answers) {
            let readers = tables.pending.get(key.as_slice());
            let still = readers.is_some_and(|readers| readers.contains(&self.reader));
            if let (true, Some(known)) = (still, answer) {
                tables.insert(key, *known);
            }
        }
    }
}

impl Drop for PendingRead<'_> {
    fn drop(&mut self) {
        let mut tables = self.tracking.tables();
        for key in &self.keys {
            if let Some(readers) = tables.pending.get_mut(key.as_slice()) {
                readers.retain(|reader| *reader != self.reader);
                if readers.is_empty() {
                    tables.pending.remove(key.as_slice());
                }
            }
        }
    }
}

fn fire_all(watchers: &[Watcher]) {
    for change in watchers.iter().filter_map(Weak::upgrade) {
        fire(&change);
    }
}

fn fire(change: &SetOnce<()>) {
    // An error says that it has fired already.
    let _ = change.set(());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(byte: u8) -> Known {
        Known { epoch: Epoch([byte; 16]), expiry: Expiry::ForEver }
    }

    fn invalidation(keys: &[&str]) -> PushInfo {
        let keys = keys.iter().map(|key| Value::BulkString(key.as_bytes().to_vec()));
        PushInfo { kind: PushKind::Invalidate, data: vec![Value::Array(keys.collect())] }
    }

    fn flush() -> PushInfo {
        PushInfo { kind: PushKind::Invalidate, data: vec![Value::Nil] }
    }

    fn expect<'a>(tracking: &'a Tracking, keys: &[&str]) -> PendingRead<'a> {
        tracking.expect(keys.iter().map(|key| key.as_bytes().to_vec()).collect())
    }

    fn epoch(tracking: &Tracking, key: &str) -> Option<Known> {
        tracking.known().get(key.as_bytes())
    }

    fn is_idle(tracking: &Tracking) -> bool {
        tracking.tables().pending.is_empty()
    }

    #[test]
    fn what_was_asked_for_is_filled_in_until_it_is_invalidated() {
        let tracking = Tracking::default();
        expect(&tracking, &["a", "b", "c"]).fill(&[Some(known(1)), None, Some(known(3))]);
        assert_eq!(epoch(&tracking, "a"), Some(known(1)));
        assert_eq!(epoch(&tracking, "b"), None);
        assert_eq!(epoch(&tracking, "c"), Some(known(3)));
        tracking.handle(&invalidation(&["a", "x"]));
        assert_eq!(epoch(&tracking, "a"), None);
        assert_eq!(epoch(&tracking, "c"), Some(known(3)));
        assert!(is_idle(&tracking));
    }

    #[test]
    fn an_answer_that_was_invalidated_on_its_way_is_not_filled_in() {
        let tracking = Tracking::default();
        let (mine, other) = (expect(&tracking, &["a", "b"]), expect(&tracking, &["a"]));
        tracking.handle(&invalidation(&["a"]));
        let later = expect(&tracking, &["a"]);
        mine.fill(&[Some(known(1)), Some(known(2))]);
        other.fill(&[Some(known(1))]);
        assert_eq!(epoch(&tracking, "a"), None);
        assert_eq!(epoch(&tracking, "b"), Some(known(2)));
        later.fill(&[Some(known(3))]);
        assert_eq!(epoch(&tracking, "a"), Some(known(3)));
        assert!(is_idle(&tracking));
    }

    #[test]
    fn a_reader_that_gives_up_leaves_nothing_behind() {
        let tracking = Tracking::default();
        let staying = expect(&tracking, &["a"]);
        drop(expect(&tracking, &["a", "b"]));
        staying.fill(&[Some(known(1))]);
        assert_eq!(epoch(&tracking, "a"), Some(known(1)));
        assert!(is_idle(&tracking));
    }

    #[test]
    fn a_flush_and_what_is_not_understood_invalidate_everything() {
        let odd = PushInfo { kind: PushKind::Invalidate, data: vec![Value::Int(1)] };
        let odd_key =
            PushInfo { kind: PushKind::Invalidate, data: vec![Value::Array(vec![Value::Int(1)])] };
        for info in [flush(), odd, odd_key] {
            let tracking = Tracking::default();
            expect(&tracking, &["a"]).fill(&[Some(known(1))]);
            let under_way = expect(&tracking, &["b"]);
            let change = tracking.watch(b"k");
            tracking.handle(&info);
            under_way.fill(&[Some(known(2))]);
            assert_eq!((epoch(&tracking, "a"), epoch(&tracking, "b")), (None, None));
            assert!(change.initialized());
        }
    }

    #[test]
    fn a_watch_fires_for_its_key_only() {
        let tracking = Tracking::default();
        let (first, second) = (tracking.watch(b"k"), tracking.watch(b"k"));
        let other = tracking.watch(b"l");
        tracking.handle(&invalidation(&["k"]));
        tracking.handle(&invalidation(&["k"]));
        assert!(first.initialized() && second.initialized());
        assert!(!other.initialized());
    }

    #[test]
    fn a_lost_connection_fires_all_watches_and_knows_nothing_any_more() {
        let tracking = Tracking::default();
        expect(&tracking, &["a"]).fill(&[Some(known(1))]);
        let under_way = expect(&tracking, &["b"]);
        let change = tracking.watch(b"k");
        tracking.handle(&PushInfo { kind: PushKind::Disconnection, data: vec![] });
        assert!(change.initialized());
        under_way.fill(&[Some(known(2))]);
        expect(&tracking, &["c"]).fill(&[Some(known(3))]);
        for key in ["a", "b", "c"] {
            assert_eq!(epoch(&tracking, key), None, "{key}");
        }
        assert!(tracking.watch(b"k").initialized());
    }

    #[test]
    fn watches_that_nobody_holds_are_cleaned_up() {
        let tracking = Tracking::default();
        let held = tracking.watch(b"held");
        for number in 0..10 * FIRST_PRUNE {
            tracking.watch(number.to_string().as_bytes());
            tracking.watch(b"same");
        }
        let tables = tracking.tables();
        assert!(tables.watches.len() <= FIRST_PRUNE + 1);
        assert_eq!(tables.watches[b"same".as_slice()].len(), 1);
        drop(tables);
        tracking.handle(&invalidation(&["held"]));
        assert!(held.initialized());
    }

    #[test]
    fn the_epochs_are_bounded() {
        let tracking = Tracking::default();
        for number in 0..=MAX_EPOCHS {
            expect(&tracking, &[number.to_string().as_str()]).fill(&[Some(known(1))]);
        }
        assert_eq!(tracking.tables().epochs.len(), MAX_EPOCHS / 2 + 1);
        assert!(epoch(&tracking, &MAX_EPOCHS.to_string()).is_some());
    }

    #[test]
    fn what_is_assured() {
        let now = Instant::now();
        let day = Duration::from_hours(24);
        assert!(Expiry::ForEver.covers(None, now));
        assert!(Expiry::ForEver.covers(Some(day), now));
        let until = Expiry::Until(now + day);
        assert!(until.covers(Some(day), now));
        assert!(!until.covers(Some(day), now + Duration::from_millis(1)));
        assert!(!until.covers(None, now));
        assert!(!until.covers(Some(Duration::from_nanos(1)), now + 2 * day));
    }
}
