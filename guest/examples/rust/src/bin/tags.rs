//! Evicts entries by a tag that they share. Run: `./just example rust tags`

use std::time::Duration;

use spakky_cache::{Cache, Error, Options, evict_tags};

const ARTICLES: Cache<String> = Cache::new();

fn main() -> Result<(), Error> {
    for (name, tag) in [("first", "news"), ("second", "sports")] {
        let options = Options::ttl(Duration::from_mins(5)).tags([tag]);
        ARTICLES.fetch(&format!("example:article:{name}"), options, || {
            println!("loading {name}");
            Ok::<_, Error>(format!("the {name} article"))
        })?;
    }

    evict_tags(["news"])?;
    println!("evicted: news");
    for name in ["first", "second"] {
        let found = ARTICLES.get(&format!("example:article:{name}"))?;
        println!("{name}: {}", if found.is_some() { "cached" } else { "gone" });
    }
    Ok(())
}
