//! The runtime of a simulated process.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use parking_lot::Mutex;
use spakky_cache_core::Runtime;
use spakky_cache_core::entry::UnixMillis;
use spakky_cache_core::runtime::Task;
use spakky_test_runtime::ManualClock;

use super::chance::Chance;
use super::executor::{Doing, Tasks};
use crate::history::{Caller, Operation, Outcome, Recorder};

/// The schedule's clock, which this process sees ahead by a fixed span, its
/// randomness and its tasks.
pub(crate) struct SimulatedProcess {
    pub(crate) process: usize,
    pub(crate) clock: ManualClock,
    pub(crate) ahead: Duration,
    pub(crate) chance: Mutex<Chance>,
    pub(crate) tasks: Tasks,
    pub(crate) recorder: Recorder,
}

impl fmt::Debug for SimulatedProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.process)
    }
}

impl Runtime for SimulatedProcess {
    fn now(&self) -> UnixMillis {
        self.clock.now() + u64::try_from(self.ahead.as_millis()).unwrap_or(0)
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Task {
        Box::pin(self.clock.sleep(duration))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.chance.lock().fill(bytes);
    }

    fn spawn(&self, task: Task) {
        let running = self.tasks.running();
        let nobody = Caller { process: self.process, session: usize::MAX };
        let caller = running.as_ref().map_or(nobody, |doing| doing.caller);
        let doing = Doing::new(caller, None);
        let Some(lease) = running.and_then(|doing| doing.ends) else {
            return self.tasks.spawn(doing, task);
        };
        // The end of a lease spawns nothing but what gives it up.
        let call = self.recorder.begin(caller, Operation::GiveUp { lease });
        let giving_up = Arc::clone(&doing);
        let task = async move {
            task.await;
            if !giving_up.failed.load(SeqCst) {
                call.end(Outcome::Done);
            }
        };
        self.tasks.spawn(doing, Box::pin(task));
    }
}
