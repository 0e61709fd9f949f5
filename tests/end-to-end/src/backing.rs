//! The stores that scenarios are played on.

use std::sync::Arc;

use spakky_cache_core::{Prefix, Store, TokioRuntime};
use spakky_cache_memory::MemoryStore;
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_cache_wasmtime::CacheConfig;

/// What keeps the entries.
#[derive(Clone, Debug)]
pub enum Backing {
    /// The memory of this process.
    Embedded,
    /// A Redis server.
    Redis(Box<RedisSettings>),
}

impl Backing {
    /// Its name in the names of tests.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Redis(_) => "redis",
        }
    }

    /// The cache of `prefix`, as `hosts` different hosts have it.
    ///
    /// # Errors
    /// The store cannot be reached.
    pub async fn open(&self, prefix: &Prefix, hosts: usize) -> anyhow::Result<Vec<Arc<dyn Store>>> {
        let mut stores: Vec<Arc<dyn Store>> = Vec::new();
        match self {
            Self::Embedded => {
                let store = MemoryStore::new(Arc::new(TokioRuntime));
                stores.extend((0..hosts).map(|_| store.keyspace(prefix) as Arc<dyn Store>));
            }
            Self::Redis(settings) => {
                for _ in 0..hosts {
                    let connection = RedisConnection::connect((**settings).clone()).await?;
                    let store = RedisStore::new(connection, prefix.clone(), Arc::new(TokioRuntime));
                    stores.push(Arc::new(store));
                }
            }
        }
        Ok(stores)
    }

    /// The configuration that guests see.
    pub fn config(&self, prefix: &Prefix) -> CacheConfig {
        match self {
            Self::Embedded => {
                CacheConfig { key_prefix: prefix.as_str().to_owned(), ..CacheConfig::default() }
            }
            Self::Redis(settings) => CacheConfig {
                host: settings.host.clone(),
                port: settings.port,
                db: settings.database,
                use_ssl: settings.use_ssl,
                key_prefix: prefix.as_str().to_owned(),
                socket_timeout: settings.socket_timeout,
                scheme: "redis".to_owned(),
                connection_url: settings.url(),
            },
        }
    }

    /// The port, or 0 for the embedded store.
    pub fn port(&self) -> u16 {
        match self {
            Self::Embedded => 0,
            Self::Redis(settings) => settings.port,
        }
    }
}
