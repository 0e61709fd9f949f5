//! Storms: callers in several processes use the cache while the network and the
//! server fail in every way. No read is stale or wrong, what could not be done is
//! an error, and every cache recovers by itself (G2, G6, G7; G1 and G3 where no
//! data was lost).
//!
//! A share of each takes two seconds, all of it a minute. `SPAKKY_TEST_SEED`
//! repeats the choices of an earlier run, but not the order in which the machine
//! carries them out.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "storms/caller.rs"]
mod caller;
#[path = "storms/evictions.rs"]
mod evictions;
#[path = "storms/storm.rs"]
mod storm;
#[path = "storms/weather.rs"]
mod weather;
#[path = "storms/world.rs"]
mod world;

use spakky_test_support::{ServerOptions, proof};

use storm::Storm;
use weather::{Weather, counted};
use world::World;

async fn storm(name: &'static str, options: ServerOptions, weathers: &'static [Weather]) -> Storm {
    Storm::over(World::new(options).await, name, weathers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_network_that_fails_anywhere() {
    let mut storm = storm("the network fails", ServerOptions::new(), &[Weather::Network]).await;
    storm.rages(&["cuts", "faults", "unavailable", "loads"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_that_restarts_empty() {
    let mut storm = storm("the server restarts", ServerOptions::new(), &[Weather::Restarts]).await;
    storm.rages(&["restarts", "unavailable", "loads"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_full_memory_that_evicts() {
    let options = ServerOptions::new().max_memory("5mb", "allkeys-lru");
    let mut storm = storm("memory is full: allkeys-lru", options, &[Weather::Ballast]).await;
    (storm.keys, storm.value_bytes) = (200, 16 << 10);
    let evictions = evictions::watch(&storm.world).await;
    storm.rages(&["reads", "loads"]).await;
    let evicted = evictions.lock().unwrap().clone();
    for kind in ["evicted entries or markers", "evicted markers", "evicted epochs"] {
        assert!(evicted.get(kind).is_some_and(|count| *count > 0), "no {kind}: {evicted:?}");
    }
    let total = storm.world.info("evicted_keys").await;
    proof::row("storm: what allkeys-lru evicted", format!("{total} keys"), counted(&evicted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_full_memory_that_refuses() {
    let options = ServerOptions::new().max_memory("5mb", "noeviction");
    let mut storm = storm("memory is full: noeviction", options, &[Weather::Ballast]).await;
    storm.rages(&["times that memory was full", "failed", "reads"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn administrators_who_flush_kill_and_pause() {
    let mut storm = storm("flush, kill, pause", ServerOptions::new(), &[Weather::Commands]).await;
    storm.rages(&["unavailable", "loads"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn everything_at_once() {
    let options = ServerOptions::new().max_memory("5mb", "allkeys-lru");
    let all = &[Weather::Network, Weather::Restarts, Weather::Ballast, Weather::Commands];
    let mut storm = storm("everything at once", options, all).await;
    (storm.keys, storm.value_bytes) = (40, 8 << 10);
    storm.rages(&["unavailable", "loads"]).await;
}
