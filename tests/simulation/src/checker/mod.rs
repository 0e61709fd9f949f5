//! Compares a history with the guarantees G1 to G4, G6, G7 and G10, and with G5
//! as far as it promises that waiters are woken.
//!
//! Calls that overlap may have happened in any order. A violation is what no
//! order explains. An invalidation that failed obliges nothing, since its effect
//! is unknown.

mod answers;
mod counts;
mod facts;
mod leases;
mod stale;
#[cfg(test)]
mod tests;
mod timeline;

use std::fmt;
use std::time::Duration;

use crate::history::{CallId, History};
use facts::Facts;
use stale::Invalidations;

/// What a history does not say of its circumstances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long the policy lets a caller wait.
    pub longest_wait: Duration,
    /// After how long a caller that holds a lease may be told to load for itself.
    pub nested_wait: Duration,
    /// After how long a lease may have expired without a disturbance that says
    /// so. `None` if the history has a disturbance for each expired lease.
    pub lease_may_end_after: Option<Duration>,
    /// How much the clocks of the recorder, the caches and the store may differ.
    pub clock_error: Duration,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guarantee {
    /// G1.
    OneLoad,
    /// G2.
    NoStaleWriteBack,
    /// G3.
    OwnersOnly,
    /// G4 and G5: every caller ends.
    WaitersAreWoken,
    /// G6, and that what has expired is not read.
    LosingDataMeansAMiss,
    /// G7: no error without a reason.
    Loud,
    /// G10.
    HonestCounters,
}

/// Something that no order of the calls explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What it violates.
    pub guarantee: Guarantee,
    /// What happened. Names calls as `#7`.
    pub sentence: String,
    /// The calls that the sentence names.
    pub calls: Vec<CallId>,
}

impl Violation {
    pub(crate) fn new(
        guarantee: Guarantee,
        sentence: String,
        calls: impl IntoIterator<Item = CallId>,
    ) -> Self {
        Self { guarantee, sentence, calls: calls.into_iter().collect() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.guarantee, self.sentence)
    }
}

/// Returns all violations in `history`. Calls that have not ended by now count
/// as calls that never end.
pub fn check(history: &History, rules: &Rules) -> Vec<Violation> {
    let facts = Facts::of(history);
    let mut found = Vec::new();
    let invalidations = Invalidations::of(&facts);
    stale::check(&facts, &invalidations, &mut found);
    leases::check(&facts, rules, &mut found);
    answers::check(&facts, &invalidations, rules, &mut found);
    counts::check(history, &mut found);
    found
}

/// Returns a violation for each lease in `history` that was neither committed
/// nor given up, as every lease is once its holder is gone.
pub fn forgotten_leases(history: &History) -> Vec<Violation> {
    let facts = Facts::of(history);
    let forgotten = facts.leases.values().filter(|lease| {
        let committed = lease.concluded().and_then(|call| facts.call(call).success());
        committed.is_none() && lease.give_up.is_none()
    });
    let violation = |call| {
        let sentence = format!("the lease of #{call} was dropped, and nothing gives it up");
        Violation::new(Guarantee::WaitersAreWoken, sentence, [call])
    };
    forgotten.map(|lease| violation(lease.call)).collect()
}
