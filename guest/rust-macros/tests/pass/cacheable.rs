//! `#[cacheable]` on every kind of function it takes.
#![deny(warnings)]

use std::cell::Cell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use spakky_cache::{Cache, Error, KeyPart, cacheable};

thread_local! {
    static LOADS: Cell<u32> = const { Cell::new(0) };
}

fn count() -> u32 {
    LOADS.set(LOADS.get() + 1);
    LOADS.get()
}

#[derive(Debug, PartialEq)]
enum AppError {
    NoSuchUser(u64),
    Cache(Error),
}

impl From<Error> for AppError {
    fn from(error: Error) -> Self {
        Self::Cache(error)
    }
}

type AppResult<T> = Result<T, AppError>;

/// With every option, a `?` and a `return`.
#[cacheable(
    key = "profile:{user_id:04}",
    ttl = "1h30m",
    fresh_for = "250ms",
    tags = ["profiles", "user:{user_id}"],
    max_wait = "2s",
)]
fn profile(user_id: u64) -> AppResult<String> {
    let name = name_of(user_id)?;
    if name.is_empty() {
        return Err(AppError::NoSuchUser(user_id));
    }
    Ok(format!("{name}, load {}", count()))
}

fn name_of(user_id: u64) -> AppResult<&'static str> {
    match user_id {
        0 => Err(AppError::NoSuchUser(0)),
        1 => Ok(""),
        _ => Ok("ann"),
    }
}

struct User {
    id: u32,
    name: (String, u8),
}

/// Moves its argument, whose fields make the key.
#[cacheable(key = "user:{user.id}:{user.name.0}")]
fn moved(user: User) -> Result<String, Error> {
    let User { name: (name, _), .. } = user;
    Ok(name)
}

/// Patterns, raw names, a name that the macro uses itself, a mutable argument.
#[cacheable(key = "odd:{a}:{type}:{template}:{prepared}")]
fn odd(
    (a, _): (u8, u8),
    r#type: &str,
    mut template: u8,
    prepared: u8,
    _unused: &Cell<u8>,
) -> Result<u8, Error> {
    template += a + prepared;
    let _ = r#type;
    Ok(template)
}

/// Generic.
#[cacheable(key = "generic:{key}")]
fn generic<K, V>(key: K, value: &V) -> Result<V, Error>
where
    K: KeyPart,
    V: Clone + Serialize + DeserializeOwned,
{
    Ok(value.clone())
}

struct Service {
    region: String,
    base: Cell<u32>,
}

trait Prices {
    fn price(&self, item: &str) -> Result<u32, Error>;
}

impl Service {
    #[cacheable(key = "{self.region}:{item}", ttl = "1m")]
    pub fn stock(&mut self, item: &str) -> Result<u32, Error> {
        self.base.set(self.base.get() + 1);
        Ok(self.base.get() + u32::try_from(item.len()).expect("short"))
    }

    #[cacheable(key = "owned:{self.region}")]
    fn into_region(self) -> Result<String, Error> {
        Ok(self.region)
    }

    #[cacheable(key = "shared:{item}", shared)]
    fn shared(&self, item: &str) -> Result<u32, Error> {
        Ok(self.base.get() + u32::try_from(item.len()).expect("short"))
    }

    #[cacheable(key = "associated")]
    fn default_base() -> Result<Option<u32>, Error> {
        count();
        Ok(None)
    }
}

impl Prices for Service {
    #[cacheable(key = "price:{self.region}:{item:?}")]
    fn price(&self, item: &str) -> Result<u32, Error> {
        let _ = item;
        Ok(self.base.get())
    }
}

macro_rules! declare {
    ($name:ident, $argument:ident, $template:literal) => {
        #[cacheable(key = $template)]
        fn $name($argument: u8) -> Result<u8, Error> {
            Ok($argument)
        }
    };
}

declare!(declared, argument, "declared:{argument}");

fn main() {
    assert_eq!(profile(7), Ok("ann, load 1".to_owned()));
    assert_eq!(profile(7), Ok("ann, load 1".to_owned()));
    assert_eq!(Cache::new().get("profile:0007"), Ok(Some("ann, load 1".to_owned())));
    assert_eq!(profile(8), Ok("ann, load 2".to_owned()));
    spakky_cache::evict_tags(["user:7"]).expect("evict");
    assert_eq!(profile(7), Ok("ann, load 3".to_owned()));
    assert_eq!(profile(8), Ok("ann, load 2".to_owned()));

    for _ in 0..2 {
        assert_eq!(profile(0), Err(AppError::NoSuchUser(0)));
        assert_eq!(profile(1), Err(AppError::NoSuchUser(1)));
    }
    assert_eq!(Cache::<String>::new().get("profile:0000"), Ok(None));

    let long = format!("{:2000}", "");
    let refused = generic(&long, &1_u8);
    assert!(matches!(refused, Err(Error::InvalidKey(_))), "{refused:?}");

    let user = User { id: 7, name: ("a:b".to_owned(), 1) };
    assert_eq!(moved(user), Ok("a:b".to_owned()));
    assert_eq!(Cache::new().get("user:7:a%3Ab"), Ok(Some("a:b".to_owned())));

    assert_eq!(odd((1, 2), "t", 3, 4, &Cell::new(0)), Ok(8));
    assert_eq!(Cache::new().get("odd:1:t:3:4"), Ok(Some(8)));

    assert_eq!(generic(1, &2), Ok(2));
    assert_eq!(generic(1, &3), Ok(2));
    assert_eq!(generic("1", &3), Ok(3));
    assert_eq!(generic("true", &4), Ok(4));
    assert_eq!(generic(true, &5), Ok(5));
    assert_eq!(Cache::new().get_many(["generic:1", "generic:%31"]), Ok(vec![Some(2), Some(3)]));

    let mut service = Service { region: "eu".to_owned(), base: Cell::new(10) };
    assert_eq!(service.stock("pen"), Ok(14));
    assert_eq!(service.stock("pen"), Ok(14));
    assert_eq!(service.price("pen"), Ok(11));
    assert_eq!(Cache::new().get("price:eu:\"pen\""), Ok(Some(11)));
    let other = Service { region: "us".to_owned(), base: Cell::new(20) };
    assert_eq!(other.price("pen"), Ok(20));
    assert_eq!((service.shared("pen"), other.shared("pen")), (Ok(14), Ok(14)));
    assert_eq!(service.into_region(), Ok("eu".to_owned()));

    let before = LOADS.get();
    assert_eq!(Service::default_base(), Ok(None));
    assert_eq!(Service::default_base(), Ok(None));
    assert_eq!(LOADS.get(), before + 1, "null is a hit");

    assert_eq!(declared(3), Ok(3));
}
