//! The cache that the settings describe, with its health and counters.

use std::sync::Arc;
use std::time::Duration;

use spakky_actuator::{Actuator, CacheMetrics, CacheProbe, Detail};
use spakky_cache_core::{Cache, Store, Sweeper, TokioRuntime};
use spakky_cache_wasmtime::CacheConfig;

use crate::background::Background;
use crate::exit::Failure;
use crate::guest::Granted;
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

    /// Sweeps a store that others share, for as long as the result exists. A program that
    /// may only read does not sweep.
    pub(crate) fn sweeping(&self, granted: &Granted) -> BackgroundSweep {
        let shared = matches!(self.options.store, StoreOptions::Redis(_));
        BackgroundSweep((shared && granted.may_write()).then(|| {
            // A cache of its own, so that `settle` does not wait for the sweeper,
            // which sleeps most of the time.
            let policy = self.options.policy.clone();
            let cache = Cache::with(self.store.clone(), policy, Arc::new(TokioRuntime));
            Sweeper::default().start(&cache);
            cache
        }))
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

/// A sweep in the background.
pub(crate) struct BackgroundSweep(Option<Cache>);

impl BackgroundSweep {
    /// The keys that a run examines at its end, which takes a tenth of a second.
    const SHARE: u64 = 1 << 14;
    /// How long a run waits for it at most.
    const TIME: Duration = Duration::from_secs(1);

    /// Sweeps some, if that is due: no run of less than a minute gets to sweep otherwise.
    pub(crate) async fn share(self) {
        let Some(cache) = self.0 else { return };
        let sweeper = Sweeper { pause: Duration::ZERO, most: Self::SHARE, ..Sweeper::default() };
        let swept = tokio::time::timeout(Self::TIME, sweeper.sweep(&cache)).await;
        tracing::debug!(?swept, "swept at the end");
    }
}
