//! The library's own logic, against the cache in memory.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use crate::host::advance;
use crate::{
    Cache, Error, LoadError, Lookup, Metrics, Options, WriteError, clear, evict_tags, metrics, raw,
};

const CACHE: Cache<String> = Cache::new();
const MINUTE: Duration = Duration::from_mins(1);

fn text(text: &str) -> String {
    text.to_owned()
}

fn load(text: &str) -> Result<String, LoadError<&'static str>> {
    CACHE.get_or_load("k", Options::ttl(MINUTE).tags(["t"]), || Ok(text.to_owned()))
}

/// A value that CBOR cannot have.
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
fn what_is_set_is_read_until_it_is_deleted() {
    assert_eq!(CACHE.get("k"), Ok(None));
    CACHE.set("k", &text("v"), Options::forever()).expect("set");
    assert_eq!(CACHE.get("k"), Ok(Some(text("v"))));
    assert_eq!(CACHE.delete("k"), Ok(true));
    assert_eq!(CACHE.delete("k"), Ok(false));
    assert_eq!(CACHE.get("k"), Ok(None));
}

#[test]
fn an_entry_dies_with_its_time() {
    CACHE.set("k", &text("v"), Options::ttl(MINUTE)).expect("set");
    advance(Duration::from_secs(59));
    assert_eq!(CACHE.get("k"), Ok(Some(text("v"))));
    advance(Duration::from_secs(1));
    assert_eq!(CACHE.get("k"), Ok(None));
}

#[test]
fn null_is_a_hit() {
    let cache = Cache::<Option<u8>>::new();
    cache.set("k", &None, Options::forever()).expect("set");
    assert_eq!(cache.get("k"), Ok(Some(None)));
    assert_eq!(cache.get_many(["k", "other"]), Ok(vec![Some(None), None]));
    assert_eq!(cache.get_or_load("k", Options::forever(), || Err("not called")), Ok(None));
}

#[test]
fn batches_take_keys_and_values_owned_or_borrowed() {
    let value = text("v");
    let entries = HashMap::from([(text("a"), &value)]);
    CACHE.set_many(entries, Options::forever()).expect("set");
    CACHE.set_many([("b", text("w")), ("b", text("x"))], Options::forever()).expect("set");
    let keys = vec![text("b"), text("c"), text("a")];
    assert_eq!(CACHE.get_many(&keys), Ok(vec![Some(text("x")), None, Some(text("v"))]));
    assert_eq!(CACHE.delete_many(keys), Ok(2));
}

#[test]
fn a_value_that_cannot_be_encoded_changes_nothing() {
    let cache = Cache::<Unencodable>::new();
    let ran = Cell::new(false);
    let serialization = |error: &Error| error.kind() == "serialization";
    CACHE.set("k", &text("v"), Options::forever()).expect("set");

    let error = cache.set("k", &Unencodable, Options::forever()).expect_err("unencodable");
    assert!(serialization(&error));
    let entries = [("k", Unencodable)];
    assert!(serialization(&cache.set_many(entries, Options::forever()).expect_err("unencodable")));
    let written = cache.try_write_through("k", &Unencodable, Options::forever(), |_| {
        ran.set(true);
        Ok::<_, Error>(())
    });
    assert!(matches!(written, Err(WriteError::Cache(error)) if serialization(&error)));
    assert!(!ran.get());
    assert_eq!(CACHE.get("k"), Ok(Some(text("v"))));
}

#[test]
fn reading_an_entry_of_another_type_is_an_error() {
    CACHE.set("k", &text("v"), Options::forever()).expect("set");
    let numbers = Cache::<u64>::new();
    assert_eq!(numbers.get("k").expect_err("text").kind(), "serialization");
    assert_eq!(numbers.get_many(["k"]).expect_err("text").kind(), "serialization");
    assert_eq!(CACHE.get("k"), Ok(Some(text("v"))));
}

#[test]
fn a_load_happens_once() {
    assert_eq!(load("first"), Ok(text("first")));
    assert_eq!(load("second"), Ok(text("first")));
    evict_tags(["t"]).expect("evict");
    assert_eq!(load("third"), Ok(text("third")));
    clear().expect("clear");
    assert_eq!(load("fourth"), Ok(text("fourth")));
    let expected = Metrics {
        hits: 1,
        misses: 3,
        writes: 3,
        clears: 1,
        tag_evictions: 1,
        ..Metrics::default()
    };
    assert_eq!(metrics(), expected);
}

#[test]
fn a_loaders_error_comes_back_unchanged_and_frees_the_key() {
    let failed = CACHE.get_or_load("k", Options::forever(), || Err("no such user"));
    assert_eq!(failed, Err(LoadError::Loader("no such user")));
    assert_eq!(CACHE.get("k"), Ok(None));
    assert_eq!(load("then"), Ok(text("then")));
}

#[test]
fn a_loader_that_panics_frees_the_key() {
    let panicked = std::panic::catch_unwind(|| {
        CACHE.get_or_load("k", Options::forever(), || -> Result<_, Error> { panic!("boom") })
    });
    assert!(panicked.is_err());
    assert_eq!(load("then"), Ok(text("then")));
}

#[test]
fn a_loader_that_asks_for_its_own_key_is_told_so() {
    let result = CACHE.get_or_load("k", Options::forever(), || load("inner"));
    assert_eq!(result, Err(LoadError::Loader(LoadError::Cache(Error::LeaseHeld))));
}

#[test]
fn an_invalid_time_is_refused_before_anything_runs() {
    let never = Options::ttl(Duration::ZERO);
    let zero = || Error::InvalidTtl(text("the time to live is zero"));
    let load = || -> Result<String, Error> { panic!("called") };
    assert_eq!(CACHE.set("k", &text("v"), &never), Err(zero()));
    assert_eq!(CACHE.set_many([("k", text("v"))], &never), Err(zero()));
    assert_eq!(CACHE.get_or_load("k", &never, load), Err(LoadError::Cache(zero())));
    assert_eq!(CACHE.write_through("k", &text("v"), &never, |_| load()), Err(zero()));
    assert_eq!(CACHE.write_behind("k", &text("v"), &never, |_| load()), Err(zero()));
    assert_eq!(CACHE.lookup("k", &never).expect_err("no time"), zero());
    assert_eq!(metrics(), Metrics::default());
}

#[test]
fn what_was_overtaken_is_returned_but_not_stored() {
    type Invalidation = fn();
    let invalidations: [Invalidation; 4] = [
        || drop(CACHE.delete("k")),
        || drop(evict_tags(["t"])),
        || drop(clear()),
        || drop(raw::begin_write("k", &[])),
    ];
    for invalidate in invalidations {
        let loaded = CACHE.get_or_load("k", Options::forever().tags(["t"]), || {
            invalidate();
            Ok::<_, Error>(text("old"))
        });
        assert_eq!(loaded, Ok(text("old")));
        assert_eq!(CACHE.get("k"), Ok(None));
    }
    let loaded = CACHE.get_or_load("k", Options::forever(), || {
        CACHE.set("k", &text("new"), Options::forever())?;
        Ok::<_, Error>(text("old"))
    });
    assert_eq!(loaded, Ok(text("old")));
    assert_eq!(CACHE.get("k"), Ok(Some(text("new"))));
}

#[test]
fn one_caller_refreshes_a_stale_entry() {
    let options = Options::ttl(MINUTE).fresh_for(Duration::from_secs(10));
    let load = |value: &str| CACHE.get_or_load("k", &options, || Ok::<_, Error>(text(value)));
    assert_eq!(load("first"), Ok(text("first")));
    advance(Duration::from_secs(10));

    let found = CACHE.lookup("k", &options).expect("ok");
    let Lookup::Stale { entry, fresh: false, refresh: Some(lease) } = found else {
        panic!("not stale, or not mine to refresh")
    };
    assert_eq!((entry.value.as_str(), entry.age), ("first", Duration::from_secs(10)));
    assert_eq!(load("second"), Ok(text("first")), "another caller refreshes");
    drop(lease);

    assert_eq!(load("third"), Ok(text("third")), "the refresh was given up");
    assert_eq!(load("fourth"), Ok(text("third")));
}

#[test]
fn a_stale_entry_that_does_not_decode_is_replaced_by_its_refresh() {
    let options = raw::EntryOptions { fresh_for: Some(1), ..raw::EntryOptions::default() };
    raw::set("k", b"\xff", options).expect("set");
    advance(Duration::from_millis(1));
    assert_eq!(CACHE.lookup("k", Options::forever()).expect_err("0xff").kind(), "serialization");
    assert_eq!(load("new"), Ok(text("new")), "the lookup gave its lease up");
    assert_eq!(CACHE.get("k"), Ok(Some(text("new"))));
}

#[test]
fn a_lease_is_committed_once_and_given_up_when_dropped() {
    let Ok(Lookup::Miss(lease)) = CACHE.lookup("k", Options::forever()) else { panic!("no miss") };
    assert_eq!(CACHE.lookup("k", Options::forever()).expect_err("held"), Error::LeaseHeld);
    let never = lease.commit(&text("v"), Options::ttl(Duration::ZERO));
    assert_eq!(never.map_err(|error| error.kind()), Err("invalid-ttl"));
    let Ok(Lookup::Miss(lease)) = CACHE.lookup("k", Options::forever()) else { panic!("held") };
    assert_eq!(lease.commit(&text("v"), Options::forever()), Ok(true));
    assert!(
        matches!(CACHE.lookup("k", Options::forever()), Ok(Lookup::Hit(entry)) if entry.value == "v")
    );
}

#[test]
fn write_through_stores_what_was_written() {
    CACHE.set("k", &text("old"), Options::forever()).expect("set");
    let result = CACHE.write_through("k", &text("new"), Options::forever(), |value| {
        assert_eq!(CACHE.get("k"), Ok(None), "readers miss while the origin changes");
        Ok::<_, Error>(value.len())
    });
    assert_eq!(result, Ok(3));
    assert_eq!(CACHE.get("k"), Ok(Some(text("new"))));
}

#[test]
fn a_failed_writer_leaves_a_miss() {
    for write in [
        |value: &String| {
            CACHE.try_write_through("k", value, Options::forever(), |_| Err::<(), _>(7))
        },
        |value: &String| {
            CACHE.try_write_behind("k", value, Options::forever(), |_| Err::<(), _>(7))
        },
    ] {
        CACHE.set("k", &text("old"), Options::forever()).expect("set");
        assert_eq!(write(&text("new")), Err(WriteError::Writer(7)));
        assert_eq!(CACHE.get("k"), Ok(None));
        assert_eq!(load("loaded"), Ok(text("loaded")));
    }
}

#[test]
fn a_write_that_the_cache_refuses_afterwards_says_so() {
    let result = CACHE
        .try_write_through("k", &"x".repeat(9 << 20), Options::forever(), |_| Ok::<_, Error>(()));
    assert_eq!(result, Err(WriteError::Commit(Error::ValueTooLarge { limit: 8 << 20 })));
    assert_eq!(CACHE.get("k"), Ok(None));
}

#[test]
fn a_write_needs_no_conversion_of_ones_own() {
    #[derive(Debug, PartialEq)]
    enum AppError {
        Full,
        Cache(Error),
    }

    impl From<Error> for AppError {
        fn from(error: Error) -> Self {
            Self::Cache(error)
        }
    }

    fn save(key: &str, outcome: Result<usize, AppError>) -> Result<usize, AppError> {
        let length = CACHE.write_through(key, &text("v"), Options::forever(), |_| outcome)?;
        Ok(length)
    }

    fn save_behind(key: &str, outcome: Result<usize, AppError>) -> Result<usize, AppError> {
        let length = CACHE.write_behind(key, &text("v"), Options::forever(), |_| outcome)?;
        Ok(length)
    }

    for save in [save, save_behind] {
        assert_eq!(save("k", Ok(3)), Ok(3));
        assert_eq!(save("k", Err(AppError::Full)), Err(AppError::Full));
        let refused = save("", Ok(3));
        assert!(matches!(refused, Err(AppError::Cache(Error::InvalidKey(_)))), "{refused:?}");
    }
}

#[test]
fn the_hosts_refusal_of_a_time_says_why() {
    let set = |ttl, fresh_for| {
        let options = raw::EntryOptions { ttl: Some(ttl), fresh_for, tags: &[] };
        let outcomes = [
            raw::set("k", &[], options),
            raw::set_many(&[("k", &[])], options).map(drop),
            match raw::lookup("k", raw::LookupOptions::default()) {
                Ok(raw::Lookup::Miss(lease)) => lease.commit(&[], options).map(drop),
                other => panic!("{other:?}"),
            },
        ];
        outcomes.map(|outcome| outcome.expect_err("refused").to_string())
    };
    for (ttl, fresh_for) in [(0, None), (1, Some(0)), (1, Some(2)), (u64::MAX, None)] {
        for reason in set(ttl, fresh_for) {
            assert!(reason.len() > "invalid time: ".len() + 10, "{reason}");
        }
    }
}

#[test]
fn a_used_up_quota_is_named() {
    let lookup = |key: u32| CACHE.lookup(&key.to_string(), Options::forever());
    let held: Vec<_> = (0..).map_while(|key| lookup(key).ok()).take(100_000).collect();
    let error = lookup(u32::MAX).expect_err("all are held");
    assert!(matches!(&error, Error::QuotaExceeded(quota) if quota.contains("leases")), "{error}");
    drop(held);
    assert!(lookup(0).is_ok());
}

#[test]
fn write_behind_is_read_before_it_is_written() {
    let result = CACHE.write_behind("k", &text("new"), Options::forever(), |_| CACHE.get("k"));
    assert_eq!(result, Ok(Some(text("new"))));
    assert_eq!(CACHE.get("k"), Ok(Some(text("new"))));
}

#[test]
fn outside_webassembly_the_limits_are_the_contracts() {
    let names: Vec<_> = (0..65).map(|name| name.to_string()).collect();
    let mut tags: Vec<_> = names.iter().map(String::as_str).collect();
    let set = |key: &str, bytes: usize, ttl, tags: &[&str]| {
        let options = raw::EntryOptions { ttl: Some(ttl), fresh_for: None, tags };
        raw::set(key, &vec![0; bytes], options).map_err(|error| error.kind())
    };
    let ten_years = 10 * 366 * 24 * 3_600 * 1_000;
    assert_eq!(set(&"é".repeat(512), 8 << 20, ten_years, &tags[..64]), Ok(()));
    assert_eq!(set(&"x".repeat(1_025), 0, 1, &[]), Err("invalid-key"));
    assert_eq!(set("k", (8 << 20) + 1, 1, &[]), Err("value-too-large"));
    assert_eq!(set("k", 0, ten_years + 1, &[]), Err("invalid-ttl"));
    assert_eq!(set("k", 0, 1, &tags), Err("invalid-key"));
    tags[64] = "0";
    assert_eq!(set("k", 0, 1, &tags), Ok(()), "a tag that is named twice counts once");
    assert_eq!(raw::get_many(&vec!["k"; 1_025]).map_err(|error| error.kind()), Err("invalid-key"));
}

#[test]
fn outside_webassembly_a_lease_does_not_expire() {
    let loaded = CACHE.get_or_load("k", Options::forever().tags(["t"]), || {
        advance(Duration::from_hours(24));
        Ok::<_, Error>(text("v"))
    });
    assert_eq!(loaded, Ok(text("v")));
    assert_eq!(CACHE.get("k"), Ok(Some(text("v"))));
}
