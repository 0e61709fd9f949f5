//! Hosts in this process: what the command does, for many guests at once.

use std::path::Path;
use std::sync::Arc;

use spakky_actuator::{Actuator, CacheMetrics, CacheProbe};
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{Cache, Grants, Policy, Store, TokioRuntime};
use spakky_cache_wasmtime::CacheConfig;
use spakky_runner::{EngineOptions, GuestLimits, Loader, Program};

use crate::guest::Guest;
use crate::{DEADLINE, artifact};

/// An engine, and what guests are linked with.
pub struct Stage(Loader);

/// A guest's component, compiled and linked.
pub type Player = Program;

impl Stage {
    /// A stage, which keeps what it compiles for the next run.
    ///
    /// # Errors
    /// The engine's.
    pub fn new() -> anyhow::Result<Self> {
        let compile_cache = Some(artifact::scratch()?.join("components"));
        let engine = EngineOptions { compile_cache, ..EngineOptions::default() }.build()?;
        Ok(Self(Loader::new(&engine)?))
    }

    /// The component in a file.
    ///
    /// # Errors
    /// It is no program, or imports what is not offered.
    pub fn player(&self, file: &Path) -> anyhow::Result<Player> {
        Ok(self.0.load(file)?.program()?)
    }
}

/// One host: a cache, and who reports on it.
#[derive(Clone)]
pub struct Host {
    pub(crate) cache: Cache,
    pub(crate) config: Arc<CacheConfig>,
    pub(crate) actuator: Arc<Actuator>,
}

impl Host {
    /// A host with a cache of its own on `store`.
    pub fn new(store: Arc<dyn Store>, config: CacheConfig, policy: Policy) -> Self {
        let cache = Cache::with(store, policy, Arc::new(TokioRuntime));
        let actuator = Actuator::default()
            .time_limit(DEADLINE)
            .probe(Arc::new(CacheProbe::new("redis-cache", cache.clone(), vec![])))
            .contributor(Arc::new(CacheMetrics::new(
                "redis-cache-metrics",
                "redis_cache",
                cache.clone(),
            )));
        Self { cache, config: Arc::new(config), actuator: Arc::new(actuator) }
    }

    /// What its cache has counted.
    pub fn metrics(&self) -> Snapshot {
        self.cache.metrics()
    }

    /// How many lookups have waited here.
    pub fn waits(&self) -> u64 {
        self.metrics().stampede_waits
    }

    /// Starts a guest, which waits for its first step.
    pub fn guest(&self, player: &Player, grants: Grants, limits: GuestLimits) -> Guest {
        Guest::start(self, player.clone(), grants, limits)
    }
}
