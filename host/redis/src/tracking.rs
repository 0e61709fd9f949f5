//! Client-side caching of epochs, and watches on keys, for one connection.
//!
//! With `CLIENT TRACKING`, Redis notifies a connection of the next change of each
//! key that it has read. Two tables depend on this: the current epochs and the
//! watched keys. Both belong to one connection and end with it.
//!
//! The task that requested an epoch may process the reply after an invalidation
//! of that epoch was handled. So it registers a pending read before it sends the
//! request ([`Tracking::expect`]), an invalidation cancels the pending read, and
//! only an epoch whose read is still pending is stored ([`PendingRead::fill`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use redis::{PushInfo, PushKind, Value};
use spakky_cache_core::entry::Epoch;
use spakky_cache_core::store::Change;
use tokio::sync::SetOnce;

/// The most epochs kept. With tags of 50 bytes they take about 15 MB.
const MAX_EPOCHS: usize = 100_000;
/// The number of watched keys at which unused ones are pruned first.
const FIRST_PRUNE: usize = 1_024;

/// How long an epoch exists unless it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// It never expires.
    ForEver,
    /// It does not expire before this time.
    Until(Instant),
}

impl Expiry {
    /// Whether it exists for at least `span` from `now` on. `None` means forever.
    pub(crate) fn covers(self, span: Option<Duration>, now: Instant) -> bool {
        match (self, span) {
            (Self::ForEver, _) => true,
            (Self::Until(_), None) => false,
            (Self::Until(end), Some(span)) => end.saturating_duration_since(now) >= span,
        }
    }
}

/// A current epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) epoch: Epoch,
    pub(crate) expiry: Expiry,
}

/// A watch on a key, which may have been dropped.
type Watcher = Weak<SetOnce<()>>;

/// The tables of one connection.
#[derive(Debug, Default)]
pub(crate) struct Tracking {
    // One lock, because an invalidation changes all of them at once.
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    /// The connection is lost, so the tables stay empty.
    closed: bool,
    epochs: HashMap<Box<[u8]>, Known>,
    /// Pending reads by key.
    pending: HashMap<Box<[u8]>, Vec<u64>>,
    next_reader: u64,
    watches: HashMap<Box<[u8]>, Vec<Watcher>>,
    /// The number of watched keys at which unused ones are pruned next.
    prune_at: usize,
}

impl Tracking {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A panic under the lock could only leave an entry out, which costs a
        // read.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the epochs. No invalidation is handled until the guard is dropped,
    /// so it must not be held for long.
    pub(crate) fn known(&self) -> KnownEpochs<'_> {
        KnownEpochs(self.tables())
    }

    /// Registers a tracked read of `keys` that is about to be sent.
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

    /// Returns a change that fires once `key` may have changed, provided that a
    /// tracked read of it is sent after this call.
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

    /// Handles a push message of the server or of the connection's driver.
    ///
    /// The driver calls this in order with the replies.
    pub(crate) fn handle(&self, info: &PushInfo) {
        match info.kind {
            PushKind::Invalidate => match info.data.as_slice() {
                [Value::Array(keys)] => self.invalidate(keys),
                // FLUSHALL sends a null. An unknown form may mean any key.
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

    /// Empties the tables for good and fires every watch, because the connection
    /// is lost.
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

    /// Drops the keys whose watches were all dropped. This runs when the number
    /// of keys has doubled, so its amortized cost is constant.
    fn prune_watches(&mut self) {
        self.watches.retain(|_, watchers| {
            watchers.retain(|watcher| watcher.strong_count() > 0);
            !watchers.is_empty()
        });
        self.prune_at = self.watches.len() * 2;
    }

    fn insert(&mut self, key: &[u8], known: Known) {
        if self.epochs.len() >= MAX_EPOCHS && !self.epochs.contains_key(key) {
            // Dropping an epoch costs a read. Half of them go at once, so that
            // this is rare.
            let mut keep = false;
            self.epochs.retain(|_, _| {
                keep = !keep;
                keep
            });
        }
        self.epochs.insert(key.into(), known);
    }
}

/// The locked epochs.
pub(crate) struct KnownEpochs<'a>(MutexGuard<'a, Tables>);

impl KnownEpochs<'_> {
    pub(crate) fn get(&self, key: &[u8]) -> Option<Known> {
        self.0.epochs.get(key).copied()
    }
}

/// A registered read of epochs. Dropping it cancels the registration.
pub(crate) struct PendingRead<'a> {
    tracking: &'a Tracking,
    keys: Vec<Vec<u8>>,
    reader: u64,
}

impl PendingRead<'_> {
    pub(crate) fn keys(&self) -> &[Vec<u8>] {
        &self.keys
    }

    /// Stores the epochs that were read, one for each key in order, except those
    /// that were invalidated since. `None` means that the key does not exist.
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
    // An error means that it has fired already.
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
