//! Sweeping removes what is dead, and nothing else.

use spakky_cache_core::Store as _;
use spakky_cache_core::store::{Found, Sweeping, Swept};
use spakky_store_conformance::tag;

use super::Step;
use crate::scene::{Scene, alive, dead, right};

pub(super) fn steps() -> Vec<Step> {
    super::steps![the_dead_are_swept, the_store_is_pinged]
}

async fn the_dead_are_swept(scene: &Scene<'_>) {
    /// All keys there are.
    const ALL: usize = 1_000;
    let kept = alive(&scene.put("kept", &["u"], "v").await);
    let mut evicted = Vec::new();
    for name in ["a", "b"] {
        evicted.push((name, dead(&scene.put(name, &["t"], "v").await)));
    }
    scene.other().evict(&[tag("t")]).await.unwrap();
    let swept = scene.attempt(scene.store().sweep(None, ALL, Sweeping::Remove)).await;
    if let Some(Swept { seen, dead: removed, next }) = &swept {
        // The witness may be evicted by the time that it is looked at.
        assert!(matches!((seen, removed, next), (4, 2..=3, None)), "{swept:?}");
    }
    for (name, was) in &evicted {
        let found = scene.holds(name).await;
        assert!(found == Found::Nothing || swept.is_none() && found == *was, "{name}: {found:?}");
    }
    assert_eq!(scene.holds("kept").await, kept);
    scene.sure(async || scene.store().sweep(None, ALL, Sweeping::Remove).await).await;
    for (name, _) in &evicted {
        assert_eq!(scene.holds(name).await, Found::Nothing);
    }
    assert_eq!(scene.holds("kept").await, kept);
}

async fn the_store_is_pinged(scene: &Scene<'_>) {
    let answered = scene.attempt(scene.store().ping()).await;
    right(answered.as_ref(), &());
}
