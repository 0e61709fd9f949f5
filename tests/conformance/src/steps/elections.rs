//! Elections: of the caller that refreshes a key, and of the process that sweeps.

use spakky_cache_core::store::Slot;
use spakky_test_runtime::Protocol as _;

use super::{LONG, SHORT};
use crate::world::{alive, read};
use crate::{Case, World, key};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        one_is_elected_and_only_the_elected_stays_or_resigns,
        an_election_ends_with_its_time,
        who_stays_elected_lasts_from_then_on,
        an_election_touches_nothing_else,
    ]
}

async fn one_is_elected_and_only_the_elected_stays_or_resigns(world: World) {
    let (a, b) = world.open_two().await;
    let (key, first, second) = (key("k"), world.id(), world.id());
    for slot in [Slot::Refresh(&key), Slot::Sweeper] {
        assert_eq!(a.stay_elected(slot, first, LONG).await, Ok(false));
        assert_eq!(a.resign(slot, first).await, Ok(false));
        assert_eq!(a.elect(slot, first, LONG).await, Ok(true));
        for store in [&a, &b] {
            assert_eq!(store.elect(slot, second, LONG).await, Ok(false));
            assert_eq!(store.stay_elected(slot, second, LONG).await, Ok(false));
            assert_eq!(store.resign(slot, second).await, Ok(false));
        }
        assert_eq!(a.stay_elected(slot, first, LONG).await, Ok(true));
        assert_eq!(a.resign(slot, first).await, Ok(true));
        assert_eq!(a.stay_elected(slot, first, LONG).await, Ok(false));
        assert_eq!(b.elect(slot, second, LONG).await, Ok(true));
        assert_eq!(a.resign(slot, first).await, Ok(false));
        assert_eq!(b.stay_elected(slot, second, LONG).await, Ok(true));
    }
}

async fn an_election_ends_with_its_time(world: World) {
    let (a, b) = world.open_two().await;
    let (ended, key, first, second) = (key("ended"), key("k"), world.id(), world.id());
    for slot in [Slot::Refresh(&key), Slot::Sweeper] {
        assert_eq!(a.elect(Slot::Refresh(&ended), first, SHORT).await, Ok(true));
        let stopwatch = world.stopwatch();
        assert_eq!(a.elect(slot, first, SHORT).await, Ok(true));
        stopwatch.over(SHORT, async || b.elect(slot, second, LONG).await == Ok(true)).await;
        assert_eq!(a.stay_elected(slot, first, LONG).await, Ok(false));
        // Also where nobody else was elected since.
        assert_eq!(a.stay_elected(Slot::Refresh(&ended), first, LONG).await, Ok(false));
    }
}

async fn who_stays_elected_lasts_from_then_on(world: World) {
    let (a, b) = world.open_two().await;
    let (key, first, second) = (key("k"), world.id(), world.id());
    for slot in [Slot::Refresh(&key), Slot::Sweeper] {
        assert_eq!(a.elect(slot, first, SHORT).await, Ok(true));
        assert_eq!(b.stay_elected(slot, first, LONG).await, Ok(true));
        world.outlast(&*a, SHORT).await;
        assert_eq!(b.elect(slot, second, LONG).await, Ok(false));
        let stopwatch = world.stopwatch();
        assert_eq!(a.stay_elected(slot, first, SHORT).await, Ok(true));
        stopwatch.over(SHORT, async || b.elect(slot, second, LONG).await == Ok(true)).await;
    }
}

async fn an_election_touches_nothing_else(world: World) {
    let (a, b) = world.open_two().await;
    let (key, token) = (key("k"), world.id());
    let entry = world.put(&*a, &key, &["k"], "v").await;
    for slot in [Slot::Refresh(&key), Slot::Sweeper] {
        assert_eq!(a.elect(slot, token, LONG).await, Ok(true));
        assert_eq!(read(&*b, &key).await, alive(&entry));
        assert_eq!(a.resign(slot, token).await, Ok(true));
        assert_eq!(read(&*b, &key).await, alive(&entry));
        assert_eq!(a.elect(slot, token, LONG).await, Ok(true));
    }
    // Nor does what happens to the key touch the elections.
    b.remove(std::slice::from_ref(&key)).await.expect("remove");
    world.put(&*b, &key, &[], "v").await;
    for slot in [Slot::Refresh(&key), Slot::Sweeper] {
        assert_eq!(a.stay_elected(slot, token, LONG).await, Ok(true));
    }
}
