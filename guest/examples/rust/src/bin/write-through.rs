//! Writes a value to its origin and to the cache. Run: `./just example rust write-through`

use std::time::Duration;

use spakky_cache::{Cache, Error, Options};

const VISITS: Cache<u64> = Cache::new();

fn main() -> Result<(), Error> {
    let before = VISITS.get("example:visits")?;
    println!("cached: {}", before.map_or("nothing".to_owned(), |visits| visits.to_string()));

    // While the writer runs, reads miss and loads wait. If it fails, the key stays a miss.
    let visits = before.unwrap_or_default() + 1;
    let options = Options::ttl(Duration::from_mins(5));
    VISITS.write_through("example:visits", &visits, options, |visits| {
        println!("database: {visits}");
        Ok::<_, Error>(())
    })?;

    let after = VISITS.get("example:visits")?;
    println!("cached: {}", after.unwrap_or_default());
    Ok(())
}
