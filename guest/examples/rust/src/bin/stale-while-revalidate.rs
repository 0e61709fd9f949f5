//! Refreshes a stale value while others read it. Run: `./just example rust stale-while-revalidate`

use std::time::Duration;

use spakky_cache::{Cache, Error, Options};

const RATES: Cache<u64> = Cache::new();

fn main() -> Result<(), Error> {
    // So short that the next run finds a stale value.
    let options = Options::ttl(Duration::from_hours(1)).fresh_for(Duration::from_millis(1));
    let rate = RATES.fetch("example:rate", options, || {
        // One caller in the fleet refreshes a stale value. The others read it meanwhile.
        let stale = RATES.get("example:rate")?;
        if let Some(stale) = stale {
            println!("loading, while others read {stale}");
        }
        Ok::<_, Error>(stale.unwrap_or_default() + 1)
    })?;
    println!("rate: {rate}");
    Ok(())
}
