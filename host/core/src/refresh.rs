//! When an entry is refreshed, and by whom.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::entry::{Entry, Id, UnixMillis, whole_millis};
use crate::key::Key;
use crate::runtime::Runtime;

/// How an entry is to be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// As it is.
    Fresh,
    /// As fresh, and by the one that is chosen, refreshed.
    Early,
    /// As stale.
    Stale,
}

/// How `entry` is to be served at this moment.
///
/// Early refresh is `XFetch` (Vattani et al. 2015): the longer a load takes and
/// the nearer the end of freshness, the likelier, so that refreshes spread.
pub(crate) fn freshness(entry: &Entry, beta: f64, runtime: &dyn Runtime) -> Freshness {
    let now = runtime.now();
    if let Some(fresh_for) = entry.fresh_for
        && now >= entry.stored_at.saturating_add(whole_millis(fresh_for))
    {
        return Freshness::Stale;
    }
    let Some(fresh_for) = entry.fresh_for.or(entry.ttl) else {
        return Freshness::Fresh;
    };
    if beta <= 0.0 || entry.load_time.is_zero() {
        return Freshness::Fresh;
    }
    let left = entry.stored_at.saturating_add(whole_millis(fresh_for)).saturating_sub(now);
    let lead = entry.load_time.as_secs_f64() * 1e3 * beta * -unit(runtime).ln();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit a double for 285,000 years")]
    let early = lead >= left as f64;
    if early { Freshness::Early } else { Freshness::Fresh }
}

/// A random number above 0 and at most 1.
fn unit(runtime: &dyn Runtime) -> f64 {
    let mut bytes = [0; 4];
    runtime.fill_random(&mut bytes);
    (f64::from(u32::from_be_bytes(bytes)) + 1.0) / (f64::from(u32::MAX) + 1.0)
}

/// Which entries this process knows to be in refresh, so that their readers
/// need not ask the store.
#[derive(Debug, Default)]
pub(crate) struct Refreshes(Mutex<HashMap<Key, (Id, UnixMillis)>>);

impl Refreshes {
    /// Past this many, those whose time is over are forgotten.
    const ROOMY: usize = 1_024;

    /// Whether somebody is known to refresh the entry `id` of `key`.
    pub(crate) fn known(&self, key: &Key, id: Id, now: UnixMillis) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).is_some_and(|&(entry, until)| entry == id && now < until)
    }

    /// Notes that somebody refreshes it.
    pub(crate) fn note(&self, key: &Key, id: Id, now: UnixMillis, until: UnixMillis) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::ROOMY {
            known.retain(|_, &mut (_, until)| now < until);
        }
        known.insert(key.clone(), (id, until));
    }

    /// Notes that the one of this process is done.
    pub(crate) fn forget(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
