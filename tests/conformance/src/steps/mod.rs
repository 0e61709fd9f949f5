//! The steps of the trait `Store`.

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

/// A time that is over soon, but not before a few more steps are done, even on a busy
/// machine.
const SHORT: Duration = Duration::from_millis(600);

/// A time that does not end while a test runs.
const LONG: Duration = Duration::from_hours(1);

/// The cases of every store.
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

/// The cases of stores that keep bytes.
#[must_use]
pub fn cases_of_bytes() -> Vec<Case> {
    bytes::cases()
}

/// The cases of leases, for a store with another way to take one.
#[must_use]
pub fn cases_of_leases() -> Vec<Case> {
    leases::cases()
}
