//! What is read is never something else, and never a miss for want of an
//! answer.

use spakky_cache_core::Store as _;
use spakky_cache_core::store::Found;
use spakky_store_conformance::{fired, key, tag};

use super::Step;
use crate::scene::{Scene, alive, dead, right};

pub(super) fn steps() -> Vec<Step> {
    super::steps![
        an_entry_is_read,
        an_entry_is_read_whose_epochs_are_not_known,
        a_large_entry_is_read,
        an_evicted_entry_is_read,
        an_empty_key_is_read,
        several_keys_are_read,
        a_key_is_watched,
    ]
}

async fn an_entry_is_read(scene: &Scene<'_>) {
    let entry = alive(&scene.put("k", &["t"], "v").await);
    scene.learn("k").await;
    let found = scene.attempt(scene.store().read(&key("k"))).await;
    right(found.as_ref(), &entry);
    assert_eq!(scene.holds("k").await, entry);
}

async fn an_entry_is_read_whose_epochs_are_not_known(scene: &Scene<'_>) {
    let entry = alive(&scene.put("k", &["t", "u"], "v").await);
    let found = scene.attempt(scene.store().read(&key("k"))).await;
    right(found.as_ref(), &entry);
    assert_eq!(scene.holds("k").await, entry);
}

async fn a_large_entry_is_read(scene: &Scene<'_>) {
    let entry = alive(&scene.put("k", &["t"], &"v".repeat(300_000)).await);
    let found = scene.attempt(scene.store().read(&key("k"))).await;
    right(found.as_ref(), &entry);
    assert_eq!(scene.holds("k").await, entry);
}

async fn an_evicted_entry_is_read(scene: &Scene<'_>) {
    let entry = dead(&scene.put("k", &["t"], "v").await);
    scene.learn("k").await;
    scene.other().evict(&[tag("t")]).await.unwrap();
    let found = scene.attempt(scene.store().read(&key("k"))).await;
    right(found.as_ref(), &entry);
    assert_eq!(scene.holds("k").await, entry);
}

async fn an_empty_key_is_read(scene: &Scene<'_>) {
    let found = scene.attempt(scene.store().read(&key("k"))).await;
    right(found.as_ref(), &Found::Nothing);
    assert_eq!(scene.holds("k").await, Found::Nothing);
}

async fn several_keys_are_read(scene: &Scene<'_>) {
    let first = scene.put("first", &["t"], "1").await;
    let evicted = scene.put("evicted", &["u"], "2").await;
    scene.other().evict(&[tag("u")]).await.unwrap();
    let last = scene.put("last", &["t", "u"], "3").await;
    let keys = ["first", "evicted", "empty", "last"].map(key);
    let expected = vec![alive(&first), dead(&evicted), Found::Nothing, alive(&last)];
    let found = scene.attempt(scene.store().read_many(&keys)).await;
    right(found.as_ref(), &expected);
    assert_eq!(scene.sure(async || scene.store().read_many(&keys).await).await, expected);
}

async fn a_key_is_watched(scene: &Scene<'_>) {
    let entry = alive(&scene.put("k", &["t"], "v").await);
    let watched = scene.attempt(scene.store().watch(&key("k"))).await;
    right(watched.as_ref().map(|(found, _)| found), &entry);
    scene.put("k", &["t"], "w").await;
    if let Some((_, change)) = watched {
        fired(&change).await;
    }
    // So it is if the watch begins anew.
    let (_, change) = scene.sure(async || scene.store().watch(&key("k")).await).await;
    scene.put("k", &["t"], "x").await;
    fired(&change).await;
}
