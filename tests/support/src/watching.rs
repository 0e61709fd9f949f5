//! What happens at a server meanwhile, and when something comes true.

use std::time::{Duration, Instant};

use crate::{Commands, RedisServer};

/// Far longer than anything takes: only what never happens fails by it.
const DEADLINE: Duration = Duration::from_secs(20);

/// The commands that `server` carries out during `work`, whoever sends them.
///
/// # Panics
/// The server is not there.
pub async fn commands_of(server: &RedisServer, work: impl Future<Output = ()>) -> Commands {
    let before = server.commands().expect("the server counts");
    work.await;
    server.commands().expect("the server counts").since(&before)
}

/// Waits until `holds`, however long it takes.
///
/// # Panics
/// It never does.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < DEADLINE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
