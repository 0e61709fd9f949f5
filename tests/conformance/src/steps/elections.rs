//! Elections: of who refreshes a key, and of who sweeps.

use spakky_cache_core::store::Slot;
use spakky_test_runtime::Protocol as _;

use super::{LONG, SHORT};
use crate::world::{alive, read};
use crate::{Case, World, key};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        one_is_elected_for_a_key_and_others_are_not,
        an_election_ends_with_its_time,
        who_stays_elected_lasts_from_then_on,
        only_the_elected_stays_or_resigns,
        an_election_touches_nothing_else,
        one_sweeps_at_a_time,
        a_sweeper_that_is_gone_is_replaced,
    ]
}

async fn one_is_elected_for_a_key_and_others_are_not(world: World) {
    let (a, b) = world.open_two().await;
    let (first, second) = (world.id(), world.id());
    assert_eq!(a.elect(Slot::Refresh(&key("k")), first, LONG).await, Ok(true));
    assert_eq!(b.elect(Slot::Refresh(&key("k")), second, LONG).await, Ok(false));
    assert_eq!(a.elect(Slot::Refresh(&key("k")), second, LONG).await, Ok(false));
    assert_eq!(b.elect(Slot::Refresh(&key("other")), second, LONG).await, Ok(true));
}

async fn an_election_ends_with_its_time(world: World) {
    let (a, b) = world.open_two().await;
    let (ended, key, first, second) = (key("ended"), key("k"), world.id(), world.id());
    assert_eq!(a.elect(Slot::Refresh(&ended), first, SHORT).await, Ok(true));
    let stopwatch = world.stopwatch();
    assert_eq!(a.elect(Slot::Refresh(&key), first, SHORT).await, Ok(true));
    stopwatch
        .over(SHORT, async || b.elect(Slot::Refresh(&key), second, LONG).await == Ok(true))
        .await;
    assert_eq!(a.stay_elected(Slot::Refresh(&key), first, LONG).await, Ok(false));
    // Also where nobody else was elected since.
    assert_eq!(a.stay_elected(Slot::Refresh(&ended), first, LONG).await, Ok(false));
}

async fn who_stays_elected_lasts_from_then_on(world: World) {
    let (a, b) = world.open_two().await;
    let (key, first, second) = (key("k"), world.id(), world.id());
    assert_eq!(a.elect(Slot::Refresh(&key), first, SHORT).await, Ok(true));
    assert_eq!(b.stay_elected(Slot::Refresh(&key), first, LONG).await, Ok(true));
    world.outlast(&*a, SHORT).await;
    assert_eq!(b.elect(Slot::Refresh(&key), second, LONG).await, Ok(false));
    let stopwatch = world.stopwatch();
    assert_eq!(a.stay_elected(Slot::Refresh(&key), first, SHORT).await, Ok(true));
    stopwatch
        .over(SHORT, async || b.elect(Slot::Refresh(&key), second, LONG).await == Ok(true))
        .await;
}

async fn only_the_elected_stays_or_resigns(world: World) {
    let (a, b) = world.open_two().await;
    let (key, first, second) = (key("k"), world.id(), world.id());
    assert_eq!(a.stay_elected(Slot::Refresh(&key), first, LONG).await, Ok(false));
    assert_eq!(a.resign(Slot::Refresh(&key), first).await, Ok(false));
    assert_eq!(a.elect(Slot::Refresh(&key), first, LONG).await, Ok(true));
    assert_eq!(b.stay_elected(Slot::Refresh(&key), second, LONG).await, Ok(false));
    assert_eq!(b.resign(Slot::Refresh(&key), second).await, Ok(false));
    assert_eq!(b.elect(Slot::Refresh(&key), second, LONG).await, Ok(false));
    assert_eq!(a.stay_elected(Slot::Refresh(&key), first, LONG).await, Ok(true));
    assert_eq!(a.resign(Slot::Refresh(&key), first).await, Ok(true));
    assert_eq!(a.stay_elected(Slot::Refresh(&key), first, LONG).await, Ok(false));
    assert_eq!(b.elect(Slot::Refresh(&key), second, LONG).await, Ok(true));
    assert_eq!(a.resign(Slot::Refresh(&key), first).await, Ok(false));
    assert_eq!(b.stay_elected(Slot::Refresh(&key), second, LONG).await, Ok(true));
}

async fn an_election_touches_nothing_else(world: World) {
    let (a, b) = world.open_two().await;
    let beside = world.open_beside("beside").await;
    let (key, token) = (key("k"), world.id());
    let entry = world.put(&*a, &key, &["k"], "v").await;
    assert_eq!(a.elect(Slot::Refresh(&key), token, SHORT).await, Ok(true));
    assert_eq!(beside.elect(Slot::Refresh(&key), world.id(), LONG).await, Ok(true));
    assert_eq!(read(&*b, &key).await, alive(&entry));
    assert_eq!(a.resign(Slot::Refresh(&key), token).await, Ok(true));
    assert_eq!(read(&*b, &key).await, alive(&entry));
    // Nor does what happens to the key touch the election.
    assert_eq!(a.elect(Slot::Refresh(&key), token, LONG).await, Ok(true));
    b.remove(std::slice::from_ref(&key)).await.expect("remove");
    world.put(&*b, &key, &[], "v").await;
    assert_eq!(a.stay_elected(Slot::Refresh(&key), token, LONG).await, Ok(true));
}

async fn one_sweeps_at_a_time(world: World) {
    let (a, b) = world.open_two().await;
    let beside = world.open_beside("beside").await;
    let (first, second) = (world.id(), world.id());
    assert_eq!(a.elect_sweeper(first, LONG).await, Ok(true));
    assert_eq!(b.elect_sweeper(second, LONG).await, Ok(false));
    assert_eq!(a.elect_sweeper(first, LONG).await, Ok(true));
    assert_eq!(beside.elect_sweeper(second, LONG).await, Ok(true));
}

async fn a_sweeper_that_is_gone_is_replaced(world: World) {
    let (a, b) = world.open_two().await;
    let (first, second) = (world.id(), world.id());
    assert_eq!(a.elect_sweeper(first, SHORT).await, Ok(true));
    // It goes on, and its time counts from then.
    assert_eq!(a.elect_sweeper(first, LONG).await, Ok(true));
    world.outlast(&*a, SHORT).await;
    assert_eq!(b.elect_sweeper(second, LONG).await, Ok(false));
    let stopwatch = world.stopwatch();
    assert_eq!(a.elect_sweeper(first, SHORT).await, Ok(true));
    stopwatch.over(SHORT, async || b.elect_sweeper(second, LONG).await == Ok(true)).await;
    assert_eq!(a.elect_sweeper(first, LONG).await, Ok(false));
}
