//! Where a row of the table is tried: a server of its own, so that its
//! connections can be counted, behind a network that fails on demand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use spakky_cache_core::{Prefix, TokioRuntime};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_store_conformance::DEADLINE;
use spakky_test_support::{Proxy, RedisServer, ServerOptions, Traffic};

/// What is waited for when the network falls silent. A machine that is busy
/// with other tests must not take that long to answer.
const SOON: Duration = Duration::from_millis(500);
/// Beyond all deadlines: what ends before it was not ended by it.
const NEVER: Duration = DEADLINE.saturating_mul(10);

/// A server, and the two stores that use it, as two processes would.
pub(crate) struct Lane {
    pub(crate) server: RedisServer,
    pub(crate) proxy: Proxy,
    /// Behind the proxy.
    pub(crate) store: RedisStore,
    /// Undisturbed.
    pub(crate) other: RedisStore,
    /// What its handshake took.
    pub(crate) handshake: Traffic,
    /// Whether the store gives up soon.
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

    /// How many connections the server has, apart from the test's own.
    pub(crate) fn connections(&self) -> usize {
        let list: String = self.server.query(redis::cmd("CLIENT").arg("LIST")).unwrap();
        list.split_whitespace().filter(|field| field.starts_with("addr=127.")).count()
    }

    /// All that the server keeps.
    pub(crate) fn contents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let mut names: Vec<String> = self.server.query(redis::cmd("KEYS").arg("*")).unwrap();
        names.sort_unstable();
        let get = |name: &String| self.server.query(redis::cmd("GET").arg(name)).unwrap();
        let values: Vec<_> = names.iter().map(get).collect();
        names.into_iter().zip(values).collect()
    }

    /// The full name of a key: `kind` as in the protocol.
    pub(crate) fn name(&self, kind: char, name: &str) -> String {
        format!("{}{kind}|{name}", self.store.prefix().as_str())
    }
}

async fn open(port: u16, socket_timeout: Duration) -> RedisStore {
    let settings = RedisSettings {
        host: "127.0.0.1".into(),
        port,
        socket_timeout,
        ..RedisSettings::default()
    };
    // What gives up soon may do so for the machine's sake.
    let begun = Instant::now();
    let connection = loop {
        match RedisConnection::connect(settings.clone()).await {
            Ok(connection) => break connection,
            Err(error) => assert!(begun.elapsed() < DEADLINE, "{error}"),
        }
    };
    RedisStore::new(connection, Prefix::new("faults:").unwrap(), Arc::new(TokioRuntime))
}

/// Servers that nobody uses.
#[derive(Debug, Default)]
pub(crate) struct Servers(Mutex<Vec<RedisServer>>);

impl Servers {
    /// One of them, or a new one.
    pub(crate) fn take(&self) -> RedisServer {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| RedisServer::start(ServerOptions::new()).unwrap())
    }

    /// A row is done, and left nothing that the next one minds.
    pub(crate) fn give_back(&self, server: RedisServer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(server);
    }
}
