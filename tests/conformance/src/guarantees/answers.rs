//! What is answered and counted: failures (G7), hits (G9), counts (G10).

use super::{
    Case, EntryOptions, Error, KEY, Lookup, OnFailure, Policy, Process, Snapshot, World, get,
    join_all, lease, tagged, texts, until, value,
};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        g7_a_failed_store_is_an_error_that_says_nothing_of_the_backend,
        g7_where_the_operator_wants_it_a_failed_read_is_a_miss_and_a_failed_write_an_error,
        g9_a_hit_is_one_step_however_many_tags_it_has,
        g9_an_eviction_is_one_step_however_many_entries_it_evicts,
        g10_one_load_is_one_miss_and_one_write_and_each_that_waited_is_a_hit,
    ]
}

async fn g7_a_failed_store_is_an_error_that_says_nothing_of_the_backend(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    guest.set(KEY, value("stored"), &tagged(&[])).await.expect("set");
    let mut held = match guest.lookup("held", &[], None).await {
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
        guest.lookup(KEY, &[], None).await.err(),
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

async fn g7_where_the_operator_wants_it_a_failed_read_is_a_miss_and_a_failed_write_an_error(
    world: World,
) {
    let policy = Policy { on_failure: OnFailure::Miss, ..Policy::default() };
    let process = Process::with(&world, policy).await;
    let guest = process.guest();
    process.store.set_down(true);
    assert_eq!(guest.get(KEY).await, Ok(None));
    assert_eq!(guest.get_many([KEY, "other"]).await, Ok(vec![None, None]));
    let mut detached = lease(&guest, &[]).await;
    assert_eq!(detached.commit(value("loaded"), &tagged(&[])).await, Ok(false));
    assert_eq!(guest.set(KEY, value("new"), &tagged(&[])).await, Err(Error::Unavailable));
    assert_eq!(guest.delete(KEY).await, Err(Error::Unavailable));
    assert_eq!(guest.clear().await, Err(Error::Unavailable));
}

async fn g9_a_hit_is_one_step_however_many_tags_it_has(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    let tags: Vec<_> = (0..16).map(|n| format!("tag {n}")).collect();
    for count in [0, 1, 16] {
        let options = EntryOptions { tags: tags[..count].to_vec(), ..EntryOptions::default() };
        guest.set(KEY, value("stored"), &options).await.expect("set");
        let before = process.store.steps();
        assert!(get(&guest).await.is_some());
        assert_eq!(process.store.steps() - before, 1);
        assert!(matches!(guest.lookup(KEY, &[], None).await, Ok(Lookup::Hit(_))));
        assert_eq!(process.store.steps() - before, 2);
    }
}

async fn g9_an_eviction_is_one_step_however_many_entries_it_evicts(world: World) {
    let process = Process::start(&world).await;
    let guest = process.guest();
    for count in [1, 500] {
        let keys: Vec<_> = (0..count).map(|n| n.to_string()).collect();
        let entries = keys.iter().map(|key| (key.as_str(), value("stored"))).collect();
        guest.set_many(entries, &tagged(&["tag"])).await.expect("set_many");
        let before = process.store.steps();
        guest.evict_tags(&texts(&["tag"])).await.expect("evict_tags");
        assert_eq!(process.store.steps() - before, 1);
        let left = guest.get_many(keys.iter().map(String::as_str)).await.expect("get_many");
        assert!(left.iter().all(Option::is_none));
    }
}

async fn g10_one_load_is_one_miss_and_one_write_and_each_that_waited_is_a_hit(world: World) {
    let process = Process::start(&world).await;
    let loading = process.guest();
    let mut held = lease(&loading, &[]).await;
    let waiting = (0..3).map(|_| {
        let guest = process.guest();
        async move { guest.lookup(KEY, &[], None).await.map(|_| ()) }
    });
    let commit = async {
        until(async || process.cache.metrics().stampede_waits == 3).await;
        // However often they look again: here, for each renewal of the lease.
        assert_eq!(held.commit(value("loaded"), &tagged(&[])).await, Ok(true));
    };
    let (waited, ()) = tokio::join!(join_all(waiting), commit);
    assert_eq!(waited, vec![Ok(()); 3]);
    let counted =
        Snapshot { hits: 3, misses: 1, writes: 1, stampede_waits: 3, ..Snapshot::default() };
    assert_eq!(process.cache.metrics(), counted);
}
