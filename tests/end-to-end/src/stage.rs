//! Hosts in this process, each with many guests.

use std::path::Path;
use std::sync::Arc;

use spakky_actuator::{Actuator, CacheMetrics, CacheProbe};
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{Cache, Grants, Policy, Store, TokioRuntime};
use spakky_cache_wasmtime::CacheConfig;
use spakky_runner::{EngineOptions, GuestLimits, Loader, Program};

use crate::guest::Guest;
use crate::{DEADLINE, artifact};

/// Engines and linkers.
pub struct Stage(Loader);

/// A guest's component, compiled and linked.
pub type Player = Program;

impl Stage {
    /// Makes a stage. Compiled components are kept for the next run.
    ///
    /// # Errors
    /// The engine cannot be made.
    pub fn new() -> anyhow::Result<Self> {
        let compile_cache = Some(artifact::scratch()?.join("components"));
        Ok(Self(Loader::new(EngineOptions { compile_cache, ..EngineOptions::default() })?))
    }

    /// Loads the component in a file.
    ///
    /// # Errors
    /// The component is not a program, or imports an interface that is not offered.
    pub fn player(&self, file: &Path) -> anyhow::Result<Player> {
        Ok(self.0.load(file)?.program()?)
    }
}

/// A host: a cache, and its health and metrics.
#[derive(Clone)]
pub struct Host {
    pub(crate) cache: Cache,
    pub(crate) config: Arc<CacheConfig>,
    pub(crate) actuator: Arc<Actuator>,
}

impl Host {
    /// Makes a host with a new cache on `store`.
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

    /// The counters of its cache.
    pub fn metrics(&self) -> Snapshot {
        self.cache.metrics()
    }

    /// How many lookups of this host have waited.
    pub fn waits(&self) -> u64 {
        self.metrics().stampede_waits
    }

    /// Starts a guest, which waits for its first step.
    pub fn guest(&self, player: &Player, grants: Grants, limits: GuestLimits) -> Guest {
        Guest::start(self, player.clone(), grants, limits)
    }
}
