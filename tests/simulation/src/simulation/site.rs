//! What a schedule runs on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::store::CasToken;
use spakky_cache_core::{Key, Runtime, Store, Tag};

use super::chance::Chance;
use super::steps::Work;
use crate::history::Trouble;

/// A kind of store.
pub trait Backing {
    /// A store of its own for one schedule: with the time and the chance of
    /// `runtime`, if it has none of its own.
    fn site(&mut self, chance: &mut Chance, runtime: Arc<dyn Runtime>) -> Arc<dyn Site>;
}

/// The store of one schedule, and what can be done to it.
pub trait Site: Send + Sync + fmt::Debug {
    /// The handle that a process has on it.
    fn store(&self, process: usize) -> Arc<dyn Store>;

    /// Carries out a step to its end.
    fn carry_out(&self, work: Work);

    /// Whether its steps can be under way at the same time.
    fn overlaps(&self) -> bool {
        false
    }

    /// Begins to carry out a step, while others go on; what is returned ends
    /// it, or, if it is dropped, drops it half-way.
    fn start(&self, work: Work) -> Work {
        work
    }

    /// Whether it keeps the time of what it holds by the schedule's clock. If
    /// not, what has ended by that clock is removed by `expire`.
    fn keeps_time(&self) -> bool;

    /// What `key` holds; where that cannot be looked at without touching it,
    /// what it is `known` to have held last.
    fn holds(&self, key: &Key, known: Option<CasToken>) -> Option<CasToken>;

    /// Removes what `key` holds if that is `token`'s; says whether it was.
    fn expire(&self, key: &Key, token: &CasToken) -> bool;

    /// The same for the election of a refresh.
    fn expire_election(&self, key: &Key, token: &CasToken) -> bool;

    /// Loses, or damages, something. None: nothing that excuses anything.
    fn lose(&self, chance: &mut Chance, keys: &[Key], tags: &[Tag]) -> Option<Trouble>;

    /// How long a lease is to last, by the schedule's clock.
    fn lease(&self) -> Duration;

    /// Cuts the connection of a process, and returns once there is another.
    fn lose_connection(&self, process: usize);

    /// Returns once every process has heard of all that has changed so far.
    fn hear_all(&self);
}
