//! The cache that the settings describe, with its health and counters.

use std::sync::Arc;
use std::time::Duration;

use spakky_actuator::{Actuator, CacheMetrics, CacheProbe, Detail};
use spakky_cache_core::{Cache, Store, Sweeper, TokioRuntime};
use spakky_cache_wasmtime::CacheConfig;

use crate::background::Background;
use crate::exit::Failure;
use crate::settings::{Options, StoreOptions};
use crate::store::{self, Connect};

/// A cache that is open.
pub(crate) struct OpenCache {
    pub(crate) cache: Cache,
    /// The configuration that components see.
    pub(crate) config: Arc<CacheConfig>,
    /// Where the cache's own tasks run.
    background: Background,
    options: Options,
    store: Arc<dyn Store>,
}

impl OpenCache {
    /// Opens the cache of `options`.
    ///
    /// # Errors
    /// If the command has to connect now, and cannot.
    pub(crate) async fn new(options: Options, connect: Connect) -> Result<Self, Failure> {
        let background = Background::new();
        let runtime = Arc::new(background.clone());
        let store = store::open(&options.store, runtime.clone(), connect).await?;
        let config = Arc::new(store::config(&options.store));
        let cache = Cache::with(store.clone(), options.policy.clone(), runtime);
        Ok(Self { cache, config, background, options, store })
    }

    /// An actuator that reports on the cache. More can be added to it.
    pub(crate) fn actuator(&self) -> Actuator {
        let details = vec![
            ("database".into(), Detail::Integer(self.config.db.into())),
            ("host".into(), Detail::Text(self.config.host.clone())),
            ("key_prefix".into(), Detail::Text(self.config.key_prefix.clone())),
            ("port".into(), Detail::Integer(self.config.port.into())),
            ("ssl".into(), Detail::Flag(self.config.use_ssl)),
        ];
        let probe = CacheProbe::new("redis-cache", self.cache.clone(), details);
        let metrics = CacheMetrics::new("redis-cache-metrics", "redis_cache", self.cache.clone());
        Actuator::default()
            .time_limit(self.options.probe_timeout)
            .include_details(self.options.include_details)
            .probe(Arc::new(probe))
            .contributor(Arc::new(metrics))
    }

    /// Starts a sweeper of a store that others share. It ends when the returned
    /// cache is dropped.
    pub(crate) fn sweep(&self) -> Option<Cache> {
        if !matches!(self.options.store, StoreOptions::Redis(_)) {
            return None;
        }
        // A cache of its own, so that `settle` does not wait for the sweeper,
        // which sleeps most of the time.
        let policy = self.options.policy.clone();
        let cache = Cache::with(self.store.clone(), policy, Arc::new(TokioRuntime));
        Sweeper::default().start(&cache);
        Some(cache)
    }

    /// Waits until the leases that were dropped are given up, but not for
    /// longer than the store may take for an operation.
    pub(crate) async fn settle(&self) {
        // The embedded store has no limit, and answers immediately.
        let limit = self.config.socket_timeout.max(Duration::from_secs(1));
        if !self.background.idle(limit).await {
            tracing::warn!("leases were not given up in time: they end by their time limit");
        }
    }
}
