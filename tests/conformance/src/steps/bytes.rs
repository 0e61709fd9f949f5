//! Bytes: what a store that keeps them makes of damaged and foreign ones.

use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::entry::{Envelope, Epoch};
use spakky_cache_core::envelope::CAS_TOKEN_BYTES;
use spakky_cache_core::store::{Cas, CasToken, Found, Slot};
use spakky_cache_core::{Cache, EntryOptions, Grants, Lookup, Policy};
use spakky_test_runtime::Protocol as _;

use super::LONG;
use crate::world::{alive, dead, read};
use crate::{Case, World, fired, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        an_entry_is_stored_as_the_envelope_says_where_the_design_says,
        foreign_bytes_are_found_as_foreign_by_every_step,
        foreign_bytes_are_taken_by_comparing,
        foreign_bytes_are_taken_by_one_of_those_that_saw_them,
        a_damaged_envelope_is_foreign_whichever_bit_is_damaged,
        a_truncated_or_extended_envelope_is_foreign,
        a_lost_epoch_kills_its_entries,
        a_damaged_epoch_kills_its_entries_and_is_replaced,
        a_lost_or_damaged_mark_is_never_taken_for_the_old_one,
        a_damaged_mark_refuses_a_commit_that_names_another_tag_than_its_lookup,
        epochs_outlive_what_is_stored_with_them,
        what_is_kept_for_a_time_is_given_back_after_it,
        a_watch_tells_of_foreign_writes,
    ]
}

fn entry_name(world: &World, key: &str) -> String {
    format!("{}k|{key}", world.prefix.as_str())
}

fn epoch_name(world: &World, tag: &str) -> String {
    format!("{}t|{tag}", world.prefix.as_str())
}

fn everything_name(world: &World) -> String {
    format!("{}a|", world.prefix.as_str())
}

async fn an_entry_is_stored_as_the_envelope_says_where_the_design_says(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let envelope = world.put(&*store, &key("k|e:y"), &["t|a:g"], "v").await;
    assert_eq!(raw.get(&entry_name(&world, "k|e:y")), Some(envelope.encode()));
    let epochs = envelope.epochs();
    let epoch = raw.get(&epoch_name(&world, "t|a:g"));
    assert_eq!(epoch.as_deref(), Some(&epochs.tags[0].1.0[..]));
    let everything = raw.get(&everything_name(&world));
    assert_eq!(everything.as_deref(), Some(&epochs.everything.0[..]));
    let marker = world.lease(&*store, &key("lease"), &[]).await;
    assert_eq!(raw.get(&entry_name(&world, "lease")), Some(marker.encode()));
    // And whoever writes them there is read.
    let copied = Envelope::Entry(world.entry(&*store, &["t|a:g"], "v").await);
    raw.set(&entry_name(&world, "copied"), &copied.encode());
    assert_eq!(read(&*store, &key("copied")).await, alive(&copied));
}

/// Bytes that are no envelope, short and long.
fn foreign_bytes() -> [&'static [u8]; 9] {
    [
        b"",
        b"x",
        b"SPK",
        b"SPK\x01",
        b"SPK\x01\x02\0\0\0",
        b"hello world, this is somebody else's value",
        &[0; 76],
        &[0xff; 300],
        b"\x80\x04\x95 a pickle, as another cache would have it, of more bytes than a cas_token has",
    ]
}

fn foreign(bytes: &[u8]) -> Found {
    Found::Foreign(CasToken(bytes[..bytes.len().min(CAS_TOKEN_BYTES)].to_vec().into()))
}

async fn foreign_bytes_are_found_as_foreign_by_every_step(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let (key, name) = (key("k"), entry_name(&world, "k"));
    for bytes in foreign_bytes() {
        raw.set(&name, bytes);
        assert_eq!(read(&*store, &key).await, foreign(bytes));
        let found = store.read_many(&[key.clone(), key.clone()]).await;
        assert_eq!(found, Ok(vec![foreign(bytes); 2]));
        assert_eq!(store.watch(&key).await.expect("watch").0, foreign(bytes));
        let marker = world.marker(&*store, &[]).await;
        let taken = store.take_lease(&key, None, &marker).await;
        assert_eq!(taken, Ok(Cas::Occupied(foreign(bytes))));
        assert_eq!(raw.get(&name).as_deref(), Some(bytes));
        let found = store.remove(std::slice::from_ref(&key)).await;
        assert_eq!(found, Ok(vec![false]));
        assert_eq!(raw.get(&name), None);
        // A put does not mind what it replaces.
        raw.set(&name, bytes);
        let entry = world.put(&*store, &key, &[], "v").await;
        assert_eq!(read(&*store, &key).await, alive(&entry));
    }
}

async fn foreign_bytes_are_taken_by_comparing(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    for (n, bytes) in foreign_bytes().into_iter().enumerate() {
        let text = format!("k{n}");
        raw.set(&entry_name(&world, &text), bytes);
        let Found::Foreign(cas_token) = read(&*store, &key(&text)).await else {
            panic!("{bytes:?} are not foreign");
        };
        let marker = world.marker(&*store, &[]).await;
        let taken = store.take_lease(&key(&text), Some(&cas_token), &marker).await;
        assert_eq!(taken, Ok(Cas::Done), "{bytes:?}");
        let entry = world.entry(&*store, &[], "v").await;
        let held = Envelope::Lease(marker).cas_token();
        assert_eq!(store.commit(&key(&text), &held, &entry).await, Ok(true));
    }
}

/// A short token begins like much else: a marker that replaced the foreign
/// bytes must not be taken for them.
async fn foreign_bytes_are_taken_by_one_of_those_that_saw_them(world: World) {
    let (a, b) = world.open_two().await;
    let raw = world.raw();
    for (n, bytes) in foreign_bytes().into_iter().enumerate() {
        let text = format!("k{n}");
        raw.set(&entry_name(&world, &text), bytes);
        let Found::Foreign(cas_token) = read(&*a, &key(&text)).await else {
            panic!("{bytes:?} are not foreign");
        };
        let (first, second) = (world.marker(&*a, &[]).await, world.marker(&*b, &[]).await);
        let taken = a.take_lease(&key(&text), Some(&cas_token), &first).await;
        assert_eq!(taken, Ok(Cas::Done), "{bytes:?}");
        let taken = b.take_lease(&key(&text), Some(&cas_token), &second).await;
        assert_ne!(taken, Ok(Cas::Done), "{bytes:?}");
        assert_eq!(read(&*b, &key(&text)).await, alive(&Envelope::Lease(first)));
    }
}

async fn a_damaged_envelope_is_foreign_whichever_bit_is_damaged(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let (key, name) = (key("k"), entry_name(&world, "k"));
    let mut entry = world.entry(&*store, &["tag", "another"], "a value").await;
    entry.ttl = Some(LONG);
    entry.fresh_for = Some(Duration::from_secs(1));
    let marker = Envelope::Lease(world.marker(&*store, &["tag"]).await);
    for envelope in [Envelope::Entry(entry), marker] {
        let bytes = envelope.encode();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            raw.set(&name, &damaged);
            assert_eq!(read(&*store, &key).await, foreign(&damaged), "bit {bit}");
        }
        raw.set(&name, &bytes);
        assert_eq!(read(&*store, &key).await, alive(&envelope));
    }
}

async fn a_truncated_or_extended_envelope_is_foreign(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let (key, name) = (key("k"), entry_name(&world, "k"));
    let entry = world.entry(&*store, &["tag"], "a value").await;
    let bytes = Envelope::Entry(entry).encode();
    for length in 0..bytes.len() {
        raw.set(&name, &bytes[..length]);
        assert_eq!(read(&*store, &key).await, foreign(&bytes[..length]), "{length} bytes");
    }
    for more in [&b"\0"[..], b"more"] {
        raw.set(&name, &[&bytes, more].concat());
        assert_eq!(read(&*store, &key).await, foreign(&bytes));
    }
}

async fn a_lost_epoch_kills_its_entries(world: World) {
    let (a, b) = world.open_two().await;
    let raw = world.raw();
    for lost in [epoch_name(&world, "t"), everything_name(&world)] {
        let entry = world.put(&*a, &key("k"), &["t", "u"], "v").await;
        assert_eq!(read(&*b, &key("k")).await, alive(&entry));
        raw.remove(&lost);
        assert_eq!(read(&*b, &key("k")).await, dead(&entry), "without {lost:?}");
        assert_eq!(read(&*a, &key("k")).await, dead(&entry), "without {lost:?}");
        // What is stored next lives, and the old one stays dead.
        world.put(&*a, &key("other"), &["t", "u"], "v").await;
        assert_eq!(read(&*a, &key("k")).await, dead(&entry));
        assert!(read(&*b, &key("other")).await.into_entry().is_some());
    }
}

async fn a_damaged_epoch_kills_its_entries_and_is_replaced(world: World) {
    let (a, b) = world.open_two().await;
    let raw = world.raw();
    for damaged in [epoch_name(&world, "t"), everything_name(&world)] {
        for bytes in [&b""[..], b"short", &[0; 15], &[0; 17], &[7; 1_000]] {
            let entry = world.put(&*a, &key("k"), &["t", "u"], "v").await;
            assert_eq!(read(&*b, &key("k")).await, alive(&entry));
            raw.set(&damaged, bytes);
            assert_eq!(read(&*b, &key("k")).await, dead(&entry));
            assert_eq!(read(&*a, &key("k")).await, dead(&entry));
        }
    }
    let last = world.put(&*b, &key("k"), &["t", "u"], "v").await;
    assert_eq!(read(&*a, &key("k")).await, alive(&last));
    // A whole epoch that is another's is one like any other.
    raw.set(&epoch_name(&world, "t"), &Epoch([9; 16]).0);
    assert_eq!(read(&*a, &key("k")).await, dead(&last));
}

async fn a_lost_or_damaged_mark_is_never_taken_for_the_old_one(world: World) {
    let (a, b) = world.open_two().await;
    let raw = world.raw();
    a.evict(&[tag("t")]).await.expect("evict");
    let mark = b.eviction_mark().await.expect("eviction_mark");
    assert!(mark.is_some());
    // Whatever keeps it: all that is left of the cache goes.
    for name in raw.names(world.prefix.as_str()) {
        raw.remove(&name);
    }
    a.evict(&[tag("t")]).await.expect("evict");
    assert_ne!(b.eviction_mark().await.expect("eviction_mark"), mark);
    for name in raw.names(world.prefix.as_str()) {
        raw.remove(&name);
    }
    assert_ne!(b.eviction_mark().await.expect("eviction_mark"), mark);
}

async fn a_damaged_mark_refuses_a_commit_that_names_another_tag_than_its_lookup(world: World) {
    // That the bytes are the same after the load does not prove that nothing was evicted.
    world.raw().set(&format!("{}e|", world.prefix.as_str()), b"damaged");
    let cache = Cache::with(world.open().await, Policy::default(), world.runtime.clone());
    let guest = cache.session(Grants::default());
    let cases: [(&[&str], &[&str], bool); 3] =
        [(&[], &["late"], false), (&["early"], &[], false), (&["tag"], &["tag"], true)];
    for (looked_up, committed, stored) in cases {
        let texts = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        let options = EntryOptions { tags: texts(committed), ..EntryOptions::default() };
        let found = guest.lookup("k", &texts(looked_up), None).await.expect("lookup");
        let Lookup::Miss(mut lease) = found else { panic!("{found:?} is no lease") };
        assert_eq!(lease.commit(Bytes::new(), &options).await, Ok(stored), "{options:?}");
    }
}

async fn epochs_outlive_what_is_stored_with_them(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let lives = async |text: &str| raw.lives(&epoch_name(&world, text));
    let hour = 60 * 60 * 1_000;
    let tags = ["t"].map(tag);
    store.capture(&tags, Some(LONG)).await.expect("capture");
    assert!(lives("t").await.is_none_or(|millis| millis > hour - 60_000));
    // A longer life lengthens it, a shorter one does not shorten it.
    store.capture(&tags, Some(1_000 * LONG)).await.expect("capture");
    assert!(lives("t").await.is_none_or(|millis| millis > 999 * hour));
    store.capture(&tags, Some(LONG)).await.expect("capture");
    assert!(lives("t").await.is_none_or(|millis| millis > 999 * hour));
    store.capture(&tags, None).await.expect("capture");
    assert_eq!(lives("t").await, None);
    assert!(raw.get(&epoch_name(&world, "t")).is_some());
    store.capture(&tags, Some(LONG)).await.expect("capture");
    assert_eq!(lives("t").await, None);
    let everything = everything_name(&world);
    assert!(raw.get(&everything).is_some());
    assert_eq!(raw.lives(&everything), None);
}

async fn what_is_kept_for_a_time_is_given_back_after_it(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let mut entry = world.entry(&*store, &["t"], "v").await;
    entry.ttl = Some(LONG);
    store.put_one(&key("entry"), &Envelope::Entry(entry)).await.expect("put");
    world.lease(&*store, &key("lease"), &["t"]).await;
    assert_eq!(store.elect(Slot::Refresh(&key("entry")), world.id(), LONG).await, Ok(true));
    let names = raw.names(world.prefix.as_str());
    let election = format!("{}r|entry", world.prefix.as_str());
    assert!(names.contains(&election), "{names:?}");
    for name in [entry_name(&world, "entry"), entry_name(&world, "lease"), election] {
        let lives = raw.lives(&name);
        let hour = u64::try_from(LONG.as_millis()).expect("an hour");
        assert!(lives.is_some_and(|millis| millis <= hour), "{name:?}: {lives:?}");
    }
}

async fn a_watch_tells_of_foreign_writes(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let name = entry_name(&world, "k");
    let (found, change) = store.watch(&key("k")).await.expect("watch");
    assert_eq!(found, Found::Nothing);
    raw.set(&name, b"foreign");
    fired(&change).await;
    let (_, change) = store.watch(&key("k")).await.expect("watch");
    raw.remove(&name);
    fired(&change).await;
}
