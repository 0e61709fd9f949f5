//! How much happened: schedules in which nothing races prove nothing.

use std::collections::BTreeMap;
use std::fmt;

use spakky_cache_core::Error;

use crate::history::{History, Operation, Outcome, Trouble};

/// Counts over one schedule or many, by what they count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    /// Adds to a count.
    pub fn count(&mut self, what: &'static str, count: usize) {
        *self.0.entry(what).or_default() += count;
    }

    /// Adds all counts of `other`.
    pub fn add(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, count)| self.count(what, *count));
    }

    /// Adds what callers saw in one schedule.
    pub fn add_history(&mut self, history: &History) {
        self.count("schedules", 1);
        self.count("calls", history.calls.len());
        for record in &history.calls {
            let what = match (&record.operation, record.outcome()) {
                (Operation::BeginWrite { .. }, Some(Outcome::Done)) => "writes",
                (_, Some(Outcome::Miss)) => "loads",
                (Operation::Pause { .. }, Some(Outcome::Stored(true))) => "pauses",
                (_, Some(Outcome::Pass)) => "passes",
                (_, Some(Outcome::Failed(Error::LoadFailed(_)))) => "loads not repeated",
                (_, Some(Outcome::Stored(true))) => "commits",
                (_, Some(Outcome::Stored(false))) => "commits refused",
                (_, Some(Outcome::Hit(_) | Outcome::Values(_))) => "reads",
                (_, Some(Outcome::Stale { refresh: true, .. })) => "refreshes",
                (_, Some(Outcome::Stale { .. })) => "stale reads",
                (Operation::GiveUp { .. }, _) => "leases given up",
                (_, Some(Outcome::Dropped)) => "callers dropped",
                (_, Some(Outcome::Failed(Error::LockTimeout))) => "waits too long",
                (_, Some(Outcome::Failed(_))) => "calls failed",
                _ => "other calls",
            };
            self.count(what, 1);
        }
        for (_, counts) in &history.counts {
            self.count("waits", usize::try_from(counts.stampede_waits).unwrap_or(usize::MAX));
            self.count("rejections", usize::try_from(counts.rejections).unwrap_or(usize::MAX));
        }
        for disturbance in &history.disturbances {
            let what = match disturbance.trouble {
                Trouble::LeaseEnded(_) | Trouble::ElectionEnded(_) => "leases expired",
                Trouble::Failing(_) => "faults",
                _ => "losses",
            };
            self.count(what, 1);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.0.iter().map(|(what, count)| format!("{what} {count}"));
        f.write_str(&counts.collect::<Vec<_>>().join(", "))
    }
}
