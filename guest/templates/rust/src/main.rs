//! Asks twice, and works once.

use std::cell::Cell;

use spakky_cache::{Error, cacheable};

thread_local! {
    static LOADED: Cell<bool> = const { Cell::new(false) };
}

#[cacheable(key = "greeting:{name}", ttl = "5m", tags = ["greetings"])]
fn greeting(name: &str) -> Result<String, Error> {
    // In place of whatever takes long: it runs once in the whole fleet.
    LOADED.set(true);
    Ok(format!("hello, {name}: {}", 6 * 7))
}

fn main() -> Result<(), Error> {
    for _ in 0..2 {
        LOADED.set(false);
        let greeting = greeting("@NAME@")?;
        println!("{greeting} ({})", if LOADED.get() { "loaded" } else { "cached" });
    }
    Ok(())
}
