//! Leases: taken, committed, given up, renewed, lost.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use spakky_cache_core::Store;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, CasToken, Found};
use spakky_test_runtime::Protocol as _;

use super::{LONG, SHORT};
use crate::world::{alive, dead, read};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        a_lease_is_taken_where_there_is_nothing,
        a_living_entry_is_found_in_place_of_its_lease,
        a_living_lease_is_found_and_stays_its_holders,
        a_dead_entry_is_found_dead_and_taken_by_comparing,
        a_dead_lease_is_taken_by_comparing_and_its_holder_stores_nothing,
        nothing_is_taken_where_it_is_no_longer_what_was_seen,
        of_many_who_find_nothing_one_takes_the_lease,
        of_many_who_see_a_dead_entry_one_takes_the_lease,
        a_lease_ends_when_its_time_is_over,
        an_ended_lease_can_be_taken_and_its_old_holder_can_do_nothing,
        a_commit_replaces_the_marker,
        a_committed_entry_has_a_time_to_live_of_its_own,
        a_second_commit_stores_nothing,
        what_begins_with_something_else_is_left_alone,
        a_lease_that_was_removed_stores_nothing,
        a_lease_that_was_replaced_by_a_put_stores_nothing,
        a_lease_that_was_replaced_by_a_write_stores_nothing,
        a_commit_with_an_evicted_epoch_is_never_readable,
        a_refresh_replaces_the_entry_that_it_saw_and_no_other,
        giving_up_frees_the_key,
        a_renewed_lease_lasts_from_then_on,
        a_failed_renewal_lengthens_nothing,
    ]
}

async fn a_lease_is_taken_where_there_is_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let marker = world.lease(&*a, &key("k"), &["t"]).await;
    assert_eq!(read(&*a, &key("k")).await, alive(&marker));
    assert_eq!(read(&*b, &key("k")).await, alive(&marker));
    assert_eq!(read(&*b, &key("other")).await, Found::Nothing);
    world.lease(&*b, &key("other"), &["t"]).await;
}

async fn a_living_entry_is_found_in_place_of_its_lease(world: World) {
    let (a, b) = world.open_two().await;
    let entry = world.put(&*a, &key("k"), &["t"], "v").await;
    for store in [&a, &b] {
        let marker = world.marker(&**store, &[]).await;
        let taken = store.take_lease(&key("k"), None, &marker).await;
        assert_eq!(taken, Ok(Cas::Occupied(alive(&entry))));
    }
    assert_eq!(read(&*b, &key("k")).await, alive(&entry));
}

async fn a_living_lease_is_found_and_stays_its_holders(world: World) {
    let (a, b) = world.open_two().await;
    let held = world.lease(&*a, &key("k"), &["t"]).await;
    for store in [&a, &b] {
        let marker = world.marker(&**store, &["t"]).await;
        let taken = store.take_lease(&key("k"), None, &marker).await;
        assert_eq!(taken, Ok(Cas::Occupied(alive(&held))));
    }
    let entry = world.entry(&*a, &["t"], "v").await;
    assert_eq!(a.commit(&key("k"), &held.cas_token(), &entry).await, Ok(true));
}

async fn a_dead_entry_is_found_dead_and_taken_by_comparing(world: World) {
    let (a, b) = world.open_two().await;
    let entry = world.put(&*a, &key("k"), &["t"], "v").await;
    a.evict(&[tag("t")]).await.expect("evict");
    let marker = world.marker(&*b, &["t"]).await;
    let taken = b.take_lease(&key("k"), None, &marker).await;
    assert_eq!(taken, Ok(Cas::Occupied(dead(&entry))));
    let taken = b.take_lease(&key("k"), Some(&entry.cas_token()), &marker).await;
    assert_eq!(taken, Ok(Cas::Done));
    // The capture may lag, but by now this handle has read since the eviction.
    let marker = Envelope::Lease(marker);
    assert!(matches!(
        read(&*a, &key("k")).await,
        Found::Envelope { envelope, .. } if envelope == marker
    ));
}

async fn a_dead_lease_is_taken_by_comparing_and_its_holder_stores_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let lost = world.lease(&*a, &key("k"), &["t"]).await;
    b.evict(&[tag("t")]).await.expect("evict");
    assert_eq!(read(&*b, &key("k")).await, dead(&lost));
    let marker = world.marker(&*b, &["t"]).await;
    let taken = b.take_lease(&key("k"), None, &marker).await;
    assert_eq!(taken, Ok(Cas::Occupied(dead(&lost))));
    let taken = b.take_lease(&key("k"), Some(&lost.cas_token()), &marker).await;
    assert_eq!(taken, Ok(Cas::Done));
    let held = Envelope::Lease(marker);
    no_longer_held(&world, &*a, &lost.cas_token(), &alive(&held)).await;
    let entry = world.entry(&*b, &["t"], "v").await;
    assert_eq!(b.commit(&key("k"), &held.cas_token(), &entry).await, Ok(true));
    assert_eq!(read(&*a, &key("k")).await, alive(&Envelope::Entry(entry)));
}

async fn nothing_is_taken_where_it_is_no_longer_what_was_seen(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    let seen = world.put(&*a, &key, &["t"], "v").await.cas_token();
    let refused = async |truth: Found| {
        let marker = world.marker(&*a, &[]).await;
        match a.take_lease(&key, Some(&seen), &marker).await.expect("take_lease") {
            Cas::Done => panic!("taken over {truth:?}"),
            Cas::Occupied(found) => assert_eq!(found, truth),
            Cas::Changed => {}
        }
        assert_eq!(read(&*b, &key).await, truth);
    };
    let other = world.put(&*b, &key, &["t"], "v").await;
    refused(alive(&other)).await;
    b.remove(std::slice::from_ref(&key)).await.expect("remove");
    refused(Found::Nothing).await;
    let marker = world.lease(&*b, &key, &["t"]).await;
    refused(alive(&marker)).await;
}

async fn of_many_who_find_nothing_one_takes_the_lease(world: World) {
    let (a, b) = world.open_two().await;
    for round in 0..20 {
        let key = key(&format!("k{round}"));
        race_for_the_lease(&world, [&a, &b], &key, None).await;
    }
}

async fn of_many_who_see_a_dead_entry_one_takes_the_lease(world: World) {
    let (a, b) = world.open_two().await;
    for round in 0..20 {
        let key = key(&format!("k{round}"));
        let entry = world.put(&*a, &key, &["t"], "v").await;
        a.evict(&[tag("t")]).await.expect("evict");
        race_for_the_lease(&world, [&a, &b], &key, Some(&entry.cas_token())).await;
    }
}

async fn race_for_the_lease(
    world: &World,
    stores: [&Arc<dyn Store>; 2],
    key: &spakky_cache_core::Key,
    seen: Option<&CasToken>,
) {
    let mut runners = Vec::new();
    for n in 0..16 {
        let (store, key, seen) = (stores[n % 2].clone(), key.clone(), seen.cloned());
        let marker = world.marker(&*store, &[]).await;
        runners.push(tokio::spawn(async move {
            let taken = store.take_lease(&key, seen.as_ref(), &marker).await.expect("take_lease");
            (marker.id, taken)
        }));
    }
    let results = join_all(runners).await.into_iter().map(|result| result.expect("a runner"));
    let (winners, others): (Vec<_>, Vec<_>) = results.partition(|(_, taken)| *taken == Cas::Done);
    assert_eq!(winners.len(), 1);
    for (_, taken) in others {
        if let Cas::Occupied(found) = taken {
            assert!(matches!(
                found,
                Found::Envelope { envelope, alive: true } if envelope.id() == winners[0].0
            ));
        }
    }
}

async fn a_lease_ends_when_its_time_is_over(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    let mut marker = world.marker(&*a, &[]).await;
    marker.lasts = SHORT;
    let stopwatch = world.stopwatch();
    assert_eq!(a.take_lease(&key, None, &marker).await, Ok(Cas::Done));
    stopwatch.over(SHORT, async || read(&*b, &key).await == Found::Nothing).await;
}

async fn an_ended_lease_can_be_taken_and_its_old_holder_can_do_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let mut marker = world.marker(&*a, &[]).await;
    marker.lasts = SHORT;
    assert_eq!(a.take_lease(&key("k"), None, &marker).await, Ok(Cas::Done));
    let ended = Envelope::Lease(marker).cas_token();
    world.outlast(&*a, SHORT).await;
    no_longer_held(&world, &*a, &ended, &Found::Nothing).await;
    let held = world.lease(&*b, &key("k"), &[]).await;
    no_longer_held(&world, &*a, &ended, &alive(&held)).await;
    let entry = world.entry(&*b, &[], "v").await;
    assert_eq!(b.commit(&key("k"), &held.cas_token(), &entry).await, Ok(true));
    no_longer_held(&world, &*a, &ended, &alive(&Envelope::Entry(entry))).await;
}

/// Whoever holds `token` can do nothing to the key `k`, which holds `found`.
async fn no_longer_held(world: &World, store: &dyn Store, cas_token: &CasToken, found: &Found) {
    let key = key("k");
    let entry = world.entry(store, &[], "stale").await;
    assert_eq!(store.commit(&key, cas_token, &entry).await, Ok(false));
    assert_eq!(store.renew(&key, cas_token, LONG).await, Ok(false));
    assert_eq!(store.give_up(&key, cas_token).await, Ok(false));
    assert_eq!(read(store, &key).await, *found);
    assert_eq!(read(&*world.open().await, &key).await, *found);
}

async fn a_commit_replaces_the_marker(world: World) {
    let (a, b) = world.open_two().await;
    let held = world.lease(&*a, &key("k"), &["t"]).await;
    let mut entry = world.entry(&*a, &["t", "late"], "v").await;
    entry.ttl = Some(LONG);
    entry.fresh_for = Some(SHORT);
    entry.load_time = Duration::from_millis(7);
    assert_eq!(a.commit(&key("k"), &held.cas_token(), &entry).await, Ok(true));
    let entry = Envelope::Entry(entry);
    assert_eq!(read(&*a, &key("k")).await, alive(&entry));
    assert_eq!(read(&*b, &key("k")).await, alive(&entry));
}

async fn a_committed_entry_has_a_time_to_live_of_its_own(world: World) {
    let (a, b) = world.open_two().await;
    // A lease that is short, and an entry that stays.
    let mut marker = world.marker(&*a, &[]).await;
    marker.lasts = SHORT;
    assert_eq!(a.take_lease(&key("stays"), None, &marker).await, Ok(Cas::Done));
    let stays = world.entry(&*a, &[], "v").await;
    let cas_token = Envelope::Lease(marker).cas_token();
    assert_eq!(a.commit(&key("stays"), &cas_token, &stays).await, Ok(true));
    // A lease that is long, and an entry that goes.
    let held = world.lease(&*a, &key("goes"), &[]).await;
    let mut goes = world.entry(&*a, &[], "v").await;
    goes.ttl = Some(SHORT);
    let stopwatch = world.stopwatch();
    assert_eq!(a.commit(&key("goes"), &held.cas_token(), &goes).await, Ok(true));
    stopwatch.over(SHORT, async || read(&*b, &key("goes")).await == Found::Nothing).await;
    assert_eq!(read(&*b, &key("stays")).await, alive(&Envelope::Entry(stays)));
}

async fn a_second_commit_stores_nothing(world: World) {
    let store = world.open().await;
    let held = world.lease(&*store, &key("k"), &[]).await;
    let entry = world.entry(&*store, &[], "v").await;
    assert_eq!(store.commit(&key("k"), &held.cas_token(), &entry).await, Ok(true));
    no_longer_held(&world, &*store, &held.cas_token(), &alive(&Envelope::Entry(entry))).await;
}

async fn what_begins_with_something_else_is_left_alone(world: World) {
    let (a, b) = world.open_two().await;
    let stranger = Envelope::Lease(world.marker(&*b, &[]).await).cas_token();
    // Nothing.
    no_longer_held(&world, &*b, &stranger, &Found::Nothing).await;
    // Another's lease, and a token that differs in its last bit.
    let held = world.lease(&*a, &key("k"), &[]).await;
    no_longer_held(&world, &*b, &stranger, &alive(&held)).await;
    let mut nearly = held.cas_token().0.to_vec();
    if let Some(last) = nearly.last_mut() {
        *last ^= 1;
    }
    no_longer_held(&world, &*b, &CasToken(nearly.into()), &alive(&held)).await;
    // An entry.
    let entry = world.put(&*a, &key("k"), &[], "v").await;
    no_longer_held(&world, &*b, &stranger, &alive(&entry)).await;
}

async fn a_lease_that_was_removed_stores_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let held = world.lease(&*a, &key("k"), &[]).await;
    b.remove(&[key("k")]).await.expect("remove");
    no_longer_held(&world, &*a, &held.cas_token(), &Found::Nothing).await;
}

async fn a_lease_that_was_replaced_by_a_put_stores_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let held = world.lease(&*a, &key("k"), &[]).await;
    let entry = world.put(&*b, &key("k"), &[], "newer").await;
    no_longer_held(&world, &*a, &held.cas_token(), &alive(&entry)).await;
    let held = world.lease(&*a, &key("k2"), &[]).await;
    let newer = Envelope::Entry(world.entry(&*b, &[], "newer").await);
    b.put(&[(key("k1"), newer.clone()), (key("k2"), newer.clone())]).await.expect("put");
    let stale = world.entry(&*a, &[], "stale").await;
    assert_eq!(a.commit(&key("k2"), &held.cas_token(), &stale).await, Ok(false));
    assert_eq!(read(&*a, &key("k2")).await, alive(&newer));
}

async fn a_lease_that_was_replaced_by_a_write_stores_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let load = world.lease(&*a, &key("k"), &[]).await;
    let write = Envelope::Lease(world.marker(&*b, &[]).await);
    b.put_one(&key("k"), &write).await.expect("put");
    no_longer_held(&world, &*a, &load.cas_token(), &alive(&write)).await;
    let entry = world.entry(&*b, &[], "written").await;
    assert_eq!(b.commit(&key("k"), &write.cas_token(), &entry).await, Ok(true));
    no_longer_held(&world, &*a, &load.cas_token(), &alive(&Envelope::Entry(entry))).await;
}

async fn a_commit_with_an_evicted_epoch_is_never_readable(world: World) {
    let (a, b) = world.open_two().await;
    for clear in [false, true] {
        let held = world.lease(&*a, &key("k"), &["t"]).await;
        let entry = world.entry(&*a, &["t"], "stale").await;
        if clear {
            b.clear().await.expect("clear");
        } else {
            b.evict(&[tag("t")]).await.expect("evict");
        }
        // It may land, or not.
        a.commit(&key("k"), &held.cas_token(), &entry).await.expect("commit");
        for store in [&a, &b] {
            assert_eq!(read(&**store, &key("k")).await.into_entry(), None);
        }
        b.remove(&[key("k")]).await.expect("remove");
    }
}

async fn a_refresh_replaces_the_entry_that_it_saw_and_no_other(world: World) {
    let (a, b) = world.open_two().await;
    let seen = world.put(&*a, &key("k"), &["t"], "old").await;
    let newer = world.entry(&*b, &["t"], "new").await;
    assert_eq!(b.commit(&key("k"), &seen.cas_token(), &newer).await, Ok(true));
    let newer = Envelope::Entry(newer);
    assert_eq!(read(&*a, &key("k")).await, alive(&newer));
    // The same value under another identity is another entry.
    no_longer_held(&world, &*a, &seen.cas_token(), &alive(&newer)).await;
    b.remove(&[key("k")]).await.expect("remove");
    no_longer_held(&world, &*a, &newer.cas_token(), &Found::Nothing).await;
}

async fn giving_up_frees_the_key(world: World) {
    let (a, b) = world.open_two().await;
    let held = world.lease(&*a, &key("k"), &[]).await;
    assert_eq!(a.give_up(&key("k"), &held.cas_token()).await, Ok(true));
    no_longer_held(&world, &*a, &held.cas_token(), &Found::Nothing).await;
    world.lease(&*b, &key("k"), &[]).await;
}

async fn a_renewed_lease_lasts_from_then_on(world: World) {
    let (a, b) = world.open_two().await;
    let mut marker = world.marker(&*a, &[]).await;
    marker.lasts = SHORT;
    assert_eq!(a.take_lease(&key("k"), None, &marker).await, Ok(Cas::Done));
    let held = Envelope::Lease(marker);
    assert_eq!(a.renew(&key("k"), &held.cas_token(), LONG).await, Ok(true));
    world.outlast(&*a, SHORT).await;
    assert_eq!(read(&*b, &key("k")).await, alive(&held));
    // And to its end: not for ever.
    let stopwatch = world.stopwatch();
    assert_eq!(a.renew(&key("k"), &held.cas_token(), SHORT).await, Ok(true));
    stopwatch.over(SHORT, async || read(&*b, &key("k")).await == Found::Nothing).await;
    assert_eq!(a.renew(&key("k"), &held.cas_token(), LONG).await, Ok(false));
}

async fn a_failed_renewal_lengthens_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    let lost = world.lease(&*a, &key, &[]).await;
    let mut entry = world.entry(&*b, &[], "v").await;
    entry.ttl = Some(SHORT);
    let stopwatch = world.stopwatch();
    b.put_one(&key, &Envelope::Entry(entry)).await.expect("put");
    assert_eq!(a.renew(&key, &lost.cas_token(), LONG).await, Ok(false));
    stopwatch.over(SHORT, async || read(&*b, &key).await == Found::Nothing).await;
}
