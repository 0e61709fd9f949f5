//! A failed store is an error (G7), also during a load. If the operator chose so, a failed
//! read is a miss, and nothing else is.

use super::{
    Case, Duration, Error, Grants, KEY, LEASE, Lookup, LookupOptions, OnFailure, Policy, Process,
    Snapshot, World, all, get, join_all, lease, refresh, store_stale, tagged, texts, until, value,
    wait_none,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g7_a_failed_store_is_an_error_that_says_nothing_of_the_backend,
        g7_a_commit_that_the_store_failed_is_an_error_and_the_key_is_free_after_the_lease,
        g7_each_of_those_that_wait_is_told_that_the_store_failed,
        g7_a_failure_that_is_a_miss_lets_each_load_and_stores_nothing,
        g7_a_refresh_that_was_stored_is_reported_so_though_its_resignation_failed,
        g7_a_failure_that_is_a_miss_hides_no_fault_of_the_callers,
        g7_after_a_failure_that_was_a_miss_loads_are_stored_again,
    ]
}

fn misses() -> Policy {
    Policy { on_failure: OnFailure::Miss, early_refresh: 0.0, ..Policy::default() }
}

async fn g7_a_failed_store_is_an_error_that_says_nothing_of_the_backend(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    guest.set(KEY, value("stored"), &tagged(&[])).await.expect("set");
    let mut held = match guest.lookup("held", &LookupOptions::default()).await {
        Ok(Lookup::Miss(lease)) => lease,
        other => panic!("{other:?}"),
    };
    process.store.set_down(true);
    let none = tagged(&[]);
    let errors = [
        guest.get(KEY).await.err(),
        guest.get_many([KEY]).await.err(),
        guest.set(KEY, value("new"), &none).await.err(),
        guest.set_many(vec![(KEY, value("new"))], &none).await.err(),
        guest.delete(KEY).await.err(),
        guest.evict_tags(&texts(&["tag"])).await.err(),
        guest.clear().await.err(),
        guest.lookup(KEY, &LookupOptions::default()).await.err(),
        guest.begin_write(KEY, &[]).await.err(),
        held.commit(value("new"), &none).await.err(),
        process.cache.ping().await.err(),
    ];
    for (index, error) in errors.into_iter().enumerate() {
        assert_eq!(error, Some(Error::Unavailable), "operation {index}");
        assert!(!format!("{error:?}").contains("secret"));
    }
    process.store.set_down(false);
    assert_eq!(get(&guest).await, Some(value("stored")));
    assert_eq!(
        process.cache.metrics(),
        Snapshot { hits: 1, misses: 1, writes: 1, ..Snapshot::default() }
    );
}

async fn g7_a_commit_that_the_store_failed_is_an_error_and_the_key_is_free_after_the_lease(
    world: World,
) {
    let policy = Policy { lease: LEASE, ..misses() };
    for policy in [Policy { on_failure: OnFailure::Error, ..policy.clone() }, policy] {
        let process = Process::with(&world, policy).await;
        let guest = process.guest();
        let mut held = lease(&guest, &[]).await;
        process.store.set_down(true);
        let failed = held.commit(value("lost"), &tagged(&[])).await;
        assert_eq!(failed, Err(Error::Unavailable));
        // The lease is spent, because the value may have been stored.
        process.store.set_down(false);
        assert_eq!(held.commit(value("again"), &tagged(&[])).await, Ok(false));
        assert_eq!(get(&guest).await, None);
        until(async || {
            world.pass(LEASE / 10).await;
            matches!(wait_none(&guest).await, Ok(Lookup::Miss(_)))
        })
        .await;
        until(async || matches!(wait_none(&guest).await, Ok(Lookup::Miss(_)))).await;
    }
}

async fn g7_each_of_those_that_wait_is_told_that_the_store_failed(world: World) {
    for on_failure in [OnFailure::Error, OnFailure::Miss] {
        let a = Process::start(&world).await;
        let b = Process::with(&world, Policy { on_failure, ..misses() }).await;
        let mut held = lease(&a.guest(), &[]).await;
        let waiting = (0..5).map(|_| {
            let guest = b.guest();
            async move { guest.lookup(KEY, &LookupOptions::default()).await }
        });
        let commit = async {
            until(async || b.cache.metrics().stampede_waits == 5).await;
            b.store.set_down(true);
            assert_eq!(held.commit(value("loaded"), &tagged(&[])).await, Ok(true));
        };
        let (found, ()) = tokio::join!(join_all(waiting), commit);
        for found in found {
            match on_failure {
                OnFailure::Error => assert_eq!(found.err(), Some(Error::Unavailable)),
                OnFailure::Miss => assert!(matches!(found, Ok(Lookup::Miss(_))), "{found:?}"),
            }
        }
        let misses = if on_failure == OnFailure::Miss { 5 } else { 0 };
        let counted = Snapshot { misses, stampede_waits: 5, ..Snapshot::default() };
        assert_eq!(b.cache.metrics(), counted);
        a.guest().delete(KEY).await.expect("delete");
    }
}

async fn g7_a_failure_that_is_a_miss_lets_each_load_and_stores_nothing(world: World) {
    let process = Process::with(&world, misses()).await;
    let (first, second) = (process.guest(), process.guest());
    process.store.set_down(true);
    // Neither waits for the other, nor for itself.
    let mut loads = Vec::new();
    for guest in [&first, &second, &first] {
        loads.push(lease(guest, &["tag"]).await);
    }
    for load in &mut loads {
        assert_eq!(load.commit(value("loaded"), &tagged(&["tag"])).await, Ok(false));
    }
    assert_eq!(first.begin_write(KEY, &[]).await.err(), Some(Error::Unavailable));
    assert_eq!(get(&first).await, None);
    assert_eq!(first.get_many([KEY, "other"]).await.and_then(all), Ok(vec![None, None]));
    assert_eq!(first.set(KEY, value("new"), &tagged(&[])).await, Err(Error::Unavailable));
    assert_eq!(first.delete(KEY).await, Err(Error::Unavailable));
    assert_eq!(first.clear().await, Err(Error::Unavailable));
    let stored = first.set_many(vec![(KEY, value("new"))], &tagged(&[])).await;
    assert_eq!(stored, Err(Error::Unavailable));
    assert_eq!(first.delete_many([KEY]).await, Err(Error::Unavailable));
    assert_eq!(first.evict_tags(&texts(&["tag"])).await, Err(Error::Unavailable));
    assert_eq!(process.cache.ping().await, Err(Error::Unavailable));
    assert_eq!(process.cache.metrics(), Snapshot { misses: 6, ..Snapshot::default() });
    process.store.set_down(false);
    assert_eq!(get(&first).await, None);
}

async fn g7_a_refresh_that_was_stored_is_reported_so_though_its_resignation_failed(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    store_stale(&world, &guest).await;
    let mut refresh = refresh(&guest).await;
    // The epochs are captured and the entry is stored.
    process.store.set_down_after(2);
    assert_eq!(refresh.commit(value("new"), &tagged(&[])).await, Ok(true));
    assert_eq!(process.cache.ping().await, Err(Error::Unavailable), "more than two steps");
    process.store.set_down(false);
    assert_eq!(get(&guest).await, Some(value("new")));
}

async fn g7_a_failure_that_is_a_miss_hides_no_fault_of_the_callers(world: World) {
    let process = Process::with(&world, misses()).await;
    let (guest, other) = (process.guest(), process.guest());
    let _held = lease(&guest, &[]).await;
    assert_eq!(guest.lookup(KEY, &LookupOptions::default()).await.err(), Some(Error::LeaseHeld));
    assert_eq!(wait_none(&other).await.err(), Some(Error::LockTimeout));
    let reader = process.cache.session(Grants { write: false, ..Grants::default() });
    assert_eq!(
        reader.lookup("missing", &LookupOptions::default()).await.err(),
        Some(Error::Denied)
    );
    let without = process.cache.session(Grants { leases: 0, ..Grants::default() });
    assert_eq!(
        without.lookup("missing", &LookupOptions::default()).await.err(),
        Some(Error::QuotaExceeded("leases: 0 are held at once, which is the limit".to_owned()))
    );
    process.store.set_down(true);
    assert_eq!(
        reader.lookup("missing", &LookupOptions::default()).await.err(),
        Some(Error::Denied)
    );
    assert_eq!(get(&reader).await, None);
    for bad in [
        guest.get("").await.err(),
        guest.get_many([KEY, ""]).await.err(),
        guest.lookup("", &LookupOptions::default()).await.err(),
        guest
            .lookup(KEY, &LookupOptions { tags: texts(&[""]), ..LookupOptions::default() })
            .await
            .err(),
    ] {
        assert!(matches!(bad, Some(Error::InvalidKey(_))), "{bad:?}");
    }
}

async fn g7_after_a_failure_that_was_a_miss_loads_are_stored_again(world: World) {
    let process = Process::with(&world, misses()).await;
    let guest = process.guest();
    process.store.set_down(true);
    let mut detached = lease(&guest, &[]).await;
    process.store.set_down(false);
    // What was loaded without a lease may be older than what was stored since.
    guest.set(KEY, value("new"), &tagged(&[])).await.expect("set");
    assert_eq!(detached.commit(value("old"), &tagged(&[])).await, Ok(false));
    assert_eq!(get(&guest).await, Some(value("new")));
    guest.delete(KEY).await.expect("delete");
    let mut load = lease(&guest, &[]).await;
    world.pass(Duration::from_millis(1)).await;
    assert_eq!(load.commit(value("loaded"), &tagged(&[])).await, Ok(true));
    assert_eq!(get(&process.guest()).await, Some(value("loaded")));
}
