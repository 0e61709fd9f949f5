//! The steps of the protocol, as the trait `Store` says them.

mod bytes;
mod elections;
mod entries;
mod epochs;
mod leases;
mod names;
mod sweeps;
mod watches;

use std::time::Duration;

use crate::Case;

/// What lasts this long is over soon, and not before a few more steps are done
/// even on a machine with much else to do.
const SHORT: Duration = Duration::from_millis(600);

/// What lasts this long does not end while a test runs.
const LONG: Duration = Duration::from_hours(1);

/// Those of every store.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        entries::cases(),
        leases::cases(),
        watches::cases(),
        epochs::cases(),
        elections::cases(),
        sweeps::cases(),
        names::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Those of stores that keep bytes.
#[must_use]
pub fn cases_of_bytes() -> Vec<Case> {
    bytes::cases()
}

/// Those of leases, for a store that has another way to take one.
#[must_use]
pub fn cases_of_leases() -> Vec<Case> {
    leases::cases()
}
