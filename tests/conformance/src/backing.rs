//! The stores that the cases run on.

use std::fmt;
use std::sync::Arc;

use spakky_cache_core::{Prefix, Runtime, Store};
use spakky_cache_memory::MemoryStore;
use spakky_test_runtime::TestRuntime;

use crate::BoxFuture;

/// A kind of store.
pub trait Backing: Send + Sync + fmt::Debug {
    /// What it is called in the names of tests.
    fn name(&self) -> &'static str;

    /// The runtime of one case: with a clock by hand if the store uses it.
    fn runtime(&self, seed: u64) -> Arc<TestRuntime>;

    /// What one case uses.
    fn keyspaces(&self, runtime: &Arc<TestRuntime>) -> Arc<dyn Keyspaces>;
}

/// The caches that one case uses.
pub trait Keyspaces: Send + Sync + fmt::Debug {
    /// A handle on the cache of `prefix`: shares nothing with other handles
    /// but what two processes would share.
    fn open<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Arc<dyn Store>>;

    /// A way around the store to the bytes that it keeps, if it keeps bytes.
    fn raw(&self) -> Option<Arc<dyn Raw>>;
}

/// The bytes that a store keeps, by their full names.
pub trait Raw: Send + Sync {
    /// The bytes of a key.
    fn get(&self, name: &str) -> Option<Vec<u8>>;

    /// Stores bytes, for ever.
    fn set(&self, name: &str, bytes: &[u8]);

    /// Removes a key.
    fn remove(&self, name: &str);

    /// How many milliseconds a key still lives; none: for ever, or it is not
    /// there.
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
