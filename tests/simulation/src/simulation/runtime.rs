//! The runtime of a simulated process.

use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use spakky_cache_core::Runtime;
use spakky_cache_core::entry::UnixMillis;
use spakky_cache_core::runtime::Task;

use spakky_test_runtime::ManualClock;

use super::chance::Chance;
use super::executor::{Doing, Tasks};
use crate::history::{Caller, Operation, Recorder};

/// Time by the schedule's clock, which this process sees ahead by a fixed
/// span; chance and tasks of the schedule's.
#[derive(Debug)]
pub(crate) struct SimulatedProcess {
    process: usize,
    clock: ManualClock,
    ahead: Duration,
    chance: Mutex<Chance>,
    tasks: Tasks,
    recorder: Recorder,
}

impl SimulatedProcess {
    pub(crate) fn new(
        process: usize,
        clock: ManualClock,
        ahead: Duration,
        seed: u64,
        tasks: Tasks,
        recorder: Recorder,
    ) -> Arc<Self> {
        let chance = Mutex::new(Chance::new(seed));
        Arc::new(Self { process, clock, ahead, chance, tasks, recorder })
    }
}

impl Runtime for SimulatedProcess {
    fn now(&self) -> UnixMillis {
        let ahead = u64::try_from(self.ahead.as_millis()).unwrap_or(0);
        self.clock.now() + ahead
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Task {
        Box::pin(self.clock.sleep(duration))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }

    fn spawn(&self, task: Task) {
        let running = self.tasks.running();
        let nobody = Caller { process: self.process, session: usize::MAX };
        let caller = running.as_ref().map_or(nobody, |doing| doing.caller);
        let doing = Doing::background(caller);
        let Some(lease) = running.and_then(|doing| doing.ends) else {
            return self.tasks.spawn(doing, task);
        };
        // The end of a lease spawns nothing but what gives it up.
        let call = self.recorder.begin(caller, Operation::GiveUp { lease });
        let giving_up = Arc::clone(&doing);
        self.tasks.spawn(
            doing,
            Box::pin(async move {
                task.await;
                if !giving_up.failed.load(SeqCst) {
                    call.end(crate::history::Outcome::Done);
                }
            }),
        );
    }
}
