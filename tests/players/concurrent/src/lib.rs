//! A component whose one instance answers many calls at once, by the bare contract of WASI
//! 0.3. `../README.md` says what it is for.
#![cfg(target_family = "wasm")]

use futures::future::{Either, join_all, select};

use self::bindings::spakky::{cache0_2_0, cache0_3_0};
use cache0_3_0::cache::{self, LookupOptions, LookupResult};
use cache0_3_0::types::{EntryOptions, Error};

// Generated. An export has a symbol name, and Rust calls declaring one unsafe.
#[allow(unsafe_code, missing_docs, clippy::pedantic)]
mod bindings {
    use super::Concurrent;

    wit_bindgen::generate!({ path: "wit", world: "concurrent", generate_all });

    export!(Concurrent);
}

struct Concurrent;

fn told(error: &Error) -> String {
    format!("{error:?}")
}

async fn lookup(key: String) -> Result<LookupResult, Error> {
    let options = LookupOptions { tags: vec![], max_wait: None, unless: None, strict: false };
    cache::lookup(key, options).await
}

async fn get_or_load(key: String, origin: String) -> Result<&'static str, Error> {
    match lookup(key).await? {
        LookupResult::Hit(_) | LookupResult::Stale(_) => Ok("hit"),
        LookupResult::Pass => Ok("pass"),
        LookupResult::Miss(lease) => {
            // The origin of this test is another key of the cache.
            let loaded = cache::get(origin).await?.unwrap_or_default();
            let options = EntryOptions { ttl: None, fresh_for: None, tags: vec![] };
            let stored = lease.commit(loaded, options).await?;
            Ok(if stored { "loaded" } else { "not stored" })
        }
    }
}

impl bindings::Guest for Concurrent {
    async fn get_all(keys: Vec<String>) -> Result<u32, String> {
        let mut found = 0;
        for value in join_all(keys.into_iter().map(cache::get)).await {
            found += u32::from(value.map_err(|error| told(&error))?.is_some());
        }
        Ok(found)
    }

    async fn get_all_plain(keys: Vec<String>) -> Result<u32, String> {
        let mut found = 0;
        for key in keys {
            let value = cache0_2_0::cache::get(&key).map_err(|error| format!("{error:?}"))?;
            found += u32::from(value.is_some());
        }
        Ok(found)
    }

    async fn load(key: String, origin: String) -> String {
        get_or_load(key, origin).await.map_or_else(|error| told(&error), str::to_owned)
    }

    async fn load_and_trap(key: String) -> String {
        let found = lookup(key).await;
        assert!(!matches!(found, Ok(LookupResult::Miss(_))), "with the lease in its hand");
        "no lease".to_owned()
    }

    async fn load_within_load(key: String) -> String {
        let held = lookup(key.clone()).await;
        let again = lookup(key).await;
        drop(held);
        again.map_or_else(|error| told(&error), |_| "no error".to_owned())
    }

    async fn give_up(key: String, other: String) -> Result<u32, String> {
        let (lookup, other) = (std::pin::pin!(lookup(key)), std::pin::pin!(cache::get(other)));
        match select(lookup, other).await {
            Either::Left(_) => Err("it was answered first".to_owned()),
            Either::Right((value, _)) => {
                let value = value.map_err(|error| told(&error))?;
                Ok(u32::try_from(value.unwrap_or_default().len()).unwrap_or(u32::MAX))
            }
        }
    }

    async fn tick() -> u32 {
        1
    }
}
