//! The data of an instance's store.

use std::fmt;
use std::sync::Arc;

use spakky_cache_wasmtime::CacheCtx;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, StoreLimits};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::limits::GuestLimits;

/// Creates the store of a new instance of a component that was compiled for this engine.
pub type NewStore = Arc<dyn Fn(&Engine) -> Store<InstanceState> + Send + Sync>;

/// How many streams, files and other WASI resources an instance may have open.
const MAX_WASI_RESOURCES: usize = 1 << 16;

/// What the host keeps for one instance: its cache, WASI, and limits.
pub struct InstanceState {
    pub(crate) cache: CacheCtx,
    limits: StoreLimits,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl InstanceState {
    /// Creates the store of a new instance, under `limits`.
    pub fn store(
        engine: &Engine,
        cache: CacheCtx,
        wasi: WasiCtx,
        limits: &GuestLimits,
    ) -> Store<Self> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_WASI_RESOURCES);
        let state = Self { cache, limits: limits.store_limits(), wasi, table };
        let mut store = Store::new(engine, state);
        limits.apply(&mut store, |state| &mut state.limits);
        store
    }
}

impl fmt::Debug for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceState").field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl WasiView for InstanceState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
