//! One load in the fleet (G1), and no stale write-back (G2).

use tokio::sync::Barrier;

use super::{
    Case, Duration, KEY, Lookup, Process, Session, World, fresh_for, get, join_all, lease, tagged,
    texts, until, value,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g1_of_many_callers_in_two_processes_one_loads_and_all_get_its_value,
        g1_a_load_of_one_key_does_not_keep_another_key_waiting,
        three_hundred_callers_of_one_process_load_three_hundred_keys_at_once,
        three_hundred_operations_of_one_process_are_answered_at_once,
        g2_a_load_that_a_delete_overtook_is_refused_and_never_read,
        g2_a_load_that_a_set_overtook_is_refused_and_never_read,
        g2_a_load_that_a_begun_write_overtook_is_refused_and_never_read,
        g2_a_load_that_an_eviction_of_its_tag_overtook_is_never_read,
        g2_a_load_that_an_eviction_of_a_tag_named_only_at_commit_overtook_is_never_read,
        g2_a_load_that_a_clear_overtook_is_never_read,
        g2_a_refresh_that_a_delete_overtook_is_never_read,
        g2_an_entry_stored_after_an_eviction_lives,
        g2_a_tag_named_only_at_commit_evicts_the_entry_later,
        a_tag_named_only_at_the_lookup_does_not_evict_the_entry_later,
    ]
}

async fn g1_of_many_callers_in_two_processes_one_loads_and_all_get_its_value(world: World) {
    let processes = [Process::start(&world).await, Process::start(&world).await];
    let callers = processes.iter().flat_map(|process| {
        std::iter::repeat_with(|| process.guest()).take(20).map(async |guest| {
            match guest.lookup(KEY, &[], None).await.expect("lookup") {
                Lookup::Hit(found) => (found, 0),
                Lookup::Miss(mut lease) => {
                    // All the others are waiting before it is committed.
                    let waits = |process: &Process| process.cache.metrics().stampede_waits;
                    until(async || processes.iter().map(waits).sum::<u64>() == 39).await;
                    let loaded = value("loaded");
                    let stored = lease.commit(loaded.clone(), &tagged(&[])).await.expect("commit");
                    assert!(stored);
                    (loaded, 1)
                }
                Lookup::Stale { .. } => panic!("nothing was stale"),
            }
        })
    });
    let (values, loads): (Vec<_>, Vec<u32>) = join_all(callers).await.into_iter().unzip();
    assert_eq!(loads.into_iter().sum::<u32>(), 1);
    assert!(values.iter().all(|found| *found == value("loaded")));
}

async fn g1_a_load_of_one_key_does_not_keep_another_key_waiting(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let _held = lease(&guest, &[]).await;
    assert!(matches!(guest.lookup("other", &[], None).await, Ok(Lookup::Miss(_))));
    assert_eq!(process.cache.metrics().stampede_waits, 0);
}

/// So many that a pool of a hundred connections would refuse some.
const CALLERS: usize = 300;

async fn three_hundred_callers_of_one_process_load_three_hundred_keys_at_once(world: World) {
    let process = Process::start(&world).await;
    let all_load = Barrier::new(CALLERS);
    let callers = (0..CALLERS).map(async |n| {
        let guest = process.guest();
        let Ok(Lookup::Miss(mut lease)) = guest.lookup(&n.to_string(), &[], None).await else {
            panic!("key {n} is not missing");
        };
        all_load.wait().await;
        lease.commit(value("loaded"), &tagged(&[])).await
    });
    assert_eq!(join_all(callers).await, vec![Ok(true); CALLERS]);
}

async fn three_hundred_operations_of_one_process_are_answered_at_once(world: World) {
    let process = Process::start(&world).await;
    let operations = (0..CALLERS).map(async |n| {
        let (guest, key) = (process.guest(), n.to_string());
        match n % 5 {
            0 => guest.set(&key, value("stored"), &tagged(&["tag"])).await,
            1 => guest.delete(&key).await.map(drop),
            2 => guest.evict_tags(&texts(&["tag"])).await,
            3 => guest.get_many([key.as_str(), "another"]).await.map(drop),
            _ => guest.get(&key).await.map(drop),
        }
    });
    assert_eq!(join_all(operations).await, vec![Ok(()); CALLERS]);
}

/// A load in one process, something in another, the load's commit: whether it
/// was stored, and the two guests.
async fn overtaken(
    world: &World,
    commit_tags: &[&str],
    overtake: impl AsyncFnOnce(&Session),
) -> (bool, Session, Session) {
    let (a, b) = (Process::start(world).await.guest(), Process::start(world).await.guest());
    let mut load = lease(&a, &["tag"]).await;
    overtake(&b).await;
    let stored = load.commit(value("old"), &tagged(commit_tags)).await.expect("commit");
    (stored, a, b)
}

async fn g2_a_load_that_a_delete_overtook_is_refused_and_never_read(world: World) {
    let (stored, a, b) = overtaken(&world, &["tag"], async |b| {
        assert!(!b.delete(KEY).await.expect("delete"), "a lease is no entry");
    })
    .await;
    assert!(!stored);
    assert_eq!((get(&a).await, get(&b).await), (None, None));
}

async fn g2_a_load_that_a_set_overtook_is_refused_and_never_read(world: World) {
    let (stored, a, b) = overtaken(&world, &["tag"], async |b| {
        b.set(KEY, value("new"), &tagged(&[])).await.expect("set");
    })
    .await;
    assert!(!stored);
    assert_eq!((get(&a).await, get(&b).await), (Some(value("new")), Some(value("new"))));
}

async fn g2_a_load_that_a_begun_write_overtook_is_refused_and_never_read(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    let mut load = lease(&a, &[]).await;
    let mut write = b.begin_write(KEY, &[]).await.expect("begin_write");
    assert!(!load.commit(value("old"), &tagged(&[])).await.expect("commit"));
    assert_eq!((get(&a).await, get(&b).await), (None, None));
    assert!(write.commit(value("new"), &tagged(&[])).await.expect("commit"));
    assert_eq!((get(&a).await, get(&b).await), (Some(value("new")), Some(value("new"))));
}

async fn g2_a_load_that_an_eviction_of_its_tag_overtook_is_never_read(world: World) {
    let (_, a, b) = overtaken(&world, &["tag"], async |b| {
        b.evict_tags(&texts(&["tag"])).await.expect("evict_tags");
    })
    .await;
    assert_eq!((get(&a).await, get(&b).await), (None, None));
    let _anew = lease(&b, &[]).await;
}

async fn g2_a_load_that_an_eviction_of_a_tag_named_only_at_commit_overtook_is_never_read(
    world: World,
) {
    let (stored, a, b) = overtaken(&world, &["tag", "late"], async |b| {
        b.evict_tags(&texts(&["late"])).await.expect("evict_tags");
    })
    .await;
    assert!(!stored);
    assert_eq!((get(&a).await, get(&b).await), (None, None));
    let _anew = lease(&b, &[]).await;
}

async fn g2_a_load_that_a_clear_overtook_is_never_read(world: World) {
    let (_, a, b) = overtaken(&world, &["tag"], async |b| b.clear().await.expect("clear")).await;
    assert_eq!((get(&a).await, get(&b).await), (None, None));
    let _anew = lease(&b, &[]).await;
}

async fn g2_a_refresh_that_a_delete_overtook_is_never_read(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    let span = Duration::from_millis(30);
    a.set(KEY, value("old"), &fresh_for(span)).await.expect("set");
    world.outlast(&*world.open().await, span).await;
    let Ok(Lookup::Stale { refresh: Some(mut refresh), .. }) = a.lookup(KEY, &[], None).await
    else {
        panic!("not for this caller to refresh");
    };
    assert!(b.delete(KEY).await.expect("delete"));
    assert!(!refresh.commit(value("refreshed"), &tagged(&[])).await.expect("commit"));
    assert_eq!((get(&a).await, get(&b).await), (None, None));
}

async fn g2_an_entry_stored_after_an_eviction_lives(world: World) {
    let guest = Process::start(&world).await.guest();
    for round in 0..3 {
        guest.evict_tags(&texts(&["tag"])).await.expect("evict_tags");
        assert_eq!(get(&guest).await, None, "round {round}");
        guest.set(KEY, value("new"), &tagged(&["tag"])).await.expect("set");
        assert_eq!(get(&guest).await, Some(value("new")), "round {round}");
    }
}

async fn g2_a_tag_named_only_at_commit_evicts_the_entry_later(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    let mut load = lease(&a, &[]).await;
    assert!(load.commit(value("loaded"), &tagged(&["late"])).await.expect("commit"));
    assert_eq!(get(&b).await, Some(value("loaded")));
    b.evict_tags(&texts(&["late"])).await.expect("evict_tags");
    assert_eq!((get(&a).await, get(&b).await), (None, None));
}

async fn a_tag_named_only_at_the_lookup_does_not_evict_the_entry_later(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    let mut load = lease(&a, &["early"]).await;
    assert!(load.commit(value("loaded"), &tagged(&[])).await.expect("commit"));
    b.evict_tags(&texts(&["early"])).await.expect("evict_tags");
    assert_eq!((get(&a).await, get(&b).await), (Some(value("loaded")), Some(value("loaded"))));
}
