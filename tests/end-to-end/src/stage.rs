//! Hosts in this process: what the command does, for many guests at once.

use std::path::Path;
use std::sync::Arc;

use spakky_cache_core::actuator::{Actuator, CacheMetrics, CacheProbe};
use spakky_cache_core::metrics::Snapshot;
use spakky_cache_core::{Cache, Grants, Policy, Store, TokioRuntime};
use spakky_cache_wasmtime::{CacheCtx, EngineOptions, GuestLimits, Settings};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{Engine, StoreLimits};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::guest::Guest;
use crate::{DEADLINE, artifact};

/// An engine, and what guests are linked with.
pub struct Stage {
    engine: Engine,
    linker: Linker<State>,
}

/// A guest's component, compiled and linked.
#[derive(Clone)]
pub struct Player(pub(crate) CommandPre<State>);

/// The data of one guest's store.
pub struct State {
    pub(crate) cache: CacheCtx,
    pub(crate) limits: StoreLimits,
    pub(crate) wasi: WasiCtx,
    pub(crate) table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Stage {
    /// A stage, which keeps what it compiles for the next run.
    ///
    /// # Errors
    /// The engine's.
    pub fn new() -> anyhow::Result<Self> {
        let compile_cache = Some(artifact::scratch()?.join("components"));
        let engine = EngineOptions { compile_cache, ..EngineOptions::default() }.build()?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        spakky_cache_wasmtime::add_to_linker(&mut linker, |state: &mut State| &mut state.cache)?;
        Ok(Self { engine, linker })
    }

    /// The component in a file.
    ///
    /// # Errors
    /// It is no program, or imports what is not offered.
    pub fn player(&self, file: &Path) -> anyhow::Result<Player> {
        let component = Component::from_file(&self.engine, file);
        let component = component.with_context(|| format!("{} is broken", file.display()))?;
        Ok(Player(CommandPre::new(self.linker.instantiate_pre(&component)?)?))
    }
}

/// One host: a cache, and who reports on it.
#[derive(Clone)]
pub struct Host {
    pub(crate) cache: Cache,
    pub(crate) settings: Arc<Settings>,
    pub(crate) actuator: Arc<Actuator>,
}

impl Host {
    /// A host with a cache of its own on `store`.
    pub fn new(store: Arc<dyn Store>, settings: Settings, policy: Policy) -> Self {
        let cache = Cache::with(store, policy, Arc::new(TokioRuntime));
        let actuator = Actuator::new(Arc::new(TokioRuntime), DEADLINE, true)
            .probe(Arc::new(CacheProbe::new(cache.clone(), vec![])))
            .contributor(Arc::new(CacheMetrics(cache.clone())));
        Self { cache, settings: Arc::new(settings), actuator: Arc::new(actuator) }
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
