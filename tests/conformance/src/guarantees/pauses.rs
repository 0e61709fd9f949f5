//! Loads that are not stored, or not repeated, for a while.

use super::{
    Case, Duration, EntryOptions, Error, Grants, KEY, LEASE, Lookup, LookupOptions, Policy,
    Process, Session, Snapshot, World, get, lease, refresh, store_stale, tagged, texts, value,
    wait_none,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g1_while_a_key_is_passed_nobody_waits_and_everyone_loads,
        a_pass_ends_with_its_time_or_with_what_ends_an_entry,
        a_pass_of_a_refresh_removes_the_entry,
        a_load_that_failed_is_not_repeated_before_its_pause_ends,
        a_failed_load_is_paused_for_no_longer_than_the_host_allows,
        an_entry_whose_refresh_failed_is_served_and_not_refreshed_until_its_pause_ends,
        g2_a_pass_or_failure_of_a_load_that_was_overtaken_is_not_stored,
        a_write_that_passes_or_fails_is_given_up,
        a_pause_of_no_time_is_refused_and_spends_nothing,
    ]
}

async fn look(guest: &Session) -> Result<Lookup, Error> {
    guest.lookup(KEY, &LookupOptions { tags: texts(&["tag"]), ..LookupOptions::default() }).await
}

const MINUTE: Duration = Duration::from_mins(1);

async fn g1_while_a_key_is_passed_nobody_waits_and_everyone_loads(world: World) {
    let (first, second) = (Process::start(&world).await, Process::start(&world).await);
    let (a, b) = (first.guest(), second.guest());
    assert_eq!(lease(&a, &["tag"]).await.pass(MINUTE).await, Ok(true));
    for guest in [&a, &b, &a] {
        assert!(matches!(look(guest).await, Ok(Lookup::Pass)));
    }
    // Who may not store may load for itself, too.
    let reader = second.cache.session(Grants { write: false, ..Grants::default() });
    assert!(matches!(look(&reader).await, Ok(Lookup::Pass)));
    assert_eq!(get(&b).await, None);
    assert_eq!(b.describe(KEY).await, Ok(None));
    assert_eq!(first.cache.metrics(), Snapshot { misses: 3, ..Snapshot::default() });
    assert_eq!(second.cache.metrics(), Snapshot { misses: 3, ..Snapshot::default() });
}

async fn a_pass_ends_with_its_time_or_with_what_ends_an_entry(world: World) {
    let (first, second) = (Process::start(&world).await, Process::start(&world).await);
    let (a, b) = (first.guest(), second.guest());
    for end in ["time", "set", "delete", "write", "eviction", "clear"] {
        let lasts = if end == "time" { Duration::from_millis(30) } else { MINUTE };
        assert_eq!(lease(&a, &["tag"]).await.pass(lasts).await, Ok(true), "{end}");
        match end {
            "time" => world.outlast(&*second.store, lasts).await,
            "set" => b.set(KEY, value("new"), &tagged(&[])).await.expect("set"),
            "delete" => assert_eq!(b.delete(KEY).await, Ok(false)),
            "write" => b.begin_write(KEY, &[]).await.expect("begin").release().await.expect("end"),
            "eviction" => b.evict_tags(&texts(&["tag"])).await.expect("evict"),
            _ => b.clear().await.expect("clear"),
        }
        for guest in [&b, &a] {
            match look(guest).await {
                Ok(Lookup::Hit(hit)) if end == "set" => assert_eq!(hit.value, "new"),
                Ok(Lookup::Miss(lease)) if end != "set" => lease.release().await.expect("release"),
                other => panic!("{end}: {other:?}"),
            }
        }
        a.delete(KEY).await.expect("delete");
    }
}

async fn a_pass_of_a_refresh_removes_the_entry(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    store_stale(&world, &guest).await;
    assert_eq!(refresh(&guest).await.pass(MINUTE).await, Ok(true));
    assert_eq!(get(&guest).await, None);
    assert!(matches!(look(&guest).await, Ok(Lookup::Pass)));
}

async fn a_load_that_failed_is_not_repeated_before_its_pause_ends(world: World) {
    let (first, second) = (Process::start(&world).await, Process::start(&world).await);
    let (a, b) = (first.guest(), second.guest());
    let pause = Duration::from_secs(2);
    assert_eq!(lease(&a, &[]).await.fail(pause).await, Ok(true));
    for guest in [&a, &b] {
        match look(guest).await {
            Err(Error::LoadFailed(left)) => assert!(left <= pause && !left.is_zero(), "{left:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(get(guest).await, None);
    }
    b.clear().await.expect("clear");
    let short = Duration::from_millis(30);
    assert_eq!(lease(&a, &[]).await.fail(short).await, Ok(true));
    world.outlast(&*second.store, short).await;
    assert!(matches!(look(&b).await, Ok(Lookup::Miss(_))));
}

async fn a_failed_load_is_paused_for_no_longer_than_the_host_allows(world: World) {
    let longest_retry = Duration::from_millis(30);
    let process = Process::with(&world, Policy { longest_retry, ..Policy::default() }).await;
    let guest = process.guest();
    assert_eq!(lease(&guest, &[]).await.fail(Duration::from_hours(1)).await, Ok(true));
    world.outlast(&*process.store, longest_retry).await;
    assert!(matches!(look(&guest).await, Ok(Lookup::Miss(_))));
}

async fn an_entry_whose_refresh_failed_is_served_and_not_refreshed_until_its_pause_ends(
    world: World,
) {
    let policy = Policy { lease: LEASE, ..Policy::default() };
    let first = Process::with(&world, policy.clone()).await;
    let second = Process::with(&world, policy.clone()).await;
    let (a, b) = (first.guest(), second.guest());
    store_stale(&world, &a).await;
    assert_eq!(refresh(&a).await.fail(MINUTE).await, Ok(true));
    for guest in [&a, &b, &b] {
        let found = look(guest).await;
        assert!(matches!(found, Ok(Lookup::Stale { refresh: None, .. })), "{found:?}");
    }
    // The pause belongs to that entry: another one is refreshed.
    store_stale(&world, &b).await;
    let next = refresh(&a).await;
    assert_eq!(next.release().await, Ok(()));
    store_stale(&world, &a).await;
    let short = Duration::from_millis(30);
    assert_eq!(refresh(&b).await.fail(short).await, Ok(true));
    world.outlast(&*second.store, short.max(policy.lease / 50)).await;
    assert_eq!(refresh(&b).await.commit(value("new"), &tagged(&[])).await, Ok(true));
    assert_eq!(get(&a).await, Some(value("new")));
}

async fn g2_a_pass_or_failure_of_a_load_that_was_overtaken_is_not_stored(world: World) {
    let process = Process::start(&world).await;
    let (a, b) = (process.guest(), process.guest());
    for ends in ["pass", "fail"] {
        for overtaking in ["delete", "eviction", "clear", "set"] {
            let mut load = lease(&a, &["tag"]).await;
            match overtaking {
                "delete" => _ = b.delete(KEY).await.expect("delete"),
                "eviction" => b.evict_tags(&texts(&["tag"])).await.expect("evict"),
                "clear" => b.clear().await.expect("clear"),
                _ => b.set(KEY, value("new"), &tagged(&[])).await.expect("set"),
            }
            let stored = match ends {
                "pass" => load.pass(MINUTE).await,
                _ => load.fail(MINUTE).await,
            };
            assert_eq!(stored, Ok(false), "{ends} after {overtaking}");
            match look(&b).await {
                Ok(Lookup::Hit(_)) if overtaking == "set" => {}
                Ok(Lookup::Miss(lease)) if overtaking != "set" => {
                    lease.release().await.expect("release");
                }
                other => panic!("{ends} after {overtaking}: {other:?}"),
            }
            b.delete(KEY).await.expect("delete");
        }
    }
}

async fn a_write_that_passes_or_fails_is_given_up(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let mut write = guest.begin_write(KEY, &[]).await.expect("begin");
    assert_eq!(write.pass(MINUTE).await, Ok(false));
    let mut write = guest.begin_write(KEY, &[]).await.expect("begin");
    assert_eq!(write.fail(MINUTE).await, Ok(false));
    assert!(matches!(wait_none(&guest).await, Ok(Lookup::Miss(_))));
}

async fn a_pause_of_no_time_is_refused_and_spends_nothing(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let mut load = lease(&guest, &[]).await;
    let zero = |what: &str| Error::InvalidTtl(format!("the {what} is zero"));
    assert_eq!(load.pass(Duration::ZERO).await, Err(zero("pass")));
    assert_eq!(load.fail(Duration::ZERO).await, Err(zero("pause")));
    let long = load.pass(Duration::from_hours(24 * 366 * 11)).await;
    assert!(matches!(long, Err(Error::InvalidTtl(_))), "{long:?}");
    assert_eq!(load.commit(value("loaded"), &EntryOptions::default()).await, Ok(true));
    assert_eq!(load.pass(MINUTE).await, Ok(false));
    assert_eq!(get(&guest).await, Some(value("loaded")));
}
