//! The stores that the cases run on.

use std::fmt;
use std::sync::Arc;

use spakky_cache_core::{Prefix, Runtime, Store};
use spakky_cache_memory::MemoryStore;
use spakky_test_runtime::TestRuntime;

use crate::BoxFuture;

/// A kind of store.
pub trait Backing: Send + Sync + fmt::Debug {
    /// Its name in the names of tests.
    fn name(&self) -> &'static str;

    /// The runtime of one case, with a manual clock if the store uses the runtime's.
    fn runtime(&self, seed: u64) -> Arc<TestRuntime>;

    /// The caches of one case.
    fn keyspaces(&self, runtime: &Arc<TestRuntime>) -> Arc<dyn Keyspaces>;
}

/// The caches that one case uses.
pub trait Keyspaces: Send + Sync + fmt::Debug {
    /// A handle on the cache of `prefix`. It shares with other handles only what two
    /// processes would share.
    fn open<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Arc<dyn Store>>;

    /// Direct access to the bytes that the store keeps, if it keeps bytes.
    fn raw(&self) -> Option<Arc<dyn Raw>>;
}

/// The bytes that a store keeps, by their full names.
pub trait Raw: Send + Sync {
    /// The bytes of a key.
    fn get(&self, name: &str) -> Option<Vec<u8>>;

    /// Stores bytes without a time to live.
    fn set(&self, name: &str, bytes: &[u8]);

    /// Removes a key.
    fn remove(&self, name: &str);

    /// The remaining time to live of a key in milliseconds, or `None` if it has none or
    /// does not exist.
    fn lives(&self, name: &str) -> Option<u64>;

    /// The keys whose names begin with `prefix`.
    fn names(&self, prefix: &str) -> Vec<String>;
}

/// The store inside the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl Backing for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn runtime(&self, seed: u64) -> Arc<TestRuntime> {
        TestRuntime::manual(seed)
    }

    fn keyspaces(&self, runtime: &Arc<TestRuntime>) -> Arc<dyn Keyspaces> {
        let runtime: Arc<dyn Runtime> = runtime.clone();
        Arc::new(MemoryStore::new(runtime))
    }
}

impl Keyspaces for MemoryStore {
    fn open<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Arc<dyn Store>> {
        Box::pin(async move { self.keyspace(prefix) as Arc<dyn Store> })
    }

    fn raw(&self) -> Option<Arc<dyn Raw>> {
        None
    }
}
