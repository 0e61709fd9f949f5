//! Watches: every change fires them, whichever handle makes it.

use std::sync::Arc;

use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, Found, Slot};
use spakky_cache_core::{Key, Store};
use spakky_test_runtime::Protocol as _;

use super::LONG;
use crate::world::{alive, dead, read};
use crate::{Case, World, fired, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        a_watch_tells_of_every_change_whoever_makes_it,
        a_watch_tells_of_every_key_of_a_batch,
        everyone_who_watches_is_told,
        a_watch_that_was_dropped_disturbs_nobody,
        a_watch_misses_no_change_that_comes_with_it,
    ]
}

async fn a_watch_tells_of_every_change_whoever_makes_it(world: World) {
    let (watching, other) = world.open_two().await;
    let key = key("k");
    let watch = async |held: Found| {
        let (found, change) = watching.watch(Slot::Entry(&key)).await.expect("watch");
        assert_eq!(found, held);
        change
    };
    for store in [&watching, &other] {
        let change = watch(Found::Nothing).await;
        let held = world.lease(&**store, &key, &[]).await;
        fired(&change).await;
        let change = watch(alive(&held)).await;
        let entry = world.entry(&**store, &[], "v").await;
        assert_eq!(store.commit(&key, &held.cas_token(), &entry).await, Ok(true));
        fired(&change).await;
        let change = watch(alive(&Envelope::Entry(entry))).await;
        let entry = world.put(&**store, &key, &["t"], "new").await;
        fired(&change).await;
        store.evict(&[tag("t")]).await.expect("evict");
        let change = watch(dead(&entry)).await;
        let marker = world.marker(&**store, &[]).await;
        let taken = store.take_lease(&key, Some(&entry.cas_token()), &marker).await;
        assert_eq!(taken, Ok(Cas::Done));
        fired(&change).await;
        let held = Envelope::Lease(marker);
        let change = watch(alive(&held)).await;
        assert_eq!(store.give_up(&key, &held.cas_token()).await, Ok(true));
        fired(&change).await;
        for is_lease in [false, true] {
            let held = if is_lease {
                world.lease(&**store, &key, &[]).await
            } else {
                world.put(&**store, &key, &[], "v").await
            };
            let change = watch(alive(&held)).await;
            store.remove(std::slice::from_ref(&key)).await.expect("remove");
            fired(&change).await;
        }
    }
}

async fn a_watch_tells_of_every_key_of_a_batch(world: World) {
    let (a, b) = world.open_two().await;
    let keys: Vec<_> = (0..10).map(|n| key(&format!("k{n}"))).collect();
    let mut entries = Vec::new();
    for key in &keys {
        entries.push((key.clone(), Envelope::Entry(world.entry(&*b, &[], "v").await)));
    }
    for removes in [false, true] {
        let mut changes = Vec::new();
        for key in &keys {
            changes.push(a.watch(Slot::Entry(key)).await.expect("watch").1);
        }
        if removes {
            b.remove(&keys).await.expect("remove");
        } else {
            b.put(&entries).await.expect("put");
        }
        for change in changes {
            fired(&change).await;
        }
    }
}

async fn everyone_who_watches_is_told(world: World) {
    let (a, b) = world.open_two().await;
    let mut changes = Vec::new();
    for store in [&a, &b, &a, &b, &a] {
        changes.push(store.watch(Slot::Entry(&key("k"))).await.expect("watch").1);
    }
    world.put(&*world.open().await, &key("k"), &[], "v").await;
    for change in changes {
        fired(&change).await;
    }
}

async fn a_watch_that_was_dropped_disturbs_nobody(world: World) {
    let (a, b) = world.open_two().await;
    for n in 0..1_000 {
        drop(a.watch(Slot::Entry(&key(&format!("dropped{n}")))).await.expect("watch"));
    }
    let (_, dropped) = a.watch(Slot::Entry(&key("k"))).await.expect("watch");
    let (_, kept) = a.watch(Slot::Entry(&key("k"))).await.expect("watch");
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
        let (found, change) = a.watch(Slot::Entry(&key)).await.expect("watch");
        // It found the change, or is told of it.
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
