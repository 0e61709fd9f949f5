//! `#[cacheable]` on functions that cannot fail, and times that are constants.
#![deny(warnings)]

use std::cell::Cell;
use std::time::Duration;

use spakky_cache::{Cache, Error, Lookup, Options, cacheable};

const TTL: Duration = Duration::from_mins(5);
const OPTIONS: Options = Options::ttl(TTL).fresh_for(TTL).max_wait(Duration::ZERO);

thread_local! {
    static LOADS: Cell<u32> = const { Cell::new(0) };
}

fn count() -> u32 {
    LOADS.set(LOADS.get() + 1);
    LOADS.get()
}

#[cacheable(key = "total:{key}", ttl = TTL, fresh_for = TTL / 2, max_wait = Duration::ZERO)]
fn total(key: &str) -> u32 {
    let _ = key;
    count()
}

#[cacheable(key = "found:{id}")]
fn found(id: u8) -> Option<u32> {
    let loads = count();
    (id > 0).then_some(loads)
}

#[cacheable(key = "ratio:{ratio}")]
fn ratio(ratio: f64) -> f64 {
    count();
    ratio
}

#[cacheable(key = "never", ttl = Duration::ZERO)]
fn never() -> u32 {
    count()
}

#[cacheable(key = "large")]
fn large() -> u128 {
    count();
    u128::MAX
}

/// A `Result` stays one under any alias.
type Answer<T> = std::result::Result<T, Error>;

#[cacheable(key = "k", ttl = Duration::ZERO)]
fn fallible() -> Answer<u32> {
    Ok(count())
}

struct Service(u8);

impl Service {
    #[cacheable(key = "{self.0}")]
    fn name<T: Into<String>>(&self, name: T) -> String {
        name.into()
    }
}

fn loads<T>(call: impl Fn() -> T) -> u32 {
    let before = LOADS.get();
    call();
    call();
    LOADS.get() - before
}

fn main() {
    assert_eq!((total("a"), total("a"), total("b")), (1, 1, 2));
    assert_eq!(Cache::new().get("total:a"), Ok(Some(1)));
    assert_eq!(loads(|| found(0)), 1, "null is a hit");
    assert_eq!((Service(1).name("ann"), Service(1).name("bob")), ("ann".into(), "ann".into()));
    Cache::new().set("k", &7_u32, &OPTIONS).expect("a constant");

    // Where the cache fails, the body runs.
    assert_eq!(loads(|| total(&"x".repeat(2_000))), 2, "the key is too long");
    assert_eq!(loads(|| ratio(f64::NAN)), 2, "NaN makes no key");
    assert_eq!(loads(never), 2, "nothing is cached for no time");
    assert_eq!(loads(large), 2, "the value cannot be stored");
    assert_eq!(large(), u128::MAX);
    let Ok(Lookup::Miss(lease)) = Cache::<u32>::new().lookup("total:c", &OPTIONS) else {
        panic!("no miss")
    };
    assert_eq!(loads(|| total("c")), 2, "the key is being loaded");
    drop(lease);
    assert_eq!(loads(|| total("c")), 1);

    // A caller that can hear of it does.
    assert!(matches!(fallible(), Err(Error::InvalidTtl(_))));
}
