//! Spakky's keys and tags share their names, and its prefix is a pattern.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use spakky_cache_core::{
    Cache, EntryOptions, Grants, Lookup, MAX_NAME_BYTES, Prefix, Sweeper, TokioRuntime,
};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_test_support::{RedisServer, proof};

use crate::host::{
    connect, guest, guest_of_its_own, mended, names, policy, redis, size, tagged, texts,
};

#[tokio::test]
async fn a_key_is_never_a_tag_whatever_they_are_called() {
    let server = redis();
    let (one, other) = (guest_of_its_own(&server).await, guest_of_its_own(&server).await);
    let named_like_a_tag = "__tag__:users";
    let stored = |text: &'static str| Ok(Some(Bytes::from_static(text.as_bytes())));
    one.set("user 7", "seven".into(), &tagged(&["users"])).await.unwrap();
    one.set(named_like_a_tag, "value".into(), &tagged(&["t|users"])).await.unwrap();
    one.set("t|users", "third".into(), &tagged(&[named_like_a_tag])).await.unwrap();
    assert_eq!(other.get("user 7").await, stored("seven"));
    assert_eq!(other.get(named_like_a_tag).await, stored("value"));
    assert_eq!(other.get("t|users").await, stored("third"));
    // The key goes, the tag still evicts, and the other way round.
    assert_eq!(other.delete(named_like_a_tag).await, Ok(true));
    assert_eq!(one.get("user 7").await, stored("seven"));
    other.evict_tags(&texts(&["users"])).await.unwrap();
    assert_eq!(one.get("user 7").await, Ok(None));
    assert_eq!(one.get("t|users").await, stored("third"));
    one.set(named_like_a_tag, "again".into(), &EntryOptions::default()).await.unwrap();
    other.evict_tags(&texts(&[named_like_a_tag])).await.unwrap();
    assert_eq!(one.get("t|users").await, Ok(None));
    assert_eq!(one.get(named_like_a_tag).await, stored("again"));
    mended("keys that begin with __tag__: collide", "3 keys and tags of one name", "none collides");
}

#[tokio::test]
async fn a_prefix_is_taken_literally() {
    // Each matches some of the others, if it is taken for a pattern.
    const PREFIXES: [&str; 12] = [
        "*", "app*", "app?", "app[1]:", "app1:", "app[^x]:", "app:", "app::", "appx", "[a-z]pp:",
        "app\\*", "",
    ];
    let server = redis();
    let mut caches = Vec::new();
    for prefix in PREFIXES {
        let cache = connect(server.port(), prefix, policy()).await;
        guest(&cache).set("key", prefix.to_owned().into(), &tagged(&["tag"])).await.unwrap();
        guest(&cache).set("app:k|key", "v".into(), &tagged(&[])).await.unwrap();
        caches.push(cache);
    }
    for (n, cache) in caches.iter().enumerate() {
        let full = size(&server);
        guest(cache).clear().await.unwrap();
        assert_eq!(Sweeper::default().sweep(cache).await, Ok(Some(2)), "{:?}", PREFIXES[n]);
        // Two entries less, and the election of the sweeper.
        assert_eq!(size(&server), full - 1, "{:?}", PREFIXES[n]);
        for (m, other) in caches.iter().enumerate() {
            let expected = (m > n).then(|| Bytes::from(PREFIXES[m]));
            let found = guest(other).get("key").await;
            assert_eq!(found, Ok(expected), "{:?} after {:?}", PREFIXES[m], PREFIXES[n]);
        }
    }
    mended(
        "a prefix with glob characters clears the wrong keys",
        &format!("{} prefixes, each cleared and swept", PREFIXES.len()),
        "only its own",
    );
}

/// What names are made of: all that could end a prefix, a kind or a name, or
/// mean something to Redis.
const PIECES: [&str; 34] = [
    "k|", "t|", "a|", "e|", "r|", "s|", "|", "k", "t", "a", "app", "app:", ":", "*", "?", "[", "]",
    "[a]", "\\", "^", "-", "{", "}", "{app}", "\0", "\n", "\r\n", " ", "\"", "'", "%", "__tag__:",
    "🦀", "é",
];

/// How long an entry is fresh that is to be stale soon.
const FRESH: Duration = Duration::from_millis(1);

fn any_name() -> impl Strategy<Value = String> {
    let pieces = vec(select(&PIECES[..]), 1..6).prop_map(|pieces| pieces.concat());
    prop_oneof![9 => pieces.clone(), 1 => pieces.prop_map(|name| {
        // The length at which it ends.
        let mut name = name.repeat(MAX_NAME_BYTES);
        let end = (0..=MAX_NAME_BYTES).rev().find(|end| name.is_char_boundary(*end));
        name.truncate(end.unwrap_or_default());
        name
    })]
}

fn any_prefix() -> impl Strategy<Value = String> {
    vec(select(&PIECES[..]), 0..4).prop_map(|pieces| pieces.concat().replace('|', ""))
}

/// Each of `texts`, and each behind and before a piece: what a name becomes
/// if that is taken for a part of something else.
fn with_pieces(texts: BTreeSet<String>, piece: &str) -> BTreeSet<String> {
    let longer = texts.iter().flat_map(|text| [format!("{piece}{text}"), format!("{text}{piece}")]);
    let mut all: BTreeSet<String> = longer.filter(|text| text.len() <= MAX_NAME_BYTES).collect();
    all.extend(texts);
    all
}

fn any_names() -> impl Strategy<Value = BTreeSet<String>> {
    (btree_set(any_name(), 1..5), select(&PIECES[..]))
        .prop_map(|(names, piece)| with_pieces(names, piece))
}

fn any_prefixes() -> impl Strategy<Value = BTreeSet<String>> {
    (btree_set(any_prefix(), 1..3), select(&PIECES[..]))
        .prop_map(|(prefixes, piece)| with_pieces(prefixes, &piece.replace('|', "")))
}

/// Every name as a key, a tag and an election, in a cache of every prefix: as
/// many keys in Redis, and each still what it was.
async fn each_is_a_key_of_its_own(
    server: &RedisServer,
    connection: &RedisConnection,
    prefixes: &BTreeSet<String>,
    names: &BTreeSet<String>,
) -> Result<(), TestCaseError> {
    server.command(&["FLUSHALL"]).unwrap();
    // Whatever it knew is over once this is answered.
    connection.ping().await.unwrap();
    let options = |name: &String| EntryOptions {
        fresh_for: Some(FRESH),
        tags: vec![name.clone()],
        ..EntryOptions::default()
    };
    let value = |prefix: &str, name: &str| Bytes::from(format!("{prefix} / {name}"));
    let mut caches = Vec::new();
    for prefix in prefixes {
        let prefix = Prefix::new(prefix).unwrap();
        let store = RedisStore::new(connection.clone(), prefix, Arc::new(TokioRuntime));
        let cache = Cache::with(Arc::new(store), policy(), Arc::new(TokioRuntime));
        caches.push((cache.session(Grants { leases: 1_000, ..Default::default() }), cache));
    }
    let mut refreshes = Vec::new();
    for (prefix, (guest, _)) in prefixes.iter().zip(&caches) {
        for name in names {
            guest.set(name, value(prefix, name), &options(name)).await.unwrap();
        }
    }
    // Until all are stale, by the clock of this process.
    tokio::time::sleep(2 * FRESH).await;
    for (prefix, (guest, _)) in prefixes.iter().zip(&caches) {
        for name in names {
            let found = guest.lookup(name, &[], None).await.unwrap();
            let Lookup::Stale { refresh: Some(refresh), .. } = found else {
                return Err(TestCaseError::fail(format!("{name:?} of {prefix:?}: {found:?}")));
            };
            refreshes.push(refresh);
        }
    }
    // Everything's epoch and the eviction mark, besides.
    let of_one = 3 * names.len() + 2;
    prop_assert_eq!(size(server), prefixes.len() * of_one);

    for (n, (cleared, (guest, cache))) in prefixes.iter().zip(&caches).enumerate() {
        guest.clear().await.unwrap();
        let removed = Sweeper::default().sweep(cache).await.unwrap();
        prop_assert_eq!(removed, Some(names.len() as u64), "{:?}", cleared);
        for (m, (prefix, (guest, _))) in prefixes.iter().zip(&caches).enumerate() {
            for name in names {
                let expected = (m > n).then(|| value(prefix, name));
                let found = guest.get(name).await.unwrap();
                prop_assert_eq!(found, expected, "{:?} of {:?} after {:?}", name, prefix, cleared);
            }
        }
    }
    Ok(())
}

#[test]
fn different_names_are_different_keys_whatever_they_are_made_of() {
    let cases = proof::size(48, 2_000);
    let seed = proof::seed();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = redis();
    let settings =
        RedisSettings { host: "127.0.0.1".into(), port: server.port(), ..RedisSettings::default() };
    let connection = runtime.block_on(RedisConnection::connect(settings)).unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let chance = seed.to_le_bytes().repeat(4);
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &chance));
    let progress = RefCell::new((proof::Progress::of("names", u64::from(cases)), 0));
    let outcome = runner.run(&(any_prefixes(), any_names()), |(prefixes, names)| {
        let (progress, done) = &mut *progress.borrow_mut();
        *done += 1;
        progress.done(*done);
        runtime.block_on(each_is_a_key_of_its_own(&server, &connection, &prefixes, &names))
    });
    if let Err(failure) = outcome {
        panic!("{failure}\n(SPAKKY_TEST_SEED={seed} repeats it)\n{:?}", names(&server));
    }
    mended(
        "keys and tags collide",
        &format!("{cases} sets of odd names and prefixes"),
        "each a key of its own",
    );
}
