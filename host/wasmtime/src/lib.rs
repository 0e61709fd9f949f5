//! The cache's contract for components that run in wasmtime.
//!
//! [`add_to_linker`] gives components the cache; a [`CacheCtx`] in the data of
//! each instance's store says which cache, and what the instance is granted.
//! Nothing is global: a process may have as many caches and engines as it likes.
//!
//! # A host of your own
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use spakky_cache_core::actuator::{Actuator, CacheMetrics, CacheProbe};
//! use spakky_cache_core::{Cache, Grants, Prefix, TokioRuntime};
//! use spakky_cache_memory::MemoryStore;
//! use spakky_cache_wasmtime::{CacheCtx, EngineOptions, GuestLimits, Settings};
//! use wasmtime::component::{Component, Linker};
//! use wasmtime::{Store, StoreLimits};
//!
//! /// What the host keeps for each instance.
//! struct State {
//!     cache: CacheCtx,
//!     limits: StoreLimits,
//! }
//!
//! #[tokio::main]
//! async fn main() -> wasmtime::Result<()> {
//!     // Once: the engine, what components can call, and the cache.
//!     let engine = EngineOptions::default().build()?;
//!     let mut linker = Linker::new(&engine);
//!     spakky_cache_wasmtime::add_to_linker(&mut linker, |state: &mut State| &mut state.cache)?;
//!
//!     let prefix = Prefix::new("greetings:")?;
//!     let cache = Cache::new(MemoryStore::new(Arc::new(TokioRuntime)).keyspace(&prefix));
//!     let settings = Arc::new(Settings::embedded(prefix.as_str()));
//!     let actuator = Actuator::new(Arc::new(TokioRuntime), Duration::from_secs(5), true)
//!         .probe(Arc::new(CacheProbe::new(cache.clone(), vec![])))
//!         .contributor(Arc::new(CacheMetrics(cache.clone())));
//!     let actuator = Arc::new(actuator);
//!
//!     // For each instance: what it is granted, and a store under its limits.
//!     let limits = GuestLimits {
//!         memory_bytes: 16 << 20,
//!         time: Some(Duration::from_secs(10)),
//!         ..GuestLimits::default()
//!     };
//!     let session = cache.session(Grants { write: true, leases: 16 });
//!     let state = State {
//!         cache: CacheCtx::new(session, settings, actuator),
//!         limits: limits.store_limits(),
//!     };
//!     let mut store = Store::new(&engine, state);
//!     limits.apply(&mut store, |state| &mut state.limits);
//!
//!     let component = Component::new(&engine, wat::parse_str(GREETER)?)?;
//!     let instance = linker.instantiate_async(&mut store, &component).await?;
//!     let greet = instance.get_typed_func::<(), (String,)>(&mut store, "greet")?;
//!     let (greeting,) = limits.within_time(greet.call_async(&mut store, ())).await??;
//!
//!     assert_eq!(greeting, "hello");
//!     let counts = cache.metrics();
//!     assert_eq!((counts.writes, counts.hits, counts.misses), (1, 1, 0));
//!     Ok(())
//! }
//!
//! /// A component by hand: it stores a greeting for a minute, and reads it again.
//! const GREETER: &str = r#"
//!     (component
//!       (import "spakky:cache/types@0.1.0" (instance $types
//!         (type $error (variant
//!           (case "invalid-ttl") (case "invalid-key" string) (case "value-too-large" u64)
//!           (case "lock-timeout") (case "lease-held") (case "unavailable")
//!           (case "operation-failed") (case "denied") (case "quota-exceeded")))
//!         (export "error" (type (eq $error)))
//!         (type $options (record
//!           (field "ttl" (option u64)) (field "fresh-for" (option u64))
//!           (field "tags" (list string))))
//!         (export "entry-options" (type (eq $options)))))
//!       (alias export $types "error" (type $error))
//!       (alias export $types "entry-options" (type $options))
//!       (import "spakky:cache/cache@0.1.0" (instance $cache
//!         (alias outer 1 $error (type $error'))
//!         (export "error" (type $error (eq $error')))
//!         (alias outer 1 $options (type $options'))
//!         (export "entry-options" (type $options (eq $options')))
//!         (export "set" (func
//!           (param "key" string) (param "value" (list u8)) (param "options" $options)
//!           (result (result (error $error)))))
//!         (export "get" (func
//!           (param "key" string) (result (result (option (list u8)) (error $error)))))))
//!
//!       (core module $memory
//!         (memory (export "memory") 1)
//!         (data (i32.const 0) "greeting")
//!         (data (i32.const 8) "hello")
//!         (global $free (mut i32) (i32.const 1024))
//!         ;; Enough for a component that lives for one call.
//!         (func (export "realloc") (param i32 i32 i32 i32) (result i32)
//!           global.get $free
//!           (global.set $free (i32.add (global.get $free) (local.get 3)))))
//!       (core instance $memory (instantiate $memory))
//!       (alias core export $memory "memory" (core memory $mem))
//!       (alias core export $memory "realloc" (core func $realloc))
//!       (core func $set
//!         (canon lower (func $cache "set") (memory $mem) (realloc $realloc)))
//!       (core func $get
//!         (canon lower (func $cache "get") (memory $mem) (realloc $realloc)))
//!
//!       (core module $greeter
//!         (import "cache" "set"
//!           (func $set (param i32 i32 i32 i32 i32 i64 i32 i64 i32 i32 i32)))
//!         (import "cache" "get" (func $get (param i32 i32 i32)))
//!         (import "memory" "memory" (memory 1))
//!         (func (export "greet") (result i32)
//!           (call $set
//!             (i32.const 0) (i32.const 8) ;; the key
//!             (i32.const 8) (i32.const 5) ;; the value
//!             (i32.const 1) (i64.const 60000) ;; some time to live
//!             (i32.const 0) (i64.const 0) ;; no fresh time
//!             (i32.const 0) (i32.const 0) ;; no tags
//!             (i32.const 64)) ;; where the result goes
//!           (if (i32.load8_u (i32.const 64)) (then unreachable))
//!           (call $get (i32.const 0) (i32.const 8) (i32.const 64))
//!           (if (i32.load8_u (i32.const 64)) (then unreachable))
//!           (if (i32.eqz (i32.load8_u (i32.const 72))) (then unreachable))
//!           ;; Address and length of the value are the text's, too.
//!           (i32.const 76)))
//!       (core instance $greeter (instantiate $greeter
//!         (with "cache" (instance (export "set" (func $set)) (export "get" (func $get))))
//!         (with "memory" (instance $memory))))
//!       (func (export "greet") (result string)
//!         (canon lift (core func $greeter "greet") (memory $mem))))
//! "#;
//! ```
//!
//! # On Redis
//!
//! The store is all that changes; what components may know of it goes into
//! [`Settings`].
//!
//! ```no_run
//! # async fn on_redis() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use spakky_cache_core::{Cache, TokioRuntime};
//! use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
//!
//! let redis = RedisSettings::from_env()?; // SPAKKY_REDIS__HOST and the like
//! let connection = RedisConnection::connect(redis.clone()).await?;
//! // One connection serves the caches of all prefixes.
//! let prefix = redis.key_prefix.clone();
//! let cache = Cache::new(Arc::new(RedisStore::new(connection, prefix, Arc::new(TokioRuntime))));
//! # Ok(()) }
//! ```
//!
//! There, several hosts share the entries, so give the memory of evicted ones
//! back, too: [`Sweeper`](spakky_cache_core::Sweeper).

mod actuator;
mod bindings;
mod cache;
mod config;
mod context;
mod engine;
mod failure;
mod limits;
mod probe;

use wasmtime::component::{HasData, Linker};

pub use context::{CacheCtx, Settings};
pub use engine::EngineOptions;
pub use limits::{GuestLimits, TimeLimit};
pub use probe::{GuestContributor, GuestProbe, NewStore};

struct HasCache;

impl HasData for HasCache {
    type Data<'a> = &'a mut CacheCtx;
}

/// Lets the components that `linker` links call the cache, its configuration
/// and the actuator; `get` finds what the host keeps for the calling instance.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut CacheCtx,
) -> wasmtime::Result<()> {
    use bindings::spakky::cache::{actuator, actuator_types, cache, config, types};
    types::add_to_linker::<T, HasCache>(linker, get)?;
    cache::add_to_linker::<T, HasCache>(linker, get)?;
    config::add_to_linker::<T, HasCache>(linker, get)?;
    actuator_types::add_to_linker::<T, HasCache>(linker, get)?;
    actuator::add_to_linker::<T, HasCache>(linker, get)?;
    Ok(())
}
