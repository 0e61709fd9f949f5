//! The protocol of the cache: entries, epochs, leases, policies and metrics.
//!
//! It knows neither Redis nor WebAssembly: a [`Store`] carries out its steps,
//! and an [`Environment`] gives it time, randomness and tasks.

pub mod actuator;
mod cache;
pub mod entry;
pub mod envelope;
pub mod environment;
mod error;
mod gate;
mod key;
mod lease;
mod limits;
mod lookup;
pub mod metrics;
mod policy;
mod refresh;
pub mod store;
mod sweeper;

pub use cache::{Cache, Session};
pub use environment::{Environment, System};
pub use error::{Error, StoreError};
pub use key::{InvalidPrefix, Key, MAX_NAME_BYTES, Prefix, Tag};
pub use lease::Lease;
pub use limits::{EntryOptions, Limits};
pub use lookup::Lookup;
pub use policy::{Grants, OnFailure, Policy};
pub use store::Store;
pub use sweeper::Sweeper;
