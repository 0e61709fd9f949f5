//! Opening the store.

use std::sync::Arc;

use spakky_cache_core::{Runtime, Store, TokioRuntime};
use spakky_cache_memory::MemoryStore;
use spakky_cache_redis::{
    ConnectError, ConnectErrorKind, RedisConnection, RedisSettings, RedisStore,
};
use spakky_cache_wasmtime::Settings;

use crate::exit::{Failure, UNAVAILABLE};
use crate::settings::StoreOptions;

/// When the command connects to its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connect {
    /// At once; the command fails if it cannot.
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
        Connect::Now => RedisConnection::connect(settings.clone()).await.map_err(|error| {
            Failure::new(UNAVAILABLE, &error).hint(format!(
                "{}; --store embedded runs without Redis, for a first try",
                remedy(&error)
            ))
        })?,
        Connect::Lazily => RedisConnection::new(settings.clone()),
    };
    // The connection's own task needs no handle of the command's background.
    Ok(Arc::new(RedisStore::new(connection, settings.key_prefix.clone(), Arc::new(TokioRuntime))))
}

/// What may make the connection succeed.
fn remedy(error: &ConnectError) -> &'static str {
    match error.kind {
        ConnectErrorKind::NameNotFound(_) => "check SPAKKY_REDIS__HOST",
        ConnectErrorKind::Refused => {
            "start Redis, or check SPAKKY_REDIS__HOST and SPAKKY_REDIS__PORT"
        }
        ConnectErrorKind::TimedOut(_) => {
            "check SPAKKY_REDIS__HOST, SPAKKY_REDIS__PORT and the network, or raise \
             SPAKKY_REDIS__SOCKET_TIMEOUT"
        }
        ConnectErrorKind::PasswordRequired => "set SPAKKY_REDIS__PASSWORD",
        ConnectErrorKind::WrongPassword => "check SPAKKY_REDIS__PASSWORD",
        ConnectErrorKind::WrongUserOrPassword(_) => {
            "check SPAKKY_REDIS__USERNAME and SPAKKY_REDIS__PASSWORD"
        }
        ConnectErrorKind::NoSuchDatabase(_) => {
            "check SPAKKY_REDIS__DB, or raise `databases` in redis.conf"
        }
        ConnectErrorKind::TlsHandshake(_) => {
            "if the port is not a TLS port, set SPAKKY_REDIS__USE_SSL=false"
        }
        ConnectErrorKind::Certificate(_) => "SSL_CERT_FILE may name a file of roots to trust",
        ConnectErrorKind::NoRoots(_) => "install trusted roots, or set SSL_CERT_FILE",
        ConnectErrorKind::TlsExpected => {
            "if the port is a TLS port, set SPAKKY_REDIS__USE_SSL=true"
        }
        ConnectErrorKind::NotRedis(_) => "check SPAKKY_REDIS__PORT",
        ConnectErrorKind::TooOld(_) => "upgrade the server",
        ConnectErrorKind::Denied(_) => "check what the server's ACL grants this user",
        _ => "check SPAKKY_REDIS__HOST and the network",
    }
}

/// What a component may know of the store.
pub(crate) fn shown(options: &StoreOptions) -> Settings {
    match options {
        StoreOptions::Embedded(prefix) => Settings::embedded(prefix.as_str()),
        StoreOptions::Redis(settings) => shown_of_redis(settings),
    }
}

fn shown_of_redis(settings: &RedisSettings) -> Settings {
    Settings {
        host: settings.host.clone(),
        port: settings.port,
        db: settings.database,
        use_ssl: settings.use_ssl,
        key_prefix: settings.key_prefix.as_str().to_owned(),
        socket_timeout: settings.socket_timeout,
        scheme: if settings.use_ssl { "rediss" } else { "redis" }.to_owned(),
        connection_url: settings.url(),
    }
}
