//! What the library calls: a component's host or, on any other target, the embedded store.
//! Both offer the same functions, in the types of [`crate::raw`].

#[cfg(target_family = "wasm")]
mod component;
#[cfg(target_family = "wasm")]
pub(crate) use component::*;

#[cfg(not(target_family = "wasm"))]
mod memory;
#[cfg(not(target_family = "wasm"))]
pub(crate) use memory::*;
