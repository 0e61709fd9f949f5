//! Whoever is told to be elected is, and nobody else.

use spakky_cache_core::TokioRuntime;
use spakky_cache_core::entry::Id;
use spakky_cache_core::store::Slot;
use spakky_store_conformance::key;
use spakky_test_runtime::Protocol as _;

use super::Step;
use crate::scene::{HOUR, Scene, right};

pub(super) fn steps() -> Vec<Step> {
    super::steps![
        somebody_is_elected_to_refresh,
        somebody_stays_elected,
        somebody_resigns,
        somebody_is_elected_to_sweep,
        another_is_elected_to_sweep_already,
    ]
}

async fn somebody_is_elected_to_refresh(scene: &Scene<'_>) {
    let (k, token, another) = (key("k"), Id::random(&TokioRuntime), Id::random(&TokioRuntime));
    let elected = scene.attempt(scene.store().elect(Slot::Refresh(&k), token, HOUR)).await;
    right(elected.as_ref(), &true);
    let other_elected = scene.other().elect(Slot::Refresh(&k), another, HOUR).await.unwrap();
    assert!(!other_elected || elected.is_none(), "two are elected");
    // Whoever does not know whether it was elected can resign.
    scene.sure(async || scene.store().resign(Slot::Refresh(&k), token).await).await;
    assert_eq!(
        scene.other().stay_elected(Slot::Refresh(&k), another, HOUR).await,
        Ok(other_elected)
    );
    assert_eq!(scene.other().elect(Slot::Refresh(&k), another, HOUR).await, Ok(!other_elected));
}

async fn somebody_stays_elected(scene: &Scene<'_>) {
    let (k, token) = (key("k"), Id::random(&TokioRuntime));
    assert_eq!(scene.other().elect(Slot::Refresh(&k), token, HOUR).await, Ok(true));
    let elected =
        scene.attempt(scene.store().stay_elected(Slot::Refresh(&k), token, 2 * HOUR)).await;
    right(elected.as_ref(), &true);
    assert_eq!(
        scene.other().elect(Slot::Refresh(&k), Id::random(&TokioRuntime), HOUR).await,
        Ok(false)
    );
}

async fn somebody_resigns(scene: &Scene<'_>) {
    let (k, token) = (key("k"), Id::random(&TokioRuntime));
    assert_eq!(scene.other().elect(Slot::Refresh(&k), token, HOUR).await, Ok(true));
    let resigned = scene.attempt(scene.store().resign(Slot::Refresh(&k), token)).await;
    let another =
        scene.other().elect(Slot::Refresh(&k), Id::random(&TokioRuntime), HOUR).await.unwrap();
    assert!(another || resigned.is_none(), "nobody can follow");
}

async fn somebody_is_elected_to_sweep(scene: &Scene<'_>) {
    let token = Id::random(&TokioRuntime);
    let elected = scene.attempt(scene.store().elect_sweeper(token, HOUR)).await;
    right(elected.as_ref(), &true);
    let another = scene.other().elect_sweeper(Id::random(&TokioRuntime), HOUR).await.unwrap();
    assert!(!another || elected.is_none(), "two sweep");
    // Asked again, it is as it was.
    let still = scene.sure(async || scene.store().elect_sweeper(token, HOUR).await).await;
    assert_eq!(still, !another);
}

async fn another_is_elected_to_sweep_already(scene: &Scene<'_>) {
    let another = Id::random(&TokioRuntime);
    assert_eq!(scene.other().elect_sweeper(another, HOUR).await, Ok(true));
    let elected = scene.attempt(scene.store().elect_sweeper(Id::random(&TokioRuntime), HOUR)).await;
    right(elected.as_ref(), &false);
    assert_eq!(scene.other().elect_sweeper(another, HOUR).await, Ok(true));
}
