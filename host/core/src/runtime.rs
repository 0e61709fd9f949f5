//! The clock, the randomness and the tasks of a cache.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rand::Rng as _;

/// Milliseconds since the Unix epoch, by the clock of the host that wrote them.
///
/// Only freshness depends on it. No guarantee assumes that the clocks of hosts
/// agree.
pub type UnixMillis = u64;

/// A background task, or a timer.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Time, randomness and background tasks. A trait, so that tests can control
/// them.
pub trait Runtime: Send + Sync + fmt::Debug + 'static {
    /// The time of the wall clock. It may be set back: it is for what is stored, which
    /// other processes read.
    fn now(&self) -> UnixMillis;

    /// The time since some moment of this process. It is never set back: it is for what
    /// this process waits for and measures.
    fn monotonic(&self) -> Duration;

    /// Completes after `duration`.
    fn sleep(&self, duration: Duration) -> Task;

    /// Fills `bytes` with unpredictable random data. The identities of leases are
    /// made of it.
    fn fill_random(&self, bytes: &mut [u8]);

    /// Runs `task` in the background.
    fn spawn(&self, task: Task);
}

/// The system's clock and randomness, and tasks on tokio.
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

    fn monotonic(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Task {
        Box::pin(tokio::time::sleep(duration))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        // A cryptographically secure generator, seeded by the system.
        rand::rng().fill_bytes(bytes);
    }

    fn spawn(&self, task: Task) {
        // A lease may be dropped while tokio shuts down, or after. Then nothing
        // runs the task, and the lease ends by its time limit.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(task);
        }
    }
}
