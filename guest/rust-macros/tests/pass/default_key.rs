//! `#[cacheable]` without a template: the key is of the function's path and its arguments.
#![deny(warnings)]

use spakky_cache::{Cache, Error, KeyPart, cacheable};

mod shop {
    pub(crate) mod prices {
        use super::super::*;

        #[cacheable]
        pub(crate) fn price(id: u32, currency: &str) -> Result<u32, Error> {
            let _ = currency;
            Ok(id)
        }

        #[cacheable(ttl = "5m", tags = ["prices"])]
        pub(crate) fn total() -> u32 {
            7
        }
    }
}

/// Each type has entries of its own.
#[cacheable]
fn parsed<T>(text: &str) -> Result<T, Error>
where
    T: std::str::FromStr + serde::Serialize + serde::de::DeserializeOwned,
{
    text.parse().map_err(|_| Error::KeyGeneration)
}

struct Red;
struct Blue;

trait Colour {
    fn name() -> String;
}

impl Red {
    #[cacheable]
    fn shade(mut depth: u8) -> String {
        depth += 1;
        format!("red {depth}")
    }

    #[cacheable(shared)]
    fn brightness(&self, _unit: &str) -> u8 {
        1
    }
}

impl Blue {
    #[cacheable]
    fn shade(depth: u8) -> String {
        format!("blue {depth}")
    }
}

impl Colour for Red {
    #[cacheable]
    fn name() -> String {
        "red".to_owned()
    }
}

impl Colour for Blue {
    #[cacheable]
    fn name() -> String {
        "blue".to_owned()
    }
}

#[cacheable]
fn moved(part: impl KeyPart + Into<String>) -> String {
    part.into()
}

fn found(key: &str) -> Option<String> {
    let root = module_path!();
    Cache::new().get(&key.replace("crate.", &format!("{root}."))).expect("ok")
}

fn number(key: &str) -> Option<u32> {
    let root = module_path!();
    Cache::new().get(&key.replace("crate.", &format!("{root}."))).expect("ok")
}

fn main() {
    assert_eq!(shop::prices::price(7, "eur"), Ok(7));
    assert_eq!(number("crate.shop.prices.price:7:eur"), Some(7));
    assert_eq!(shop::prices::price(8, "a:b"), Ok(8));
    assert_eq!(number("crate.shop.prices.price:8:a%3Ab"), Some(8));
    assert_eq!(shop::prices::total(), 7);
    assert_eq!(number("crate.shop.prices.total"), Some(7));
    spakky_cache::evict_tags(["prices"]).expect("evict");
    assert_eq!(number("crate.shop.prices.total"), None);

    assert_eq!(parsed::<u32>("7"), Ok(7));
    assert_eq!(parsed::<String>("7"), Ok("7".to_owned()));
    assert_eq!(number("crate.parsed<u32>:%37"), Some(7));

    assert_eq!((Red::shade(1), Blue::shade(1)), ("red 2".to_owned(), "blue 1".to_owned()));
    assert_eq!((Red::name(), Blue::name()), ("red".to_owned(), "blue".to_owned()));
    assert_eq!(found("crate.Red.shade:1").as_deref(), Some("red 2"));
    assert_eq!(found("<crate.Red as crate.Colour>.name").as_deref(), Some("red"));
    assert_eq!(Red.brightness("lm"), 1);
    assert_eq!(number("crate.Red.brightness:lm"), Some(1));

    assert_eq!(moved("a".to_owned()), "a");
}
