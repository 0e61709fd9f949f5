//! Waiting for a condition, and counting the commands of an operation.

use std::time::{Duration, Instant};

use crate::{Commands, RedisServer};

/// Far longer than anything takes: only what never happens exceeds it.
const DEADLINE: Duration = Duration::from_secs(20);

/// The commands that `server` carries out during `work`.
///
/// # Panics
/// The server was stopped.
pub async fn commands_of(server: &RedisServer, work: impl Future<Output = ()>) -> Commands {
    let before = server.commands().expect("the server counts");
    work.await;
    server.commands().expect("the server counts").since(&before)
}

/// Waits until `holds`.
///
/// # Panics
/// It does not hold after 20 seconds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < DEADLINE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
