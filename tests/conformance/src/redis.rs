//! Redis as a [`Backing`].

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::{Cmd, FromRedisValue, cmd};
use spakky_cache_core::{Prefix, Runtime, Store};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_test_runtime::TestRuntime;
use spakky_test_support::{RedisServer, ServerOptions};

use crate::{Backing, BoxFuture, Keyspaces, Raw};

/// One `redis-server` for all cases, each of which has its own prefix. The server starts
/// with the first case, and ends when the last clone of this is dropped.
#[derive(Clone)]
pub struct Redis {
    server: Arc<OnceLock<RedisServer>>,
    name: &'static str,
    before_7: bool,
}

impl Redis {
    /// A server that starts when it is first used.
    #[must_use]
    pub fn new() -> Self {
        Self { server: Arc::default(), name: "redis", before_7: false }
    }

    /// The same server, treated as older than 7.0.
    #[must_use]
    pub fn before_7(&self) -> Self {
        Self { name: "redis before 7", before_7: true, ..self.clone() }
    }

    fn server(&self) -> &RedisServer {
        self.server.get_or_init(|| RedisServer::start(ServerOptions::new()).expect("a Redis"))
    }

    fn query<T: FromRedisValue>(&self, command: &Cmd) -> T {
        self.server().query(command).expect("an answer")
    }
}

impl Default for Redis {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Backing for Redis {
    fn name(&self) -> &'static str {
        self.name
    }

    fn runtime(&self, seed: u64) -> Arc<TestRuntime> {
        TestRuntime::real(seed)
    }

    fn keyspaces(&self, runtime: &Arc<TestRuntime>) -> Arc<dyn Keyspaces> {
        Arc::new(OnServer { redis: self.clone(), runtime: runtime.clone() })
    }
}

#[derive(Debug)]
struct OnServer {
    redis: Redis,
    runtime: Arc<TestRuntime>,
}

impl Keyspaces for OnServer {
    fn open<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Arc<dyn Store>> {
        Box::pin(async move {
            let settings = RedisSettings {
                host: "127.0.0.1".into(),
                port: self.redis.server().port(),
                key_prefix: prefix.clone(),
                // The machine may be busy with other cases.
                socket_timeout: Duration::from_secs(30),
                before_7: self.redis.before_7,
                ..RedisSettings::default()
            };
            // A new connection, as another process would have.
            let connection = RedisConnection::connect(settings).await.expect("a connection");
            let runtime: Arc<dyn Runtime> = self.runtime.clone();
            Arc::new(RedisStore::new(connection, prefix.clone(), runtime)) as Arc<dyn Store>
        })
    }

    fn raw(&self) -> Option<Arc<dyn Raw>> {
        Some(Arc::new(self.redis.clone()))
    }
}

impl Raw for Redis {
    fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.query(cmd("GET").arg(name))
    }

    fn set(&self, name: &str, bytes: &[u8]) {
        self.query::<()>(cmd("SET").arg(name).arg(bytes));
    }

    fn remove(&self, name: &str) {
        self.query::<()>(cmd("DEL").arg(name));
    }

    fn lives(&self, name: &str) -> Option<u64> {
        self.query::<i64>(cmd("PTTL").arg(name)).try_into().ok()
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        assert!(prefix.chars().all(|c| c.is_alphanumeric() || " :".contains(c)), "{prefix:?}");
        self.query(cmd("KEYS").arg(format!("{prefix}*")))
    }
}
