//! How much happened: schedules in which nothing races prove nothing.

use std::fmt;
use std::ops::AddAssign;

use crate::history::{History, Operation, Outcome, Trouble};

macro_rules! tally {
    ($($(#[$doc:meta])* $name:ident: $text:literal,)*) => {
        /// Counts over one schedule or many.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Tally {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl AddAssign for Tally {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        /// As `schedules 100, steps 2,000`.
        impl fmt::Display for Tally {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let counts = [$(($text, self.$name),)*];
                let counts = counts.map(|(text, count)| format!("{text} {}", grouped(count)));
                f.write_str(&counts.join(", "))
            }
        }
    };
}

tally! {
    /// Schedules.
    schedules: "schedules",
    /// Calls of the cache.
    calls: "calls",
    /// Steps on the store.
    steps: "steps",
    /// Reads answered with a value.
    reads: "values read",
    /// Leases given to load.
    loads: "loads",
    /// Leases given to refresh.
    refreshes: "refreshes",
    /// Leases given to write.
    writes: "writes",
    /// Leases whose key was written, deleted or evicted while they were out.
    overtaken: "leases overtaken",
    /// Commits answered with true.
    committed: "commits",
    /// Commits answered with false.
    refused: "refused",
    /// Stale values served.
    stale: "stale served",
    /// Lookups that waited for another's load.
    waits: "waits",
    /// Lookups that waited for too long.
    timeouts: "too long",
    /// Callers dropped half-way.
    dropped: "callers dropped",
    /// Calls that failed by a fault.
    failed: "calls failed",
    /// Leases and elections that ended by their time limit.
    ended: "leases expired",
    /// Epochs, marks and entries lost.
    lost: "losses",
    /// Steps that happened after their caller was gone.
    orphans: "steps for nobody",
}

impl Tally {
    /// What callers saw of one schedule.
    pub fn of(history: &History) -> Self {
        let mut tally = Self { schedules: 1, calls: history.calls.len() as u64, ..Self::default() };
        for (call, record) in history.calls.iter().enumerate() {
            match (&record.operation, record.outcome()) {
                (Operation::BeginWrite { .. }, Some(Outcome::Done)) => tally.writes += 1,
                (_, Some(Outcome::Miss)) => tally.loads += 1,
                (_, Some(Outcome::Stored(true))) => tally.committed += 1,
                (_, Some(Outcome::Stored(false))) => tally.refused += 1,
                (_, Some(Outcome::Hit(_))) => tally.reads += 1,
                (_, Some(Outcome::Values(values))) => {
                    tally.reads += values.iter().flatten().count() as u64;
                }
                (_, Some(Outcome::Stale { refresh, .. })) => {
                    tally.reads += 1;
                    tally.stale += 1;
                    tally.refreshes += u64::from(*refresh);
                }
                (Operation::GiveUp { .. }, _) => {}
                (_, Some(Outcome::Dropped)) => tally.dropped += 1,
                (_, Some(Outcome::Failed(spakky_cache_core::Error::LockTimeout))) => {
                    tally.timeouts += 1;
                }
                (_, Some(Outcome::Failed(_))) => tally.failed += 1,
                _ => {}
            }
            if let Operation::Commit { lease, .. } | Operation::GiveUp { lease } = record.operation
            {
                tally.overtaken += u64::from(was_overtaken(history, lease, call));
            }
        }
        for disturbance in &history.disturbances {
            match disturbance.trouble {
                Trouble::LeaseEnded(_) | Trouble::ElectionEnded(_) => tally.ended += 1,
                Trouble::Failing(_) => {}
                _ => tally.lost += 1,
            }
        }
        tally.waits = history.counts.iter().map(|(_, counts)| counts.stampede_waits).sum();
        tally
    }
}

/// Whether something was called, and was over, between the call that gave a
/// lease and the one that ended it, which takes it away.
fn was_overtaken(history: &History, lease: usize, end: usize) -> bool {
    let (from, until) = (history.calls[lease].end(), history.calls[end].called.moment);
    let (Operation::Lookup { key, tags: known, .. } | Operation::BeginWrite { key, tags: known }) =
        &history.calls[lease].operation
    else {
        return false;
    };
    let late = match &history.calls[end].operation {
        Operation::Commit { terms, .. } => &terms.tags[..],
        _ => &[],
    };
    history.calls[lease..end].iter().any(|record| {
        let operation = &record.operation;
        let takes = operation.replaces(key) || operation.evicts(known) || operation.evicts(late);
        takes && Some(record.called.moment) > from && record.end().is_some_and(|at| at < until)
    })
}

/// `count` with its thousands apart.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")]
        {
            assert_eq!(grouped(count), text);
        }
    }
}
