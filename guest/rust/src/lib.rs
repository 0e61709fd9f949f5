#![doc = include_str!("../README.md")]
//!
//! # Values
//!
//! A value is stored as CBOR (RFC 8949), so what a component in one language
//! stores, a component in another reads: integers, floats, text, bytes, arrays,
//! maps, booleans and null. What `serde` encodes as null (`None`, `()`) is a value
//! like any other: reading it is a hit. A `Vec<u8>` is an array of numbers to
//! `serde`; use the crate `serde_bytes` where other languages expect bytes.
//!
//! A number never changes on the way: one that the type does not hold is an
//! [`Error::Serialization`]. A whole number is read as a float where it stays the same
//! (JavaScript writes 1.0 as 1), and a float never as an integer. Integers have at most
//! 64 bits and a sign; what CBOR has beyond the types above (tags, `undefined`) is
//! neither written nor read.
//!
//! # Keys
//!
//! [`key!`], [`cacheable`] and [`cache_evict`] escape what they put into a
//! template: `%` becomes `%25` and `:` becomes `%3A`. And they accept no template
//! with two placeholders that have no `:` between them. So two different lists of
//! arguments never make one key, as `a` + `b:c` and `a:b` + `c` would under
//! `format!("{x}:{y}")`. Other languages' libraries escape alike, so a key made
//! here is the key made there.
//!
//! # Outside WebAssembly
//!
//! Compiled for any other target, each thread has a small cache of its own in
//! memory. It follows the contract as far as one caller can see it: time to live,
//! tags, leases, refreshes, metrics. It is there for tests, so that a component's
//! own logic, and the examples on these pages, run under `cargo test`; it is not a
//! host. Since nobody else can hold a lease there, a lookup of a key that is being
//! loaded answers [`Error::LeaseHeld`].
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as spakky_cache; // what the macros expand to works in here, too

pub mod raw;

mod actuator;
mod cache;
mod cbor;
mod config;
mod error;
mod host;
mod lookup;
mod metrics;
mod options;
mod template;

#[doc(hidden)]
pub mod __private;

pub use actuator::{
    ComponentHealth, Detail, Endpoint, HealthReport, HealthStatus, InfoGroup, InfoSection, health,
    info,
};
pub use cache::{Cache, clear, evict_tags};
pub use cbor::{decode, encode};
pub use config::{Config, config};
pub use error::{Error, LoadError, WriteError};
pub use lookup::{Lease, Lookup};
pub use metrics::{Metrics, metrics};
pub use options::Options;
pub use spakky_cache_macros::{cache_evict, cacheable, key};

/// The project's page, whose Rust runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ProjectPage;
