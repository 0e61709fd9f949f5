//! Stores, and what they hold.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Marker};
use spakky_cache_core::{Store as _, StoreError, StoreErrorKind, Tag, TokioRuntime};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_store_conformance::{self as conformance, tag};
pub(crate) use spakky_store_conformance::{DEADLINE, key};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{RedisServer, ServerOptions};
pub(crate) use spakky_test_support::{commands_of, until};

pub(crate) fn redis() -> RedisServer {
    RedisServer::start(ServerOptions::new()).unwrap()
}

pub(crate) fn settings(port: u16) -> RedisSettings {
    RedisSettings {
        host: "127.0.0.1".into(),
        port,
        socket_timeout: DEADLINE,
        ..RedisSettings::default()
    }
}

/// A store with its own connection, as each process has.
pub(crate) async fn open(settings: RedisSettings) -> RedisStore {
    let prefix = settings.key_prefix.clone();
    let connection = RedisConnection::connect(settings).await.unwrap();
    RedisStore::new(connection, prefix, Arc::new(TokioRuntime))
}

/// Two stores, as two processes have them.
pub(crate) async fn open_two(server: &RedisServer) -> (RedisStore, RedisStore) {
    (open(settings(server.port())).await, open(settings(server.port())).await)
}

/// A server, and a store whose user may do all but `rules`, such as `-set`.
pub(crate) async fn open_restricted(rules: &[&str]) -> (RedisServer, RedisStore) {
    let rules = [&["~*", "&*", "+@all"], rules].concat();
    let server = RedisServer::start(ServerOptions::new().user("app", "s3cret", &rules)).unwrap();
    let (username, password) = (Some("app".into()), Some("s3cret".into()));
    let store = open(RedisSettings { username, password, ..settings(server.port()) }).await;
    (server, store)
}

pub(crate) fn tags(texts: &[&str]) -> Vec<Tag> {
    texts.iter().map(|text| tag(text)).collect()
}

pub(crate) async fn entry(store: &RedisStore, with: &[&str], value: &str) -> Entry {
    conformance::entry(&TokioRuntime, store, with, value, Some(Duration::from_hours(1))).await
}

pub(crate) async fn marker(store: &RedisStore) -> Marker {
    conformance::marker(&TokioRuntime, store, &[]).await
}

/// Stores `value` under `name` with the tags `with`.
pub(crate) async fn put(
    store: &RedisStore,
    name: &str,
    with: &[&str],
    value: &str,
) -> Result<(), StoreError> {
    store.put_one(&key(name), &Envelope::Entry(entry(store, with, value).await)).await
}

/// The value of the entry that is alive under `name`.
pub(crate) async fn read(store: &RedisStore, name: &str) -> Result<Option<String>, StoreError> {
    let entry = store.read(&key(name)).await?.into_entry();
    Ok(entry.map(|entry| String::from_utf8(entry.value.to_vec()).unwrap()))
}

/// Whether the server refused a command, with `text` in the cause.
pub(crate) fn is_failure<T>(outcome: &Result<T, StoreError>, text: &str) -> bool {
    let Err(error) = outcome else { return false };
    let cause = error.source().expect("every error of the store has a cause").to_string();
    error.kind() == StoreErrorKind::Failed && cause.contains(text)
}
