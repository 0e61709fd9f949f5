//! Runs a program on a cache on Redis: `redis COMPONENT [ARGUMENT]...`
//!
//! `SPAKKY_REDIS__HOST` and the other variables say where Redis is.

use std::sync::Arc;

use spakky_cache_core::{Cache, Grants, Sweeper, TokioRuntime};
use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
use spakky_cache_wasmtime::{CacheConfig, CacheCtx};
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

    let settings = RedisSettings::from_env()?;
    // What programs may know: never the password.
    let config = Arc::new(CacheConfig {
        host: settings.host.clone(),
        port: settings.port,
        db: settings.database,
        use_ssl: settings.use_ssl,
        key_prefix: settings.key_prefix.as_str().to_owned(),
        socket_timeout: settings.socket_timeout,
        scheme: if settings.use_ssl { "rediss" } else { "redis" }.to_owned(),
        connection_url: settings.url(),
    });
    let prefix = settings.key_prefix.clone();
    let connection = RedisConnection::connect(settings).await?;
    let cache = Cache::new(Arc::new(RedisStore::new(connection, prefix, Arc::new(TokioRuntime))));
    // Evicted entries without a time to live are removed in the background.
    Sweeper::default().start(&cache);

    // The program may do everything, but hold at most 16 leases.
    let cache =
        CacheCtx::new(&cache).grants(Grants { leases: 16, ..Grants::default() }).config(config);
    let wasi = WasiCtx::builder().inherit_stdio().args(&arguments).build();
    let mut store = Store::new(&engine, State { cache, wasi, table: ResourceTable::new() });
    let component = Component::from_file(&engine, &arguments[0])?;
    let program = Command::instantiate_async(&mut store, &component, &linker).await?;
    let ended = program.wasi_cli_run().call_run(&mut store).await?;
    ended.map_err(|()| wasmtime::format_err!("the program failed"))
}
