//! Watches: woken by every change, whoever makes it.

use std::sync::Arc;

use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, Found};
use spakky_cache_core::{Key, Store};
use spakky_test_runtime::Protocol as _;

use super::LONG;
use crate::world::{alive, dead, read};
use crate::{Case, World, fired, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        what_a_watch_finds_is_what_the_key_holds,
        a_watch_tells_of_a_lease_that_is_taken,
        a_watch_tells_of_a_commit,
        a_watch_tells_of_a_lease_that_is_given_up,
        a_watch_tells_of_a_put,
        a_watch_tells_of_many_puts,
        a_watch_tells_of_a_remove,
        a_watch_tells_of_a_lease_that_is_taken_by_comparing,
        a_watch_tells_of_a_change_by_the_same_handle,
        everyone_who_watches_is_told,
        a_watch_that_fired_is_not_needed_for_the_next,
        a_watch_that_was_dropped_disturbs_nobody,
        a_watch_misses_no_change_that_comes_with_it,
    ]
}

async fn what_a_watch_finds_is_what_the_key_holds(world: World) {
    let (a, b) = world.open_two().await;
    let watch = async |name| a.watch(&key(name)).await.expect("watch").0;
    assert_eq!(watch("k").await, Found::Nothing);
    let marker = world.lease(&*b, &key("k"), &["t"]).await;
    assert_eq!(watch("k").await, alive(&marker));
    let entry = world.entry(&*b, &["t"], "v").await;
    assert_eq!(b.commit(&key("k"), &marker.cas_token(), &entry).await, Ok(true));
    let entry = Envelope::Entry(entry);
    assert_eq!(watch("k").await, alive(&entry));
    b.evict(&[tag("t")]).await.expect("evict");
    assert_eq!(watch("k").await, dead(&entry));
    b.remove(&[key("k")]).await.expect("remove");
    assert_eq!(watch("k").await, Found::Nothing);
}

async fn a_watch_tells_of_a_lease_that_is_taken(world: World) {
    let (a, b) = world.open_two().await;
    let (_, change) = a.watch(&key("k")).await.expect("watch");
    world.lease(&*b, &key("k"), &[]).await;
    fired(&change).await;
}

async fn a_watch_tells_of_a_commit(world: World) {
    let (a, b) = world.open_two().await;
    let held = world.lease(&*b, &key("k"), &[]).await;
    let (found, change) = a.watch(&key("k")).await.expect("watch");
    assert_eq!(found, alive(&held));
    let entry = world.entry(&*b, &[], "v").await;
    assert_eq!(b.commit(&key("k"), &held.cas_token(), &entry).await, Ok(true));
    fired(&change).await;
    assert_eq!(read(&*a, &key("k")).await, alive(&Envelope::Entry(entry)));
}

async fn a_watch_tells_of_a_lease_that_is_given_up(world: World) {
    let (a, b) = world.open_two().await;
    let held = world.lease(&*b, &key("k"), &[]).await;
    let (_, change) = a.watch(&key("k")).await.expect("watch");
    assert_eq!(b.give_up(&key("k"), &held.cas_token()).await, Ok(true));
    fired(&change).await;
    assert_eq!(read(&*a, &key("k")).await, Found::Nothing);
}

async fn a_watch_tells_of_a_put(world: World) {
    let (a, b) = world.open_two().await;
    for first in [true, false] {
        let (_, change) = a.watch(&key("k")).await.expect("watch");
        let entry = world.put(&*b, &key("k"), &[], if first { "1" } else { "2" }).await;
        fired(&change).await;
        assert_eq!(read(&*a, &key("k")).await, alive(&entry));
    }
}

async fn a_watch_tells_of_many_puts(world: World) {
    let (a, b) = world.open_two().await;
    let mut changes = Vec::new();
    let mut entries = Vec::new();
    for n in 0..10 {
        let key = key(&format!("k{n}"));
        changes.push(a.watch(&key).await.expect("watch").1);
        entries.push((key, Envelope::Entry(world.entry(&*b, &[], "v").await)));
    }
    b.put(&entries).await.expect("put");
    for change in changes {
        fired(&change).await;
    }
}

async fn a_watch_tells_of_a_remove(world: World) {
    let (a, b) = world.open_two().await;
    world.put(&*a, &key("k1"), &[], "v").await;
    world.lease(&*b, &key("k2"), &[]).await;
    let (_, of_entry) = a.watch(&key("k1")).await.expect("watch");
    let (_, of_lease) = a.watch(&key("k2")).await.expect("watch");
    b.remove(&[key("k1"), key("k2")]).await.expect("remove");
    fired(&of_entry).await;
    fired(&of_lease).await;
}

async fn a_watch_tells_of_a_lease_that_is_taken_by_comparing(world: World) {
    let (a, b) = world.open_two().await;
    let entry = world.put(&*b, &key("k"), &["t"], "v").await;
    b.evict(&[tag("t")]).await.expect("evict");
    let (found, change) = a.watch(&key("k")).await.expect("watch");
    assert_eq!(found, dead(&entry));
    let marker = world.marker(&*b, &[]).await;
    let taken = b.take_lease(&key("k"), Some(&entry.cas_token()), &marker).await;
    assert_eq!(taken, Ok(Cas::Done));
    fired(&change).await;
}

async fn a_watch_tells_of_a_change_by_the_same_handle(world: World) {
    let store = world.open().await;
    let (_, change) = store.watch(&key("k")).await.expect("watch");
    let held = world.lease(&*store, &key("k"), &[]).await;
    fired(&change).await;
    let (_, change) = store.watch(&key("k")).await.expect("watch");
    let entry = world.entry(&*store, &[], "v").await;
    assert_eq!(store.commit(&key("k"), &held.cas_token(), &entry).await, Ok(true));
    fired(&change).await;
    let (_, change) = store.watch(&key("k")).await.expect("watch");
    store.remove(&[key("k")]).await.expect("remove");
    fired(&change).await;
}

async fn everyone_who_watches_is_told(world: World) {
    let (a, b) = world.open_two().await;
    let mut changes = Vec::new();
    for store in [&a, &b, &a, &b, &a] {
        changes.push(store.watch(&key("k")).await.expect("watch").1);
    }
    world.put(&*world.open().await, &key("k"), &[], "v").await;
    for change in changes {
        fired(&change).await;
    }
}

async fn a_watch_that_fired_is_not_needed_for_the_next(world: World) {
    let (a, b) = world.open_two().await;
    for n in 0..100 {
        let (_, change) = a.watch(&key("k")).await.expect("watch");
        let entry = world.put(&*b, &key("k"), &[], &n.to_string()).await;
        fired(&change).await;
        assert_eq!(read(&*a, &key("k")).await, alive(&entry));
    }
}

async fn a_watch_that_was_dropped_disturbs_nobody(world: World) {
    let (a, b) = world.open_two().await;
    for n in 0..1_000 {
        drop(a.watch(&key(&format!("dropped{n}"))).await.expect("watch"));
    }
    let (_, dropped) = a.watch(&key("k")).await.expect("watch");
    let (_, kept) = a.watch(&key("k")).await.expect("watch");
    drop(dropped);
    world.put(&*b, &key("k"), &[], "v").await;
    fired(&kept).await;
    world.put(&*b, &key("dropped1"), &[], "v").await;
}

async fn a_watch_misses_no_change_that_comes_with_it(world: World) {
    let (a, b) = world.open_two().await;
    for round in 0..200 {
        let key = key("k");
        let mut entry = world.entry(&*b, &[], &round.to_string()).await;
        entry.ttl = Some(LONG);
        let entry = Envelope::Entry(entry);
        let putting = tokio::spawn(put(b.clone(), key.clone(), entry.clone()));
        let (found, change) = a.watch(&key).await.expect("watch");
        // Whichever came first: it saw the change, or is told of it.
        if found != alive(&entry) {
            fired(&change).await;
            assert_eq!(read(&*a, &key).await, alive(&entry));
        }
        putting.await.expect("the other");
    }
}

async fn put(store: Arc<dyn Store>, key: Key, envelope: Envelope) {
    store.put_one(&key, &envelope).await.expect("put");
}
