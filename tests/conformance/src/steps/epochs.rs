//! Epochs: captured, replaced, compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spakky_cache_core::entry::Envelope;
use spakky_cache_core::store::{Cas, Slot};
use spakky_cache_core::{Store, Tag};
use spakky_test_runtime::Protocol as _;

use super::LONG;
use crate::world::{alive, dead, read};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        a_capture_makes_epochs_that_stay_and_are_the_same_for_all,
        evictions_and_clears_replace_their_epochs_and_no_others,
        an_eviction_kills_what_has_one_of_its_tags_at_once_for_every_handle,
        a_clear_kills_all_at_once_for_every_handle,
        every_step_that_finds_says_what_is_dead,
        many_tags_are_evicted_together_also_unknown_ones,
        the_mark_changes_with_every_eviction_and_only_then,
        the_mark_changes_before_the_epochs,
        what_is_captured_while_the_mark_stands_dies_with_the_eviction_under_way,
    ]
}

async fn a_capture_makes_epochs_that_stay_and_are_the_same_for_all(world: World) {
    let (a, b) = world.open_two().await;
    let tags = ["one", "two", "three"].map(tag);
    let epochs = a.capture(&tags, Some(LONG)).await.expect("capture");
    let names: Vec<_> = epochs.tags.iter().map(|(tag, _)| tag.clone()).collect();
    assert_eq!(names, tags);
    for n in 0..3 {
        assert_ne!(epochs.tags[n].1, epochs.everything);
        assert_ne!(epochs.tags[n].1, epochs.tags[(n + 1) % 3].1);
    }
    assert_eq!(a.capture(&tags, None).await.as_ref(), Ok(&epochs));
    assert_eq!(b.capture(&tags, Some(LONG)).await.as_ref(), Ok(&epochs));
    // In any order, one by one, and with new ones.
    let found = b.capture(&["three", "new", "one"].map(tag), None).await.expect("capture");
    assert_eq!(found.everything, epochs.everything);
    assert_eq!([&found.tags[0], &found.tags[2]], [&epochs.tags[2], &epochs.tags[0]]);
    let none = b.capture(&[], None).await.expect("capture");
    assert_eq!((none.everything, none.tags), (epochs.everything, Vec::new()));
    assert_eq!(a.capture(&[tag("new")], None).await.expect("capture").tags, found.tags[1..2]);
}

async fn evictions_and_clears_replace_their_epochs_and_no_others(world: World) {
    let (a, b) = world.open_two().await;
    let tags = ["one", "two", "three"].map(tag);
    let mut expected = b.capture(&tags, None).await.expect("capture");
    for clears in [false, true] {
        if clears {
            a.clear().await.expect("clear");
        } else {
            a.evict(&tags[1..2]).await.expect("evict");
        }
        // Without a read since, the epochs may lag.
        read(&*b, &key("k")).await;
        let now = b.capture(&tags, None).await.expect("capture");
        if clears {
            assert_ne!(now.everything, expected.everything);
            expected.everything = now.everything;
        } else {
            assert_ne!(now.tags[1], expected.tags[1]);
            expected.tags[1] = now.tags[1].clone();
        }
        assert_eq!(now, expected);
        read(&*a, &key("k")).await;
        assert_eq!(a.capture(&tags, None).await, Ok(now));
    }
}

async fn an_eviction_kills_what_has_one_of_its_tags_at_once_for_every_handle(world: World) {
    let (a, b) = world.open_two().await;
    let tags: Vec<_> = (0..64).map(|n| format!("t{n}")).collect();
    let tags: Vec<_> = tags.iter().map(String::as_str).collect();
    for n in 0..200 {
        let (evicting, reading) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let entry = world.put(&**evicting, &key("k"), &tags, &n.to_string()).await;
        let other = world.put(&**evicting, &key("other"), &["other"], "v").await;
        assert_eq!(read(&**reading, &key("k")).await, alive(&entry));
        evicting.evict(&[tag(tags[[0, 31, 63][n % 3]])]).await.expect("evict");
        assert_eq!(read(&**reading, &key("k")).await, dead(&entry));
        assert_eq!(read(&**evicting, &key("k")).await, dead(&entry));
        assert_eq!(read(&**reading, &key("other")).await, alive(&other));
    }
}

async fn a_clear_kills_all_at_once_for_every_handle(world: World) {
    let (a, b) = world.open_two().await;
    let beside = world.open_beside("beside").await;
    let untouched = world.put(&*beside, &key("k1"), &["t"], "v").await;
    for n in 0..50 {
        let (clearing, reading) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let tagged = world.put(&**clearing, &key("k1"), &["t"], "v").await;
        let plain = world.put(&**clearing, &key("k2"), &[], "v").await;
        let marker = Envelope::Lease(world.marker(&**clearing, &[]).await);
        clearing.put_one(&key("k3"), &marker).await.expect("put");
        let keys = ["k1", "k2", "k3"].map(key);
        let held = [&tagged, &plain, &marker];
        assert_eq!(reading.read_many(&keys).await, Ok(held.map(alive).to_vec()));
        clearing.clear().await.expect("clear");
        assert_eq!(reading.read_many(&keys).await, Ok(held.map(dead).to_vec()));
        assert_eq!(clearing.read_many(&keys).await, Ok(held.map(dead).to_vec()));
    }
    assert_eq!(read(&*beside, &key("k1")).await, alive(&untouched));
}

async fn every_step_that_finds_says_what_is_dead(world: World) {
    let (a, b) = world.open_two().await;
    // Each step is the first after an eviction.
    let next = AtomicUsize::new(0);
    let evicted = async || {
        let key = key(&format!("k{}", next.fetch_add(1, Ordering::Relaxed)));
        let entry = world.put(&*b, &key, &["t"], "v").await;
        assert_eq!(read(&*b, &key).await, alive(&entry));
        a.evict(&[tag("t")]).await.expect("evict");
        (key, dead(&entry))
    };
    let marker = world.marker(&*b, &[]).await;
    let (key, dead) = evicted().await;
    assert_eq!(b.watch(Slot::Entry(&key)).await.expect("watch").0, dead);
    let (key, dead) = evicted().await;
    assert_eq!(b.read_many(&[key.clone(), key]).await, Ok(vec![dead.clone(), dead]));
    let (key, dead) = evicted().await;
    assert_eq!(b.take_lease(&key, None, &marker).await, Ok(Cas::Occupied(dead)));
    let (key, _) = evicted().await;
    assert_eq!(b.remove(&[key]).await, Ok(vec![false]));
}

async fn many_tags_are_evicted_together_also_unknown_ones(world: World) {
    let (a, b) = world.open_two().await;
    let tags: Vec<Tag> = (0..64).map(|n| tag(&format!("t{n}"))).collect();
    let mut entries = Vec::new();
    for tag in &tags[..32] {
        let key = key(tag.as_str());
        entries.push((key.clone(), world.put(&*a, &key, &[tag.as_str()], "v").await));
    }
    let kept = world.put(&*a, &key("kept"), &["kept"], "v").await;
    b.evict(&tags).await.expect("evict");
    for (key, envelope) in &entries {
        assert_eq!(read(&*a, key).await, dead(envelope));
    }
    assert_eq!(read(&*a, &key("kept")).await, alive(&kept));
    let later = world.put(&*a, &key("later"), &["t63"], "v").await;
    assert_eq!(read(&*b, &key("later")).await, alive(&later));
}

async fn the_mark_changes_with_every_eviction_and_only_then(world: World) {
    let (a, b) = world.open_two().await;
    let mark = async |store: &Arc<dyn Store>| store.eviction_mark().await.expect("eviction_mark");
    // It exists before the first eviction, or a commit with tags that its lookup did not
    // name could never be stored.
    let mut seen = vec![mark(&a).await];
    assert!(seen[0].is_some());
    for n in 0..10 {
        world.put(&*a, &key("k"), &["t"], "v").await;
        world.put(&*b, &key("k"), &["u"], "v").await;
        assert_eq!(mark(&a).await, *seen.last().expect("one"));
        let tags = if n % 2 == 0 { [tag("t"), tag("u")] } else { [tag("unknown"), tag("v")] };
        if n % 3 == 0 { &a } else { &b }.evict(&tags).await.expect("evict");
        let now = mark(&b).await;
        assert!(now.is_some() && !seen.contains(&now));
        assert_eq!(mark(&a).await, now);
        seen.push(now);
    }
    let beside = world.open_beside("beside").await;
    beside.evict(&[tag("t")]).await.expect("evict");
    assert_eq!(mark(&a).await, *seen.last().expect("one"));
}

async fn the_mark_changes_before_the_epochs(world: World) {
    let (a, b) = world.open_two().await;
    let tags = ["one", "two", "three"].map(tag);
    for _ in 0..100 {
        read(&*b, &key("k")).await;
        let epochs = b.capture(&tags, None).await.expect("capture");
        let mark = b.eviction_mark().await.expect("eviction_mark");
        let evicting = evict_aside(&a, &tags);
        loop {
            read(&*b, &key("k")).await;
            let now = b.capture(&tags, None).await.expect("capture");
            if now != epochs {
                assert_ne!(b.eviction_mark().await.expect("eviction_mark"), mark);
                break;
            }
            tokio::task::yield_now().await;
        }
        evicting.await.expect("the other");
    }
}

/// A commit with tags that its lookup did not name relies on this.
async fn what_is_captured_while_the_mark_stands_dies_with_the_eviction_under_way(world: World) {
    let (a, b) = world.open_two().await;
    let tags = ["one", "two", "three"].map(tag);
    a.evict(&tags).await.expect("evict");
    for _ in 0..200 {
        let mark = b.eviction_mark().await.expect("eviction_mark");
        let evicting = evict_aside(&a, &tags);
        let entry = Envelope::Entry(world.entry(&*b, &["one", "two", "three"], "v").await);
        let stands = b.eviction_mark().await.expect("eviction_mark") == mark;
        evicting.await.expect("the other");
        if stands {
            b.put_one(&key("k"), &entry).await.expect("put");
            assert_eq!(read(&*b, &key("k")).await, dead(&entry));
            assert_eq!(read(&*a, &key("k")).await, dead(&entry));
        }
    }
}

fn evict_aside(store: &Arc<dyn Store>, tags: &[Tag]) -> tokio::task::JoinHandle<()> {
    let (store, tags) = (store.clone(), tags.to_vec());
    tokio::spawn(async move { store.evict(&tags).await.expect("evict") })
}
