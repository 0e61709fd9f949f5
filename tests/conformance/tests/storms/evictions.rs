//! What a server evicts for want of memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;

use crate::world::World;

/// What the names of keys begin with under which only markers are ever stored.
pub(crate) const MARKER: &str = "marker ";

/// Counts, by kind of key, what a server evicts from now on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evictions(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Evictions {
    /// On this runtime, until it ends.
    pub(crate) async fn watch(world: &World) -> Self {
        let server = world.server().await;
        server.command(&["CONFIG", "SET", "notify-keyspace-events", "Ee"]).unwrap();
        let address = format!("redis://127.0.0.1:{}", server.port());
        drop(server);
        let client = redis::Client::open(address).unwrap();
        let mut events = client.get_async_pubsub().await.unwrap();
        events.subscribe("__keyevent@0__:evicted").await.unwrap();
        let evictions = Self::default();
        let counts = evictions.0.clone();
        tokio::spawn(async move {
            let mut events = events.into_on_message();
            while let Some(event) = events.next().await {
                let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                *counts.entry(kind(event.get_payload_bytes())).or_default() += 1;
            }
        });
        evictions
    }

    /// How many there were of each kind.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
