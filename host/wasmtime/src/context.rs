//! What the host keeps for one instance of a component.

use std::sync::Arc;

use spakky_actuator::Actuator;
use spakky_cache_core::{Cache, Grants, Session};
use wasmtime::component::ResourceTable;

use crate::config::CacheConfig;

/// The state that the host keeps for one instance: its session with the cache,
/// and the leases that it holds.
///
/// It belongs into the data of the instance's `Store`. Dropping it, as with that
/// `Store`, gives the leases up.
#[derive(Debug)]
pub struct CacheCtx {
    pub(crate) session: Session,
    pub(crate) leases: ResourceTable,
    pub(crate) config: Option<Arc<CacheConfig>>,
    pub(crate) actuator: Option<Arc<Actuator>>,
}

impl CacheCtx {
    /// Creates the state of a new instance, which uses `cache` with the default
    /// [`Grants`].
    pub fn new(cache: &Cache) -> Self {
        let session = cache.session(Grants::default());
        let leases = leases(session.grants());
        Self { session, leases, config: None, actuator: None }
    }

    /// Sets what the instance may do with the cache.
    #[must_use]
    pub fn grants(mut self, grants: Grants) -> Self {
        self.leases = leases(&grants);
        self.session = self.session.cache().session(grants);
        self
    }

    /// Sets what the instance sees as the cache's configuration. Unless set, it
    /// sees the default [`CacheConfig`].
    #[must_use]
    pub fn config(mut self, config: Arc<CacheConfig>) -> Self {
        self.config = Some(config);
        self
    }

    /// Sets who answers when the instance asks for health and info. Unless set,
    /// all is healthy and there is no info.
    #[must_use]
    pub fn actuator(mut self, actuator: Arc<Actuator>) -> Self {
        self.actuator = Some(actuator);
        self
    }
}

/// A table for the leases of an instance.
fn leases(grants: &Grants) -> ResourceTable {
    let mut leases = ResourceTable::new();
    // The session limits the leases that are held. This limit is for those that
    // are spent but never dropped.
    leases.set_max_capacity(grants.leases.saturating_mul(4).max(64));
    leases
}
