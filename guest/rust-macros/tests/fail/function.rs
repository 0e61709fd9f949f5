use spakky_cache::{Error, cache_evict, cacheable};

#[cacheable(key = "k")]
async fn asynchronous() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k")]
const fn constant() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "k")]
fn nothing() {}

#[cacheable(key = "k")]
fn hidden() -> Result<impl Clone, Error> {
    Ok(0)
}

#[cacheable(key = "k")]
struct NoFunction;

trait Service {
    #[cache_evict(all)]
    fn no_body(&self) -> Result<(), Error>;
}

fn main() {}
