//! The contract's `config`.

use std::time::Duration;

use crate::bindings::spakky::cache::config;
use crate::context::CacheCtx;

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

impl config::Host for CacheCtx {
    async fn get(&mut self) -> wasmtime::Result<config::CacheConfig> {
        let config = self.config.as_deref().cloned().unwrap_or_default();
        let socket_timeout = config.socket_timeout.as_millis();
        Ok(config::CacheConfig {
            host: config.host,
            port: config.port,
            db: config.db,
            use_ssl: config.use_ssl,
            key_prefix: config.key_prefix,
            socket_timeout: u64::try_from(socket_timeout).unwrap_or(u64::MAX),
            scheme: config.scheme,
            connection_url: config.connection_url,
        })
    }
}
