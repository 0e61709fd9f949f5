//! Caches a function with an attribute. Run: `./just example rust decorator [rename]`

use spakky_cache::{Error, cache_evict, cacheable};

#[cacheable(key = "example:user:{id}", ttl = "5m")]
fn user(id: u64) -> Result<String, Error> {
    println!("loading user {id}");
    Ok(format!("user {id}"))
}

/// Evicts the user once it has returned `Ok`.
#[cache_evict(key = "example:user:{id}")]
fn rename(id: u64) -> Result<(), Error> {
    println!("renamed user {id}");
    Ok(())
}

fn main() -> Result<(), Error> {
    if std::env::args().any(|argument| argument == "rename") {
        rename(7)?;
    }
    println!("{}", user(7)?);
    println!("{}", user(7)?);
    Ok(())
}
