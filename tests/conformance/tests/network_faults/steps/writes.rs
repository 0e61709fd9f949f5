//! What is written is there as a whole or not at all.

use spakky_cache_core::Store as _;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::Found;
use spakky_store_conformance::{key, tag};
use spakky_test_runtime::Protocol as _;

use super::Step;
use crate::scene::{Scene, alive, changed, dead, right};

pub(super) fn steps() -> Vec<Step> {
    super::steps![
        an_entry_is_stored,
        a_large_entry_is_stored,
        several_entries_are_stored,
        several_keys_are_emptied,
    ]
}

async fn an_entry_is_stored(scene: &Scene<'_>) {
    replace(scene, "new").await;
}

async fn a_large_entry_is_stored(scene: &Scene<'_>) {
    replace(scene, &"v".repeat(300_000)).await;
}

async fn replace(scene: &Scene<'_>, value: &str) {
    let old = scene.put("k", &["t"], "old").await;
    let (k, new) = (key("k"), Envelope::Entry(scene.entry(&["t"], value).await));
    let stored = scene.attempt(scene.store().put_one(&k, &new)).await;
    changed(stored.as_ref(), &scene.holds("k").await, &alive(&old), &alive(&new));
}

async fn several_entries_are_stored(scene: &Scene<'_>) {
    let names = ["a", "b", "c"];
    let (mut old, mut entries) = (Vec::new(), Vec::new());
    for name in names {
        old.push(scene.put(name, &["t"], "old").await);
        entries.push((key(name), Envelope::Entry(scene.entry(&["t"], "new").await)));
    }
    let stored = scene.attempt(scene.store().put(&entries)).await;
    // In their order: none without those before it.
    let mut others_may = true;
    for ((name, old), (_, new)) in names.iter().zip(&old).zip(&entries) {
        let found = scene.holds(name).await;
        changed(stored.as_ref(), &found, &alive(old), &alive(new));
        assert!(others_may || found == alive(old), "{name} was stored, but not all before it");
        others_may = found == alive(new);
    }
}

async fn several_keys_are_emptied(scene: &Scene<'_>) {
    let first = scene.put("first", &["t"], "1").await;
    let evicted = scene.put("evicted", &["u"], "2").await;
    scene.other().evict(&[tag("u")]).await.unwrap();
    let keys = ["first", "evicted", "empty"].map(key);
    let held = vec![alive(&first), dead(&evicted), Found::Nothing];
    let removed = scene.attempt(scene.store().remove(&keys)).await;
    right(removed.as_ref(), &vec![true, false, false]);
    for (key, held) in keys.iter().zip(&held) {
        changed(removed.as_ref(), &scene.holds(key.as_str()).await, held, &Found::Nothing);
    }
}
