//! What a Redis may refuse.

use redis::Value;
use spakky_cache_core::Store as _;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::Cas;
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{Commands, RedisServer, ServerOptions};

use crate::support::{
    commands_of, entry, is_failure, is_unavailable, key, marker, open, put, read, redis, settings,
};

#[tokio::test]
async fn scripts_survive_being_forgotten() {
    let server = redis();
    let store = open(settings(server.port())).await;
    let marker = marker(&store).await;
    let cas_token = Envelope::Lease(marker.clone()).cas_token();
    let entry = entry(&store, &[], "v").await.unwrap();
    for round in 0..3 {
        assert_eq!(store.take_lease(&key("k"), None, &marker).await, Ok(Cas::Done));
        server.command(&["SCRIPT", "FLUSH"]).unwrap();
        let committed = commands_of(&server, async {
            assert_eq!(store.commit(&key("k"), &cas_token, &entry).await, Ok(true), "{round}");
        });
        let sent = Commands::from([("evalsha", 1), ("eval", 1), ("getrange", 1), ("set", 1)]);
        assert_eq!(committed.await, sent);
        // The server knows it again.
        let refused = commands_of(&server, async {
            assert_eq!(store.commit(&key("k"), &cas_token, &entry).await, Ok(false));
        });
        assert_eq!(refused.await, Commands::from([("evalsha", 1), ("getrange", 1)]));
        store.remove(&[key("k")]).await.unwrap();
    }
}

#[tokio::test]
async fn a_full_memory_is_a_failure() {
    let options = ServerOptions::new().max_memory("4mb", "noeviction");
    let server = RedisServer::start(options).unwrap();
    let store = open(settings(server.port())).await;
    put(&store, "small", &[], "v").await.unwrap();
    let value = "v".repeat(1 << 20);
    let mut refused = Ok(());
    for number in 0..16 {
        refused = put(&store, &number.to_string(), &[], &value).await;
        if refused.is_err() {
            break;
        }
    }
    assert!(is_failure(&refused, "OOM"), "{refused:?}");
    // Reads and removals go on.
    assert_eq!(read(&store, "small").await.unwrap().as_deref(), Some("v"));
    assert_eq!(store.remove(&[key("small")]).await, Ok(vec![true]));
}

#[tokio::test]
async fn a_replica_is_unavailable_for_writes() {
    let server = redis();
    let store = open(settings(server.port())).await;
    put(&store, "k", &[], "v").await.unwrap();
    // Of nobody: port 1 answers to none.
    server.command(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    let refused = put(&store, "k", &[], "w").await;
    assert!(is_unavailable(&refused), "{refused:?}");
    let evicted = store.clear().await;
    assert!(is_unavailable(&evicted), "{evicted:?}");
    server.command(&["REPLICAOF", "NO", "ONE"]).unwrap();
    put(&store, "k", &[], "w").await.unwrap();
}

#[tokio::test]
async fn a_refused_command_is_a_failure_that_names_it() {
    let options =
        ServerOptions::new().user("app", "app-secret", &["~*", "&*", "+@all", "-evalsha", "-set"]);
    let server = RedisServer::start(options).unwrap();
    let store = open(spakky_cache_redis::RedisSettings {
        username: Some("app".into()),
        password: Some("app-secret".into()),
        ..settings(server.port())
    })
    .await;
    let refused = store.remove(&[key("k")]).await;
    assert!(is_failure(&refused, "remove \"spakky:cache:k|k\": NOPERM"), "{refused:?}");
    // An evict that was refused must not pass for one that happened.
    assert!(is_failure(&store.clear().await, "NOPERM"));
    assert!(is_failure(&store.evict(&[]).await, "NOPERM"));
    assert!(!matches!(server.command(&["PING"]), Ok(Value::Nil)));
}
