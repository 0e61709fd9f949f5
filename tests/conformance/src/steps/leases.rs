//! Leases: taken, committed, given up, renewed, lost.

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
        what_is_alive_is_found_in_place_of_a_lease,
        what_is_dead_is_taken_by_comparing,
        nothing_is_taken_where_it_is_no_longer_what_was_seen,
        of_many_callers_one_takes_the_lease,
        an_ended_lease_can_be_taken_and_its_old_holder_can_do_nothing,
        a_commit_replaces_the_marker,
        a_committed_entry_has_a_time_to_live_of_its_own,
        who_no_longer_holds_a_key_can_do_nothing_to_it,
        a_commit_with_an_evicted_epoch_is_never_readable,
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

async fn what_is_alive_is_found_in_place_of_a_lease(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    let held = world.lease(&*a, &key, &["t"]).await;
    for is_entry in [false, true] {
        let found = if is_entry { world.put(&*a, &key, &["t"], "v").await } else { held.clone() };
        for store in [&a, &b] {
            let marker = world.marker(&**store, &["t"]).await;
            let taken = store.take_lease(&key, None, &marker).await;
            assert_eq!(taken, Ok(Cas::Occupied(alive(&found))));
            assert_eq!(read(&**store, &key).await, alive(&found));
        }
    }
}

async fn what_is_dead_is_taken_by_comparing(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    for is_entry in [true, false] {
        let lost = if is_entry {
            world.put(&*a, &key, &["t"], "v").await
        } else {
            world.lease(&*a, &key, &["t"]).await
        };
        b.evict(&[tag("t")]).await.expect("evict");
        assert_eq!(read(&*b, &key).await, dead(&lost));
        let marker = world.marker(&*b, &["t"]).await;
        let taken = b.take_lease(&key, None, &marker).await;
        assert_eq!(taken, Ok(Cas::Occupied(dead(&lost))));
        let taken = b.take_lease(&key, Some(&lost.cas_token()), &marker).await;
        assert_eq!(taken, Ok(Cas::Done));
        let held = Envelope::Lease(marker);
        no_longer_held(&world, &*a, &lost.cas_token(), &alive(&held)).await;
        let entry = world.entry(&*b, &["t"], "v").await;
        assert_eq!(b.commit(&key, &held.cas_token(), &entry).await, Ok(true));
        assert_eq!(read(&*a, &key).await, alive(&Envelope::Entry(entry)));
        b.remove(std::slice::from_ref(&key)).await.expect("remove");
    }
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

async fn of_many_callers_one_takes_the_lease(world: World) {
    let (a, b) = world.open_two().await;
    for round in 0..40 {
        let key = key(&format!("k{round}"));
        // Where they see a dead entry, or nothing.
        let seen = if round % 2 == 0 {
            let entry = world.put(&*a, &key, &["t"], "v").await;
            a.evict(&[tag("t")]).await.expect("evict");
            Some(entry.cas_token())
        } else {
            None
        };
        let mut runners = Vec::new();
        for n in 0..16 {
            let (store, key, seen) = ([&a, &b][n % 2].clone(), key.clone(), seen.clone());
            let marker = world.marker(&*store, &[]).await;
            runners.push(tokio::spawn(async move {
                (
                    marker.id,
                    store.take_lease(&key, seen.as_ref(), &marker).await.expect("an answer"),
                )
            }));
        }
        let results = join_all(runners).await.into_iter().map(|result| result.expect("a runner"));
        let (winners, others): (Vec<_>, Vec<_>) =
            results.partition(|(_, taken)| *taken == Cas::Done);
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
}

async fn an_ended_lease_can_be_taken_and_its_old_holder_can_do_nothing(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    let mut marker = world.marker(&*a, &[]).await;
    marker.lasts = SHORT;
    let stopwatch = world.stopwatch();
    assert_eq!(a.take_lease(&key, None, &marker).await, Ok(Cas::Done));
    stopwatch.over(SHORT, async || read(&*b, &key).await == Found::Nothing).await;
    let ended = Envelope::Lease(marker).cas_token();
    no_longer_held(&world, &*a, &ended, &Found::Nothing).await;
    let held = world.lease(&*b, &key, &[]).await;
    no_longer_held(&world, &*a, &ended, &alive(&held)).await;
    let entry = world.entry(&*b, &[], "v").await;
    assert_eq!(b.commit(&key, &held.cas_token(), &entry).await, Ok(true));
    no_longer_held(&world, &*a, &ended, &alive(&Envelope::Entry(entry))).await;
}

/// A caller with this token can do nothing to the key `k`, which holds `found`.
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

async fn who_no_longer_holds_a_key_can_do_nothing_to_it(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    let lease = async || world.lease(&*a, &key, &[]).await.cas_token();
    let remove = async || b.remove(std::slice::from_ref(&key)).await.expect("remove");
    // It never held it.
    let stranger = Envelope::Lease(world.marker(&*b, &[]).await).cas_token();
    no_longer_held(&world, &*b, &stranger, &Found::Nothing).await;
    let held = world.lease(&*a, &key, &[]).await;
    no_longer_held(&world, &*b, &stranger, &alive(&held)).await;
    // Its token differs in the last bit.
    let mut nearly = held.cas_token().0.to_vec();
    if let Some(last) = nearly.last_mut() {
        *last ^= 1;
    }
    no_longer_held(&world, &*b, &CasToken(nearly.into()), &alive(&held)).await;
    // It has committed.
    let entry = world.entry(&*a, &[], "v").await;
    assert_eq!(a.commit(&key, &held.cas_token(), &entry).await, Ok(true));
    let seen = Envelope::Entry(entry);
    no_longer_held(&world, &*a, &held.cas_token(), &alive(&seen)).await;
    no_longer_held(&world, &*b, &stranger, &alive(&seen)).await;
    // A refresh replaced the entry by one of the same value.
    let newer = world.entry(&*b, &[], "v").await;
    assert_eq!(b.commit(&key, &seen.cas_token(), &newer).await, Ok(true));
    let newer = Envelope::Entry(newer);
    no_longer_held(&world, &*a, &seen.cas_token(), &alive(&newer)).await;
    remove().await;
    no_longer_held(&world, &*a, &newer.cas_token(), &Found::Nothing).await;
    // Its lease was given up, removed, or replaced: by a put, alone or of many, or a write.
    let held = lease().await;
    assert_eq!(a.give_up(&key, &held).await, Ok(true));
    no_longer_held(&world, &*a, &held, &Found::Nothing).await;
    let held = lease().await;
    remove().await;
    no_longer_held(&world, &*a, &held, &Found::Nothing).await;
    for is_write in [false, true] {
        for keys in [1, 2] {
            let held = lease().await;
            let newer = if is_write {
                Envelope::Lease(world.marker(&*b, &[]).await)
            } else {
                Envelope::Entry(world.entry(&*b, &[], "newer").await)
            };
            let batch = [(self::key("other"), newer.clone()), (key.clone(), newer.clone())];
            b.put(&batch[2 - keys..]).await.expect("put");
            no_longer_held(&world, &*a, &held, &alive(&newer)).await;
            remove().await;
        }
    }
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
