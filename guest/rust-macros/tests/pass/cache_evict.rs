//! `#[cache_evict]` evicts after success, and only then.
#![deny(warnings)]

use spakky_cache::{Cache, Error, Options, cache_evict};

const CACHE: Cache<u8> = Cache::new();

#[cache_evict(key = "user:{id}")]
fn rename(id: u8, outcome: Result<(), Error>) -> Result<(), Error> {
    assert_eq!(CACHE.get("user:7")?, Some(1), "not before the body");
    let _ = id;
    outcome
}

#[cache_evict(key = "none", tags = ["users", "team:{team}"])]
fn dissolve(team: String) -> Result<String, Error> {
    Ok(team)
}

#[cache_evict(all)]
fn import() -> std::result::Result<NotSerializable, Error> {
    Ok(NotSerializable)
}

#[cache_evict(key = "{key}")]
fn refused(key: &str) -> Result<(), Error> {
    let _ = key;
    Ok(())
}

struct NotSerializable;

fn fill() {
    CACHE.set("user:7", &1, Options::forever().tags(["team:a%3Ab"])).expect("set");
    CACHE.set("user:8", &1, Options::forever().tags(["team:a"])).expect("set");
}

fn main() {
    fill();
    assert_eq!(rename(7, Err(Error::Denied)), Err(Error::Denied));
    assert_eq!(CACHE.get("user:7"), Ok(Some(1)));
    assert_eq!(rename(7, Ok(())), Ok(()));
    assert_eq!(CACHE.get("user:7"), Ok(None));
    assert_eq!(CACHE.get("user:8"), Ok(Some(1)));

    fill();
    assert_eq!(dissolve("a:b".to_owned()), Ok("a:b".to_owned()));
    assert_eq!(CACHE.get_many(["user:7", "user:8"]), Ok(vec![None, Some(1)]));

    fill();
    assert!(import().is_ok());
    assert_eq!(CACHE.get_many(["user:7", "user:8"]), Ok(vec![None, None]));

    assert!(matches!(refused(""), Err(Error::InvalidKey(_))), "a failed eviction is heard of");
}
