//! What is on the other side: the host of a component or, compiled for anything
//! else, a cache in memory that behaves like one. Both offer the same functions, in
//! the types of [`crate::raw`].

#[cfg(target_family = "wasm")]
mod component;
#[cfg(target_family = "wasm")]
pub(crate) use component::*;

#[cfg(not(target_family = "wasm"))]
mod memory;
#[cfg(not(target_family = "wasm"))]
pub(crate) use memory::*;
