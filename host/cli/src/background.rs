//! Background tasks that can be waited for.

use std::time::Duration;

use spakky_cache_core::runtime::{Runtime, Task, TokioRuntime};
use tokio::sync::watch;

/// A runtime that counts its tasks.
///
/// A dropped lease is given up by a background task. A command that ends must wait
/// for it, or the key stays taken until the lease ends.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    running: watch::Sender<usize>,
}

impl Background {
    pub(crate) fn new() -> Self {
        Self { running: watch::Sender::new(0) }
    }

    /// Waits until no task is running, for `limit` at most. Returns whether none
    /// is.
    pub(crate) async fn idle(&self, limit: Duration) -> bool {
        let mut running = self.running.subscribe();
        tokio::time::timeout(limit, running.wait_for(|count| *count == 0)).await.is_ok()
    }
}

impl Runtime for Background {
    fn now(&self) -> spakky_cache_core::entry::UnixMillis {
        TokioRuntime.now()
    }

    fn monotonic(&self) -> Duration {
        TokioRuntime.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Task {
        TokioRuntime.sleep(duration)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        TokioRuntime.fill_random(bytes);
    }

    fn spawn(&self, task: Task) {
        let running = Running::begin(&self.running);
        TokioRuntime.spawn(Box::pin(async move {
            task.await;
            drop(running);
        }));
    }
}

/// Counts one task until it ends or is dropped.
struct Running(watch::Sender<usize>);

impl Running {
    fn begin(running: &watch::Sender<usize>) -> Self {
        running.send_modify(|count| *count += 1);
        Self(running.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn idle_waits_for_every_task() {
        let background = Background::new();
        assert!(background.idle(SHORT).await);
        let (send, receive) = tokio::sync::oneshot::channel::<()>();
        background.spawn(Box::pin(async {
            let _ = receive.await;
        }));
        background.spawn(Box::pin(future::ready(())));
        assert!(!background.idle(SHORT).await);
        send.send(()).unwrap();
        assert!(background.idle(SHORT).await);
    }

    #[tokio::test]
    async fn a_task_that_panics_has_ended() {
        let background = Background::new();
        background.spawn(Box::pin(async { panic!("as a test") }));
        assert!(background.idle(SHORT).await);
    }

    #[test]
    fn without_a_runtime_there_is_nothing_to_wait_for() {
        let background = Background::new();
        background.spawn(Box::pin(future::pending()));
        assert_eq!(*background.running.borrow(), 0);
    }
}
