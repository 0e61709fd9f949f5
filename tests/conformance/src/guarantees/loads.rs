//! One load in the fleet (G1), and no stale write-back (G2).

use tokio::sync::Barrier;

use super::{
    Case, KEY, Lookup, LookupOptions, Process, World, get, join_all, lease, refresh, store_stale,
    tagged, texts, until, value, wait_none,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g1_of_many_callers_in_two_processes_one_loads_and_all_get_its_value,
        g1_a_load_of_one_key_does_not_keep_another_key_waiting,
        three_hundred_callers_of_one_process_load_three_hundred_keys_at_once,
        three_hundred_operations_of_one_process_are_answered_at_once,
        g2_a_load_that_a_delete_a_set_an_eviction_or_a_clear_overtook_is_never_read,
        g2_a_load_that_a_begun_write_overtook_is_refused_and_never_read,
        g2_a_refresh_that_a_delete_overtook_is_never_read,
        g2_an_entry_stored_after_an_eviction_lives,
        g2_the_tags_of_the_commit_evict_the_entry_and_those_of_the_lookup_do_not,
    ]
}

async fn g1_of_many_callers_in_two_processes_one_loads_and_all_get_its_value(world: World) {
    let processes = [Process::start(&world).await, Process::start(&world).await];
    let callers = processes.iter().flat_map(|process| {
        std::iter::repeat_with(|| process.guest()).take(20).map(async |guest| {
            match guest.lookup(KEY, &LookupOptions::default()).await.expect("lookup") {
                Lookup::Hit(found) => (found.value, 0),
                Lookup::Miss(mut lease) => {
                    // All the others are waiting before it is committed.
                    let waits = |process: &Process| process.cache.metrics().stampede_waits;
                    until(async || processes.iter().map(waits).sum::<u64>() == 39).await;
                    let loaded = value("loaded");
                    let stored = lease.commit(loaded.clone(), &tagged(&[])).await.expect("commit");
                    assert!(stored);
                    (loaded, 1)
                }
                other => panic!("{other:?}"),
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
    assert!(matches!(guest.lookup("other", &LookupOptions::default()).await, Ok(Lookup::Miss(_))));
    assert_eq!(process.cache.metrics().stampede_waits, 0);
}

/// More than a pool of a hundred connections would serve.
const CALLERS: usize = 300;

async fn three_hundred_callers_of_one_process_load_three_hundred_keys_at_once(world: World) {
    let process = Process::start(&world).await;
    let all_load = Barrier::new(CALLERS);
    let callers = (0..CALLERS).map(async |n| {
        let guest = process.guest();
        let Ok(Lookup::Miss(mut lease)) =
            guest.lookup(&n.to_string(), &LookupOptions::default()).await
        else {
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

async fn g2_a_load_that_a_delete_a_set_an_eviction_or_a_clear_overtook_is_never_read(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    for overtakes in ["delete", "set", "evict", "evict a tag of the commit", "clear"] {
        let mut load = lease(&a, &["tag"]).await;
        let mut commit = tagged(&["tag"]);
        match overtakes {
            "delete" => assert!(!b.delete(KEY).await.expect("delete"), "a lease is no entry"),
            "set" => b.set(KEY, value("new"), &tagged(&[])).await.expect("set"),
            "evict" => b.evict_tags(&texts(&["tag"])).await.expect("evict_tags"),
            "clear" => b.clear().await.expect("clear"),
            _ => {
                b.evict_tags(&texts(&["late"])).await.expect("evict_tags");
                commit = tagged(&["tag", "late"]);
            }
        }
        let stored = load.commit(value("old"), &commit).await.expect("commit");
        // The epochs that a commit compares may lag, and then the entry is dead.
        assert!(!stored || matches!(overtakes, "evict" | "clear"), "{overtakes}");
        let left = (overtakes == "set").then(|| value("new"));
        assert_eq!((get(&a).await, get(&b).await), (left.clone(), left), "{overtakes}");
        if overtakes != "set" {
            // The key is free for the next load.
            until(async || matches!(wait_none(&b).await, Ok(Lookup::Miss(_)))).await;
        }
        b.delete(KEY).await.expect("delete");
    }
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

async fn g2_a_refresh_that_a_delete_overtook_is_never_read(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    store_stale(&world, &a).await;
    let mut refresh = refresh(&a).await;
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

async fn g2_the_tags_of_the_commit_evict_the_entry_and_those_of_the_lookup_do_not(world: World) {
    let (a, b) = (Process::start(&world).await.guest(), Process::start(&world).await.guest());
    let evict = async |tag: &str| b.evict_tags(&texts(&[tag])).await.expect("evict_tags");
    for committed in ["early", "late"] {
        let mut load = lease(&a, &["early"]).await;
        if committed == "early" {
            // The commit names the same tags, so no other eviction disturbs it.
            evict("another").await;
        }
        assert!(load.commit(value("loaded"), &tagged(&[committed])).await.expect("commit"));
        evict(if committed == "early" { "late" } else { "early" }).await;
        assert_eq!((get(&a).await, get(&b).await), (Some(value("loaded")), Some(value("loaded"))));
        evict(committed).await;
        assert_eq!((get(&a).await, get(&b).await), (None, None));
    }
}
