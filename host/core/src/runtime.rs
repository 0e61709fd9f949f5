//! The world outside the protocol: clock, chance, and tasks.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::Rng as _;

/// Milliseconds since the Unix epoch, by the clock of the host that wrote them.
///
/// Freshness depends on it, and nothing else: no guarantee rests on clocks of
/// different hosts agreeing.
pub type UnixMillis = u64;

/// A future that owns all it needs.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Time, randomness and background tasks, passed in so that a test owns them.
pub trait Runtime: Send + Sync + fmt::Debug + 'static {
    /// The time of the wall clock.
    fn now(&self) -> UnixMillis;

    /// Completes after `duration`.
    fn sleep(&self, duration: Duration) -> Task;

    /// Fills `bytes` with randomness that others cannot guess: the identities
    /// made of it are what tells one lease from another.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Runs `task` in the background.
    fn spawn(&self, task: Task);
}

/// The real world: the system's clock and randomness, tasks on tokio.
///
/// Its methods must be called inside a tokio runtime with a timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioRuntime;

impl Runtime for TokioRuntime {
    fn now(&self) -> UnixMillis {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn sleep(&self, duration: Duration) -> Task {
        Box::pin(tokio::time::sleep(duration))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // A generator of cryptographic strength, seeded by the system.
        rand::rng().fill_bytes(bytes);
    }

    fn spawn(&self, task: Task) {
        // A lease may be dropped while the runtime shuts down, or after: then
        // its time limit frees the key, and there is nobody to run the task.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(task);
        }
    }
}
