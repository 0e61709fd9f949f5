//! What is captured is what stands, and what is evicted stays so.

use std::time::Duration;

use spakky_cache_core::Store as _;
use spakky_store_conformance::tag;

use super::Step;
use crate::scene::{HOUR, Scene, alive, changed, dead, right};

pub(super) fn steps() -> Vec<Step> {
    super::steps![
        known_epochs_are_captured,
        epochs_are_captured_that_are_not_known,
        epochs_are_made,
        epochs_are_made_to_live_longer,
        a_damaged_epoch_is_replaced,
        the_eviction_mark_is_read,
        the_eviction_mark_is_made,
        a_tag_is_evicted,
        everything_is_cleared,
    ]
}

async fn known_epochs_are_captured(scene: &Scene<'_>) {
    scene.put("k", &["t"], "v").await;
    scene.learn("k").await;
    let captured = scene.attempt(scene.store().capture(&[tag("t")], Some(HOUR))).await;
    right(captured.as_ref(), &scene.epochs(&["t"]).await);
}

async fn epochs_are_captured_that_are_not_known(scene: &Scene<'_>) {
    let epochs = scene.epochs(&["t", "u"]).await;
    let captured = scene.attempt(scene.store().capture(&["t", "u"].map(tag), Some(HOUR))).await;
    right(captured.as_ref(), &epochs);
    assert_eq!(scene.epochs(&["t", "u"]).await, epochs);
}

async fn epochs_are_made(scene: &Scene<'_>) {
    let tags = ["t", "u"].map(tag);
    let captured = scene.attempt(scene.store().capture(&tags, Some(HOUR))).await;
    // Whichever were made by then stand, and both processes go by them.
    let epochs = scene.epochs(&["t", "u"]).await;
    right(captured.as_ref(), &epochs);
    assert_eq!(scene.sure(async || scene.store().capture(&tags, Some(HOUR)).await).await, epochs);
}

async fn epochs_are_made_to_live_longer(scene: &Scene<'_>) {
    const YEAR: Duration = Duration::from_hours(24 * 365);
    let (epochs, tags) = (scene.epochs(&["t"]).await, [tag("t")]);
    let lives = async || -> u128 {
        let mut pttl = redis::cmd("PTTL");
        let left: i64 = scene.lane().server.query(pttl.arg(scene.lane().name('t', "t"))).unwrap();
        u128::try_from(left).unwrap()
    };
    assert!(lives().await < YEAR.as_millis());
    let captured = scene.attempt(scene.store().capture(&tags, Some(YEAR))).await;
    right(captured.as_ref(), &epochs);
    if captured.is_some() {
        assert!(lives().await > YEAR.as_millis());
    }
    assert_eq!(scene.sure(async || scene.store().capture(&tags, Some(YEAR)).await).await, epochs);
    assert!(lives().await > YEAR.as_millis());
}

async fn a_damaged_epoch_is_replaced(scene: &Scene<'_>) {
    let entry = dead(&scene.put("k", &["t"], "v").await);
    let name = scene.lane().name('t', "t");
    scene.lane().server.command(&["SET", &name, "junk"]).unwrap();
    let captured = scene.attempt(scene.store().capture(&[tag("t")], Some(HOUR))).await;
    right(captured.as_ref(), &scene.epochs(&["t"]).await);
    assert_eq!(scene.holds("k").await, entry);
}

async fn the_eviction_mark_is_read(scene: &Scene<'_>) {
    // The one of the eviction that goes on meanwhile will do as well.
    let before = scene.other().eviction_mark().await.unwrap();
    let mark = scene.attempt(scene.store().eviction_mark()).await;
    let after = scene.other().eviction_mark().await.unwrap();
    assert!(mark.is_none_or(|mark| mark == before || mark == after), "{mark:?}");
    assert!(before.is_some() && after.is_some());
}

async fn the_eviction_mark_is_made(scene: &Scene<'_>) {
    let mark = scene.attempt(scene.store().eviction_mark()).await;
    assert!(mark.is_none_or(|mark| mark.is_some()), "there is none");
    let stands = scene.other().eviction_mark().await.unwrap();
    assert_eq!(scene.sure(async || scene.store().eviction_mark().await).await, stands);
}

async fn a_tag_is_evicted(scene: &Scene<'_>) {
    let evicted = scene.put("k", &["t", "u"], "v").await;
    let kept = alive(&scene.put("kept", &["u"], "v").await);
    scene.learn("k").await;
    let answer = scene.attempt(scene.store().evict(&[tag("t")])).await;
    changed(answer.as_ref(), &scene.holds("k").await, &alive(&evicted), &dead(&evicted));
    // To do it again is never wrong.
    scene.sure(async || scene.store().evict(&[tag("t")]).await).await;
    assert_eq!(scene.holds("k").await, dead(&evicted));
    assert_eq!(scene.holds("kept").await, kept);
}

async fn everything_is_cleared(scene: &Scene<'_>) {
    let entry = scene.put("k", &["t"], "v").await;
    scene.learn("k").await;
    let answer = scene.attempt(scene.store().clear()).await;
    changed(answer.as_ref(), &scene.holds("k").await, &alive(&entry), &dead(&entry));
    scene.sure(async || scene.store().clear().await).await;
    assert_eq!(scene.holds("k").await, dead(&entry));
}
