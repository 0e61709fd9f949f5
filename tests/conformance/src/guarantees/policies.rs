//! Waiting, refreshing, grants, limits and sweeping.

use spakky_cache_core::Sweeping;
use spakky_cache_core::store::Swept;

use super::{
    Bytes, Case, Duration, EntryOptions, Error, Grants, KEY, Limits, Lookup, LookupOptions, Policy,
    Process, Snapshot, Sweeper, World, all, fresh_for, get, lease, refresh, store_stale, tagged,
    texts, until, value, wait_none,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        a_session_that_holds_the_lease_is_told_so_instead_of_waiting,
        a_wait_ends_with_a_lock_timeout,
        a_stale_entry_is_refreshed_by_one_while_the_others_read_it,
        a_refresh_that_was_given_up_is_handed_to_the_next,
        a_refresh_that_was_committed_or_refused_lets_the_next_one_begin_at_once,
        an_entry_that_was_slow_to_load_is_refreshed_early,
        a_clock_that_is_set_back_does_not_keep_an_entry_from_being_refreshed,
        a_session_without_a_grant_to_write_reads_and_nothing_else,
        a_session_has_no_more_leases_than_it_was_granted,
        a_batch_with_one_bad_key_writes_nothing,
        a_batch_has_a_limit_of_bytes,
        times_to_live_outside_the_limits_are_refused_before_anything_is_written,
        the_sweeper_removes_what_was_evicted_and_keeps_the_rest,
        one_process_of_the_fleet_sweeps_unless_another_is_told_to,
        a_sweep_ends_early_at_its_number_of_keys,
    ]
}

async fn a_session_that_holds_the_lease_is_told_so_instead_of_waiting(world: World) {
    let process = Process::start(&world).await;
    let (guest, other) = (process.guest(), process.guest());
    for is_write in [false, true] {
        let held = if is_write {
            guest.begin_write(KEY, &[]).await.expect("begin_write")
        } else {
            lease(&guest, &[]).await
        };
        assert_eq!(
            guest.lookup(KEY, &LookupOptions::default()).await.err(),
            Some(Error::LeaseHeld)
        );
        assert_eq!(wait_none(&other).await.err(), Some(Error::LockTimeout));
        held.release().await.expect("release");
    }
}

async fn a_wait_ends_with_a_lock_timeout(world: World) {
    let process = Process::start(&world).await;
    let (loading, waiting) = (process.guest(), process.guest());
    let _held = lease(&loading, &[]).await;
    let limit = Duration::from_millis(60);
    let waiter = tokio::spawn(async move {
        waiting
            .lookup(KEY, &LookupOptions { max_wait: Some(limit), ..LookupOptions::default() })
            .await
            .err()
    });
    until(async || process.cache.metrics().stampede_waits == 1).await;
    world.pass(limit).await;
    assert_eq!(waiter.await.expect("no panic"), Some(Error::LockTimeout));
    let counted = Snapshot { misses: 1, stampede_waits: 1, ..Snapshot::default() };
    assert_eq!(process.cache.metrics(), counted);
}

/// Two processes, and an entry that is stale.
async fn stale(world: &World) -> (Process, Process) {
    let (a, b) = (Process::start(world).await, Process::start(world).await);
    store_stale(world, &a.guest()).await;
    (a, b)
}

async fn a_stale_entry_is_refreshed_by_one_while_the_others_read_it(world: World) {
    let (a, b) = stale(&world).await;
    let (first, same, other) = (a.guest(), a.guest(), b.guest());
    let mut refresh = refresh(&first).await;
    for guest in [&same, &other, &other] {
        let found = guest.lookup(KEY, &LookupOptions::default()).await;
        assert!(matches!(found, Ok(Lookup::Stale { refresh: None, .. })), "{found:?}");
        assert_eq!(get(guest).await, Some(value("old")));
    }
    assert_eq!(refresh.commit(value("new"), &tagged(&[])).await, Ok(true));
    for guest in [&same, &other] {
        assert!(
            matches!(guest.lookup(KEY, &LookupOptions::default()).await, Ok(Lookup::Hit(v)) if v.value == "new")
        );
    }
}

async fn a_refresh_that_was_given_up_is_handed_to_the_next(world: World) {
    let (a, b) = stale(&world).await;
    drop(refresh(&a.guest()).await);
    let next = b.guest();
    until(async || {
        world.pass(Duration::from_millis(100)).await;
        matches!(
            next.lookup(KEY, &LookupOptions::default()).await,
            Ok(Lookup::Stale { refresh: Some(_), .. })
        )
    })
    .await;
}

async fn a_refresh_that_was_committed_or_refused_lets_the_next_one_begin_at_once(world: World) {
    let span = Duration::from_millis(30);
    for refused in [false, true] {
        let (a, b) = stale(&world).await;
        let next = b.guest();
        let mut refresh = refresh(&a.guest()).await;
        if refused {
            next.set(KEY, value("set"), &fresh_for(span)).await.expect("set");
        }
        assert_eq!(refresh.commit(value("new"), &fresh_for(span)).await, Ok(!refused));
        world.outlast(&*world.open().await, span).await;
        let Ok(Lookup::Stale { refresh: Some(refresh), .. }) =
            next.lookup(KEY, &LookupOptions::default()).await
        else {
            panic!("not for the next to refresh, refused: {refused}");
        };
        refresh.release().await.expect("release");
    }
}

async fn an_entry_that_was_slow_to_load_is_refreshed_early(world: World) {
    // With such a large beta, the first lookup is always chosen.
    let policy = Policy { early_refresh: 1e12, ..Policy::default() };
    let process = Process::with(&world, policy).await;
    let (guest, other) = (process.guest(), process.guest());
    let mut load = lease(&guest, &[]).await;
    world.pass(Duration::from_millis(20)).await;
    let options = EntryOptions { ttl: Some(Duration::from_mins(1)), ..EntryOptions::default() };
    assert_eq!(load.commit(value("slow"), &options).await, Ok(true));
    let early = guest.lookup(KEY, &LookupOptions::default()).await;
    assert!(matches!(early, Ok(Lookup::Stale { refresh: Some(_), .. })), "{early:?}");
    // For the others it is a hit.
    assert!(matches!(other.lookup(KEY, &LookupOptions::default()).await, Ok(Lookup::Hit(_))));
}

async fn a_clock_that_is_set_back_does_not_keep_an_entry_from_being_refreshed(world: World) {
    let hours = |count| Duration::from_hours(count);
    let policy = Policy { lease: Duration::from_millis(500), ..Policy::default() };
    let first = Process::with(&world, policy.clone()).await;
    let second = Process::with(&world, policy.clone()).await;
    let (guest, reader) = (first.guest(), second.guest());
    world.runtime.set_wall_clock_back(hours(3));
    guest.set(KEY, value("stored"), &fresh_for(Duration::from_secs(1))).await.expect("set");
    world.runtime.set_wall_clock_back(hours(0));
    let refreshing = guest.lookup(KEY, &LookupOptions::default()).await.expect("lookup");
    assert!(matches!(refreshing, Lookup::Stale { refresh: Some(_), .. }), "{refreshing:?}");
    let known = reader.lookup(KEY, &LookupOptions::default()).await.expect("lookup");
    assert!(matches!(known, Lookup::Stale { refresh: None, .. }), "{known:?}");

    world.runtime.set_wall_clock_back(hours(1));
    drop(refreshing);
    world.outlast(&*second.store, policy.lease).await;
    until(async || {
        let found = reader.lookup(KEY, &LookupOptions::default()).await.expect("lookup");
        matches!(found, Lookup::Stale { refresh: Some(_), .. })
    })
    .await;
}

async fn a_session_without_a_grant_to_write_reads_and_nothing_else(world: World) {
    let process = Process::start(&world).await;
    let writer = process.guest();
    writer.set(KEY, value("stored"), &tagged(&[])).await.expect("set");
    let reader = process.cache.session(Grants { write: false, ..Grants::default() });
    assert_eq!(get(&reader).await, Some(value("stored")));
    assert!(matches!(reader.lookup(KEY, &LookupOptions::default()).await, Ok(Lookup::Hit(_))));
    let denied = [
        reader.set(KEY, value("new"), &tagged(&[])).await.err(),
        reader.delete(KEY).await.err(),
        reader.evict_tags(&texts(&["tag"])).await.err(),
        reader.clear().await.err(),
        reader.begin_write(KEY, &[]).await.err(),
        reader.lookup("missing", &LookupOptions::default()).await.err(),
    ];
    assert_eq!(denied, [const { Some(Error::Denied) }; 6]);
    assert_eq!(get(&writer).await, Some(value("stored")));
    // Nor is it asked to refresh a stale entry.
    store_stale(&world, &writer).await;
    for (guest, refreshes) in [(&reader, false), (&writer, true)] {
        let found = guest.lookup(KEY, &LookupOptions::default()).await;
        let Ok(Lookup::Stale { refresh, .. }) = found else { panic!("{found:?}") };
        assert_eq!(refresh.is_some(), refreshes);
    }
}

async fn a_session_has_no_more_leases_than_it_was_granted(world: World) {
    let process = Process::start(&world).await;
    let guest = process.cache.session(Grants { leases: 1, ..Grants::default() });
    let full = Error::QuotaExceeded("leases: 1 are held at once, which is the limit".to_owned());
    let held = lease(&guest, &[]).await;
    let second = guest.lookup("second", &LookupOptions::default()).await;
    assert_eq!(second.err(), Some(full.clone()));
    assert_eq!(guest.begin_write("second", &[]).await.err(), Some(full.clone()));
    // It is served what is stale, and not asked to refresh it.
    held.release().await.expect("release");
    store_stale(&world, &guest).await;
    let held = guest.lookup("held", &LookupOptions::default()).await.expect("lookup");
    let found = guest.lookup(KEY, &LookupOptions::default()).await;
    assert!(matches!(found, Ok(Lookup::Stale { refresh: None, .. })), "{found:?}");
    drop(held);
    assert!(matches!(guest.lookup("second", &LookupOptions::default()).await, Ok(Lookup::Miss(_))));
}

async fn a_batch_with_one_bad_key_writes_nothing(world: World) {
    let guest = Process::start(&world).await.guest();
    let too_long = "k".repeat(1_025);
    for bad in ["", &too_long] {
        let entries = vec![(KEY, value("new")), (bad, value("new"))];
        let refused = guest.set_many(entries, &tagged(&[])).await;
        assert!(matches!(refused, Err(Error::InvalidKey(_))));
    }
    let large = Bytes::from(vec![0; (8 << 20) + 1]);
    let entries = vec![(KEY, value("new")), ("large", large)];
    assert_eq!(guest.set_many(entries, &tagged(&[])).await, Err(Error::ValueTooLarge(8 << 20)));
    let many: Vec<_> = (0..=1_024).map(|n| n.to_string()).collect();
    let entries = many.iter().map(|key| (key.as_str(), value("new"))).collect();
    assert!(matches!(guest.set_many(entries, &tagged(&[])).await, Err(Error::InvalidKey(_))));
    assert_eq!(get(&guest).await, None);
    assert_eq!(guest.get("0").await, Ok(None));
}

async fn a_batch_has_a_limit_of_bytes(world: World) {
    let limits = Limits { batch_bytes: 10, ..Limits::default() };
    let process = Process::with(&world, Policy { limits, ..Policy::default() }).await;
    let guest = process.guest();
    let too_large = Error::ValueTooLarge(10);
    let five = value("12345");
    let batch = |second| vec![("a", five.clone()), (second, five.clone())];
    assert_eq!(guest.set_many(batch("b"), &tagged(&[])).await.and_then(all), Ok(vec![(), ()]));
    let refused = [batch("c"), vec![("d", value("6"))]].concat();
    assert_eq!(guest.set_many(refused, &tagged(&[])).await, Err(too_large.clone()));
    let found = guest.get_many(["a", "b", "c", "d"]).await.and_then(all);
    assert_eq!(found, Ok(vec![Some(five.clone()), Some(five), None, None]));
    // A key that is named twice counts twice, because the answer holds its value twice.
    assert_eq!(guest.get_many(["a", "b", "a"]).await, Err(too_large));
}

async fn times_to_live_outside_the_limits_are_refused_before_anything_is_written(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let span = |ttl, fresh_for| EntryOptions { ttl, fresh_for, tags: vec![] };
    let (second, long) = (Duration::from_secs(1), Duration::from_hours(24 * 366 * 11));
    let over = "over the limit of 316224000s";
    for (bad, why) in [
        (span(Some(Duration::ZERO), None), "the time to live is zero".to_owned()),
        (span(Some(Duration::from_nanos(1)), None), "the time to live is zero".to_owned()),
        (span(Some(long), None), format!("the time to live of 347846400s is {over}")),
        (span(None, Some(Duration::ZERO)), "the fresh time is zero".to_owned()),
        (
            span(Some(second), Some(second * 2)),
            "the fresh time of 2s is longer than the time to live of 1s".to_owned(),
        ),
    ] {
        let invalid = Error::InvalidTtl(why);
        assert_eq!(guest.set(KEY, value("new"), &bad).await, Err(invalid), "{bad:?}");
    }
    assert_eq!(process.store.steps(), 0);
    guest.set(KEY, value("new"), &span(Some(second), Some(second))).await.expect("set");
}

async fn the_sweeper_removes_what_was_evicted_and_keeps_the_rest(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    for (count, tag) in [(7, "evicted"), (5, "kept")] {
        let keys: Vec<_> = (0..count).map(|n| format!("{tag} {n}")).collect();
        let entries = keys.iter().map(|key| (key.as_str(), value("stored"))).collect();
        guest.set_many(entries, &tagged(&[tag])).await.expect("set_many");
    }
    guest.evict_tags(&texts(&["evicted"])).await.expect("evict_tags");
    let sweeper = Sweeper { batch: 3, pause: Duration::ZERO, ..Sweeper::default() };
    let mut steps = 0;
    let counted = sweeper.sweep_now(&process.cache, Sweeping::Count, |_| steps += 1).await;
    assert_eq!(counted.map(dead), Ok(Some(7)));
    assert!(steps > 1, "{steps}");
    assert_eq!(sweeper.sweep(&process.cache).await.map(dead), Ok(Some(7)));
    assert!(guest.get("kept 0").await.expect("get").is_some());
    let counted = sweeper.sweep_now(&process.cache, Sweeping::Count, |_| {}).await;
    assert_eq!(counted.map(dead), Ok(Some(0)));
}

async fn one_process_of_the_fleet_sweeps_unless_another_is_told_to(world: World) {
    let policy = Policy { lease: Duration::from_millis(50), ..Policy::default() };
    let first = Process::with(&world, policy.clone()).await;
    let second = Process::with(&world, policy.clone()).await;
    let sweeper = Sweeper { pause: Duration::ZERO, ..Sweeper::default() };
    assert_eq!(sweeper.sweep(&first.cache).await.map(dead), Ok(Some(0)));
    // No sweep is due before the next minute.
    world.outlast(&*second.store, policy.lease).await;
    assert_eq!(sweeper.sweep(&second.cache).await, Ok(None));
    second.guest().set(KEY, value("v"), &tagged(&["tag"])).await.expect("set");
    second.guest().evict_tags(&texts(&["tag"])).await.expect("evict_tags");
    let told = sweeper.sweep_now(&second.cache, Sweeping::Remove, |_| {}).await;
    assert_eq!(told.map(dead), Ok(Some(1)));
}

async fn a_sweep_ends_early_at_its_number_of_keys(world: World) {
    let process = Process::start(&world).await;
    let keys: Vec<_> = (0..100).map(|n| format!("key {n}")).collect();
    let entries = keys.iter().map(|key| (key.as_str(), value("v"))).collect();
    process.guest().set_many(entries, &tagged(&[])).await.expect("set_many");
    let sweeper = Sweeper { batch: 1, pause: Duration::ZERO, most: 10, ..Sweeper::default() };
    let swept = sweeper.sweep(&process.cache).await.expect("sweep").expect("it is due");
    assert!((10..100).contains(&swept.seen), "{swept:?}");
    assert!(swept.next.is_some());
}

fn dead(swept: Option<Swept>) -> Option<u64> {
    swept.map(|swept| swept.dead)
}
