//! The contract's `config`.

use std::time::Duration;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower};

use crate::access::Get;
use crate::types::millis;

/// The configuration of a cache as components see it. It contains no credentials.
///
/// The default describes a store in the host's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Host name or address of the backend; empty for a store in the host's
    /// process.
    pub host: String,
    /// Port of the backend; 0 for a store in the host's process.
    pub port: u16,
    /// Number of the database.
    pub db: u32,
    /// Whether the connection is encrypted.
    pub use_ssl: bool,
    /// The prefix of all of this cache's keys in the backend.
    pub key_prefix: String,
    /// How long one operation of the backend may take at most.
    pub socket_timeout: Duration,
    /// `redis` or `rediss`; `embedded` for a store in the host's process.
    pub scheme: String,
    /// Scheme, host, port and database, without credentials.
    pub connection_url: String,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 0,
            db: 0,
            use_ssl: false,
            key_prefix: String::new(),
            socket_timeout: Duration::ZERO,
            scheme: "embedded".to_owned(),
            connection_url: "embedded://".to_owned(),
        }
    }
}

/// The contract's `cache-config`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct ContractConfig {
    host: String,
    port: u16,
    db: u32,
    #[component(name = "use-ssl")]
    use_ssl: bool,
    #[component(name = "key-prefix")]
    key_prefix: String,
    #[component(name = "socket-timeout")]
    socket_timeout: u64,
    scheme: String,
    #[component(name = "connection-url")]
    connection_url: String,
}

impl From<CacheConfig> for ContractConfig {
    fn from(config: CacheConfig) -> Self {
        Self {
            host: config.host,
            port: config.port,
            db: config.db,
            use_ssl: config.use_ssl,
            key_prefix: config.key_prefix,
            socket_timeout: millis(config.socket_timeout),
            scheme: config.scheme,
            connection_url: config.connection_url,
        }
    }
}

/// Links the interface, which is the same in both versions.
pub(crate) fn add<T: Send + 'static>(
    linker: &mut Linker<T>,
    name: &str,
    get: Get<T>,
) -> wasmtime::Result<()> {
    linker.instance(name)?.func_wrap("get", move |mut store: StoreContextMut<'_, T>, (): ()| {
        let config = get(store.data_mut()).config.as_deref().cloned().unwrap_or_default();
        Ok((ContractConfig::from(config),))
    })
}
