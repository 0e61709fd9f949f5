//! Entries: read, put, remove, expire.

use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::Runtime as _;
use spakky_cache_core::entry::{Entry, Envelope};
use spakky_cache_core::store::{Found, Slot};
use spakky_test_runtime::Protocol as _;

use super::{LONG, SHORT};
use crate::world::{alive, dead, read};
use crate::{Case, World, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        a_key_holds_nothing_at_first,
        what_is_put_is_read_by_every_handle_with_all_that_belongs_to_it,
        values_of_no_bytes_and_of_very_many_come_back_as_they_are,
        a_put_replaces_whatever_the_key_holds,
        an_entry_is_dead_unless_every_epoch_of_it_is_current,
        an_entry_lives_for_its_time_to_live,
        a_put_replaces_the_time_to_live_too,
        many_reads_keep_their_order_with_duplicates_and_gaps,
        many_puts_happen_in_order_each_with_its_time_to_live,
        a_remove_empties_keys_and_says_which_held_an_entry_that_was_alive,
    ]
}

async fn a_key_holds_nothing_at_first(world: World) {
    let store = world.open().await;
    assert_eq!(store.ping().await, Ok(()));
    let key = key("k");
    assert_eq!(store.read(&key).await, Ok(Found::Nothing));
    let keys = [key.clone(), key.clone()];
    assert_eq!(store.read_many(&keys).await, Ok(vec![Found::Nothing; 2]));
    assert_eq!(store.watch(Slot::Entry(&key)).await.expect("watch").0, Found::Nothing);
    assert_eq!(store.remove(&keys).await, Ok(vec![false; 2]));
}

async fn what_is_put_is_read_by_every_handle_with_all_that_belongs_to_it(world: World) {
    let (a, b) = world.open_two().await;
    let tags = [tag("one"), tag("two"), tag("three")];
    let envelope = Envelope::Entry(Entry {
        id: world.id(),
        stored_at: world.runtime.now(),
        ttl: Some(LONG + Duration::from_millis(1)),
        fresh_for: Some(Duration::from_millis(1_234)),
        load_time: Duration::from_millis(56),
        epochs: a.capture(&tags, Some(LONG)).await.expect("capture"),
        value: Bytes::from_static(b"\0value\xff"),
    });
    a.put_one(&key("k"), &envelope).await.expect("put");
    for store in [&a, &b] {
        assert_eq!(read(&**store, &key("k")).await, alive(&envelope));
        assert_eq!(store.watch(Slot::Entry(&key("k"))).await.expect("watch").0, alive(&envelope));
    }
}

async fn values_of_no_bytes_and_of_very_many_come_back_as_they_are(world: World) {
    let (a, b) = world.open_two().await;
    for length in [0, 1, 1_000, 65_535, 65_536, 1 << 20, 8 << 20] {
        let mut entry = world.entry(&*a, &["t"], "").await;
        entry.value = (0..length).map(|n: usize| n.to_le_bytes()[n % 3]).collect();
        let envelope = Envelope::Entry(entry);
        a.put_one(&key("k"), &envelope).await.expect("put");
        // Not assert_eq: nobody wants to read 8 MiB of difference.
        assert!(read(&*b, &key("k")).await == alive(&envelope), "{length} bytes");
    }
}

async fn a_put_replaces_whatever_the_key_holds(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    world.put(&*a, &key, &[], "first").await;
    let second = world.put(&*b, &key, &[], "second").await;
    assert_eq!(read(&*a, &key).await, alive(&second));
    let marker = Envelope::Lease(world.marker(&*a, &["t"]).await);
    a.put_one(&key, &marker).await.expect("put");
    assert_eq!(read(&*b, &key).await, alive(&marker));
    let third = world.put(&*b, &key, &["t"], "third").await;
    assert_eq!(read(&*a, &key).await, alive(&third));
}

async fn an_entry_is_dead_unless_every_epoch_of_it_is_current(world: World) {
    let (a, b) = world.open_two().await;
    let good = world.entry(&*a, &["known", "other"], "v").await;
    let mut wrong_tag = good.clone();
    wrong_tag.epochs.tags[1].1.0[15] ^= 1;
    let mut wrong_everything = good.clone();
    wrong_everything.epochs.everything.0[0] ^= 1;
    let mut unknown_tag = good.clone();
    let epoch = unknown_tag.epochs.tags[0].1;
    unknown_tag.epochs.tags.push((tag("never captured"), epoch));
    for entry in [wrong_tag, wrong_everything, unknown_tag] {
        let envelope = Envelope::Entry(entry);
        a.put_one(&key("k"), &envelope).await.expect("put");
        assert_eq!(read(&*a, &key("k")).await, dead(&envelope));
        assert_eq!(read(&*b, &key("k")).await, dead(&envelope));
    }
    let envelope = Envelope::Entry(good);
    a.put_one(&key("k"), &envelope).await.expect("put");
    assert_eq!(read(&*b, &key("k")).await, alive(&envelope));
}

async fn an_entry_lives_for_its_time_to_live(world: World) {
    let (a, b) = world.open_two().await;
    let key = key("k");
    let mut entry = world.entry(&*a, &["t"], "v").await;
    entry.ttl = Some(SHORT);
    let stopwatch = world.stopwatch();
    a.put_one(&key, &Envelope::Entry(entry)).await.expect("put");
    stopwatch.over(SHORT, async || read(&*b, &key).await == Found::Nothing).await;
    assert_eq!(read(&*a, &key).await, Found::Nothing);
    let keys = std::slice::from_ref(&key);
    assert_eq!(a.read_many(keys).await, Ok(vec![Found::Nothing]));
    assert_eq!(a.watch(Slot::Entry(&key)).await.expect("watch").0, Found::Nothing);
    assert_eq!(b.remove(keys).await, Ok(vec![false]));
}

async fn a_put_replaces_the_time_to_live_too(world: World) {
    let store = world.open().await;
    let with = async |ttl| {
        let mut entry = world.entry(&*store, &[], "v").await;
        entry.ttl = ttl;
        Envelope::Entry(entry)
    };
    let (short, long, none) = (with(Some(SHORT)).await, with(Some(LONG)).await, with(None).await);
    for (name, replacement) in [("long", &long), ("none", &none)] {
        store.put_one(&key(name), &short).await.expect("put");
        store.put_one(&key(name), replacement).await.expect("put");
    }
    store.put_one(&key("short"), &none).await.expect("put");
    store.put_one(&key("short"), &short).await.expect("put");
    world.outlast(&*store, SHORT).await;
    assert_eq!(read(&*store, &key("long")).await, alive(&long));
    assert_eq!(read(&*store, &key("short")).await, Found::Nothing);
    if let Some(clock) = world.runtime.clock() {
        clock.advance(10_000 * LONG);
    }
    assert_eq!(read(&*store, &key("none")).await, alive(&none));
}

async fn many_reads_keep_their_order_with_duplicates_and_gaps(world: World) {
    let (a, b) = world.open_two().await;
    let keys: Vec<_> = (0..300).map(|n| key(&format!("k{n}"))).collect();
    let mut held = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        held.push(match n % 4 {
            0 => alive(&world.put(&*a, key, &["kept"], &n.to_string()).await),
            1 => dead(&world.put(&*a, key, &["kept", "evicted"], &n.to_string()).await),
            2 => alive(&world.lease(&*a, key, &[]).await),
            _ => Found::Nothing,
        });
    }
    a.evict(&[tag("evicted")]).await.expect("evict");
    for store in [&a, &b] {
        assert_eq!(store.read_many(&[]).await, Ok(Vec::new()));
        assert_eq!(store.read_many(&keys[1..2]).await, Ok(held[1..2].to_vec()));
        assert!(store.read_many(&keys).await.as_ref() == Ok(&held), "all");
        let picked = [7, 0, 0, 2, 3, 1, 0, 1, 299, 298, 297, 296, 0];
        let found = store.read_many(&picked.map(|n| keys[n].clone())).await;
        assert_eq!(found, Ok(picked.map(|n: usize| held[n].clone()).to_vec()));
    }
}

async fn many_puts_happen_in_order_each_with_its_time_to_live(world: World) {
    let (a, b) = world.open_two().await;
    let mut entries = Vec::new();
    for n in 0..100 {
        let mut entry = world.entry(&*a, &["t"], &n.to_string()).await;
        entry.ttl = (n % 2 == 0).then_some(SHORT);
        // Fifty keys, each twice: the later one stays.
        entries.push((key(&format!("k{}", n / 2)), Envelope::Entry(entry)));
    }
    entries.push((key("short"), entries[0].1.clone()));
    world.lease(&*b, &key("k0"), &[]).await;
    let stopwatch = world.stopwatch();
    a.put(&[]).await.expect("put");
    a.put(&entries).await.expect("put");
    stopwatch.over(SHORT, async || read(&*b, &key("short")).await == Found::Nothing).await;
    for (key, envelope) in entries[..100].iter().skip(1).step_by(2) {
        assert_eq!(read(&*b, key).await, alive(envelope));
    }
}

async fn a_remove_empties_keys_and_says_which_held_an_entry_that_was_alive(world: World) {
    let (a, b) = world.open_two().await;
    world.put(&*a, &key("entry"), &["kept"], "v").await;
    world.put(&*a, &key("large"), &["kept"], &"v".repeat(1 << 20)).await;
    world.put(&*a, &key("evicted"), &["evicted"], "v").await;
    let other = world.put(&*a, &key("other"), &["kept"], "v").await;
    world.lease(&*a, &key("marker"), &[]).await;
    a.evict(&[tag("evicted")]).await.expect("evict");
    let names = ["nothing", "marker", "entry", "evicted", "entry", "large"];
    let found = b.remove(&names.map(key)).await;
    assert_eq!(found, Ok(vec![false, false, true, false, false, true]));
    for store in [&a, &b] {
        let left = store.read_many(&names.map(key)).await;
        assert_eq!(left, Ok(vec![Found::Nothing; names.len()]));
        assert_eq!(read(&**store, &key("other")).await, alive(&other));
    }
    assert_eq!(b.remove(&[]).await, Ok(Vec::new()));
}
