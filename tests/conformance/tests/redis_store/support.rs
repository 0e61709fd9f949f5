//! What these tests share.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::entry::{Entry, Envelope, Id, Marker};
use spakky_cache_core::store::Found;
use spakky_cache_core::{
    Key, Prefix, Runtime as _, Store as _, StoreError, StoreErrorKind, Tag, TokioRuntime,
};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_test_runtime::Protocol as _;
use spakky_test_support::{RedisServer, ServerOptions};
pub(crate) use spakky_test_support::{commands_of, until};

/// Far longer than anything takes: only what never happens fails by it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
/// A timeout that is waited for in the test.
pub(crate) const SHORT: Duration = Duration::from_millis(300);

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

/// A store with a connection of its own, as another process has it.
pub(crate) async fn open(settings: RedisSettings) -> RedisStore {
    let prefix = settings.key_prefix.clone();
    let connection = RedisConnection::connect(settings).await.unwrap();
    RedisStore::new(connection, prefix, Arc::new(TokioRuntime))
}

/// The same connection's store of another prefix.
pub(crate) fn beside(store: &RedisStore, prefix: &str) -> RedisStore {
    RedisStore::new(
        store.connection().clone(),
        Prefix::new(prefix).unwrap(),
        Arc::new(TokioRuntime),
    )
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text, 1024).unwrap()
}

pub(crate) fn tags(texts: &[&str]) -> Vec<Tag> {
    texts.iter().map(|text| Tag::new(text, 1024).unwrap()).collect()
}

pub(crate) async fn entry(
    store: &RedisStore,
    with: &[&str],
    value: &str,
) -> Result<Entry, StoreError> {
    let ttl = Some(Duration::from_hours(1));
    Ok(Entry {
        id: Id::random(&TokioRuntime),
        stored_at: TokioRuntime.now(),
        ttl,
        fresh_for: None,
        load_time: Duration::ZERO,
        epochs: store.capture(&tags(with), ttl).await?,
        value: Bytes::copy_from_slice(value.as_bytes()),
    })
}

pub(crate) async fn marker(store: &RedisStore) -> Marker {
    let epochs = store.capture(&[], None).await.unwrap();
    let lasts = Duration::from_mins(10);
    Marker { id: Id::random(&TokioRuntime), taken_at: TokioRuntime.now(), lasts, epochs }
}

/// Stores `value` under `name` with the tags `with`.
pub(crate) async fn put(
    store: &RedisStore,
    name: &str,
    with: &[&str],
    value: &str,
) -> Result<(), StoreError> {
    let envelope = Envelope::Entry(entry(store, with, value).await?);
    store.put_one(&key(name), &envelope).await
}

/// What a caller of the cache would read: the value of what is alive.
pub(crate) async fn read(store: &RedisStore, name: &str) -> Result<Option<String>, StoreError> {
    let found = store.read(&key(name)).await?;
    Ok(value(found))
}

pub(crate) fn value(found: Found) -> Option<String> {
    let entry = found.into_entry()?;
    Some(String::from_utf8(entry.value.to_vec()).unwrap())
}

/// Waits until the store can be used again, which it can by itself.
pub(crate) async fn until_back(store: &RedisStore) {
    until("the connection is back", async || store.ping().await.is_ok()).await;
}

pub(crate) fn is_unavailable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(error) if error.kind() == StoreErrorKind::Unavailable)
}

/// Whether the server refused a command, with `text` in the cause.
pub(crate) fn is_failure<T>(outcome: &Result<T, StoreError>, text: &str) -> bool {
    let Err(error) = outcome else { return false };
    let cause = error.source().expect("every error of the store has a cause").to_string();
    error.kind() == StoreErrorKind::Failed && cause.contains(text)
}
