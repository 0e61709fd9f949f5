//! Honest counters (G10): each call adds to the counters what it did, and nothing else.

use super::{
    Case, Duration, EntryOptions, Error, KEY, LEASE, Lookup, LookupOptions, Policy, Process,
    Snapshot, World, all, get, join_all, lease, refresh, store_stale, tagged, texts, until, value,
    wait_none,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g10_a_load_is_one_miss_and_one_write_in_the_fleet_however_long_it_takes,
        g10_a_wait_that_ends_without_a_value_is_neither_hit_nor_miss,
        g10_a_load_that_is_taken_over_is_a_miss_to_each_that_loaded,
        g10_a_refresh_is_a_hit_and_one_write,
        g10_what_was_not_stored_is_not_counted_as_a_write,
        g10_a_batch_counts_each_of_its_keys,
        g10_a_write_to_the_origin_is_one_write_and_no_miss,
        g10_what_is_refused_is_counted_as_nothing,
    ]
}

async fn g10_a_load_is_one_miss_and_one_write_in_the_fleet_however_long_it_takes(world: World) {
    let policy = Policy { lease: 3 * LEASE, early_refresh: 0.0, ..Policy::default() };
    let loading = Process::with(&world, policy.clone()).await;
    let waiting =
        [Process::with(&world, policy.clone()).await, Process::with(&world, policy).await];
    let mut held = lease(&loading.guest(), &[]).await;
    let waiters = waiting.iter().flat_map(|process| {
        std::iter::repeat_with(|| process.guest())
            .take(5)
            .map(async |guest| guest.lookup(KEY, &LookupOptions::default()).await.map(|_| ()))
    });
    let commit = async {
        let all_wait = || waiting.iter().all(|process| process.cache.metrics().stampede_waits == 5);
        until(async || all_wait()).await;
        // Each renewal may wake them, and they wait again.
        let before = loading.store.steps();
        until(async || {
            world.pass(LEASE / 30).await;
            loading.store.steps() >= before + 4
        })
        .await;
        assert_eq!(held.commit(value("loaded"), &tagged(&[])).await, Ok(true));
    };
    let (waited, ()) = tokio::join!(join_all(waiters), commit);
    assert_eq!(waited, vec![Ok(()); 10]);
    assert_eq!(loading.cache.metrics(), Snapshot { misses: 1, writes: 1, ..Snapshot::default() });
    for process in &waiting {
        assert_eq!(
            process.cache.metrics(),
            Snapshot { hits: 5, stampede_waits: 5, ..Snapshot::default() }
        );
    }
}

async fn g10_a_wait_that_ends_without_a_value_is_neither_hit_nor_miss(world: World) {
    let process = Process::start(&world).await;
    let (loading, waiting) = (process.guest(), process.guest());
    let held = lease(&loading, &[]).await;
    // A lookup that does not wait is not counted as a wait.
    assert_eq!(wait_none(&waiting).await.err(), Some(Error::LockTimeout));
    assert_eq!(loading.lookup(KEY, &LookupOptions::default()).await.err(), Some(Error::LeaseHeld));
    assert_eq!(process.cache.metrics(), Snapshot { misses: 1, ..Snapshot::default() });
    drop(held);
}

async fn g10_a_load_that_is_taken_over_is_a_miss_to_each_that_loaded(world: World) {
    let process = Process::start(&world).await;
    let (first, second) = (process.guest(), process.guest());
    let held = lease(&first, &[]).await;
    let waiter = tokio::spawn(async move {
        let Ok(Lookup::Miss(mut lease)) = second.lookup(KEY, &LookupOptions::default()).await
        else {
            panic!("nobody else loads");
        };
        lease.commit(value("loaded"), &tagged(&[])).await
    });
    until(async || process.cache.metrics().stampede_waits == 1).await;
    drop(held);
    assert_eq!(waiter.await.expect("no panic"), Ok(true));
    let counted = Snapshot { misses: 2, writes: 1, stampede_waits: 1, ..Snapshot::default() };
    assert_eq!(process.cache.metrics(), counted);
}

async fn g10_a_refresh_is_a_hit_and_one_write(world: World) {
    let process = Process::start(&world).await;
    let (refreshing, reading) = (process.guest(), process.guest());
    store_stale(&world, &reading).await;
    let mut refresh = refresh(&refreshing).await;
    for _ in 0..3 {
        let found = reading.lookup(KEY, &LookupOptions::default()).await;
        assert!(matches!(found, Ok(Lookup::Stale { refresh: None, .. })), "{found:?}");
    }
    assert!(get(&reading).await.is_some());
    assert_eq!(process.cache.metrics(), Snapshot { hits: 5, writes: 1, ..Snapshot::default() });
    assert_eq!(refresh.commit(value("new"), &tagged(&[])).await, Ok(true));
    assert_eq!(process.cache.metrics(), Snapshot { hits: 5, writes: 2, ..Snapshot::default() });
}

async fn g10_what_was_not_stored_is_not_counted_as_a_write(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    // A load that was deleted, and one that was given up.
    let mut load = lease(&guest, &[]).await;
    assert_eq!(guest.delete(KEY).await, Ok(false));
    assert_eq!(load.commit(value("old"), &tagged(&[])).await, Ok(false));
    assert_eq!(load.commit(value("again"), &tagged(&[])).await, Ok(false));
    drop(lease(&guest, &[]).await);
    assert_eq!(process.cache.metrics(), Snapshot { misses: 2, ..Snapshot::default() });
    // A write that was overtaken: only the other one counts.
    let mut write = guest.begin_write(KEY, &[]).await.expect("begin_write");
    process.guest().set(KEY, value("of the other"), &tagged(&[])).await.expect("set");
    assert_eq!(write.commit(value("of this"), &tagged(&[])).await, Ok(false));
    assert_eq!(process.cache.metrics(), Snapshot { misses: 2, writes: 1, ..Snapshot::default() });
    // A load with a tag that was evicted meanwhile, and named only now.
    let mut load = lease(&guest, &[]).await;
    guest.evict_tags(&texts(&["late"])).await.expect("evict_tags");
    assert_eq!(load.commit(value("old"), &tagged(&["late"])).await, Ok(false));
    let counted = Snapshot { misses: 3, writes: 1, tag_evictions: 1, ..Snapshot::default() };
    assert_eq!(process.cache.metrics(), counted);
}

async fn g10_a_batch_counts_each_of_its_keys(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let entries = ["a", "b", "c"].map(|key| (key, value("stored"))).to_vec();
    guest.set_many(entries, &tagged(&["tag"])).await.expect("set_many");
    guest.get_many(["a", "b", "none", "a", "no other"]).await.expect("get_many");
    let counted = Snapshot { writes: 3, hits: 3, misses: 2, ..Snapshot::default() };
    assert_eq!(process.cache.metrics(), counted);
    // Neither a missing key nor a lease counts as deleted.
    let held = guest.lookup("lease", &LookupOptions::default()).await.expect("lookup");
    assert_eq!(
        guest.delete_many(["a", "none", "lease", "b"]).await.and_then(all),
        Ok(vec![true, false, false, true])
    );
    drop(held);
    // A call that names a tag counts as one eviction.
    guest.evict_tags(&texts(&["tag", "other"])).await.expect("evict_tags");
    guest.evict_tags(&[]).await.expect("evict_tags");
    guest.clear().await.expect("clear");
    assert_eq!(guest.delete("c").await, Ok(false));
    let counted = Snapshot { misses: 3, deletes: 2, tag_evictions: 1, clears: 1, ..counted };
    assert_eq!(process.cache.metrics(), counted);
}

async fn g10_a_write_to_the_origin_is_one_write_and_no_miss(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let mut write = guest.begin_write(KEY, &[]).await.expect("begin_write");
    assert_eq!(process.cache.metrics(), Snapshot::default());
    assert_eq!(write.commit(value("written"), &tagged(&[])).await, Ok(true));
    drop(guest.begin_write(KEY, &[]).await.expect("begin_write"));
    assert_eq!(process.cache.metrics(), Snapshot { writes: 1, ..Snapshot::default() });
}

async fn g10_what_is_refused_is_counted_as_nothing(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let zero = EntryOptions { ttl: Some(Duration::ZERO), ..EntryOptions::default() };
    assert!(guest.get("").await.is_err());
    assert!(guest.get_many(["a", ""]).await.is_err());
    assert!(guest.lookup("", &LookupOptions::default()).await.is_err());
    assert!(guest.set("", value("v"), &tagged(&[])).await.is_err());
    assert!(guest.set(KEY, value("v"), &zero).await.is_err());
    assert!(guest.delete_many(["a", ""]).await.is_err());
    assert!(guest.evict_tags(&texts(&["tag", ""])).await.is_err());
    assert_eq!(process.cache.metrics(), Snapshot::default());
    process.store.set_down(true);
    assert!(guest.get(KEY).await.is_err());
    assert!(guest.lookup(KEY, &LookupOptions::default()).await.is_err());
    assert!(guest.set(KEY, value("v"), &tagged(&[])).await.is_err());
    assert!(guest.evict_tags(&texts(&["tag"])).await.is_err());
    assert!(guest.clear().await.is_err());
    assert_eq!(process.cache.metrics(), Snapshot::default());
}
