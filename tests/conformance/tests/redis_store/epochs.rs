//! How long epochs live, and what becomes of damaged ones.

use std::time::Duration;

use futures::FutureExt as _;
use spakky_cache_core::Store as _;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::Found;
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{Commands, RedisServer};

use crate::support::{beside, commands_of, entry, key, open, put, read, redis, settings, tags};

const DAY: Duration = Duration::from_hours(24);

/// How many days an epoch has left, rounded; none: it has no end.
fn days_left(server: &RedisServer, name: &str) -> Option<u64> {
    let left: i64 = server.query(redis::cmd("PTTL").arg(format!("spakky:cache:{name}"))).unwrap();
    assert_ne!(left, -2, "there is no epoch {name}");
    let day = u64::try_from(DAY.as_millis()).unwrap();
    u64::try_from(left).ok().map(|left| (left + day / 2) / day)
}

#[tokio::test]
async fn an_epoch_outlives_the_entries_that_have_it() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    let tag = &tags(&["t"]);

    let first = store.capture(tag, Some(DAY)).await.unwrap();
    assert_eq!(days_left(&server, "t|t"), Some(30));
    assert_eq!(days_left(&server, "a|"), None);

    // What lives for longer than the epoch is assured to makes it live longer.
    // It stays the same epoch.
    let longer = other.capture(tag, Some(100 * DAY)).await.unwrap();
    assert_eq!(longer, first);
    assert_eq!(days_left(&server, "t|t"), Some(200));

    // It is never shortened.
    assert_eq!(store.capture(tag, Some(40 * DAY)).await.unwrap(), first);
    assert_eq!(days_left(&server, "t|t"), Some(200));
    assert_eq!(store.capture(tag, None).await.unwrap(), first);
    assert_eq!(days_left(&server, "t|t"), None);
    assert_eq!(other.capture(tag, Some(DAY)).await.unwrap(), first);
    assert_eq!(days_left(&server, "t|t"), None);

    // A new epoch begins anew.
    store.evict(tag).await.unwrap();
    assert_eq!(days_left(&server, "t|t"), Some(30));
    let second = store.capture(tag, None).await.unwrap();
    assert_ne!(second.tags, first.tags);
    assert_eq!(second.everything, first.everything);
    assert_eq!(days_left(&server, "t|t"), None);
}

#[tokio::test]
async fn a_capture_is_free_once_the_epochs_are_known() {
    let server = redis();
    let store = open(settings(server.port())).await;
    let tags = &tags(&["t", "u"]);
    let capture = async |ttl| {
        commands_of(&server, async {
            store.capture(tags, ttl).await.unwrap();
        })
        .await
    };
    let made = Commands::from([("set", 3), ("client|caching", 3), ("get", 3), ("pttl", 3)]);
    assert_eq!(capture(Some(DAY)).await, made);
    assert_eq!(capture(Some(DAY)).await, Commands::default());
    assert_eq!(capture(Some(28 * DAY)).await, Commands::default());
    // Made to live longer, once.
    assert_ne!(capture(Some(60 * DAY)).await, Commands::default());
    assert_eq!(capture(Some(60 * DAY)).await, Commands::default());
    assert_eq!(capture(Some(100 * DAY)).await, Commands::default());
    assert_ne!(capture(None).await, Commands::default());
    assert_eq!(capture(None).await, Commands::default());
}

#[tokio::test]
async fn a_flush_is_a_miss() {
    let server = redis();
    let store = open(settings(server.port())).await;
    put(&store, "k", &["t"], "v").await.unwrap();
    let old = entry(&store, &["t"], "v").await.unwrap();
    server.command(&["FLUSHALL"]).unwrap();
    assert_eq!(read(&store, "k").await, Ok(None));
    // What was captured before is dead after it.
    store.put_one(&key("k"), &Envelope::Entry(old)).await.unwrap();
    assert_eq!(read(&store, "k").await, Ok(None));
    put(&store, "k", &["t"], "w").await.unwrap();
    assert_eq!(read(&store, "k").await.unwrap().as_deref(), Some("w"));
}

#[tokio::test]
async fn caches_on_one_connection_have_nothing_in_common() {
    let server = redis();
    let store = open(settings(server.port())).await;
    let others = ["spakky:cache", "spakky:*", "", "spakky:cache:k"];
    let others: Vec<_> = others.iter().map(|prefix| beside(&store, prefix)).collect();
    for cache in &others {
        put(cache, "k", &["t"], "theirs").await.unwrap();
    }
    put(&store, "k", &["t"], "mine").await.unwrap();
    store.evict(&tags(&["t"])).await.unwrap();
    store.clear().await.unwrap();
    store.remove(&[key("k")]).await.unwrap();
    for cache in &others {
        assert_eq!(read(cache, "k").await.unwrap().as_deref(), Some("theirs"), "{cache:?}");
    }
}

/// The answer to a question about epochs is here, an evict is heard of, and only
/// then does the reader come to fill the answer in.
#[tokio::test]
async fn an_epoch_that_is_replaced_before_it_is_filled_in_is_not_kept() {
    let server = redis();
    let (store, other) = (open(settings(server.port())).await, open(settings(server.port())).await);
    put(&other, "k", &["t"], "v").await.unwrap();
    let k = key("k");
    let mut reading = store.read(&k);
    // Answers come in order: after a ping, those to all that was sent before
    // are here. First the entry is asked for, then its epochs.
    for _ in 0..2 {
        assert!((&mut reading).now_or_never().is_none());
        store.ping().await.unwrap();
    }
    other.evict(&tags(&["t"])).await.unwrap();
    store.ping().await.unwrap();
    // It was alive when its epochs were asked for, which was before the evict.
    let found = (&mut reading).now_or_never().expect("all answers are here");
    assert!(matches!(found, Ok(Found::Envelope { alive: true, .. })), "{found:?}");
    assert_eq!(read(&store, "k").await, Ok(None));
}
