//! Holds a history against the guarantees G1 to G4, G6, G7 and G10, and G5 as
//! far as it says that a waiter is woken.
//!
//! Calls that overlap may have happened in any order, so only that is a
//! violation which no order explains. An invalidation that failed obliges
//! nothing, since nobody knows what it did.

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

/// What the history does not say of the world that it was made in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long the policy lets a caller wait.
    pub longest_wait: Duration,
    /// After how long a lease may have ended although no disturbance says so.
    /// None: each end of a lease by its time limit is noted as one.
    pub lease_may_end_after: Option<Duration>,
    /// By how much the clocks of history, caches and store may differ.
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

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneLoad => "G1",
            Self::NoStaleWriteBack => "G2",
            Self::OwnersOnly => "G3",
            Self::WaitersAreWoken => "G4/G5",
            Self::LosingDataMeansAMiss => "G6",
            Self::Loud => "G7",
            Self::HonestCounters => "G10",
        })
    }
}

/// Something that no order of the calls explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What it violates.
    pub guarantee: Guarantee,
    /// What happened, with calls as `#7`.
    pub sentence: String,
    /// The calls that the sentence names.
    pub calls: Vec<CallId>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.guarantee, self.sentence)
    }
}

/// All violations in `history`, whose calls are all over that will ever be.
pub fn check(history: &History, rules: &Rules) -> Vec<Violation> {
    let facts = Facts::of(history);
    let mut found = Vec::new();
    stale::check(&facts, &mut found);
    leases::check(&facts, rules, &mut found);
    answers::check(&facts, rules, &mut found);
    counts::check(history, &mut found);
    found
}
