use spakky_cache::{Error, cache_evict, cacheable};

struct Opaque;

#[cacheable(key = "k")]
fn no_result() -> u64 {
    0
}

#[cache_evict(all)]
fn no_result_either() -> Option<u64> {
    None
}

#[cacheable(key = "k")]
fn not_serializable() -> Result<Opaque, Error> {
    Ok(Opaque)
}

#[cacheable(key = "k")]
fn error_of_its_own() -> Result<u64, Opaque> {
    Err(Opaque)
}

fn main() {}
