//! Time and chance of one play.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use spakky_cache_core::entry::{UnixMillis, whole_millis};
use spakky_cache_core::runtime::Task;
use spakky_cache_core::{Runtime, TokioRuntime};
use tokio::sync::watch;

/// A clock that is moved by hand, and numbers for chance: never the same twice
/// in one play, and the same in each.
///
/// That of the store's tests does more, and brings with it what they stand on:
/// here all of that would be compiled, and watched, by the fuzzer.
#[derive(Debug)]
pub(crate) struct ByHand {
    now: watch::Sender<UnixMillis>,
    drawn: AtomicU64,
}

impl ByHand {
    pub(crate) fn new() -> Arc<Self> {
        // Some moment in 2023.
        Arc::new(Self { now: watch::Sender::new(1_700_000_000_000), drawn: AtomicU64::new(1) })
    }

    /// Moves the clock on, and wakes those whose time has come.
    pub(crate) fn pass(&self, millis: u64) {
        self.now.send_modify(|now| *now += millis);
    }
}

impl Runtime for ByHand {
    fn now(&self) -> UnixMillis {
        *self.now.borrow()
    }

    fn sleep(&self, duration: Duration) -> Task {
        let mut time = self.now.subscribe();
        let until = self.now() + whole_millis(duration);
        Box::pin(async move {
            // An error says that the play is over.
            let _ = time.wait_for(|now| *now >= until).await;
        })
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.drawn.fetch_add(1, Relaxed).to_be_bytes();
            chunk.copy_from_slice(&drawn[8 - chunk.len()..]);
        }
    }

    fn spawn(&self, task: Task) {
        TokioRuntime.spawn(task);
    }
}
