//! Host processes on one Redis.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::{
    Cache, EntryOptions, Error, Grants, Lease, Lookup, Policy, Prefix, Session, TokioRuntime,
};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_test_support::{RedisServer, ServerOptions, proof};
pub(crate) use spakky_test_support::{commands_of, until};

/// Far longer than anything takes: only what never happens fails by it.
const DEADLINE: Duration = Duration::from_secs(30);

/// What every key begins with, unless a test says otherwise.
pub(crate) const PREFIX: &str = "app:";

pub(crate) fn redis() -> RedisServer {
    RedisServer::start(ServerOptions::new()).unwrap()
}

/// No entry is refreshed before its time, so that chance decides nothing.
pub(crate) fn policy() -> Policy {
    Policy { early_refresh: 0.0, ..Policy::default() }
}

/// What a new host process has of the cache of `prefix`.
pub(crate) async fn connect(port: u16, prefix: &str, policy: Policy) -> Cache {
    let prefix = Prefix::new(prefix).unwrap();
    let settings = RedisSettings {
        host: "127.0.0.1".into(),
        port,
        key_prefix: prefix.clone(),
        socket_timeout: DEADLINE,
        ..RedisSettings::default()
    };
    let connection = RedisConnection::connect(settings).await.unwrap();
    let runtime = Arc::new(TokioRuntime);
    let store = RedisStore::new(connection, prefix, runtime.clone());
    Cache::with(Arc::new(store), policy, runtime)
}

/// A new host process.
pub(crate) async fn process(server: &RedisServer) -> Cache {
    connect(server.port(), PREFIX, policy()).await
}

/// One of a process's guests.
pub(crate) fn guest(process: &Cache) -> Session {
    process.session(Grants::default())
}

/// A guest of a process of its own.
pub(crate) async fn guest_of_its_own(server: &RedisServer) -> Session {
    guest(&process(server).await)
}

/// The lease of `key`, which nobody else has.
pub(crate) async fn lease(guest: &Session, key: &str, tags: &[&str]) -> Lease {
    match guest.lookup(key, &texts(tags), None).await.unwrap() {
        Lookup::Miss(lease) => lease,
        other => panic!("{other:?} is no lease of {key:?}"),
    }
}

/// A lookup that does not wait.
pub(crate) async fn look(guest: &Session, key: &str) -> Result<Lookup, Error> {
    guest.lookup(key, &[], Some(Duration::ZERO)).await
}

/// As the guest libraries do: looks `key` up, and loads it if it is missing.
pub(crate) async fn get_or_load(
    guest: &Session,
    key: &str,
    load: impl AsyncFnOnce() -> Bytes,
) -> Result<Bytes, Error> {
    match guest.lookup(key, &[], None).await? {
        Lookup::Hit(value) | Lookup::Stale { value, .. } => Ok(value),
        Lookup::Miss(mut lease) => {
            let value = load().await;
            lease.commit(value.clone(), &EntryOptions::default()).await?;
            Ok(value)
        }
    }
}

pub(crate) fn texts(tags: &[&str]) -> Vec<String> {
    tags.iter().map(ToString::to_string).collect()
}

pub(crate) fn tagged(tags: &[&str]) -> EntryOptions {
    EntryOptions { tags: texts(tags), ..EntryOptions::default() }
}

/// Stores `count` entries, as many at once as a batch takes.
pub(crate) async fn fill(guest: &Session, count: usize, options: &EntryOptions) {
    let keys: Vec<_> = (0..count).map(|n| n.to_string()).collect();
    for batch in keys.chunks(guest.cache().policy().limits.batch_keys) {
        let entries = batch.iter().map(|key| (key.as_str(), Bytes::from_static(b"value")));
        guest.set_many(entries.collect(), options).await.unwrap();
    }
}

/// The names of all keys of the server, in order.
pub(crate) fn names(server: &RedisServer) -> Vec<String> {
    let mut names: Vec<String> = server.query(redis::cmd("KEYS").arg("*")).unwrap();
    names.sort_unstable();
    names
}

/// How many keys the server has.
pub(crate) fn size(server: &RedisServer) -> usize {
    server.query(&redis::cmd("DBSIZE")).unwrap()
}

/// One fault that did not come back, for the table of `./just prove`.
pub(crate) fn mended(fault: &str, tried: &str, found: &str) {
    proof::row(format!("Spakky: {fault}"), tried, found);
}
