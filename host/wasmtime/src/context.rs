//! What the host keeps for one instance of a component.

use std::sync::Arc;

use spakky_cache_core::actuator::Actuator;
use spakky_cache_core::{Grants, Session};
use wasmtime::component::ResourceTable;

use crate::bindings::spakky::cache::config::CacheConfig;

/// What a component may know of how its cache is set up. Never a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name or address of the backend; empty where the store is in the host.
    pub host: String,
    /// Port of the backend; 0 where the store is in the host.
    pub port: u16,
    /// Number of the database.
    pub db: u32,
    /// Whether the connection is encrypted.
    pub use_ssl: bool,
    /// What every key of this cache begins with in the backend.
    pub key_prefix: String,
    /// The longest that one operation of the backend may take.
    pub socket_timeout: std::time::Duration,
    /// `redis` or `rediss`; `embedded` where the store is in the host.
    pub scheme: String,
    /// Scheme, host, port and database, without credentials.
    pub connection_url: String,
}

impl Settings {
    /// Those of a store inside the host.
    pub fn embedded(key_prefix: &str) -> Self {
        Self {
            host: String::new(),
            port: 0,
            db: 0,
            use_ssl: false,
            key_prefix: key_prefix.to_owned(),
            socket_timeout: std::time::Duration::ZERO,
            scheme: "embedded".to_owned(),
            connection_url: "embedded://".to_owned(),
        }
    }
}

/// What the host keeps for one instance: its session with the cache, and the
/// leases that it holds. Dropping it, as with the instance's `Store`, gives
/// them up.
#[derive(Debug)]
pub struct CacheCtx {
    pub(crate) session: Session,
    pub(crate) leases: ResourceTable,
    pub(crate) settings: Arc<Settings>,
    pub(crate) actuator: Arc<Actuator>,
}

impl CacheCtx {
    /// For a new instance, that uses the cache by `session`.
    pub fn new(session: Session, settings: Arc<Settings>, actuator: Arc<Actuator>) -> Self {
        let mut leases = ResourceTable::new();
        // The session's quota is what a guest meets; this is the wall behind
        // it, against spent leases that are never dropped.
        leases.set_max_capacity(Self::most_handles(session.grants()));
        Self { session, leases, settings, actuator }
    }

    fn most_handles(grants: &Grants) -> usize {
        grants.leases.saturating_mul(4).max(64)
    }
}

impl From<&Settings> for CacheConfig {
    fn from(settings: &Settings) -> Self {
        let millis = settings.socket_timeout.as_millis();
        Self {
            host: settings.host.clone(),
            port: settings.port,
            db: settings.db,
            use_ssl: settings.use_ssl,
            key_prefix: settings.key_prefix.clone(),
            socket_timeout: u64::try_from(millis).unwrap_or(u64::MAX),
            scheme: settings.scheme.clone(),
            connection_url: settings.connection_url.clone(),
        }
    }
}
