//! The contract's `config`: what a component may know of how its cache is set up.

use std::time::Duration;

use crate::bindings::spakky::cache::config;
use crate::context::CacheCtx;

/// What a component may know of how its cache is set up. Never a credential.
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
        let CacheConfig {
            host,
            port,
            db,
            use_ssl,
            key_prefix,
            socket_timeout,
            scheme,
            connection_url,
        } = self.config.as_deref().cloned().unwrap_or_default();
        let socket_timeout = u64::try_from(socket_timeout.as_millis()).unwrap_or(u64::MAX);
        Ok(config::CacheConfig {
            host,
            port,
            db,
            use_ssl,
            key_prefix,
            socket_timeout,
            scheme,
            connection_url,
        })
    }
}
