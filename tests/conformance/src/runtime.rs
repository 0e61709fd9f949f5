//! An [`Runtime`] that a test owns.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use spakky_cache_core::entry::UnixMillis;
use spakky_cache_core::runtime::{Runtime, Task, TokioRuntime};
use tokio::sync::watch;

/// Randomness from a seed, a clock by hand or the system's, tasks on tokio.
pub struct TestRuntime {
    seed: u64,
    random: Mutex<StdRng>,
    clock: Option<ManualClock>,
}

impl TestRuntime {
    /// Time stands still until the test moves it.
    #[must_use]
    pub fn manual(seed: u64) -> Arc<Self> {
        Self::new(seed, Some(ManualClock::default()))
    }

    /// Time passes as it does: for stores that have a clock of their own.
    #[must_use]
    pub fn real(seed: u64) -> Arc<Self> {
        Self::new(seed, None)
    }

    fn new(seed: u64, clock: Option<ManualClock>) -> Arc<Self> {
        Arc::new(Self { seed, random: Mutex::new(StdRng::seed_from_u64(seed)), clock })
    }

    /// What all randomness comes from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The clock, if it is moved by hand.
    pub fn clock(&self) -> Option<&ManualClock> {
        self.clock.as_ref()
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
        self.clock.as_ref().map_or_else(|| TokioRuntime.now(), ManualClock::now)
    }

    fn sleep(&self, duration: Duration) -> Task {
        match &self.clock {
            Some(clock) => clock.sleep(duration),
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

/// A clock that moves when it is told to. Clones are the same clock.
#[derive(Clone)]
pub struct ManualClock(Arc<watch::Sender<UnixMillis>>);

impl Default for ManualClock {
    /// Some moment in 2023.
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(1_700_000_000_000)))
    }
}

impl ManualClock {
    /// What it shows.
    pub fn now(&self) -> UnixMillis {
        *self.0.borrow()
    }

    /// Moves it on by whole milliseconds and wakes those whose time has come.
    /// They run when their tasks are polled, not within this call.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += millis(by));
    }

    /// How many sleep by it: a test that waits for a certain number knows that
    /// a task got as far as sleeping.
    pub fn sleepers(&self) -> usize {
        self.0.receiver_count()
    }

    /// Completes once it has moved on by `duration` from now.
    pub fn sleep(&self, duration: Duration) -> Task {
        let mut time = self.0.subscribe();
        let until = *time.borrow() + millis(duration);
        // The sleeper holds the clock, or would be left without one.
        let clock = Arc::clone(&self.0);
        Box::pin(async move {
            let _ = time.wait_for(|now| *now >= until).await;
            drop(clock);
        })
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManualClock({})", self.now())
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_sleeper_wakes_when_the_clock_gets_there() {
        let clock = ManualClock::default();
        let mut sleeper = clock.sleep(Duration::from_millis(10));
        assert_eq!(clock.sleepers(), 1);
        clock.advance(Duration::from_millis(9));
        assert!(sleeper.as_mut().now_or_never().is_none());
        clock.advance(Duration::from_millis(1));
        assert!(sleeper.as_mut().now_or_never().is_some());
        drop(sleeper);
        assert_eq!(clock.sleepers(), 0);
    }

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
