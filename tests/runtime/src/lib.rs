//! The [`Runtime`] of tests: time that a test moves, and randomness from a seed.
//! And the protocol's steps by name, for tests that take them one by one.

mod clock;
mod protocol;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use spakky_cache_core::entry::UnixMillis;
use spakky_cache_core::runtime::{Runtime, Task, TokioRuntime};

pub use clock::{ManualClock, Sleep};
pub use protocol::Protocol;

/// Randomness from a seed, a manual clock or the system's, and tasks on tokio.
pub struct TestRuntime {
    seed: u64,
    random: Mutex<StdRng>,
    clock: Option<ManualClock>,
    /// Milliseconds that the wall clock was set back by.
    set_back: AtomicU64,
}

impl TestRuntime {
    /// Time stands still until the test moves [`clock`](Self::clock).
    #[must_use]
    pub fn manual(seed: u64) -> Arc<Self> {
        Self::new(seed, Some(ManualClock::default()))
    }

    /// The system's clock, for stores that have a clock of their own.
    #[must_use]
    pub fn real(seed: u64) -> Arc<Self> {
        Self::new(seed, None)
    }

    fn new(seed: u64, clock: Option<ManualClock>) -> Arc<Self> {
        Arc::new(Self {
            seed,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            clock,
            set_back: AtomicU64::new(0),
        })
    }

    /// The manual clock, if there is one.
    pub fn clock(&self) -> Option<&ManualClock> {
        self.clock.as_ref()
    }

    /// Moves the manual clock on.
    ///
    /// # Panics
    /// The clock is the system's.
    pub fn advance(&self, by: Duration) {
        self.clock.as_ref().expect("a manual clock").advance(by);
    }
}

impl TestRuntime {
    /// Sets the wall clock back by this much, as an operator may. Zero sets it right.
    pub fn set_wall_clock_back(&self, by: Duration) {
        self.set_back.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl fmt::Debug for TestRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRuntime")
            .field("seed", &self.seed)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

impl Runtime for TestRuntime {
    fn now(&self) -> UnixMillis {
        let set_back = self.set_back.load(Relaxed);
        let now = self.clock.as_ref().map_or_else(|| TokioRuntime.now(), ManualClock::now);
        now.saturating_sub(set_back)
    }

    fn monotonic(&self) -> Duration {
        self.clock.as_ref().map_or_else(|| TokioRuntime.monotonic(), ManualClock::monotonic)
    }

    fn sleep(&self, duration: Duration) -> Task {
        match &self.clock {
            Some(clock) => Box::pin(clock.sleep(duration)),
            None => TokioRuntime.sleep(duration),
        }
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }

    fn spawn(&self, task: Task) {
        TokioRuntime.spawn(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_randomness() {
        let bytes = |seed| {
            let mut bytes = [0; 16];
            TestRuntime::manual(seed).fill_random(&mut bytes);
            bytes
        };
        assert_eq!(bytes(1), bytes(1));
        assert_ne!(bytes(1), bytes(2));
    }
}
