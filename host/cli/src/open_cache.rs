//! The plugin's entry: what makes a cache of settings, and needs no more wiring.

use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::actuator::{Actuator, CacheMetrics, CacheProbe, Detail, Details};
use spakky_cache_core::{Cache, Store, Sweeper, TokioRuntime};
use spakky_cache_wasmtime::Settings;

use crate::background::Background;
use crate::exit::Failure;
use crate::settings::{Options, StoreOptions};
use crate::store::{self, IfUnreachable};

/// The configuration, the cache, and who reports on them.
pub(crate) struct Plugin {
    /// What components may know of the configuration.
    pub(crate) settings: Arc<Settings>,
    pub(crate) cache: Cache,
    /// Where the cache's own tasks run.
    pub(crate) background: Background,
    options: Options,
    store: Arc<dyn Store>,
    probe: Arc<CacheProbe>,
    contributor: Arc<CacheMetrics>,
}

/// Registers the configuration, the cache, its health probe and its metrics.
pub(crate) async fn initialize(
    options: Options,
    if_unreachable: IfUnreachable,
) -> Result<Plugin, Failure> {
    let background = Background::new();
    let runtime = Arc::new(background.clone());
    let store = store::open(&options.store, runtime.clone(), if_unreachable).await?;
    let settings = Arc::new(store::shown(&options.store));
    let cache = Cache::with(store.clone(), options.policy.clone(), runtime);
    let probe = Arc::new(CacheProbe::new(cache.clone(), details(&settings)));
    let contributor = Arc::new(CacheMetrics(cache.clone()));
    Ok(Plugin { settings, cache, background, options, store, probe, contributor })
}

impl Plugin {
    /// An actuator that asks the cache. Others can be added.
    pub(crate) fn actuator(&self) -> Actuator {
        let Options { probe_timeout, include_details, .. } = self.options;
        Actuator::new(Arc::new(TokioRuntime), probe_timeout, include_details)
            .probe(self.probe.clone())
            .contributor(self.contributor.clone())
    }

    /// Gives back what evictions left dead in a store that others share, for as
    /// long as the result is kept.
    pub(crate) fn sweep(&self) -> Option<Cache> {
        if !matches!(self.options.store, StoreOptions::Redis(_)) {
            return None;
        }
        // A cache of its own, whose tasks nobody waits for: a sweeper sleeps
        // most of the time.
        let policy = self.options.policy.clone();
        let cache = Cache::with(self.store.clone(), policy, Arc::new(TokioRuntime));
        Sweeper::default().start(&cache);
        Some(cache)
    }

    /// Waits until the leases that were dropped are given up, but not for
    /// longer than the store may take for an operation.
    pub(crate) async fn settle(&self) {
        // The embedded store has no limit, and answers at once.
        let limit = self.settings.socket_timeout.max(Duration::from_secs(1));
        if !self.background.idle(limit).await {
            tracing::warn!("leases were not given up in time: they end by their time limit");
        }
    }
}

fn details(settings: &Settings) -> Details {
    vec![
        ("database".into(), Detail::Integer(settings.db.into())),
        ("host".into(), Detail::Text(settings.host.clone())),
        ("key_prefix".into(), Detail::Text(settings.key_prefix.clone())),
        ("port".into(), Detail::Integer(settings.port.into())),
        ("ssl".into(), Detail::Flag(settings.use_ssl)),
    ]
}
