//! The store that a schedule runs on.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::store::{CasToken, Slot};
use spakky_cache_core::{Key, Runtime, Store, Tag};

use super::chance::Chance;
use crate::history::Trouble;

/// What a step does when it happens.
pub type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A kind of store.
pub trait Backing {
    /// An empty store for one schedule. It uses the time and the randomness of
    /// `runtime`, unless it has its own.
    fn site(&mut self, chance: &mut Chance, runtime: Arc<dyn Runtime>) -> Arc<dyn Site>;
}

/// The store of one schedule, and what can be done to it.
pub trait Site: Send + Sync {
    /// The handle that a process has on it.
    fn store(&self, process: usize) -> Arc<dyn Store>;

    /// Carries out a step to its end.
    fn carry_out(&self, work: Work);

    /// Whether several of its steps can be under way at the same time.
    fn overlaps(&self) -> bool {
        false
    }

    /// Begins to carry out a step. The work that it returns ends the step, or
    /// drops it half-way when it is dropped.
    fn start(&self, work: Work) -> Work {
        work
    }

    /// Whether entries and leases expire by the schedule's clock. If not,
    /// `expire` removes them.
    fn keeps_time(&self) -> bool {
        true
    }

    /// What `key` holds. `known` is what the last step left there, which is the
    /// answer where a look would change something.
    fn holds(&self, _key: &Key, known: Option<CasToken>) -> Option<CasToken> {
        known
    }

    /// Empties `slot` if it holds `token`. Returns whether it did.
    fn expire(&self, _slot: Slot<'_>, _token: &CasToken) -> bool {
        true
    }

    /// Loses, or damages, something. `None` if that excuses nothing.
    fn lose(&self, chance: &mut Chance, keys: &[Key], tags: &[Tag]) -> Option<Trouble>;

    /// How long a lease lasts, by the schedule's clock.
    fn lease(&self) -> Duration;

    /// Cuts the connection of a process, and returns once it has another.
    fn lose_connection(&self, _process: usize) {}

    /// Returns once every process has heard of all changes so far.
    fn hear_all(&self) {}
}
