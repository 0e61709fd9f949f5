//! The protocol of the cache: entries, epochs, leases, policies and metrics.
//!
//! It knows neither Redis nor WebAssembly. A [`Store`] carries out its steps, and a
//! [`Runtime`] provides time, randomness and tasks.

mod cache;
pub mod entry;
pub mod envelope;
mod error;
mod failure_log;
mod key;
mod lease;
mod limits;
mod lookup;
pub mod metrics;
mod policy;
mod refresh;
pub mod runtime;
mod single_flight;
pub mod store;
mod sweeper;

pub use cache::{Cache, Session};
pub use error::{Error, StoreError, StoreErrorKind};
pub use key::{InvalidPrefix, Key, MAX_NAME_BYTES, Prefix, SHOWN_KEY_BYTES, Tag, quoted_key};
pub use lease::Lease;
pub use limits::{EntryOptions, Limits};
pub use lookup::Lookup;
pub use policy::{Grants, OnFailure, Policy};
pub use runtime::{Runtime, TokioRuntime};
pub use store::{Store, Sweeping};
pub use sweeper::Sweeper;
