//! Runs a program on a cache in memory: `embed COMPONENT [ARGUMENT]...`

use std::sync::Arc;

use spakky_cache_core::{Cache, TokioRuntime};
use spakky_cache_memory::MemoryStore;
use spakky_cache_wasmtime::CacheCtx;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

struct State {
    cache: CacheCtx,
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

#[tokio::main]
async fn main() -> wasmtime::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    spakky_cache_wasmtime::add_to_linker(&mut linker, |state: &mut State| &mut state.cache)?;
    let cache = Cache::new(Arc::new(MemoryStore::new(Arc::new(TokioRuntime))));
    let wasi = WasiCtx::builder().inherit_stdio().args(&arguments).build();
    let state = State { cache: CacheCtx::new(&cache), wasi, table: ResourceTable::new() };
    let mut store = Store::new(&engine, state);
    let component = Component::from_file(&engine, &arguments[0])?;
    let program = Command::instantiate_async(&mut store, &component, &linker).await?;
    let ended = program.wasi_cli_run().call_run(&mut store).await?;
    ended.map_err(|()| wasmtime::format_err!("the program failed"))
}
