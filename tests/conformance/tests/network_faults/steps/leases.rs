//! A lease is taken or not, and only what it was taken for is stored.

use spakky_cache_core::Store as _;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, Found};
use spakky_store_conformance::{key, tag};
use spakky_test_runtime::Protocol as _;

use super::Step;
use crate::scene::{HOUR, Scene, alive, changed, dead, right};

pub(super) fn steps() -> Vec<Step> {
    super::steps![
        the_lease_of_an_empty_key_is_taken,
        the_lease_of_a_key_is_taken_that_holds_an_entry,
        the_lease_of_an_evicted_entry_is_taken,
        the_lease_of_a_key_is_taken_that_changed,
        a_load_is_committed,
        a_load_is_committed_by_a_script_that_was_forgotten,
        a_load_is_committed_that_lost_its_lease,
        a_lease_is_given_up,
        a_lease_is_renewed,
    ]
}

async fn the_lease_of_an_empty_key_is_taken(scene: &Scene<'_>) {
    let (k, marker) = (key("k"), scene.marker().await);
    let lease = Envelope::Lease(marker.clone());
    let taken = scene.attempt(scene.store().take_lease(&k, None, &marker)).await;
    right(taken.as_ref(), &Cas::Done);
    changed(taken.as_ref(), &scene.holds("k").await, &Found::Nothing, &alive(&lease));
    // Whoever does not know whether it was taken can give it up.
    scene.sure(async || scene.store().give_up(&k, &lease.cas_token()).await).await;
    assert_eq!(scene.holds("k").await, Found::Nothing);
}

async fn the_lease_of_a_key_is_taken_that_holds_an_entry(scene: &Scene<'_>) {
    let entry = alive(&scene.put("k", &["t"], "v").await);
    let (k, marker) = (key("k"), scene.marker().await);
    let taken = scene.attempt(scene.store().take_lease(&k, None, &marker)).await;
    right(taken.as_ref(), &Cas::Occupied(entry.clone()));
    assert_eq!(scene.holds("k").await, entry);
}

async fn the_lease_of_an_evicted_entry_is_taken(scene: &Scene<'_>) {
    let entry = scene.put("k", &["t"], "v").await;
    scene.other().evict(&[tag("t")]).await.unwrap();
    let (k, marker, cas_token) = (key("k"), scene.marker().await, entry.cas_token());
    let taken = scene.attempt(scene.store().take_lease(&k, Some(&cas_token), &marker)).await;
    right(taken.as_ref(), &Cas::Done);
    let lease = alive(&Envelope::Lease(marker));
    changed(taken.as_ref(), &scene.holds("k").await, &dead(&entry), &lease);
}

async fn the_lease_of_a_key_is_taken_that_changed(scene: &Scene<'_>) {
    let cas_token = scene.put("k", &["t"], "v").await.cas_token();
    let entry = alive(&scene.put("k", &["t"], "w").await);
    let (k, marker) = (key("k"), scene.marker().await);
    let taken = scene.attempt(scene.store().take_lease(&k, Some(&cas_token), &marker)).await;
    right(taken.as_ref(), &Cas::Changed);
    assert_eq!(scene.holds("k").await, entry);
}

async fn a_load_is_committed(scene: &Scene<'_>) {
    let (lease, entry) = (scene.lease("k").await, scene.entry(&["t"], "v").await);
    let (k, cas_token) = (key("k"), lease.cas_token());
    let stored = scene.attempt(scene.store().commit(&k, &cas_token, &entry)).await;
    right(stored.as_ref(), &true);
    changed(
        stored.as_ref(),
        &scene.holds("k").await,
        &alive(&lease),
        &alive(&Envelope::Entry(entry)),
    );
}

async fn a_load_is_committed_by_a_script_that_was_forgotten(scene: &Scene<'_>) {
    scene.lane().server.command(&["SCRIPT", "FLUSH"]).unwrap();
    // A lease is taken without a script: it is the commit that misses it.
    a_load_is_committed(scene).await;
}

async fn a_load_is_committed_that_lost_its_lease(scene: &Scene<'_>) {
    let cas_token = scene.lease("k").await.cas_token();
    let other = alive(&scene.put("k", &["t"], "set meanwhile").await);
    let (k, entry) = (key("k"), scene.entry(&["t"], "v").await);
    let stored = scene.attempt(scene.store().commit(&k, &cas_token, &entry)).await;
    right(stored.as_ref(), &false);
    assert_eq!(scene.holds("k").await, other);
}

async fn a_lease_is_given_up(scene: &Scene<'_>) {
    let (k, lease) = (key("k"), scene.lease("k").await);
    let cas_token = lease.cas_token();
    let freed = scene.attempt(scene.store().give_up(&k, &cas_token)).await;
    right(freed.as_ref(), &true);
    changed(freed.as_ref(), &scene.holds("k").await, &alive(&lease), &Found::Nothing);
}

async fn a_lease_is_renewed(scene: &Scene<'_>) {
    let (k, lease) = (key("k"), scene.lease("k").await);
    let cas_token = lease.cas_token();
    let renewed = scene.attempt(scene.store().renew(&k, &cas_token, 2 * HOUR)).await;
    right(renewed.as_ref(), &true);
    assert_eq!(scene.holds("k").await, alive(&lease));
    let lives: i64 =
        scene.lane().server.query(redis::cmd("PTTL").arg(scene.lane().name('k', "k"))).unwrap();
    let is_longer = u128::try_from(lives).unwrap() > HOUR.as_millis();
    assert!(is_longer || renewed.is_none(), "{lives}");
}
