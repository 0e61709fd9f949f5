//! A cache for components that run in wasmtime.
//!
//! [`add_to_linker`] lets components call the cache. A [`CacheCtx`] in the data
//! of each instance's `Store` says which cache, and what the instance may do with
//! it. Nothing is global: a process may have any number of caches and engines.
//!
//! # Adding the cache to a wasmtime program
//!
//! The lines marked `+` give the cache to the components of a program that
//! already runs them. Besides wasmtime 48 and tokio, the program then depends on
//! `spakky-cache-core`, `spakky-cache-memory` and this crate:
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
//!     let store = MemoryStore::new(Arc::new(TokioRuntime)); // +
//!     let cache = Cache::new(Arc::new(store)); // +
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
//! `examples/embed.rs` is a whole program of this kind. It runs programs for WASI
//! on a cache in memory, `examples/redis.rs` on Redis:
//!
//! ```sh
//! cargo run --example embed -- component.wasm
//! ```
//!
//! # On Redis
//!
//! Only the store is another one:
//!
//! ```no_run
//! # async fn on_redis() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use spakky_cache_core::{Cache, TokioRuntime};
//! use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
//!
//! let settings = RedisSettings::from_env()?; // SPAKKY_REDIS__HOST and so on
//! let prefix = settings.key_prefix.clone();
//! let connection = RedisConnection::connect(settings).await?;
//! // One connection serves the caches of all prefixes.
//! let cache = Cache::new(Arc::new(RedisStore::new(connection, prefix, Arc::new(TokioRuntime))));
//! # Ok(()) }
//! ```
//!
//! Entries are shared by all hosts that use the same server and prefix. Evicted
//! entries without a time to live keep their memory until a
//! [`Sweeper`](spakky_cache_core::Sweeper) finds them: let each host start one.
//!
//! # What is optional
//!
//! - [`CacheCtx::grants`] limits what an instance may do: read only, or hold fewer
//!   leases.
//! - [`CacheCtx::config`] is what the instance sees as the cache's configuration.
//! - [`CacheCtx::actuator`] answers when the instance asks for health and info.
//!
//! Limits of memory and time are not the cache's concern: wasmtime has
//! `StoreLimits`, epochs and fuel. A guest that traps or is dropped gives up its
//! leases, whatever the reason.

mod actuator;
mod bindings;
mod cache;
mod config;
mod context;
mod failure;

use wasmtime::component::{HasData, Linker};

pub use config::CacheConfig;
pub use context::CacheCtx;

struct HasCache;

impl HasData for HasCache {
    type Data<'a> = &'a mut CacheCtx;
}

/// Lets the components that `linker` links call the cache, its configuration and
/// the actuator.
///
/// `get` returns the [`CacheCtx`] of the calling instance. Calls suspend the
/// guest while they wait, so instances have to be called asynchronously.
///
/// # Errors
/// If the linker already has one of the interfaces.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut CacheCtx,
) -> wasmtime::Result<()> {
    use bindings::spakky::cache::{actuator, actuator_types, config, types};
    types::add_to_linker::<T, HasCache>(linker, get)?;
    cache::add_to_linker(linker, get)?;
    config::add_to_linker::<T, HasCache>(linker, get)?;
    actuator_types::add_to_linker::<T, HasCache>(linker, get)?;
    actuator::add_to_linker::<T, HasCache>(linker, get)
}
