//! How long epochs live, and when a reply about them is too old to be kept.

use std::time::Duration;

use futures::FutureExt as _;
use spakky_cache_core::Store as _;
use spakky_cache_core::store::Found;
use spakky_test_support::{Commands, RedisServer};

use crate::support::{commands_of, key, open_two, put, read, redis, tags};

const DAY: Duration = Duration::from_hours(24);

/// The time to live of an epoch in days, rounded, if it has one.
fn days_left(server: &RedisServer, name: &str) -> Option<u64> {
    let left: i64 = server.query(redis::cmd("PTTL").arg(format!("spakky:cache:{name}"))).unwrap();
    assert_ne!(left, -2, "there is no epoch {name}");
    let day = u64::try_from(DAY.as_millis()).unwrap();
    u64::try_from(left).ok().map(|left| (left + day / 2) / day)
}

#[tokio::test]
async fn a_capture_is_free_while_the_epochs_outlive_what_is_stored() {
    let server = redis();
    let (store, other) = open_two(&server).await;
    let tags = &tags(&["t", "u"]);
    let captures = async |ttl| {
        let capture = async { drop(store.capture(tags, ttl).await.unwrap()) };
        commands_of(&server, capture).await != Commands::default()
    };
    let made = Commands::from([("set", 3), ("client|caching", 3), ("get", 3), ("pttl", 3)]);
    let first = commands_of(&server, async { drop(store.capture(tags, Some(DAY)).await) });
    assert_eq!(first.await, made);
    assert_eq!((days_left(&server, "t|t"), days_left(&server, "a|")), (Some(30), None));
    assert!(!captures(Some(DAY)).await);
    assert!(!captures(Some(28 * DAY)).await);
    // Extended to twice what is needed, once.
    assert!(captures(Some(60 * DAY)).await);
    assert_eq!(days_left(&server, "t|t"), Some(120));
    assert!(!captures(Some(100 * DAY)).await);
    // Another process does not shorten it.
    other.capture(tags, Some(40 * DAY)).await.unwrap();
    assert_eq!(days_left(&server, "t|t"), Some(120));
    assert!(captures(None).await);
    assert!(!captures(None).await);
    assert_eq!(days_left(&server, "t|t"), None);
    // A new epoch begins anew.
    store.evict(tags).await.unwrap();
    assert_eq!(days_left(&server, "t|t"), Some(30));
}

/// The reply with an epoch is here, then the news of an eviction, and only then
/// does the reader use the reply.
#[tokio::test]
async fn an_epoch_that_is_replaced_before_it_is_filled_in_is_not_kept() {
    let server = redis();
    let (store, other) = open_two(&server).await;
    put(&other, "k", &["t"], "v").await.unwrap();
    let k = key("k");
    let mut reading = store.read(&k);
    // Replies come in order: that to a ping after those to the entry, and then to
    // its epochs.
    for _ in 0..2 {
        assert!((&mut reading).now_or_never().is_none());
        store.ping().await.unwrap();
    }
    other.evict(&tags(&["t"])).await.unwrap();
    store.ping().await.unwrap();
    // It was alive when its epochs were read, which was before the evict.
    let found = (&mut reading).now_or_never().expect("all answers are here");
    assert!(matches!(found, Ok(Found::Envelope { alive: true, .. })), "{found:?}");
    assert_eq!(read(&store, "k").await, Ok(None));
}
