use spakky_cache::{Error, cache_evict, cacheable};

#[cacheable]
fn an_argument_without_a_name((a, b): (u8, u8)) -> Result<u8, Error> {
    Ok(a + b)
}

#[cacheable(key = "k", stale_if_error = "no")]
fn not_a_flag() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", strict = true)]
fn strict_with_a_value() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", tll = "5m")]
fn unknown_option() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = "5m", key = "l")]
fn given_twice() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = "5 minutes")]
fn no_duration() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = "0s")]
fn zero() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = "-5m")]
fn negative() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = "99999999999999999d")]
fn too_long() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = 5)]
fn a_number() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = ["5m"])]
fn a_list() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", tags = "t")]
fn not_a_list() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", ttl = "1m", fresh_for = "2m")]
fn fresh_for_too_long() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k", shared = "yes")]
fn shared_with_a_value() -> Result<u8, Error> {
    Ok(0)
}

#[cache_evict]
fn nothing_to_evict() -> Result<u8, Error> {
    Ok(0)
}

#[cache_evict(all, key = "k")]
fn all_and_more() -> Result<u8, Error> {
    Ok(0)
}

#[cache_evict(all = "yes")]
fn all_with_a_value() -> Result<u8, Error> {
    Ok(0)
}

#[cache_evict(ttl = "5m")]
fn not_for_evict() -> Result<u8, Error> {
    Ok(0)
}

fn main() {}
