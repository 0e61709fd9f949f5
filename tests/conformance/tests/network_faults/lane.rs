//! Where a row of the table runs: on its own server, so that connections can be
//! counted, behind a network that fails on demand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use spakky_cache_core::{Prefix, TokioRuntime};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_store_conformance::DEADLINE;
use spakky_test_support::{Proxy, RedisServer, ServerOptions, Traffic};

/// The timeout where the network falls silent. Longer than a machine that is
/// busy with other tests takes to answer.
const SOON: Duration = Duration::from_millis(500);
/// A timeout beyond all deadlines: it ends nothing.
const NEVER: Duration = DEADLINE.saturating_mul(10);

/// A server, and the two stores that use it, as two processes would.
pub(crate) struct Lane {
    pub(crate) server: RedisServer,
    pub(crate) proxy: Proxy,
    /// Behind the proxy.
    pub(crate) store: RedisStore,
    /// Undisturbed.
    pub(crate) other: RedisStore,
    /// What the handshake of `store` sent and received.
    pub(crate) handshake: Traffic,
    /// Whether `store` gives up [soon](SOON).
    pub(crate) hasty: bool,
}

impl Lane {
    /// With a store that gives up [soon](SOON), or [never](NEVER).
    pub(crate) async fn open(server: RedisServer, hasty: bool) -> Self {
        let proxy = Proxy::start(server.port()).await.unwrap();
        let store = open(proxy.port(), if hasty { SOON } else { NEVER }).await;
        let handshake = proxy.traffic();
        let other = open(server.port(), NEVER).await;
        Self { server, proxy, store, other, handshake, hasty }
    }

    /// All keys of the server, and their values.
    pub(crate) fn contents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut names: Vec<String> = self.server.query(redis::cmd("KEYS").arg("*")).unwrap();
        names.sort_unstable();
        let get = |name: &String| self.server.query(redis::cmd("GET").arg(name)).unwrap();
        let values: Vec<_> = names.iter().map(get).collect();
        names.into_iter().zip(values).collect()
    }
}

async fn open(port: u16, socket_timeout: Duration) -> RedisStore {
    let settings = RedisSettings {
        host: "127.0.0.1".into(),
        port,
        socket_timeout,
        ..RedisSettings::default()
    };
    // A store that gives up soon may do so on a busy machine.
    let begun = Instant::now();
    let connection = loop {
        match RedisConnection::connect(settings.clone()).await {
            Ok(connection) => break connection,
            Err(error) => assert!(begun.elapsed() < DEADLINE, "{error}"),
        }
    };
    RedisStore::new(connection, Prefix::new("faults:").unwrap(), Arc::new(TokioRuntime))
}

/// Servers that are idle.
#[derive(Debug, Default)]
pub(crate) struct Servers(Mutex<Vec<RedisServer>>);

impl Servers {
    /// One of them, or a new one.
    pub(crate) fn take(&self) -> RedisServer {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| RedisServer::start(ServerOptions::new()).unwrap())
    }

    /// For the next row, which begins with a flush.
    pub(crate) fn give_back(&self, server: RedisServer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(server);
    }
}
