//! The keys that a server evicts because its memory is full.

use std::sync::{Arc, Mutex};

use futures::StreamExt as _;

use crate::weather::Counts;
use crate::world::World;

/// The beginning of the names of keys that hold nothing but lease markers.
pub(crate) const MARKER: &str = "marker ";

/// Evicted keys, by kind.
pub(crate) type Evictions = Arc<Mutex<Counts>>;

/// Counts what a server evicts from now on, until the tokio runtime ends.
pub(crate) async fn watch(world: &World) -> Evictions {
    let server = world.server().await;
    server.command(&["CONFIG", "SET", "notify-keyspace-events", "Ee"]).unwrap();
    let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port())).unwrap();
    drop(server);
    let mut events = client.get_async_pubsub().await.unwrap();
    events.subscribe("__keyevent@0__:evicted").await.unwrap();
    let evictions = Evictions::default();
    let counts = evictions.clone();
    tokio::spawn(async move {
        let mut events = events.into_on_message();
        while let Some(event) = events.next().await {
            *counts.lock().unwrap().entry(kind(event.get_payload_bytes())).or_default() += 1;
        }
    });
    evictions
}

fn kind(name: &[u8]) -> &'static str {
    let name = String::from_utf8_lossy(name);
    match name.strip_prefix("storm:").and_then(|name| name.split_once('|')) {
        Some(("k", key)) if key.starts_with(MARKER) => "evicted markers",
        Some(("k", _)) => "evicted entries or markers",
        Some(("t" | "a", _)) => "evicted epochs",
        Some(("e", _)) => "evicted marks",
        _ => "other evicted keys",
    }
}
