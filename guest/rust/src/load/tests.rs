//! Loads, against the cache in memory.

use std::cell::Cell;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::{Contract, Failure, Plain, load, now};
use crate::host::{advance, refresh_early};
use crate::{
    Cache, Entry, Error, LoadError, Loaded, Lookup, Options, Outcome, Source, clear, evict_tags,
    metrics, raw,
};

const CACHE: Cache<String> = Cache::new();
const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

type Loading<T = String> = Result<Outcome<T, &'static str>, LoadError<&'static str>>;

fn loading(options: &Options, result: Result<Loaded<&str>, &'static str>) -> Loading {
    CACHE.get_or_load_outcome("k", options, || {
        result.map(|loaded| Loaded { value: loaded.value.to_owned(), keep: loaded.keep })
    })
}

fn value(options: &Options, value: &str) -> Result<String, LoadError<&'static str>> {
    CACHE.get_or_load("k", options, || Ok(value.to_owned()))
}

/// The value, its source, whether it was stored, and the kind of the error.
fn told<T>(outcome: Loading<T>) -> (T, Source, bool, Option<&'static str>) {
    let outcome = outcome.expect("a value");
    let error = outcome.error.map(|error| match error {
        LoadError::Cache(error) => error.kind(),
        LoadError::Loader(error) => error,
    });
    (outcome.value, outcome.source, outcome.stored, error)
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// An entry `old` that is stale, and lives on for a minute.
fn stale() -> Options {
    let options = Options::ttl(2 * MINUTE).fresh_for(MINUTE);
    CACHE.set("k", &text("old"), &options).expect("set");
    advance(MINUTE);
    options
}

/// A value that CBOR cannot have.
#[derive(Debug, PartialEq)]
struct Unencodable;

impl Serialize for Unencodable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

impl<'de> Deserialize<'de> for Unencodable {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[test]
fn an_outcome_tells_where_a_value_is_from() {
    let options = Options::ttl(2 * MINUTE).fresh_for(MINUTE);
    let loaded = loading(&options, Ok(Loaded::new("v"))).expect("loaded");
    assert_eq!((loaded.version, loaded.age), (None, None));
    assert_eq!(told(Ok(loaded)), (text("v"), Source::Loaded, true, None));

    advance(SECOND);
    let hit = loading(&options, Err("not called")).expect("a hit");
    let described = CACHE.describe("k").expect("ok").expect("an entry");
    assert_eq!((hit.version, hit.age), (Some(described.version), Some(SECOND)));
    assert_eq!(told(Ok(hit)), (text("v"), Source::Hit, false, None));

    advance(MINUTE);
    let Lookup::Stale { refresh: Some(lease), .. } = CACHE.lookup("k", &options).expect("ok")
    else {
        panic!("not stale")
    };
    let stale = loading(&options, Err("not called"));
    assert_eq!(told(stale), (text("v"), Source::Stale, false, None));
    drop(lease);
    let refreshed = loading(&options, Ok(Loaded::new("w")));
    assert_eq!(told(refreshed), (text("w"), Source::Loaded, true, None));
}

#[test]
fn an_entry_that_does_not_decode_is_loaded_anew() {
    raw::set("k", b"\xff", raw::EntryOptions::default()).expect("set");
    assert_eq!(CACHE.get("k").expect_err("0xff").kind(), "serialization");
    assert_eq!(value(&Options::forever(), "new"), Ok(text("new")));
    assert_eq!(CACHE.get("k"), Ok(Some(text("new"))));
    assert_eq!(metrics().rejections, 1);

    let numbers = Cache::<u64>::new();
    assert_eq!(numbers.get("k").expect_err("text").kind(), "serialization");
    assert_eq!(numbers.get_or_load("k", Options::forever(), || Ok::<_, Error>(7)), Ok(7));
    assert_eq!(numbers.get("k"), Ok(Some(7)));
}

#[test]
fn an_entry_that_does_not_decode_is_no_substitute_for_a_failed_load() {
    raw::set("k", b"\xff", raw::EntryOptions::default()).expect("set");
    let failed = loading(&Options::forever(), Err("down"));
    assert_eq!(failed, Err(LoadError::Loader("down")));
    assert_eq!(raw::get("k"), Ok(Some(vec![0xff])), "it stays");
    assert_eq!(value(&Options::forever(), "new"), Ok(text("new")), "the key was freed");
}

/// The cache in memory, and a writer of another type that comes first each time.
struct Contested;

impl Contract for Contested {
    type Lease = raw::Lease;

    async fn lookup(
        &self,
        key: &str,
        options: raw::LookupOptions<'_>,
    ) -> Result<raw::Lookup, Error> {
        raw::set(key, b"\xff", raw::EntryOptions::default())?;
        Plain.lookup(key, options).await
    }

    async fn commit(
        &self,
        _: &raw::Lease,
        _: &[u8],
        _: raw::EntryOptions<'_>,
    ) -> Result<bool, Error> {
        unreachable!("it gets no lease")
    }

    async fn pass(&self, _: &raw::Lease, _: u64) -> Result<bool, Error> {
        unreachable!("it gets no lease")
    }

    async fn fail(&self, _: &raw::Lease, _: u64) -> Result<bool, Error> {
        unreachable!("it gets no lease")
    }
}

#[test]
fn an_entry_that_does_not_decode_twice_is_loaded_and_left_alone() {
    let options = Options::forever();
    let passed = now(load(&Contested, "k", &options, async || Ok(Loaded::new(text("v")))));
    let passed = told(passed.map_err(LoadError::from));
    assert_eq!(passed, (text("v"), Source::Passed, false, Some("serialization")));
    assert_eq!(raw::get("k"), Ok(Some(vec![0xff])));
    let failed = now(load::<_, String, _>(&Contested, "k", &options, async || Err("down")));
    assert!(matches!(failed, Err(Failure::Loader("down"))));
}

#[test]
fn a_failed_load_of_an_entry_that_does_not_decode_is_not_repeated_before_its_time() {
    raw::set("k", b"\xff", raw::EntryOptions::default()).expect("set");
    let options = Options::forever().retry_after(MINUTE);
    assert_eq!(loading(&options, Err("down")), Err(LoadError::Loader("down")));
    let failed = loading(&options, Err("called"));
    assert_eq!(failed, Err(LoadError::Cache(Error::LoadFailed { retry_after: MINUTE })));
    advance(MINUTE);
    assert_eq!(value(&options, "new"), Ok(text("new")));
}

#[test]
fn a_version_that_will_not_do_is_loaded_anew() {
    CACHE.set("k", &text("wrong"), Options::forever()).expect("set");
    let Ok(Lookup::Hit(Entry { version, .. })) = CACHE.lookup("k", Options::forever()) else {
        panic!("no hit")
    };
    let unless = Options::forever().unless(version);
    assert_eq!(loading(&unless, Err("down")), Err(LoadError::Loader("down")), "it will not do");
    assert_eq!(value(&unless, "right"), Ok(text("right")));
    assert_eq!(value(&unless, "third"), Ok(text("right")));
}

#[test]
fn a_failed_refresh_gives_its_caller_the_entry() {
    let options = stale();
    let kept = loading(&options, Err("down"));
    assert_eq!(told(kept), (text("old"), Source::Stale, false, Some("down")));
    let loud = loading(&options.clone().stale_if_error(false), Err("down"));
    assert_eq!(loud, Err(LoadError::Loader("down")));
    assert_eq!(value(&options, "new"), Ok(text("new")), "the key was freed");
}

#[test]
fn a_fresh_entry_is_a_hit_whatever_its_refresh_comes_to() {
    refresh_early();
    let options = Options::ttl(2 * MINUTE).fresh_for(MINUTE).stale_if_error(false);
    let first = CACHE.get_or_load("k", &options, || {
        advance(SECOND); // how long a load takes decides how early it is repeated
        Ok::<_, Error>(text("old"))
    });
    assert_eq!(first, Ok(text("old")));
    let kept = loading(&options, Err("down"));
    assert_eq!(told(kept), (text("old"), Source::Hit, false, Some("down")));
    let kept = loading(&options, Ok(Loaded::new("new").ttl(Duration::ZERO)));
    assert_eq!(told(kept), (text("old"), Source::Hit, false, Some("invalid-ttl")));
    assert_eq!(value(&options, "new"), Ok(text("new")));
}

#[test]
fn a_failed_load_is_not_repeated_before_its_time() {
    let options = Options::forever().retry_after(MINUTE);
    assert_eq!(loading(&options, Err("down")), Err(LoadError::Loader("down")));
    advance(20 * SECOND);
    let Err(LoadError::Cache(Error::LoadFailed { retry_after })) = loading(&options, Err("called"))
    else {
        panic!("loaded again")
    };
    assert_eq!(retry_after, 40 * SECOND);
    advance(40 * SECOND);
    assert_eq!(value(&options, "v"), Ok(text("v")));
}

#[test]
fn a_failed_refresh_is_not_repeated_before_its_time() {
    let options = stale().retry_after(30 * SECOND);
    assert_eq!(told(loading(&options, Err("down"))).3, Some("down"));
    let kept = loading(&options, Err("called"));
    assert_eq!(told(kept), (text("old"), Source::Stale, false, None));
    advance(30 * SECOND);
    assert_eq!(value(&options, "new"), Ok(text("new")));
}

#[test]
fn a_loader_chooses_how_long_its_value_lives_and_what_evicts_it() {
    let options = Options::ttl(MINUTE).fresh_for(MINUTE / 2).tags(["given"]);
    let described = |loaded| {
        clear().expect("clear");
        told(loading(&options, Ok(loaded)));
        let entry = CACHE.describe("k").expect("ok").expect("an entry");
        let [ttl, fresh] = [entry.ttl, entry.fresh_for].map(|time| time.map(|t| t.as_secs()));
        (ttl, fresh, entry.tags)
    };
    let [given, chosen] = ["given", "chosen"].map(|tag| vec![text(tag)]);
    let loaded = || Loaded::new("v");
    assert_eq!(described(loaded()), (Some(60), Some(30), given.clone()));
    assert_eq!(described(loaded().ttl(5 * MINUTE)), (Some(300), Some(30), given.clone()));
    assert_eq!(described(loaded().ttl(10 * SECOND)), (Some(10), Some(10), given.clone()));
    assert_eq!(described(loaded().fresh_for(SECOND)), (Some(60), Some(1), given));
    assert_eq!(described(loaded().tags(["chosen"])), (Some(60), Some(30), chosen));
    assert_eq!(described(loaded().tags([""; 0])), (Some(60), Some(30), vec![]));
}

#[test]
fn what_a_loader_chooses_is_checked_and_frees_the_key() {
    let options = Options::ttl(MINUTE);
    for loaded in [
        Loaded::new("v").fresh_for(2 * MINUTE),
        Loaded::new("v").ttl(Duration::ZERO),
        Loaded::new("v").ttl(Duration::MAX),
        Loaded::passed("v", Duration::ZERO),
        Loaded::new("v").tags([""]),
    ] {
        assert!(matches!(loading(&options, Ok(loaded)), Err(LoadError::Cache(_))));
        assert_eq!(CACHE.get("k"), Ok(None));
    }
    assert_eq!(value(&options, "v"), Ok(text("v")));
}

#[test]
fn what_is_not_to_be_stored_is_returned_and_not_stored() {
    let options = Options::forever();
    let unstored = loading(&options, Ok(Loaded::unstored("1")));
    assert_eq!(told(unstored), (text("1"), Source::Loaded, false, None));
    let passed = loading(&options, Ok(Loaded::passed("2", MINUTE)));
    assert_eq!(told(passed), (text("2"), Source::Loaded, false, None));
    for _ in 0..2 {
        let passed = loading(&options, Ok(Loaded::new("3")));
        assert_eq!(told(passed), (text("3"), Source::Passed, false, None));
        assert_eq!(loading(&options, Err("down")), Err(LoadError::Loader("down")));
    }
    advance(MINUTE);
    assert!(told(loading(&options, Ok(Loaded::new("4")))).2);
}

#[test]
fn what_cannot_be_stored_is_returned_and_its_key_is_passed_for_a_minute() {
    let large = "x".repeat(9 << 20);
    let large = || loading(&Options::forever(), Ok(Loaded::new(large.as_str())));
    assert_eq!(told(large()).3, Some("value-too-large"));
    assert_eq!(told(large()).1, Source::Passed);
    advance(MINUTE);
    assert_eq!(told(large()).1, Source::Loaded);

    CACHE.delete("k").expect("delete");
    let unencodable = || {
        Cache::new().get_or_load_outcome("k", Options::forever(), || Ok(Loaded::new(Unencodable)))
    };
    assert_eq!(told(unencodable()), (Unencodable, Source::Loaded, false, Some("serialization")));
    assert_eq!(told(unencodable()), (Unencodable, Source::Passed, false, None));

    CACHE.set("k", &text("set"), Options::forever()).expect("set");
    assert_eq!(value(&Options::forever(), "loaded"), Ok(text("set")), "a set ends it");
}

#[test]
fn an_entry_whose_refresh_is_too_large_is_removed() {
    let options = stale();
    let large = "x".repeat(9 << 20);
    let refreshed = told(loading(&options, Ok(Loaded::new(large.as_str()))));
    assert_eq!((refreshed.1, refreshed.3), (Source::Loaded, Some("value-too-large")));
    assert_eq!(CACHE.get("k"), Ok(None));
}

#[test]
fn what_was_overtaken_is_told() {
    let loaded = CACHE.get_or_load_outcome("k", Options::forever().tags(["t"]), || {
        evict_tags(["t"]).map(|()| Loaded::new(text("old")))
    });
    let loaded = loaded.expect("loaded");
    assert_eq!((loaded.source, loaded.stored, loaded.error), (Source::Loaded, false, None));
}

#[test]
fn a_lease_may_pass_fail_or_be_released() {
    let lease = || match CACHE.lookup("k", Options::forever()) {
        Ok(Lookup::Miss(lease)) => lease,
        other => panic!("{other:?}"),
    };
    assert_eq!(lease().release(), Ok(()));
    assert_eq!(lease().fail(MINUTE), Ok(true));
    let failed = CACHE.lookup("k", Options::forever()).expect_err("failed");
    assert_eq!(failed, Error::LoadFailed { retry_after: MINUTE });
    advance(MINUTE);
    assert_eq!(lease().pass(MINUTE), Ok(true));
    assert!(matches!(CACHE.lookup("k", Options::forever()), Ok(Lookup::Pass)));
    advance(MINUTE);
    for impossible in [Duration::ZERO, Duration::MAX] {
        let refused = [lease().pass(impossible), lease().fail(impossible)];
        assert!(refused.iter().all(|refused| matches!(refused, Err(Error::InvalidTtl(_)))));
    }
    let raw::Lookup::Miss(lease) = raw::lookup("k", raw::LookupOptions::default()).expect("ok")
    else {
        panic!("held")
    };
    assert_eq!(lease.release(), Ok(()));
    assert_eq!(lease.commit(&[], raw::EntryOptions::default()), Ok(false), "it is spent");
}

#[test]
fn a_loader_runs_once() {
    let runs = Cell::new(0);
    for _ in 0..3 {
        let loaded = CACHE.get_or_load("k", Options::forever(), || {
            runs.set(runs.get() + 1);
            Ok::<_, Error>(text("v"))
        });
        assert_eq!(loaded, Ok(text("v")));
    }
    assert_eq!(runs.get(), 1);
}
