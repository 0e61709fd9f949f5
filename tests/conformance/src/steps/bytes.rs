//! Damaged and foreign bytes, in a store that keeps bytes.

use bytes::Bytes;
use spakky_cache_core::entry::{Envelope, Epoch};
use spakky_cache_core::envelope::CAS_TOKEN_BYTES;
use spakky_cache_core::store::{Cas, CasToken, Found, Slot};
use spakky_cache_core::{Cache, EntryOptions, Grants, Lookup, LookupOptions, Policy, Store};
use spakky_test_runtime::Protocol as _;

use super::LONG;
use crate::world::{alive, dead, read};
use crate::{Case, World, fired, key, tag};

pub(super) fn cases() -> Vec<Case> {
    crate::cases![
        an_entry_is_stored_as_the_envelope_says_where_the_design_says,
        foreign_bytes_are_found_as_foreign_by_every_step,
        foreign_bytes_are_taken_by_one_of_those_that_saw_them,
        a_lost_or_damaged_epoch_kills_its_entries_and_is_replaced,
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
    // The bytes alone decide, whoever wrote them.
    let copied = Envelope::Entry(world.entry(&*store, &["t|a:g"], "v").await);
    raw.set(&entry_name(&world, "copied"), &copied.encode());
    assert_eq!(read(&*store, &key("copied")).await, alive(&copied));
}

/// Bytes that are no envelope: those of others, and an envelope that is damaged, cut or
/// too long.
async fn foreign_bytes(world: &World, store: &dyn Store) -> Vec<Vec<u8>> {
    let entry = Envelope::Entry(world.entry(store, &["tag"], "a value").await).encode();
    let mut damaged = entry.clone();
    *damaged.last_mut().expect("it is not empty") ^= 1;
    vec![
        b"".into(),
        b"x".into(),
        b"SPK".into(),
        b"SPK\x01".into(),
        b"SPK\x01\x02\0\0\0".into(),
        b"hello world, this is somebody else's value".into(),
        vec![0; 76],
        vec![0xff; 300],
        b"\x80\x04\x95 a pickle, as another cache would have it, longer than a CAS token".into(),
        damaged,
        entry[..entry.len() - 1].into(),
        [&entry, &b"more"[..]].concat(),
    ]
}

fn foreign(bytes: &[u8]) -> Found {
    Found::Foreign(CasToken(bytes[..bytes.len().min(CAS_TOKEN_BYTES)].to_vec().into()))
}

async fn foreign_bytes_are_found_as_foreign_by_every_step(world: World) {
    let (store, raw) = (world.open().await, world.raw());
    let (key, name) = (key("k"), entry_name(&world, "k"));
    for bytes in &foreign_bytes(&world, &*store).await {
        raw.set(&name, bytes);
        assert_eq!(read(&*store, &key).await, foreign(bytes));
        let found = store.read_many(&[key.clone(), key.clone()]).await;
        assert_eq!(found, Ok(vec![foreign(bytes); 2]));
        assert_eq!(store.watch(Slot::Entry(&key)).await.expect("watch").0, foreign(bytes));
        let marker = world.marker(&*store, &[]).await;
        let taken = store.take_lease(&key, None, &marker).await;
        assert_eq!(taken, Ok(Cas::Occupied(foreign(bytes))));
        assert_eq!(raw.get(&name).as_ref(), Some(bytes));
        // It reads the header alone, so damage behind that goes unnoticed.
        let has_header = bytes.starts_with(b"SPK") && bytes.len() > 76;
        let found = store.remove(std::slice::from_ref(&key)).await.expect("remove");
        assert!(found == [false] || has_header, "{bytes:?}");
        assert_eq!(raw.get(&name), None);
        // A put replaces anything.
        raw.set(&name, bytes);
        let entry = world.put(&*store, &key, &[], "v").await;
        assert_eq!(read(&*store, &key).await, alive(&entry));
    }
}

/// Many envelopes begin with a short token. A marker that replaced the foreign bytes must
/// not be mistaken for them.
async fn foreign_bytes_are_taken_by_one_of_those_that_saw_them(world: World) {
    let (a, b) = world.open_two().await;
    let raw = world.raw();
    for (n, bytes) in foreign_bytes(&world, &*a).await.iter().enumerate() {
        let text = format!("k{n}");
        let key = key(&text);
        raw.set(&entry_name(&world, &text), bytes);
        let Found::Foreign(seen) = read(&*a, &key).await else {
            panic!("{bytes:?} are not foreign");
        };
        let (first, second) = (world.marker(&*a, &[]).await, world.marker(&*b, &[]).await);
        let taken = a.take_lease(&key, Some(&seen), &first).await;
        assert_eq!(taken, Ok(Cas::Done), "{bytes:?}");
        let taken = b.take_lease(&key, Some(&seen), &second).await;
        assert_ne!(taken, Ok(Cas::Done), "{bytes:?}");
        let held = Envelope::Lease(first);
        assert_eq!(read(&*b, &key).await, alive(&held));
        let entry = world.entry(&*a, &[], "v").await;
        assert_eq!(a.commit(&key, &held.cas_token(), &entry).await, Ok(true));
    }
}

async fn a_lost_or_damaged_epoch_kills_its_entries_and_is_replaced(world: World) {
    let (a, b) = world.open_two().await;
    let raw = world.raw();
    for name in [epoch_name(&world, "t"), everything_name(&world)] {
        let damages: [&[u8]; 5] = [b"", b"short", &[0; 15], &[0; 17], &[7; 1_000]];
        for damage in damages.map(Some).into_iter().chain([None]) {
            let entry = world.put(&*a, &key("k"), &["t", "u"], "v").await;
            assert_eq!(read(&*b, &key("k")).await, alive(&entry));
            match damage {
                Some(bytes) => raw.set(&name, bytes),
                None => raw.remove(&name),
            }
            assert_eq!(read(&*b, &key("k")).await, dead(&entry), "{name:?}: {damage:?}");
            assert_eq!(read(&*a, &key("k")).await, dead(&entry), "{name:?}: {damage:?}");
            // What is stored next lives, and the old one stays dead.
            let other = world.put(&*a, &key("other"), &["t", "u"], "v").await;
            assert_eq!(read(&*b, &key("other")).await, alive(&other));
            assert_eq!(read(&*a, &key("k")).await, dead(&entry));
        }
    }
    let last = world.put(&*b, &key("k"), &["t", "u"], "v").await;
    assert_eq!(read(&*a, &key("k")).await, alive(&last));
    // Another epoch is as good as any.
    raw.set(&epoch_name(&world, "t"), &Epoch([9; 16]).0);
    assert_eq!(read(&*a, &key("k")).await, dead(&last));
}

async fn a_lost_or_damaged_mark_is_never_taken_for_the_old_one(world: World) {
    let (a, b) = world.open_two().await;
    let raw = world.raw();
    a.evict(&[tag("t")]).await.expect("evict");
    let mark = b.eviction_mark().await.expect("eviction_mark");
    assert!(mark.is_some());
    // Wherever it is kept, it goes with everything else of the cache.
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
        let found = guest
            .lookup("k", &LookupOptions { tags: texts(looked_up), ..LookupOptions::default() })
            .await
            .expect("lookup");
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
    let (found, change) = store.watch(Slot::Entry(&key("k"))).await.expect("watch");
    assert_eq!(found, Found::Nothing);
    raw.set(&name, b"foreign");
    fired(&change).await;
    let (_, change) = store.watch(Slot::Entry(&key("k"))).await.expect("watch");
    raw.remove(&name);
    fired(&change).await;
}
