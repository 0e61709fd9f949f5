//! Loads a value once, then reads it from the cache. Run: `./just example rust get-or-load`

use std::time::Duration;

use spakky_cache::{Cache, Error, Options};

fn main() -> Result<(), Error> {
    let totals = Cache::<u64>::new();
    let options = Options::ttl(Duration::from_mins(1));
    for _ in 0..2 {
        let total = totals.fetch("example:total", &options, || {
            println!("loading");
            Ok::<_, Error>(6 * 7)
        })?;
        println!("total: {total}");
    }
    Ok(())
}
