//! What a storm rages over: several processes' caches, each with a connection
//! of its own through a network of its own, on one server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use spakky_cache_core::{Cache, EntryOptions, Error, Grants, Lookup, Policy, Prefix, TokioRuntime};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_store_conformance::until;
use spakky_test_support::{Proxy, RedisServer, ServerOptions};
use tokio::sync::{Mutex, MutexGuard};

/// How long a lease lasts. A holder that a storm keeps from renewing it loses
/// it soon, so that others go on.
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

/// What one process has.
pub(crate) struct Process {
    pub(crate) proxy: Proxy,
    pub(crate) cache: Cache,
}

impl World {
    pub(crate) async fn new(options: ServerOptions) -> Self {
        let server = RedisServer::start(options).unwrap();
        let mut processes = Vec::new();
        for _ in 0..PROCESSES {
            processes.push(Process::new(server.port()).await);
        }
        Self { server: Mutex::new(server), processes }
    }

    /// The server, once nobody else has it: then it runs.
    pub(crate) async fn server(&self) -> MutexGuard<'_, RedisServer> {
        self.server.lock().await
    }

    /// A number that the server tells of itself.
    pub(crate) async fn info(&self, name: &str) -> u64 {
        let info: String = self.server().await.query(&redis::cmd("INFO")).unwrap();
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap().parse().unwrap()
    }

    /// Waits until every process can do everything again, for which nothing is
    /// done but trying; with one connection each.
    pub(crate) async fn recovers(&self) {
        for number in 0..self.processes.len() {
            until(async || self.cycle(number).await == Ok(true)).await;
        }
        until(async || self.connections().await == self.processes.len()).await;
        // Not by luck: once they are back, they stay.
        for number in 0..self.processes.len() {
            let stays = async || {
                let began = Instant::now();
                let works = self.cycle(number).await;
                let is_slow = began.elapsed() >= SOCKET_TIMEOUT;
                assert!(works == Ok(true) || is_slow, "process {number} once more: {works:?}");
                works == Ok(true)
            };
            until(stays).await;
        }
    }

    /// Sets, gets, evicts, loads and deletes in a process what nobody else
    /// uses. False: something came in between, as it may.
    async fn cycle(&self, process: usize) -> Result<bool, Error> {
        let session = self.processes[process].cache.session(Grants::default());
        let key = format!("afterwards {process}");
        let tags = vec![key.clone()];
        let options = EntryOptions { tags: tags.clone(), ..EntryOptions::default() };
        let (set, loaded) = (Bytes::from_static(b"set"), Bytes::from_static(b"loaded"));
        let (began, everything) = (Instant::now(), self.epoch_of_everything().await);

        session.set(&key, set.clone(), &options).await?;
        let was_set = session.get(&key).await? == Some(set);
        session.evict_tags(&tags).await?;
        assert_eq!(session.get(&key).await?, None, "a stale read");
        let Lookup::Miss(mut lease) = session.lookup(&key, &tags, None).await? else {
            panic!("a stale lookup");
        };
        let was_stored = lease.commit(loaded.clone(), &options).await?;
        let was_loaded = session.get(&key).await? == Some(loaded);
        let was_deleted = session.delete(&key).await?;

        let works = was_set && was_stored && was_loaded && was_deleted;
        // What may: the end of the lease, on a machine that is busy, and a
        // clear whose caller gave up, but which was under way.
        let excused = began.elapsed() >= LEASE || self.epoch_of_everything().await != everything;
        assert!(
            works || excused,
            "process {process}: set {was_set}, stored {was_stored}, loaded {was_loaded}, deleted \
             {was_deleted}"
        );
        Ok(works)
    }

    async fn epoch_of_everything(&self) -> redis::Value {
        self.server().await.command(&["GET", "storm:a|"]).unwrap()
    }

    async fn connections(&self) -> usize {
        let mut list = redis::cmd("CLIENT");
        list.arg("LIST").arg("TYPE").arg("normal");
        let list: String = self.server().await.query(&list).unwrap();
        list.split_whitespace().filter(|field| field.starts_with("addr=127.")).count()
    }
}

impl Process {
    async fn new(port: u16) -> Self {
        let proxy = Proxy::start(port).await.unwrap();
        let settings = RedisSettings {
            host: "127.0.0.1".into(),
            port: proxy.port(),
            socket_timeout: SOCKET_TIMEOUT,
            ..RedisSettings::default()
        };
        let connection = RedisConnection::connect(settings).await.unwrap();
        let prefix = Prefix::new("storm:").unwrap();
        let store = RedisStore::new(connection, prefix, Arc::new(TokioRuntime));
        let policy = Policy {
            lease: LEASE,
            longest_load: 4 * LEASE,
            longest_wait: LONGEST_WAIT,
            ..Policy::default()
        };
        let cache = Cache::with(Arc::new(store), policy, Arc::new(TokioRuntime));
        Self { proxy, cache }
    }
}
