//! How much happened: schedules in which nothing races prove nothing.

use std::collections::BTreeMap;
use std::fmt;

use spakky_cache_core::Error;

use crate::history::{History, Operation, Outcome, Trouble};

/// Counts over one schedule or many, by what they count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// Adds to a count.
    pub fn count(&mut self, what: &'static str, count: u64) {
        *self.0.entry(what).or_default() += count;
    }

    /// Adds all counts of `other`.
    pub fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, count)| self.count(what, *count));
    }

    /// What callers saw of one schedule.
    pub fn of(history: &History) -> Self {
        let mut tally = Self::default();
        tally.count("schedules", 1);
        tally.count("calls", history.calls.len() as u64);
        for record in &history.calls {
            let (what, count) = match (&record.operation, record.outcome()) {
                (Operation::BeginWrite { .. }, Some(Outcome::Done)) => ("writes", 1),
                (_, Some(Outcome::Miss)) => ("loads", 1),
                (_, Some(Outcome::Stored(true))) => ("commits", 1),
                (_, Some(Outcome::Stored(false))) => ("commits refused", 1),
                (_, Some(Outcome::Hit(_))) => ("values read", 1),
                (_, Some(Outcome::Values(values))) => {
                    ("values read", values.iter().flatten().count() as u64)
                }
                (_, Some(Outcome::Stale { refresh: true, .. })) => ("refreshes", 1),
                (_, Some(Outcome::Stale { .. })) => ("stale values read", 1),
                (Operation::GiveUp { .. }, _) => ("leases given up", 1),
                (_, Some(Outcome::Dropped)) => ("callers dropped", 1),
                (_, Some(Outcome::Failed(Error::LockTimeout))) => ("waits too long", 1),
                (_, Some(Outcome::Failed(_))) => ("calls failed", 1),
                _ => ("other calls", 1),
            };
            tally.count(what, count);
        }
        for disturbance in &history.disturbances {
            let what = match disturbance.trouble {
                Trouble::LeaseEnded(_) | Trouble::ElectionEnded(_) => "leases expired",
                Trouble::Failing(_) => "faults",
                _ => "losses",
            };
            tally.count(what, 1);
        }
        let waits = history.counts.iter().map(|(_, counts)| counts.stampede_waits).sum();
        tally.count("waits", waits);
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.iter().map(|(what, count)| format!("{what} {count}"));
        f.write_str(&counts.collect::<Vec<_>>().join(", "))
    }
}
