//! What a Redis refuses, the errors that say so, and keys of other programs.

use spakky_cache_core::Sweeping;
use spakky_cache_core::{Store as _, StoreErrorKind};

use crate::support::{is_failure, key, open, open_restricted, put, redis, settings, tags};

#[tokio::test]
async fn a_replica_is_unavailable_for_writes() {
    let server = redis();
    let store = open(settings(server.port())).await;
    put(&store, "k", &[], "v").await.unwrap();
    // Nothing listens on port 1.
    server.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    for refused in [put(&store, "k", &[], "w").await, store.clear().await] {
        assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    server.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    put(&store, "k", &[], "w").await.unwrap();
}

#[tokio::test]
async fn a_refused_command_is_a_failure_that_names_it() {
    let (_server, store) = open_restricted(&["-evalsha", "-set"]).await;
    let refused = store.remove(&[key("k")]).await;
    assert!(is_failure(&refused, "remove \"spakky:cache:k|k\": NOPERM"), "{refused:?}");
    // An evict is not done unless it was carried out.
    assert!(is_failure(&store.clear().await, "NOPERM"));
    assert!(is_failure(&store.evict(&[]).await, "NOPERM"));
}

#[tokio::test]
async fn a_sweep_leaves_keys_of_other_programs() {
    let server = redis();
    let store = open(settings(server.port())).await;
    server.command(&["SET", "spakky:cache:k|text", "foreign"]).unwrap();
    server.command(&["RPUSH", "spakky:cache:k|list", "foreign"]).unwrap();
    put(&store, "evicted", &["t"], "v").await.unwrap();
    store.evict(&tags(&["t"])).await.unwrap();
    assert_eq!(store.sweep(None, 100, Sweeping::Remove).await.unwrap().dead, 1);
    let left: u64 = server
        .query(redis::cmd("EXISTS").arg("spakky:cache:k|text").arg("spakky:cache:k|list"))
        .unwrap();
    assert_eq!(left, 2);
}

#[tokio::test]
async fn a_refused_sweep_is_a_failure_whatever_the_name_of_the_key() {
    let (_server, store) = open_restricted(&["-getrange"]).await;
    put(&store, "WRONGTYPE", &[], "v").await.unwrap();
    let refused = store.sweep(None, 100, Sweeping::Remove).await;
    assert!(is_failure(&refused, "GETRANGE \"spakky:cache:k|WRONGTYPE\": NOPERM"), "{refused:?}");
}
