//! The steps of the trait `Store` that differ in what is sent and received, each
//! with its answer.
//!
//! Elections are left out: they send what leases send, for another key.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use spakky_cache_core::Store as _;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, Found, Slot, Sweeping, Swept};
use spakky_store_conformance::{fired, key, tag};
use spakky_test_runtime::Protocol as _;

use crate::scene::{HOUR, Scene, told};

/// A value that takes several packets.
const LARGE: usize = 300_000;

/// A step, as the names of tests say it.
pub(crate) struct Step {
    pub(crate) name: String,
    /// Prepares the scene, and attempts the step.
    pub(crate) run: for<'a> fn(&'a Scene<'a>) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
}

/// The steps that these functions are, each named by what its name says.
macro_rules! steps {
    ($($step:ident),* $(,)?) => {
        vec![$(Step {
            name: stringify!($step).replace('_', " "),
            run: |scene| Box::pin($step(scene)),
        }),*]
    };
}

/// All of them.
pub(crate) fn all() -> Vec<Step> {
    steps![
        an_entry_is_read,
        an_entry_is_read_whose_epochs_are_not_known,
        a_large_entry_is_read,
        an_evicted_entry_is_read,
        several_keys_are_read,
        a_key_is_watched,
        epochs_are_captured_that_are_not_known,
        epochs_are_made,
        epochs_are_made_to_live_longer,
        a_damaged_epoch_is_replaced,
        the_eviction_mark_is_read,
        the_eviction_mark_is_made,
        a_tag_is_evicted,
        everything_is_cleared,
        the_lease_of_an_empty_key_is_taken,
        the_lease_of_a_key_is_taken_that_holds_an_entry,
        a_load_is_committed,
        a_load_is_committed_by_a_script_that_was_forgotten,
        a_lease_is_given_up,
        a_lease_is_renewed,
        an_entry_is_stored,
        a_large_entry_is_stored,
        several_entries_are_stored,
        several_keys_are_emptied,
        the_dead_are_swept,
        the_store_is_pinged,
    ]
}

async fn an_entry_is_read(scene: &Scene<'_>) {
    scene.put("a", &["t"], "v").await;
    scene.learn("a").await;
    scene.attempt(scene.store().read(&key("a")), |found| told(found) == "v, alive").await;
}

async fn an_entry_is_read_whose_epochs_are_not_known(scene: &Scene<'_>) {
    scene.put("a", &["t", "u"], "v").await;
    scene.attempt(scene.store().read(&key("a")), |found| told(found) == "v, alive").await;
}

async fn a_large_entry_is_read(scene: &Scene<'_>) {
    let value = "v".repeat(LARGE);
    scene.put("a", &["t"], &value).await;
    let is_whole = |found: &Found| told(found) == format!("{value}, alive");
    scene.attempt(scene.store().read(&key("a")), is_whole).await;
}

async fn an_evicted_entry_is_read(scene: &Scene<'_>) {
    scene.put("a", &["t"], "v").await;
    scene.learn("a").await;
    scene.other().evict(&[tag("t")]).await.unwrap();
    scene.attempt(scene.store().read(&key("a")), |found| told(found) == "v, dead").await;
}

async fn several_keys_are_read(scene: &Scene<'_>) {
    scene.three_kinds_of_keys().await;
    let keys = ["a", "b", "c"].map(key);
    let right = ["1, alive", "2, dead", "nothing"];
    let found = |found: &Vec<_>| found.iter().map(told).eq(right.map(String::from));
    scene.attempt(scene.store().read_many(&keys), found).await;
}

async fn a_key_is_watched(scene: &Scene<'_>) {
    scene.put("a", &["t"], "v").await;
    let k = key("a");
    let watch = scene.store().watch(Slot::Entry(&k));
    let watched = scene.attempt(watch, |(found, _)| told(found) == "v, alive").await;
    scene.put("a", &["t"], "w").await;
    if let Some((_, change)) = watched {
        fired(&change).await;
    }
    // A watch that begins afterwards works.
    let (_, change) = scene.sure(async || scene.store().watch(Slot::Entry(&k)).await).await;
    scene.put("a", &["t"], "x").await;
    fired(&change).await;
}

async fn epochs_are_captured_that_are_not_known(scene: &Scene<'_>) {
    scene.put("a", &["t", "u"], "v").await;
    capture(scene, &["t", "u"], HOUR).await;
}

async fn epochs_are_made(scene: &Scene<'_>) {
    capture(scene, &["t", "u"], HOUR).await;
}

async fn epochs_are_made_to_live_longer(scene: &Scene<'_>) {
    const YEAR: Duration = Duration::from_hours(24 * 365);
    scene.put("a", &["t"], "v").await;
    let lives = || scene.lives('t', "t") > Some(YEAR);
    assert!(!lives());
    let is_answered = capture(scene, &["t"], YEAR).await;
    assert!(!is_answered || lives());
    scene.sure(async || scene.store().capture(&[tag("t")], Some(YEAR)).await).await;
    assert!(lives());
}

async fn a_damaged_epoch_is_replaced(scene: &Scene<'_>) {
    scene.put("a", &["t"], "v").await;
    scene.server().command(&["SET", &scene.name('t', "t"), "junk"]).unwrap();
    capture(scene, &["t"], HOUR).await;
}

/// Captures the epochs that stand afterwards. Whether there was an answer.
async fn capture(scene: &Scene<'_>, tags: &[&str], ttl: Duration) -> bool {
    let named: Vec<_> = tags.iter().map(|text| tag(text)).collect();
    let captured = scene.attempt(scene.store().capture(&named, Some(ttl)), |_| true).await;
    let current = scene.epochs(tags).await;
    assert!(captured.as_ref().is_none_or(|captured| *captured == current));
    let again = scene.sure(async || scene.store().capture(&named, Some(ttl)).await).await;
    assert_eq!(again, current);
    captured.is_some()
}

async fn the_eviction_mark_is_read(scene: &Scene<'_>) {
    let before = scene.other().eviction_mark().await.unwrap();
    let mark = scene.attempt(scene.store().eviction_mark(), Option::is_some).await;
    // An eviction goes on during the attempt.
    let after = scene.other().eviction_mark().await.unwrap();
    assert!(mark.is_none_or(|mark| mark == before || mark == after), "{mark:?}");
}

async fn the_eviction_mark_is_made(scene: &Scene<'_>) {
    scene.attempt(scene.store().eviction_mark(), Option::is_some).await;
    let mark = scene.other().eviction_mark().await.unwrap();
    assert_eq!(scene.sure(async || scene.store().eviction_mark().await).await, mark);
}

async fn a_tag_is_evicted(scene: &Scene<'_>) {
    scene.put("a", &["t", "u"], "v").await;
    scene.put("b", &["u"], "kept").await;
    scene.learn("a").await;
    scene.attempt(scene.store().evict(&[tag("t")]), |()| true).await;
    assert_eq!(scene.holds(1).await, "kept, alive");
    // An eviction can be repeated.
    scene.sure(async || scene.store().evict(&[tag("t")]).await).await;
    assert_eq!(scene.holds(0).await, "v, dead");
}

async fn everything_is_cleared(scene: &Scene<'_>) {
    scene.put("a", &["t"], "v").await;
    scene.learn("a").await;
    scene.attempt(scene.store().clear(), |()| true).await;
    scene.sure(async || scene.store().clear().await).await;
    assert_eq!(scene.holds(0).await, "v, dead");
}

async fn the_lease_of_an_empty_key_is_taken(scene: &Scene<'_>) {
    let (k, marker) = (key("a"), scene.marker().await);
    scene.attempt(scene.store().take_lease(&k, None, &marker), Cas::is_done).await;
    // A caller without an answer can give it up.
    let held = Envelope::Lease(marker).cas_token();
    scene.sure(async || scene.store().give_up(&k, &held).await).await;
    assert_eq!(scene.holds(0).await, "nothing");
}

async fn the_lease_of_a_key_is_taken_that_holds_an_entry(scene: &Scene<'_>) {
    scene.put("a", &["t"], "v").await;
    let (k, marker) = (key("a"), scene.marker().await);
    let occupied = |cas: &Cas| matches!(cas, Cas::Occupied(found) if told(found) == "v, alive");
    scene.attempt(scene.store().take_lease(&k, None, &marker), occupied).await;
}

async fn a_load_is_committed(scene: &Scene<'_>) {
    let (held, entry) = (scene.lease("a").await, scene.entry(&["t"], "v").await);
    scene.attempt(scene.store().commit(&key("a"), &held, &entry), |done| *done).await;
}

async fn a_load_is_committed_by_a_script_that_was_forgotten(scene: &Scene<'_>) {
    scene.server().command(&["SCRIPT", "FLUSH"]).unwrap();
    // A lease is taken without a script: it is the commit that misses it.
    a_load_is_committed(scene).await;
}

async fn a_lease_is_given_up(scene: &Scene<'_>) {
    let held = scene.lease("a").await;
    scene.attempt(scene.store().give_up(&key("a"), &held), |done| *done).await;
}

async fn a_lease_is_renewed(scene: &Scene<'_>) {
    let held = scene.lease("a").await;
    let renewed =
        scene.attempt(scene.store().renew(&key("a"), &held, 2 * HOUR), |done| *done).await;
    assert!(renewed.is_none() || scene.lives('k', "a") > Some(HOUR));
}

async fn an_entry_is_stored(scene: &Scene<'_>) {
    replace(scene, "new").await;
}

async fn a_large_entry_is_stored(scene: &Scene<'_>) {
    replace(scene, &"v".repeat(LARGE)).await;
}

async fn replace(scene: &Scene<'_>, value: &str) {
    scene.put("a", &["t"], "old").await;
    let new = Envelope::Entry(scene.entry(&["t"], value).await);
    scene.attempt(scene.store().put_one(&key("a"), &new), |()| true).await;
}

async fn several_entries_are_stored(scene: &Scene<'_>) {
    let mut entries = Vec::new();
    for name in ["a", "b", "c"] {
        scene.put(name, &["t"], "old").await;
        entries.push((key(name), Envelope::Entry(scene.entry(&["t"], "new").await)));
    }
    scene.attempt(scene.store().put(&entries), |()| true).await;
}

async fn several_keys_are_emptied(scene: &Scene<'_>) {
    scene.three_kinds_of_keys().await;
    let keys = ["a", "b", "c"].map(key);
    scene.attempt(scene.store().remove(&keys), |were| were == &[true, false, false]).await;
}

async fn the_dead_are_swept(scene: &Scene<'_>) {
    scene.three_kinds_of_keys().await;
    // The witness may be evicted by the time that the sweep gets to it.
    let right = |swept: &Swept| matches!((swept.seen, swept.dead, swept.next), (3, 1..=2, None));
    scene.attempt(scene.store().sweep(None, 1_000, Sweeping::Remove), right).await;
    scene.sure(async || scene.store().sweep(None, 1_000, Sweeping::Remove).await).await;
    assert_eq!([scene.holds(0).await, scene.holds(1).await], ["1, alive", "nothing"]);
}

async fn the_store_is_pinged(scene: &Scene<'_>) {
    scene.attempt(scene.store().ping(), |()| true).await;
}
