//! The caches of several processes on one server, each with its own connection
//! through its own network.

use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::{Cache, Grants, Policy, Prefix, TokioRuntime};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_store_conformance::until;
use spakky_test_support::{Proxy, RedisServer, ServerOptions};
use tokio::sync::{Mutex, MutexGuard};

/// How long a lease lasts: not long, so that others go on when its holder cannot
/// renew it.
pub(crate) const LEASE: Duration = Duration::from_millis(400);
/// How long a caller waits for another's load.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long a process waits for an answer.
const SOCKET_TIMEOUT: Duration = Duration::from_millis(300);
const PROCESSES: usize = 4;

/// A server and the processes that use it.
pub(crate) struct World {
    server: Mutex<RedisServer>,
    pub(crate) processes: Vec<Process>,
}

/// A process: its network and its cache.
pub(crate) struct Process {
    pub(crate) proxy: Proxy,
    pub(crate) cache: Cache,
}

impl World {
    pub(crate) async fn new(options: ServerOptions) -> Self {
        let server = RedisServer::start(options).unwrap();
        let mut processes = Vec::new();
        for _ in 0..PROCESSES {
            let proxy = Proxy::start(server.port()).await.unwrap();
            let settings = RedisSettings {
                host: "127.0.0.1".into(),
                port: proxy.port(),
                socket_timeout: SOCKET_TIMEOUT,
                ..RedisSettings::default()
            };
            let connection = RedisConnection::connect(settings).await.unwrap();
            let (runtime, prefix) = (Arc::new(TokioRuntime), Prefix::new("storm:").unwrap());
            let store = Arc::new(RedisStore::new(connection, prefix, runtime.clone()));
            let policy = Policy {
                lease: LEASE,
                longest_load: 4 * LEASE,
                longest_wait: LONGEST_WAIT,
                ..Policy::default()
            };
            processes.push(Process { proxy, cache: Cache::with(store, policy, runtime) });
        }
        Self { server: Mutex::new(server), processes }
    }

    /// The server, which runs once this is answered.
    pub(crate) async fn server(&self) -> MutexGuard<'_, RedisServer> {
        self.server.lock().await
    }

    /// A number of the server's `INFO`.
    pub(crate) async fn info(&self, name: &str) -> u64 {
        let info: String = self.server().await.query(&redis::cmd("INFO")).unwrap();
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap().parse().unwrap()
    }

    /// Waits until every process works again, for which nothing is done but
    /// trying, with one connection each. The next round tries all else.
    pub(crate) async fn recovers(&self) {
        let tags = ["afterwards".to_owned()];
        for process in &self.processes {
            let session = process.cache.session(Grants::default());
            until(async || session.evict_tags(&tags).await.is_ok()).await;
        }
        until(async || self.server().await.clients().unwrap() == self.processes.len()).await;
    }
}
