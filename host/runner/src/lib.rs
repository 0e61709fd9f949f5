//! Runs components that use the cache: the engine, limits, loading, programs, and
//! the probes that components export.
//!
//! [`Loader`] compiles components and links them with WASI and the cache.
//! [`InstanceState`] is the data of an instance's `Store`. [`run_program`] calls
//! a component that is a program, and [`add_probes`] and [`add_contributors`]
//! let components take part in the host's health and info.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by a panic"))]

mod bindings;
mod engine;
mod imports;
mod instance;
mod limits;
mod load;
mod probe;
mod program;
mod reports;
mod stdout;

pub use engine::EngineOptions;
pub use instance::{InstanceState, NewStore};
pub use limits::{GuestLimits, TimeLimit};
pub use load::{LoadError, LoadErrorKind, LoadedComponent, Loader};
pub use probe::{GuestContributor, GuestProbe};
pub use program::{Program, ProgramEnd, run_program};
pub use reports::{add_contributors, add_probes};
pub use stdout::Stdout;
