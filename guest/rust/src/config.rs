use std::time::Duration;

use crate::host;

/// What a component may know of how its cache is set up. Never a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Name or address of the backend; empty where the store is in the host.
    pub host: String,
    /// Port of the backend; 0 where the store is in the host.
    pub port: u16,
    /// Number of the database.
    pub db: u32,
    /// Whether the connection is encrypted.
    pub use_ssl: bool,
    /// What every key of this cache begins with, in the backend.
    pub key_prefix: String,
    /// The longest that one operation of the backend may take.
    pub socket_timeout: Duration,
    /// `redis` or `rediss`; `embedded` where the store is in the host.
    pub scheme: String,
    /// Scheme, host, port and database, without credentials.
    pub connection_url: String,
}

/// The settings in force.
pub fn config() -> Config {
    host::config()
}
