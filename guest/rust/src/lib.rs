#![doc = include_str!("../README.md")]
//!
//! # Encoding
//!
//! A value is stored as CBOR (RFC 8949), in the profile that `wit/VALUES.md` defines, so
//! that components in other languages can read it: integers, floats, text, bytes, arrays,
//! maps, booleans and null. What `serde` encodes as null (`None`, `()`) is a value like any
//! other: reading it is a hit. `serde` treats a `Vec<u8>` as a sequence of numbers; use the
//! crate `serde_bytes` where other languages expect bytes.
//!
//! Reading never changes a number. An integer is read as a float if the float represents it
//! exactly (JavaScript writes 1.0 as 1), and a float is never read as an integer. Integers
//! outside -2^64 to 2^64 - 1, tags but those of [`Timestamp`], [`Uuid`], [`Decimal`] and [`Set`], `undefined` and more than 128 levels of nesting are
//! neither written nor read.
//!
//! # Templates of keys
//!
//! [`key!`], [`cacheable`] and [`cache_evict`] write the values of a template by the table in
//! `wit/KEYS.md`, which is the same in every language. A number is bare; a text is escaped
//! where it would end its place (`%` is `%25`, `:` is `%3A`) or spells a value of another type
//! (`"7"` is `%37`). They reject a template with two placeholders that have no `:` between
//! them. So two different lists of arguments never make the same key, as `a` + `b:c` and
//! `a:b` + `c` would under `format!("{x}:{y}")`. What a value is, its type says: [`KeyPart`]. A
//! value with a format, such as `{page:04}` or `{id:}` (its `Display`), is what the format
//! makes of it.
//!
//! # Outside WebAssembly
//!
//! Compiled for any other target, each thread has a cache of its own in memory, so that a
//! component's logic, and the examples on these pages, run under `cargo test`. It is the
//! embedded store of `spakky-redis`, with the contract's default limits and one caller:
//! a lookup of a key that is being loaded returns [`Error::LeaseHeld`] at once. Leases do
//! not expire, and a refresh is never offered before the fresh time has passed.
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as spakky_cache; // for the macros' expansions

pub mod raw;

mod actuator;
mod cache;
mod cbor;
mod config;
mod error;
mod host;
mod key;
mod load;
mod loaded;
mod log_once;
mod lookup;
mod metrics;
mod options;
mod tagged;
mod template;

/// Stores a field as a set: `#[serde(with = "spakky_cache::set")]`. See [`Set`].
pub mod set {
    pub use crate::tagged::{deserialize, serialize};
}

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
pub use key::{KeyPart, Part};
pub use loaded::{Loaded, Outcome, Source};
pub use lookup::{Entry, EntryInfo, Lease, Lookup};
pub use metrics::{Metrics, metrics};
pub use options::Options;
pub use spakky_cache_macros::{cache_evict, cacheable, key};
pub use tagged::{Decimal, ParseError, Set, Timestamp, Uuid};

/// The project's page, whose Rust runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ProjectPage;
