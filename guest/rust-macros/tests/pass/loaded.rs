//! `#[cacheable]` on functions that choose how their value is stored.
#![deny(warnings)]

use std::cell::Cell;
use std::time::Duration;

use spakky_cache::{Cache, Error, Loaded, cacheable};

thread_local! {
    static LOADS: Cell<u32> = const { Cell::new(0) };
}

fn count() -> u32 {
    LOADS.set(LOADS.get() + 1);
    LOADS.get()
}

type Answer<T> = Result<T, Error>;

#[cacheable(key = "rate:{0}", ttl = "1m", tags = ["{0}"])]
fn rate(id: u32) -> Answer<Loaded<u32>> {
    let loads = count();
    Ok(match id {
        0 => return Err(Error::Denied),
        1 => Loaded::unstored(loads),
        2 => Loaded::passed(loads, Duration::from_mins(1)),
        3 => Loaded::new(loads).tags(["chosen"]),
        _ => loads.into(),
    })
}

#[cacheable(key = "{pair.0}:{1.1}:{1.0}")]
fn infallible(pair: (u32, u32), other: (u32, u32)) -> Loaded<u32> {
    let loads = count();
    let _ = pair;
    if other.0 == 0 { Loaded::unstored(loads) } else { Loaded::new(loads) }
}

/// Those who wait for a minute, or ask the backend, get the same.
#[cacheable(key = "failing", retry_after = "1m", stale_if_error = false, strict)]
fn failing() -> Answer<u32> {
    count();
    Err(Error::Denied)
}

fn loads<T>(call: impl Fn() -> T) -> u32 {
    let before = LOADS.get();
    call();
    call();
    LOADS.get() - before
}

fn main() {
    assert_eq!(rate(0), Err(Error::Denied));
    assert_eq!((loads(|| rate(1)), loads(|| rate(2)), loads(|| rate(3))), (2, 2, 1));
    assert_eq!(rate(4).map(Loaded::into_value), rate(4).map(Loaded::into_value));
    let kept = |key| Cache::<u32>::new().get(key).expect("ok").is_some();
    assert_eq!(["rate:1", "rate:2", "rate:3", "rate:4"].map(kept), [false, false, true, true]);
    spakky_cache::evict_tags(["3"]).expect("evict");
    assert!(kept("rate:3"));
    spakky_cache::evict_tags(["chosen"]).expect("evict");
    assert!(!kept("rate:3"));

    assert_eq!(loads(|| infallible((1, 2), (0, 3))), 2);
    assert_eq!(loads(|| infallible((1, 2), (4, 3))), 1);
    assert!(kept("1:3:4"));

    assert_eq!(failing(), Err(Error::Denied));
    let paused = failing();
    assert!(matches!(paused, Err(Error::LoadFailed { .. })), "{paused:?}");
}
