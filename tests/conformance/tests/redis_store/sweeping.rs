//! The sweeper: it removes what is dead, and only what is its own.

use std::time::Duration;

use spakky_cache_core::Sweeping;
use spakky_cache_core::entry::{Envelope, Id};
use spakky_cache_core::{Store as _, TokioRuntime};
use spakky_cache_redis::{RedisSettings, RedisStore};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{RedisServer, ServerOptions};

use crate::support::{
    beside, entry, is_failure, key, marker, open, put, read, redis, settings, tags,
};

/// Sweeps from the start to the end: how many keys were looked at and removed.
async fn sweep_all(store: &RedisStore, most: usize) -> (u64, u64) {
    let (mut seen, mut removed, mut from) = (0, 0, None);
    loop {
        let swept = store.sweep(from, most, Sweeping::Remove).await.unwrap();
        seen += swept.seen;
        removed += swept.dead;
        from = swept.next;
        if from.is_none() {
            return (seen, removed);
        }
    }
}

fn names(server: &RedisServer) -> Vec<String> {
    let mut names: Vec<String> = server.query(redis::cmd("KEYS").arg("*")).unwrap();
    names.retain(|name| name.contains("k|") || name.contains("foreign"));
    names.sort_unstable();
    names
}

#[tokio::test]
async fn what_is_dead_goes_and_everything_else_stays() {
    let server = redis();
    let prefix = spakky_cache_core::Prefix::new("app[1]*?\\:").unwrap();
    let store = open(RedisSettings { key_prefix: prefix, ..settings(server.port()) }).await;
    // Prefixes that the pattern would match if it were one.
    let neighbours = ["app1x:", "app1*?\\:", "app[1]xy\\:", "app[1]*?\\:more:", ""];
    let neighbours: Vec<_> = neighbours.iter().map(|prefix| beside(&store, prefix)).collect();
    for neighbour in &neighbours {
        for number in 0..10 {
            put(neighbour, &number.to_string(), &["t"], "theirs").await.unwrap();
        }
    }
    for number in 0..200 {
        let tag = if number % 2 == 0 { "t" } else { "u" };
        put(&store, &number.to_string(), &[tag], "mine").await.unwrap();
    }
    server.command(&["SET", "app[1]*?\\:k|foreign", "bytes of another program's"]).unwrap();
    server.command(&["RPUSH", "app[1]*?\\:k|foreign list", "x"]).unwrap();
    let before = names(&server);

    let (seen, removed) = sweep_all(&store, 16).await;
    assert!(seen >= 202, "{seen}");
    assert_eq!(removed, 0);
    assert_eq!(names(&server), before);

    store.evict(&tags(&["t"])).await.unwrap();
    let (_, removed) = sweep_all(&store, 16).await;
    assert_eq!(removed, 100);
    assert_eq!(names(&server).len(), before.len() - 100);
    for number in (1..200).step_by(2) {
        assert!(read(&store, &number.to_string()).await.unwrap().is_some());
    }
    for neighbour in &neighbours {
        assert_eq!(read(neighbour, "7").await.unwrap().as_deref(), Some("theirs"));
    }
    store.clear().await.unwrap();
    assert_eq!(sweep_all(&store, 1_000).await.1, 100);
    assert_eq!(names(&server).len(), before.len() - 200);
    assert_eq!(sweep_all(&store, 1_000).await.1, 0);
}

#[tokio::test]
async fn large_values_and_many_tags_are_judged_by_their_header() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    let many: Vec<String> = (0..64).map(|number| format!("{number:0>1024}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    put(&store, "tags", &many, "v").await.unwrap();
    put(&store, "large", &["t"], &"v".repeat(1 << 20)).await.unwrap();
    let (from, before) = (server.commands().unwrap(), names(&server));
    assert_eq!(sweep_all(&other, 100).await.1, 0);
    assert_eq!(names(&server), before);
    assert_eq!(server.commands().unwrap().since(&from).count("mget"), 0);
    store.evict(&tags(&[many[63], "t"])).await.unwrap();
    assert_eq!(sweep_all(&other, 100).await.1, 2);
    assert_eq!(names(&server), Vec::<String>::new());
}

#[tokio::test]
async fn a_refused_sweep_is_a_failure_whatever_the_name_of_the_key() {
    let options =
        ServerOptions::new().user("app", "app-secret", &["~*", "&*", "+@all", "-getrange"]);
    let server = RedisServer::start(options).unwrap();
    let store = open(RedisSettings {
        username: Some("app".into()),
        password: Some("app-secret".into()),
        ..settings(server.port())
    })
    .await;
    put(&store, "WRONGTYPE", &[], "v").await.unwrap();
    let refused = store.sweep(None, 100, Sweeping::Remove).await;
    assert!(is_failure(&refused, "GETRANGE \"spakky:cache:k|WRONGTYPE\": NOPERM"), "{refused:?}");
}

#[tokio::test]
async fn what_was_stored_meanwhile_stays() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    // Leases that are alive, too.
    let marker = marker(&store).await;
    store.put_one(&key("lease"), &Envelope::Lease(marker)).await.unwrap();
    for round in 0..50 {
        put(&store, "k", &["t"], "old").await.unwrap();
        store.evict(&tags(&["t"])).await.unwrap();
        let new = entry(&other, &["t"], "new").await.unwrap();
        let (k, new) = (key("k"), Envelope::Entry(new));
        let (swept, put) = tokio::join!(sweep_all(&store, 100), other.put_one(&k, &new));
        put.unwrap();
        assert!(swept.1 <= 1);
        assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("new"), "{round}");
    }
    assert_eq!(names(&server), ["spakky:cache:k|k", "spakky:cache:k|lease"]);
}

#[tokio::test]
async fn one_sweeps_at_a_time() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    let (mine, theirs) = (Id::random(&TokioRuntime), Id::random(&TokioRuntime));
    let lasts = Duration::from_mins(1);
    assert_eq!(store.elect_sweeper(mine, lasts).await, Ok(true));
    assert_eq!(other.elect_sweeper(theirs, lasts).await, Ok(false));
    assert_eq!(store.elect_sweeper(mine, lasts * 2).await, Ok(true));
    let left: u64 = server.query(redis::cmd("PTTL").arg("spakky:cache:s|")).unwrap();
    assert!(left > 60_000, "{left}");
    assert_eq!(other.elect_sweeper(theirs, lasts).await, Ok(false));
    server.command(&["PEXPIRE", "spakky:cache:s|", "0"]).unwrap();
    assert_eq!(other.elect_sweeper(theirs, lasts).await, Ok(true));
    assert_eq!(store.elect_sweeper(mine, lasts).await, Ok(false));
}
