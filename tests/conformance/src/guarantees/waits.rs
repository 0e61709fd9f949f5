//! Who waits for whom: entries that will not do, callers of one session, and circles.

use super::{
    Arc, Case, Duration, Error, Grants, KEY, Lookup, LookupOptions, Policy, Process, Session,
    Snapshot, World, fresh_for, get, join_all, lease, tagged, texts, until, value,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        an_entry_that_will_not_do_is_replaced_by_one_caller_while_others_read_it,
        who_refuses_an_entry_of_another_version_gets_it,
        who_refuses_an_entry_waits_for_its_replacement_whoever_makes_it,
        an_entry_that_will_not_do_is_not_replaced_while_its_refresh_is_paused,
        who_may_not_write_cannot_have_an_entry_replaced,
        an_entry_is_described_without_its_value_and_without_a_read,
        callers_of_one_session_wait_for_each_other_and_not_for_themselves,
        g4_callers_that_wait_for_each_other_in_a_circle_are_told_to_load,
        g1_callers_that_hold_leases_and_wait_for_one_load_are_no_circle,
        three_hundred_nested_loads_of_one_caller_hold_their_leases,
    ]
}

const SECOND: Duration = Duration::from_secs(1);

fn unless(version: u64) -> LookupOptions {
    LookupOptions { unless: Some(version), ..LookupOptions::default() }
}

async fn version(guest: &Session) -> u64 {
    guest.describe(KEY).await.expect("describe").expect("an entry").version
}

async fn look(guest: &Session, key: &str) -> Result<Lookup, Error> {
    guest.lookup(key, &LookupOptions::default()).await
}

async fn an_entry_that_will_not_do_is_replaced_by_one_caller_while_others_read_it(world: World) {
    let (first, second) = (Process::start(&world).await, Process::start(&world).await);
    let (a, b) = (first.guest(), second.guest());
    a.set(KEY, value("old"), &tagged(&[])).await.expect("set");
    let old = version(&a).await;
    let Ok(Lookup::Stale { entry, fresh: true, refresh: Some(mut refresh) }) =
        a.lookup(KEY, &unless(old)).await
    else {
        panic!("nobody else replaces it")
    };
    assert_eq!((entry.value, entry.version), (value("old"), old));
    let waiting: Vec<_> = [&first, &second, &second]
        .map(|process| {
            let guest = process.guest();
            tokio::spawn(async move { guest.lookup(KEY, &unless(old)).await })
        })
        .into();
    let waits =
        async || first.cache.metrics().stampede_waits + second.cache.metrics().stampede_waits;
    until(async || waits().await == 3).await;
    // Meanwhile the others read it.
    assert_eq!(get(&b).await, Some(value("old")));
    assert!(matches!(look(&b, KEY).await, Ok(Lookup::Hit(hit)) if hit.version == old));
    assert_eq!(refresh.commit(value("new"), &tagged(&[])).await, Ok(true));
    for waiter in join_all(waiting).await {
        let found = waiter.expect("no panic");
        assert!(matches!(&found, Ok(Lookup::Hit(hit)) if hit.value == "new"), "{found:?}");
    }
    let counts = first.cache.metrics();
    assert_eq!((counts.rejections, counts.misses, counts.hits, counts.writes), (1, 1, 1, 2));
    assert_eq!(second.cache.metrics().rejections, 0);
}

async fn who_refuses_an_entry_of_another_version_gets_it(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    guest.set(KEY, value("stored"), &tagged(&[])).await.expect("set");
    let other = version(&guest).await ^ 1;
    assert!(other < 1 << 53);
    let found = guest.lookup(KEY, &unless(other)).await;
    assert!(matches!(&found, Ok(Lookup::Hit(hit)) if hit.value == "stored"), "{found:?}");
    guest.delete(KEY).await.expect("delete");
    assert!(matches!(guest.lookup(KEY, &unless(other)).await, Ok(Lookup::Miss(_))));
}

async fn who_refuses_an_entry_waits_for_its_replacement_whoever_makes_it(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    for replaced_by in ["set", "delete", "the next"] {
        guest.set(KEY, value("old"), &tagged(&[])).await.expect("set");
        let old = version(&guest).await;
        let refreshing = guest.lookup(KEY, &unless(old)).await.expect("lookup");
        assert!(matches!(refreshing, Lookup::Stale { refresh: Some(_), .. }), "{refreshing:?}");
        let waits = process.cache.metrics().stampede_waits;
        let other = process.guest();
        let waiting = tokio::spawn(async move { other.lookup(KEY, &unless(old)).await });
        until(async || process.cache.metrics().stampede_waits == waits + 1).await;
        match replaced_by {
            "set" => guest.set(KEY, value("new"), &tagged(&[])).await.expect("set"),
            "delete" => assert_eq!(guest.delete(KEY).await, Ok(true)),
            _ => drop(refreshing),
        }
        match (replaced_by, waiting.await.expect("no panic")) {
            ("set", Ok(Lookup::Hit(hit))) => assert_eq!(hit.value, "new"),
            ("delete", Ok(Lookup::Miss(_)))
            | ("the next", Ok(Lookup::Stale { refresh: Some(_), .. })) => {}
            (_, other) => panic!("{replaced_by}: {other:?}"),
        }
        until(async || matches!(look(&guest, "another").await, Ok(Lookup::Miss(_)))).await;
        guest.clear().await.expect("clear");
    }
}

async fn an_entry_that_will_not_do_is_not_replaced_while_its_refresh_is_paused(world: World) {
    let (first, second) = (Process::start(&world).await, Process::start(&world).await);
    let (a, b) = (first.guest(), second.guest());
    a.set(KEY, value("old"), &tagged(&[])).await.expect("set");
    let old = version(&a).await;
    let Ok(Lookup::Stale { refresh: Some(mut refresh), .. }) = a.lookup(KEY, &unless(old)).await
    else {
        panic!("nobody else replaces it")
    };
    assert_eq!(refresh.fail(SECOND).await, Ok(true));
    for guest in [&a, &b] {
        let found = guest.lookup(KEY, &unless(old)).await;
        assert!(matches!(found, Err(Error::LoadFailed(left)) if left <= SECOND), "{found:?}");
        assert_eq!(get(guest).await, Some(value("old")));
    }
}

async fn who_may_not_write_cannot_have_an_entry_replaced(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    guest.set(KEY, value("stored"), &tagged(&[])).await.expect("set");
    let reader = process.cache.session(Grants { write: false, ..Grants::default() });
    let refused = reader.lookup(KEY, &unless(version(&guest).await)).await;
    assert!(matches!(refused, Err(Error::Denied)), "{refused:?}");
}

async fn an_entry_is_described_without_its_value_and_without_a_read(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    assert_eq!(guest.describe(KEY).await, Ok(None));
    let mut load = lease(&guest, &["b"]).await;
    world.pass(Duration::from_millis(20)).await;
    let minute = Duration::from_mins(1);
    let options = spakky_cache_core::EntryOptions {
        ttl: Some(minute),
        tags: texts(&["b", "a"]),
        ..fresh_for(SECOND * 30)
    };
    assert_eq!(load.commit(value("loaded"), &options).await, Ok(true));
    let before = process.cache.metrics();
    let found = guest.describe(KEY).await.expect("describe").expect("an entry");
    assert_eq!((found.size, found.tags), (6, texts(&["a", "b"])));
    assert!(found.load_time >= Duration::from_millis(20), "{:?}", found.load_time);
    assert!(found.ttl.is_some_and(|left| left <= minute && left > SECOND * 40));
    assert!(found.fresh_for.is_some_and(|left| left <= SECOND * 30 && !left.is_zero()));
    assert!(found.version < 1 << 53);
    assert_eq!(process.cache.metrics(), before);
    let endless = fresh_for(Duration::from_millis(1));
    guest.set(KEY, value("v"), &endless).await.expect("set");
    world.outlast(&*process.store, Duration::from_millis(1)).await;
    let stale = guest.describe(KEY).await.expect("describe").expect("an entry");
    assert_eq!((stale.fresh_for, stale.ttl), (Some(Duration::ZERO), None));
    assert_eq!(stale.load_time, Duration::ZERO);
}

async fn callers_of_one_session_wait_for_each_other_and_not_for_themselves(world: World) {
    let process = Process::start(&world).await;
    let session = process.guest();
    let (first, second) = (session.caller(1), session.caller(2));
    let mut load = lease(&first, &[]).await;
    assert!(matches!(look(&first, KEY).await, Err(Error::LeaseHeld)));
    let waiting = tokio::spawn(async move { look(&second, KEY).await });
    until(async || process.cache.metrics().stampede_waits == 1).await;
    assert_eq!(load.commit(value("loaded"), &tagged(&[])).await, Ok(true));
    let found = waiting.await.expect("no panic");
    assert!(matches!(&found, Ok(Lookup::Hit(hit)) if hit.value == "loaded"), "{found:?}");
    assert_eq!(
        process.cache.metrics(),
        Snapshot { hits: 1, misses: 1, writes: 1, stampede_waits: 1, ..Snapshot::default() }
    );
}

async fn g4_callers_that_wait_for_each_other_in_a_circle_are_told_to_load(world: World) {
    let policy = Policy { nested_wait: SECOND / 10, ..Policy::default() };
    let (first, second) =
        (Process::with(&world, policy.clone()).await, Process::with(&world, policy.clone()).await);
    let shared = first.guest();
    // Of two callers of one session, a session in the same process, and one in another.
    let callers = [shared.caller(1), shared.caller(2), first.guest(), second.guest()];
    let keys = ["a", "b", "c", "d"];
    for size in 2..=callers.len() {
        let mut waiting = Vec::new();
        let waits = || first.cache.metrics().stampede_waits + second.cache.metrics().stampede_waits;
        let before = waits();
        for (at, caller) in callers.iter().enumerate().take(size) {
            let Ok(Lookup::Miss(held)) = look(caller, keys[at]).await else { panic!("not held") };
            waiting.push((caller.clone(), keys[(at + 1) % size], held));
        }
        let tasks = waiting.into_iter().map(|(caller, next, held)| {
            tokio::spawn(async move {
                let found = look(&caller, next).await.expect("lookup");
                let passed = matches!(found, Lookup::Pass);
                // It ends its load: whoever waits for it goes on.
                drop((held, found));
                passed
            })
        });
        let tasks: Vec<_> = tasks.collect();
        until(async || waits() == before + size as u64).await;
        world.pass(policy.nested_wait).await;
        let passed =
            join_all(tasks).await.into_iter().filter(|passed| *passed.as_ref().expect("no panic"));
        assert!(passed.count() >= 1, "of {size}, none was told to load");
        for key in keys {
            until(async || match look(&callers[3], key).await {
                Ok(Lookup::Miss(lease)) => lease.release().await.is_ok(),
                _ => false,
            })
            .await;
        }
    }
}

async fn g1_callers_that_hold_leases_and_wait_for_one_load_are_no_circle(world: World) {
    let policy = Policy { nested_wait: SECOND / 10, ..Policy::default() };
    let process = Arc::new(Process::with(&world, policy.clone()).await);
    let loader = process.guest();
    let mut inner = lease(&loader, &[]).await;
    let waiting: Vec<_> = (0..20)
        .map(|number| {
            let guest = process.guest();
            tokio::spawn(async move {
                let outer = look(&guest, &format!("outer {number}")).await.expect("lookup");
                assert!(matches!(outer, Lookup::Miss(_)), "{outer:?}");
                look(&guest, KEY).await
            })
        })
        .collect();
    until(async || process.cache.metrics().stampede_waits == 20).await;
    world.pass(policy.nested_wait * 3).await;
    assert_eq!(inner.commit(value("loaded"), &tagged(&[])).await, Ok(true));
    for waiter in join_all(waiting).await {
        let found = waiter.expect("no panic");
        assert!(matches!(&found, Ok(Lookup::Hit(_))), "{found:?}");
    }
}

async fn three_hundred_nested_loads_of_one_caller_hold_their_leases(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let mut held = Vec::new();
    for depth in 0..300 {
        let found = look(&guest, &depth.to_string()).await;
        assert!(matches!(found, Ok(Lookup::Miss(_))), "{depth}: {found:?}");
        held.push(found);
    }
}
