//! When an entry is refreshed, and by which caller.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::entry::{Entry, Id, whole_millis};
use crate::key::Key;
use crate::runtime::{Runtime, UnixMillis};

/// How an entry is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// As a hit.
    Fresh,
    /// As a hit, which the elected caller refreshes early.
    Early,
    /// As stale.
    Stale,
}

/// How `entry` is served at this moment.
///
/// Early refresh is `XFetch` (Vattani et al. 2015): the longer a load takes and
/// the nearer the end of freshness, the likelier it is, so that refreshes spread.
pub(crate) fn freshness(entry: &Entry, beta: f64, runtime: &dyn Runtime) -> Freshness {
    let now = runtime.now();
    if entry.fresh_for.is_some_and(|span| left_of(entry, span, now).is_zero()) {
        return Freshness::Stale;
    }
    let Some(fresh_for) = entry.fresh_for.or(entry.ttl) else {
        return Freshness::Fresh;
    };
    if beta <= 0.0 || entry.load_time.is_zero() {
        return Freshness::Fresh;
    }
    let left = left_of(entry, fresh_for, now).as_secs_f64() * 1e3;
    let lead = entry.load_time.as_secs_f64() * 1e3 * beta * -unit(runtime).ln();
    if lead >= left { Freshness::Early } else { Freshness::Fresh }
}

/// How much is left at `now` of a span that began when `entry` was stored.
pub(crate) fn left_of(entry: &Entry, span: Duration, now: UnixMillis) -> Duration {
    let ends = entry.stored_at.saturating_add(whole_millis(span));
    Duration::from_millis(ends.saturating_sub(now))
}

/// A random number above 0 and at most 1.
fn unit(runtime: &dyn Runtime) -> f64 {
    let mut bytes = [0; 4];
    runtime.fill_random(&mut bytes);
    (f64::from(u32::from_be_bytes(bytes)) + 1.0) / (f64::from(u32::MAX) + 1.0)
}

/// The entries that this process knows to be in refresh, so that their readers
/// need not ask the store.
#[derive(Debug, Default)]
pub(crate) struct Refreshes(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    known: HashMap<Key, (Id, Duration)>,
    prune_at: usize,
}

impl Refreshes {
    /// Below this many, those that have ended are not looked for.
    const FIRST_PRUNE: usize = 1_024;

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether some caller is known to refresh the entry `id` of `key`. Times are
    /// [`monotonic`](Runtime::monotonic).
    pub(crate) fn known(&self, key: &Key, id: Id, now: Duration) -> bool {
        self.table().known.get(key).is_some_and(|&(entry, until)| entry == id && now < until)
    }

    /// Notes that some caller refreshes it until then.
    pub(crate) fn note(&self, key: &Key, id: Id, now: Duration, until: Duration) {
        let mut table = self.table();
        // When their number has doubled, so that each is looked at a few times.
        if table.known.len() >= table.prune_at.max(Self::FIRST_PRUNE) {
            table.known.retain(|_, &mut (_, until)| now < until);
            table.prune_at = table.known.len() * 2;
        }
        table.known.insert(key.clone(), (id, until));
    }

    /// Notes that this process's refresh of it has ended.
    pub(crate) fn forget(&self, key: &Key) {
        self.table().known.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_refreshes_are_pruned_when_their_number_has_doubled() {
        let refreshes = Refreshes::default();
        let note = |number: usize, now| {
            let key = Key::new(&format!("k{number}"), usize::MAX).expect("a valid key");
            let now = Duration::from_millis(now);
            refreshes.note(&key, Id([0; 16]), now, now + Duration::from_millis(10));
        };
        let first = Refreshes::FIRST_PRUNE;
        // None of these ends: pruning them finds nothing, once.
        (0..=first).for_each(|number| note(number, 0));
        assert_eq!(refreshes.table().prune_at, 2 * first);
        (first..2 * first).for_each(|number| note(number, 20));
        assert_eq!(refreshes.table().known.len(), 2 * first, "not pruned at each note");
        note(2 * first, 20);
        assert_eq!(refreshes.table().known.len(), first + 1, "the first ones have ended");
    }
}
