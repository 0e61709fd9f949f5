//! Sweeps: they free the memory of dead entries, and nothing else.

use spakky_cache_core::Store;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Found, Slot, Sweeping, Swept};
use spakky_test_runtime::Protocol as _;

use crate::world::{alive, dead, read};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        a_sweep_removes_the_dead_and_nothing_else,
        a_sweep_removes_everything_after_a_clear,
        a_sweep_in_small_steps_is_done_after_as_many,
        a_sweep_reaches_dead_entries_with_values_and_tags_of_any_size,
    ]
}

/// Sweeps to the end, about `most` keys a step.
pub(super) async fn sweep(store: &dyn Store, most: usize) -> Swept {
    let mut all = Swept::default();
    for _ in 0..100_000 {
        let swept = store.sweep(all.next, most, Sweeping::Remove).await.expect("sweep");
        all.seen += swept.seen;
        all.dead += swept.dead;
        all.next = swept.next;
        if all.next.is_none() {
            return all;
        }
    }
    panic!("no end of the sweep in sight: {all:?}");
}

async fn a_sweep_removes_the_dead_and_nothing_else(world: World) {
    let (a, b) = world.open_two().await;
    let (mut gone, mut stay, mut either) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..300 {
        let key = key(&format!("k{n}"));
        match n % 6 {
            0 => stay.push((key.clone(), alive(&world.put(&*a, &key, &["kept"], "v").await))),
            1 => stay.push((key.clone(), alive(&world.lease(&*a, &key, &["kept"]).await))),
            // What its holder stores could not be read, so it may go.
            2 => either.push((key.clone(), world.lease(&*a, &key, &["evicted"]).await)),
            3 => stay.push((key.clone(), alive(&world.put(&*a, &key, &[], "v").await))),
            4 => gone.push((key.clone(), world.put(&*a, &key, &["evicted"], "v").await)),
            _ => gone.push((key.clone(), world.put(&*a, &key, &["kept", "evicted"], "v").await)),
        }
    }
    let (token, refreshed) = (world.id(), key("k0"));
    assert_eq!(a.elect(Slot::Refresh(&refreshed), token, super::LONG).await, Ok(true));
    a.evict(&[tag("evicted")]).await.expect("evict");
    let mark = a.eviction_mark().await;
    for (key, envelope) in &gone {
        assert_eq!(read(&*b, key).await, dead(envelope));
    }
    let swept = sweep(&*b, 50).await;
    let mut removed = gone.len() as u64;
    for (key, marker) in &either {
        match read(&*b, key).await {
            Found::Nothing => removed += 1,
            found => assert_eq!(found, dead(marker)),
        }
    }
    assert_eq!(swept.dead, removed);
    assert!(swept.seen >= swept.dead, "{swept:?}");
    for (key, _) in &gone {
        assert_eq!(read(&*a, key).await, Found::Nothing);
    }
    for (key, found) in &stay {
        assert_eq!(read(&*a, key).await, *found);
    }
    // Nor epochs, the mark, or elections.
    assert_eq!(a.stay_elected(Slot::Refresh(&refreshed), token, super::LONG).await, Ok(true));
    assert_eq!(a.eviction_mark().await, mark);
    assert_eq!(sweep(&*a, 1_000).await.dead, 0);
}

async fn a_sweep_removes_everything_after_a_clear(world: World) {
    let (a, b) = world.open_two().await;
    assert_eq!(sweep(&*a, 10).await, Swept::default());
    for n in 0..100 {
        let tags: &[&str] = if n % 2 == 0 { &["t"] } else { &[] };
        world.put(&*a, &key(&format!("k{n}")), tags, "v").await;
    }
    a.clear().await.expect("clear");
    assert_eq!(sweep(&*b, 10).await.dead, 100);
    assert_eq!(sweep(&*b, 10).await.dead, 0);
}

async fn a_sweep_in_small_steps_is_done_after_as_many(world: World) {
    let (a, b) = world.open_two().await;
    for n in 0..100 {
        world.put(&*a, &key(&format!("k{n}")), &["t"], "v").await;
    }
    a.evict(&[tag("t")]).await.expect("evict");
    // Other callers go on meanwhile, without waiting for the sweep.
    let (mut from, mut removed, mut round) = (None, 0, 0);
    loop {
        let swept = b.sweep(from, 1, Sweeping::Remove).await.expect("sweep");
        removed += swept.dead;
        let stored = world.put(&*a, &key(&format!("new{round}")), &[], "v").await;
        assert_eq!(read(&*b, &key(&format!("new{round}"))).await, alive(&stored));
        a.remove(&[key(&format!("new{}", round - round % 7))]).await.expect("remove");
        (from, round) = (swept.next, round + 1);
        if from.is_none() {
            break;
        }
        // New entries may keep the sweep going.
        if round == 2_000 {
            removed += sweep(&*b, 1_000).await.dead;
            break;
        }
    }
    assert_eq!(removed, 100);
}

async fn a_sweep_reaches_dead_entries_with_values_and_tags_of_any_size(world: World) {
    let (a, b) = world.open_two().await;
    let long: Vec<_> = (0..64).map(|n| format!("{n:02}").repeat(512)).collect();
    let long: Vec<_> = long.iter().map(String::as_str).collect();
    let mut evicted = Vec::new();
    for (n, tags) in [&[][..], &long[..1], &long[..]].into_iter().enumerate() {
        for (m, length) in [0, 1, 10_000, 1 << 20].into_iter().enumerate() {
            let key = key(&format!("k{n}{m}"));
            let mut entry = world.entry(&*a, tags, "").await;
            entry.value = vec![7; length].into();
            // Of many epochs, the last one decides.
            entry.epochs = if tags.is_empty() {
                world.entry(&*a, &["t"], "").await.epochs
            } else {
                entry.epochs
            };
            a.put_one(&key, &Envelope::Entry(entry)).await.expect("put");
            evicted.push(key);
        }
    }
    let kept = world.put(&*a, &key("kept"), &long[..63], &"v".repeat(100_000)).await;
    a.evict(&[tag("t"), tag(long[63])]).await.expect("evict");
    // One long tag alone was not evicted: its four stay.
    assert_eq!(sweep(&*b, 10).await.dead, 8);
    for (n, key) in evicted.iter().enumerate() {
        let stays = (4..8).contains(&n);
        assert_eq!(read(&*a, key).await.into_entry().is_some(), stays, "{key:?}");
    }
    assert_eq!(read(&*a, &key("kept")).await, alive(&kept));
}
