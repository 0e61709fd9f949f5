//! Connections that are lost, or silent, and servers that restart.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join_all;
use spakky_cache_core::Store as _;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, Found};
use spakky_cache_redis::{RedisConnection, RedisSettings};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::Proxy;

use crate::support::{
    DEADLINE, SHORT, entry, is_unavailable, key, marker, open, put, read, redis, settings, until,
    until_back,
};

/// A store behind a proxy that gives up soon.
async fn hasty(proxy: &Proxy) -> spakky_cache_redis::RedisStore {
    open(RedisSettings { socket_timeout: SHORT, ..settings(proxy.port()) }).await
}

#[tokio::test]
async fn a_restart_is_survived_and_everything_is_a_miss() {
    let mut server = redis();
    let store = open(settings(server.port())).await;
    put(&store, "k", &["t"], "v").await.unwrap();
    let old = entry(&store, &["t"], "old").await.unwrap();
    let marker = marker(&store).await;
    let (_, change) = store.watch(&key("k")).await.unwrap();
    server.stop();
    // Whoever watches has to look again.
    tokio::time::timeout(DEADLINE, change.wait()).await.unwrap();
    let refused = store.read(&key("k")).await;
    assert!(is_unavailable(&refused), "{refused:?}");
    assert_eq!(store.connection().server_version(), None);
    server.start_again_on_same_port().unwrap();
    until_back(&store).await;
    assert!(store.connection().server_version().is_some());

    assert_eq!(store.read(&key("k")).await, Ok(Found::Nothing));
    // Epochs from before are not taken for current ones, nor is a lease.
    store.put_one(&key("k"), &Envelope::Entry(old)).await.unwrap();
    assert_eq!(read(&store, "k").await, Ok(None));
    assert_eq!(store.take_lease(&key("l"), None, &marker).await, Ok(Cas::Done));
    let cas_token = Envelope::Lease(marker).cas_token();
    assert_eq!(store.renew(&key("l"), &cas_token, Duration::from_secs(9)).await, Ok(true));
    put(&store, "k", &["t"], "w").await.unwrap();
    assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("w"));
}

#[tokio::test]
async fn an_operation_waits_for_the_connection_to_come_back() {
    let mut server = redis();
    let store = Arc::new(open(settings(server.port())).await);
    put(&store, "k", &[], "v").await.unwrap();
    server.stop();
    until("the loss is noticed", async || store.connection().server_version().is_none()).await;
    server.start_again_on_same_port().unwrap();
    // None of them is refused for having come a moment early, once an attempt
    // has not failed meanwhile.
    until_back(&store).await;
    let reads = (0..100).map(|_| async { store.read(&key("k")).await });
    assert!(join_all(reads).await.into_iter().all(|found| found == Ok(Found::Nothing)));
}

#[tokio::test]
async fn a_silent_network_is_unavailable_within_the_timeout() {
    let server = redis();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let store = hasty(&proxy).await;
    put(&store, "k", &["t"], "v").await.unwrap();
    let (_, change) = store.watch(&key("k")).await.unwrap();
    proxy.black_hole();
    // All that are under way fail together, and whoever watches is woken.
    let reads = (0..50).map(|_| async { store.read(&key("k")).await });
    let reads = tokio::time::timeout(DEADLINE, join_all(reads)).await.unwrap();
    assert!(reads.iter().all(is_unavailable), "{reads:?}");
    tokio::time::timeout(DEADLINE, change.wait()).await.unwrap();
    // So do those that come while it is down.
    assert!(is_unavailable(&store.read(&key("k")).await));
    assert!(is_unavailable(&store.connection().ping().await));
    proxy.thaw();
    until_back(&store).await;
    assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("v"));
}

#[tokio::test]
async fn a_connection_is_not_given_up_for_a_caller_that_is_busy() {
    let server = redis();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let store = hasty(&proxy).await;
    put(&store, "k", &[], "v").await.unwrap();
    // Begun, and then nobody looks whether the answer has come.
    let (one, k) = (key("other"), key("k"));
    let mut neglected = store.read(&one);
    assert!((&mut neglected).now_or_never().is_none());
    let pings = async || server.commands().unwrap().count("ping");
    let before = pings().await;
    until("the connection was tested twice", async || {
        assert!(matches!(store.read(&k).await, Ok(Found::Envelope { alive: true, .. })));
        pings().await >= before + 2
    })
    .await;
    assert_eq!(neglected.await, Ok(Found::Nothing));
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn a_step_that_is_dropped_does_not_happen_after_a_later_one() {
    let server = redis();
    let store = open(settings(server.port())).await;
    for round in 0..200 {
        let (first, second) =
            (entry(&store, &[], "first").await, entry(&store, &[], "second").await);
        let (first, second) = (Envelope::Entry(first.unwrap()), Envelope::Entry(second.unwrap()));
        let k = key("k");
        let mut dropped = store.put_one(&k, &first);
        assert!((&mut dropped).now_or_never().is_none());
        if round % 2 == 0 {
            // Let it get as far as the socket.
            tokio::task::yield_now().await;
        }
        drop(dropped);
        store.put_one(&k, &second).await.unwrap();
        assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("second"));
    }
}

#[tokio::test]
async fn an_attempt_to_connect_does_not_outlast_the_timeout() {
    let server = redis();
    let proxy = Proxy::start(server.port()).await.unwrap();
    proxy.black_hole();
    let settings = RedisSettings { socket_timeout: SHORT, ..settings(proxy.port()) };
    let attempt = tokio::time::timeout(DEADLINE, RedisConnection::connect(settings)).await.unwrap();
    assert!(attempt.is_err());
}
