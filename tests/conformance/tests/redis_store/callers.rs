//! Callers that are slow, or gone, and do not disturb others.

use std::time::Duration;

use futures::FutureExt as _;
use spakky_cache_core::Store as _;
use spakky_cache_core::Sweeping;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::Found;
use spakky_cache_redis::RedisSettings;
use spakky_test_runtime::Protocol as _;
use spakky_test_support::Proxy;

use crate::support::{entry, key, open, open_two, put, read, redis, settings, tags, until};

#[tokio::test]
async fn a_connection_is_not_given_up_for_a_caller_that_is_busy() {
    let server = redis();
    let proxy = Proxy::start(server.port()).await.unwrap();
    let socket_timeout = Duration::from_secs(1);
    let store = open(RedisSettings { socket_timeout, ..settings(proxy.port()) }).await;
    put(&store, "k", &[], "v").await.unwrap();
    // It is sent, and not polled for its reply.
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
        let first = Envelope::Entry(entry(&store, &[], "first").await);
        let second = Envelope::Entry(entry(&store, &[], "second").await);
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
async fn an_entry_that_is_stored_during_a_sweep_stays() {
    let server = redis();
    let (store, other) = open_two(&server).await;
    for round in 0..50 {
        put(&store, "k", &["t"], "old").await.unwrap();
        store.evict(&tags(&["t"])).await.unwrap();
        let new = Envelope::Entry(entry(&other, &["t"], "new").await);
        let k = key("k");
        let (swept, put) =
            tokio::join!(store.sweep(None, 100, Sweeping::Remove), other.put_one(&k, &new));
        put.unwrap();
        assert!(swept.unwrap().dead <= 1);
        assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("new"), "{round}");
    }
}
