use spakky_cache::{Error, cache_evict, cacheable};

struct Opaque;

#[cache_evict(all)]
fn no_result() -> Option<u64> {
    None
}

#[cacheable(key = "k")]
fn not_serializable() -> Result<Opaque, Error> {
    Ok(Opaque)
}

#[cacheable(key = "k")]
fn infallible_and_not_serializable() -> Opaque {
    Opaque
}

#[cacheable(key = "k")]
fn borrowed() -> Result<&'static str, Error> {
    Ok("")
}

#[cacheable(key = "k", ttl = 5 * 60)]
fn no_duration() -> u64 {
    0
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Order {
    price: Opaque,
}

#[cacheable(key = "k")]
fn error_of_its_own() -> Result<u64, Opaque> {
    Err(Opaque)
}

fn main() {}
