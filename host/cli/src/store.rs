//! Opening the store, and the one that stands in for a store that is not there.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};
use spakky_cache_core::store::{CasToken, Change, EvictionMark, Found, Step, Swept, Taken};
use spakky_cache_core::{Key, Runtime, Store, StoreError, Tag, TokioRuntime};
use spakky_cache_memory::MemoryStore;
use spakky_cache_redis::{RedisConnection, RedisStore};
use spakky_cache_wasmtime::CacheConfig;

use crate::connect_hint::connect_hint;
use crate::exit::{Failure, UNAVAILABLE};
use crate::settings::StoreOptions;

/// What becomes of a store that cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfUnreachable {
    /// The command fails: what runs would be run in vain.
    Fail,
    /// Each operation fails, so that a report can say so.
    FailLater,
}

/// Opens the store of `options`.
pub(crate) async fn open(
    options: &StoreOptions,
    runtime: Arc<dyn Runtime>,
    if_unreachable: IfUnreachable,
) -> Result<Arc<dyn Store>, Failure> {
    let settings = match options {
        StoreOptions::Embedded(prefix) => {
            return Ok(MemoryStore::new(runtime).keyspace(prefix));
        }
        StoreOptions::Redis(settings) => settings,
    };
    match RedisConnection::connect(settings.clone()).await {
        // What the connection does in the background is nothing to wait for.
        Ok(connection) => {
            let prefix = settings.key_prefix.clone();
            Ok(Arc::new(RedisStore::new(connection, prefix, Arc::new(TokioRuntime))))
        }
        Err(error) => match if_unreachable {
            IfUnreachable::Fail => Err(connect_hint(&error.kind)
                .into_iter()
                .fold(Failure::new(UNAVAILABLE, &error), Failure::hint)
                .hint("--store embedded runs without Redis, for a first try")),
            IfUnreachable::FailLater => Ok(Arc::new(Unreachable(error.to_string()))),
        },
    }
}

/// What a component may know of the store.
pub(crate) fn config(options: &StoreOptions) -> CacheConfig {
    match options {
        StoreOptions::Embedded(prefix) => {
            CacheConfig { key_prefix: prefix.as_str().to_owned(), ..CacheConfig::default() }
        }
        StoreOptions::Redis(settings) => CacheConfig {
            host: settings.host.clone(),
            port: settings.port,
            db: settings.database,
            use_ssl: settings.use_ssl,
            key_prefix: settings.key_prefix.as_str().to_owned(),
            socket_timeout: settings.socket_timeout,
            scheme: if settings.use_ssl { "rediss" } else { "redis" }.to_owned(),
            connection_url: settings.url(),
        },
    }
}

/// A store that could not be reached when the command began, and why.
///
/// A command that only reports does not outlive a second attempt.
#[derive(Debug)]
struct Unreachable(String);

impl Unreachable {
    fn fail<'a, T: Send + 'a>(&self) -> Step<'a, T> {
        Box::pin(ready(Err(StoreError::Unavailable(self.0.clone()))))
    }
}

impl Store for Unreachable {
    fn read<'a>(&'a self, _: &'a Key) -> Step<'a, Found> {
        self.fail()
    }

    fn read_many<'a>(&'a self, _: &'a [Key]) -> Step<'a, Vec<Found>> {
        self.fail()
    }

    fn watch<'a>(&'a self, _: &'a Key) -> Step<'a, (Found, Change)> {
        self.fail()
    }

    fn capture<'a>(&'a self, _: &'a [Tag], _: Option<Duration>) -> Step<'a, Epochs> {
        self.fail()
    }

    fn eviction_mark(&self) -> Step<'_, EvictionMark> {
        self.fail()
    }

    fn take_lease<'a>(
        &'a self,
        _: &'a Key,
        _: Option<&'a CasToken>,
        _: &'a Marker,
    ) -> Step<'a, Taken> {
        self.fail()
    }

    fn commit<'a>(&'a self, _: &'a Key, _: &'a CasToken, _: &'a Entry) -> Step<'a, bool> {
        self.fail()
    }

    fn give_up<'a>(&'a self, _: &'a Key, _: &'a CasToken) -> Step<'a, bool> {
        self.fail()
    }

    fn renew<'a>(&'a self, _: &'a Key, _: &'a CasToken, _: Duration) -> Step<'a, bool> {
        self.fail()
    }

    fn put<'a>(&'a self, _: &'a Key, _: &'a Envelope) -> Step<'a, ()> {
        self.fail()
    }

    fn put_many<'a>(&'a self, _: &'a [(Key, Envelope)]) -> Step<'a, ()> {
        self.fail()
    }

    fn remove_many<'a>(&'a self, _: &'a [Key]) -> Step<'a, Vec<Found>> {
        self.fail()
    }

    fn elect<'a>(&'a self, _: &'a Key, _: Id, _: Duration) -> Step<'a, bool> {
        self.fail()
    }

    fn stay_elected<'a>(&'a self, _: &'a Key, _: Id, _: Duration) -> Step<'a, bool> {
        self.fail()
    }

    fn resign<'a>(&'a self, _: &'a Key, _: Id) -> Step<'a, ()> {
        self.fail()
    }

    fn evict<'a>(&'a self, _: &'a [Tag]) -> Step<'a, ()> {
        self.fail()
    }

    fn clear(&self) -> Step<'_, ()> {
        self.fail()
    }

    fn elect_sweeper(&self, _: Id, _: Duration) -> Step<'_, bool> {
        self.fail()
    }

    fn sweep(&self, _: Option<u64>, _: usize) -> Step<'_, Swept> {
        self.fail()
    }

    fn ping(&self) -> Step<'_, ()> {
        self.fail()
    }
}
