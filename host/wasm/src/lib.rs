//! The cache's contract for components that run in wasmtime.

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
