//! Opening the store.

use std::sync::Arc;

use spakky_cache_core::{Runtime, Store, TokioRuntime};
use spakky_cache_memory::MemoryStore;
use spakky_cache_redis::{RedisConnection, RedisStore};
use spakky_cache_wasmtime::CacheConfig;

use crate::connect_hint::connect_hint;
use crate::exit::{Failure, UNAVAILABLE};
use crate::settings::StoreOptions;

/// When the command connects to its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connect {
    /// Immediately. If it cannot, the command fails.
    Now,
    /// When the store is first used. Until it can be reached, each operation
    /// fails.
    Lazily,
}

/// Opens the store of `options`.
pub(crate) async fn open(
    options: &StoreOptions,
    runtime: Arc<dyn Runtime>,
    connect: Connect,
) -> Result<Arc<dyn Store>, Failure> {
    let settings = match options {
        StoreOptions::Embedded(prefix) => {
            return Ok(MemoryStore::new(runtime).keyspace(prefix));
        }
        StoreOptions::Redis(settings) => settings,
    };
    let connection = match connect {
        // Its future is large.
        Connect::Now => {
            Box::pin(RedisConnection::connect(settings.clone())).await.map_err(|error| {
                connect_hint(&error.kind)
                    .into_iter()
                    .fold(Failure::new(UNAVAILABLE, &error), Failure::hint)
                    .hint("--store embedded runs without Redis, for a first try")
            })?
        }
        Connect::Lazily => RedisConnection::new(settings.clone()),
    };
    // The command does not wait for the connection's task.
    Ok(Arc::new(RedisStore::new(connection, settings.key_prefix.clone(), Arc::new(TokioRuntime))))
}

/// The configuration of the store that components see.
pub(crate) fn config(options: &StoreOptions) -> CacheConfig {
    match options {
        StoreOptions::Embedded(prefix) => {
            CacheConfig { key_prefix: prefix.as_str().to_owned(), ..CacheConfig::default() }
        }
        StoreOptions::Redis(settings) => CacheConfig {
            host: settings.host.clone(),
            port: settings.port,
            db: settings.database,
            use_ssl: settings.use_ssl,
            key_prefix: settings.key_prefix.as_str().to_owned(),
            socket_timeout: settings.socket_timeout,
            scheme: if settings.use_ssl { "rediss" } else { "redis" }.to_owned(),
            connection_url: settings.url(),
        },
    }
}
