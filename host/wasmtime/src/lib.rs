//! A cache for components that run in wasmtime.
//!
//! [`add_to_linker`] lets components call the cache. A [`CacheCtx`] in the data
//! of each instance's `Store` says which cache, and what the instance may do with
//! it. Nothing is global: a process may have any number of caches and engines.
//!
//! # Adding the cache to a wasmtime program
//!
//! The program needs these dependencies, the last one for a cache on Redis only:
//!
//! ```toml
//! [dependencies]
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! wasmtime = "48.0.8"
//! spakky-cache-core = { path = "host/core" }
//! spakky-cache-memory = { path = "host/memory" }
//! spakky-cache-wasmtime = { path = "host/wasmtime" }
//! spakky-cache-redis = { path = "host/redis" }
//! ```
//!
//! It has to use the same major version of wasmtime, 48.0.8 or newer. With another one,
//! Cargo builds both, and [`add_to_linker`] does not take the program's `Linker`.
//!
//! The lines marked `+` give the cache to the components of a program that
//! already runs them:
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use spakky_cache_core::{Cache, TokioRuntime}; // +
//! use spakky_cache_memory::MemoryStore; // +
//! use spakky_cache_wasmtime::CacheCtx; // +
//! use wasmtime::component::{Component, Linker};
//! use wasmtime::{Engine, Store};
//!
//! struct State {
//!     cache: CacheCtx, // +
//!     // What the program keeps for each instance.
//! }
//!
//! #[tokio::main]
//! async fn main() -> wasmtime::Result<()> {
//!     let engine = Engine::default();
//!     let mut linker = Linker::new(&engine);
//!     // Once: link the cache.
//!     spakky_cache_wasmtime::add_to_linker(&mut linker, |state: &mut State| &mut state.cache)?; // +
//!
//!     // Once: create a cache, here in the memory of this process.
//!     let memory = MemoryStore::new(Arc::new(TokioRuntime)); // +
//!     let cache = Cache::new(Arc::new(memory)); // +
//!
//!     // For each instance: its use of the cache.
//!     let state = State { cache: CacheCtx::new(&cache) }; // +
//!     let mut store = Store::new(&engine, state);
//!
//!     let component = Component::from_file(&engine, "component.wasm")?;
//!     let instance = linker.instantiate_async(&mut store, &component).await?;
//!     let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
//!     run.call_async(&mut store, ()).await
//! }
//! ```
//!
//! A call of the cache suspends the guest, so the program calls its guests
//! asynchronously, inside a tokio runtime with time, and with I/O for Redis. A program
//! that uses `bindgen!` sets `exports: { default: async }`, instantiates with
//! `instantiate_async`, and awaits the exports. Its own imports may stay synchronous.
//!
//! `examples/embed.rs` is a whole program of this kind. It runs programs for WASI
//! on a cache in memory, `examples/redis.rs` on Redis. In a checkout:
//!
//! ```sh
//! cargo run -p spakky-cache-wasmtime --example embed -- component.wasm
//! ```
//!
//! # A component to run
//!
//! Any component that imports `spakky:cache` will do. In Rust, add the guest library
//! (`guest/rust`) and build a `cdylib` with `cargo build --target wasm32-wasip2`. The
//! library works beside bindings of your own (`wit_bindgen::generate!`), and your world
//! need not mention the cache. `guest/` has the libraries for Python, JavaScript, Go and
//! C, `wit/` the contract for any other language.
//!
//! Components for `wasm32-wasip2` import WASI, too: add `wasmtime-wasi`, and link it as
//! `examples/embed.rs` does.
//!
//! # On Redis
//!
//! Only the store is another one:
//!
//! ```no_run
//! # async fn on_redis() -> wasmtime::Result<()> {
//! use std::sync::Arc;
//! use spakky_cache_core::{Cache, Sweeper, TokioRuntime};
//! use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
//!
//! let settings = RedisSettings::from_env()?;
//! let prefix = settings.key_prefix.clone();
//! let connection = RedisConnection::connect(settings).await?;
//! // One connection serves the caches of all prefixes.
//! let cache = Cache::new(Arc::new(RedisStore::new(connection, prefix, Arc::new(TokioRuntime))));
//! Sweeper::default().start(&cache);
//! # Ok(()) }
//! ```
//!
//! The documentation of `RedisSettings` lists the variables, such as
//! `SPAKKY_REDIS__HOST`. Without them it is `localhost:6379`. A program with settings of
//! its own begins with `RedisSettings::default()`.
//!
//! Entries are shared by all hosts that use the same server and prefix. Evicted
//! entries keep their memory until a [`Sweeper`](spakky_cache_core::Sweeper) finds
//! them: let each host start one. One of the fleet sweeps at a time.
//!
//! # What is optional
//!
//! - [`CacheCtx::grants`] limits what an instance may do: read only, or hold fewer
//!   leases.
//! - [`CacheCtx::config`] is what the instance sees as the cache's configuration. Without
//!   it, that is the one of a cache in memory.
//! - [`CacheCtx::actuator`] answers when the instance asks for health and info.
//!
//! Limits of memory and time are not the cache's concern: wasmtime has
//! `StoreLimits`, epochs and fuel. A guest that traps or is dropped gives up its
//! leases, whatever the reason.
//!
//! # If it does not work
//!
//! | error | cure |
//! | --- | --- |
//! | `component imports instance spakky:cache/...`, no matching implementation | call [`add_to_linker`] before instantiating |
//! | `component imports instance wasi:...`, no matching implementation | link WASI, as `examples/embed.rs` does |
//! | `the linker has the cache already` | call [`add_to_linker`] once for each linker |
//! | `*_async functions` are to be used instead | await the guest's exports |
//! | mismatched types: `Linker` and `Linker` | use the wasmtime that this crate uses |

mod access;
mod actuator;
mod cache;
mod config;
mod context;
mod types;

use wasmtime::component::Linker;
use wasmtime::error::Context as _;

pub use config::CacheConfig;
pub use context::CacheCtx;

/// Lets the components that `linker` links call the cache, its configuration and
/// the actuator: by `spakky:cache@0.2` and, if the engine supports concurrency, by
/// `spakky:cache@0.3`.
///
/// `get` returns the [`CacheCtx`] of the calling instance. Calls of 0.2 suspend the
/// guest while they wait, so instances have to be called asynchronously.
///
/// # Errors
/// If the linker already has one of the interfaces.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut CacheCtx,
) -> wasmtime::Result<()> {
    let concurrent = linker.engine().get_concurrency_support();
    add_plain(linker, get)
        .and_then(|()| if concurrent { add_concurrent(linker, get) } else { Ok(()) })
        .context("the linker has the cache already")
}

fn add_plain<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: access::Get<T>,
) -> wasmtime::Result<()> {
    cache::add_plain(linker, "spakky:cache/cache@0.2.0", get)?;
    config::add(linker, "spakky:cache/config@0.2.0", get)?;
    actuator::add_plain(linker, "spakky:cache/actuator@0.2.0", get)
}

fn add_concurrent<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: access::Get<T>,
) -> wasmtime::Result<()> {
    cache::add_concurrent(linker, "spakky:cache/cache@0.3.0", get)?;
    config::add(linker, "spakky:cache/config@0.3.0", get)?;
    actuator::add_concurrent(linker, "spakky:cache/actuator@0.3.0", get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linking_the_cache_twice_is_an_error_that_says_so() {
        let engine = wasmtime::Engine::default();
        let mut linker = Linker::new(&engine);
        let get: fn(&mut CacheCtx) -> &mut CacheCtx = |cache| cache;
        add_to_linker(&mut linker, get).expect("it is linked once");
        let error = add_to_linker(&mut linker, get).expect_err("it is linked twice");
        assert_eq!(error.to_string(), "the linker has the cache already");
    }
}
