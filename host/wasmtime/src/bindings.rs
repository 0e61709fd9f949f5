//! The contract's bindings, made of `wit/`, which alone defines it.

// The macro has a style of its own.
#![allow(clippy::all, clippy::pedantic, unreachable_pub)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "observed",
    imports: { default: async | trappable | tracing },
    exports: { default: async },
    with: { "spakky:cache/cache.lease": spakky_cache_core::Lease },
    trappable_error_type: { "spakky:cache/types.error" => crate::failure::Failure },
    require_store_data_send: true,
});
