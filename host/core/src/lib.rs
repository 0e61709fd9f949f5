//! The protocol of the cache: entries, epochs, leases, policies and metrics.
//!
//! It knows neither Redis nor WebAssembly. A [`Store`] carries out its steps, and a
//! [`Runtime`] provides time, randomness and tasks.

mod cache;
pub mod entry;
pub mod envelope;
mod error;
mod failure_log;
mod held;
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
mod wait;

pub use cache::{Cache, Description, Session};
pub use error::{Error, StoreError, StoreErrorKind};
pub use key::{InvalidPrefix, Key, MAX_NAME_BYTES, Prefix, SHOWN_KEY_BYTES, Tag, quoted_key};
pub use lease::{Conclusion, Lease};
pub use limits::{EntryOptions, Limits};
pub use lookup::{Hit, Lookup, LookupOptions};
pub use policy::{Grants, OnFailure, Policy};
pub use runtime::{Runtime, TokioRuntime};
pub use store::{Store, Sweeping};
pub use sweeper::Sweeper;
