//! The cache's store on Redis, version 6.2 or newer.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use spakky_cache_core::TokioRuntime;
//! use spakky_cache_redis::{RedisConnection, RedisSettings, RedisStore};
//!
//! let settings = RedisSettings::from_env()?;
//! let prefix = settings.key_prefix.clone();
//! let connection = RedisConnection::connect(settings).await?;
//! let store = RedisStore::new(connection, prefix, Arc::new(TokioRuntime));
//! # Ok(()) }
//! ```
//!
//! # What makes it sound
//!
//! A read sends one `GET`. Whether the entry that came back is alive is decided
//! by the epochs it carries, against the current ones, which are kept here.
//! They are kept right by one property of Redis: **whatever a command's reply
//! depends on was invalidated before that reply**. Replies and invalidations
//! (`CLIENT TRACKING`) come down one connection in order, and are handled in
//! that order: so once a reply is here, every eviction that was complete when
//! the command ran has been heard of. Three rules keep that true:
//!
//! - What is known belongs to one connection and ends with it (`Live`): a
//!   step never mixes the replies of one with the table of another.
//! - An epoch enters the table only if no invalidation of it came between the
//!   moment before it was asked for and the moment it is filled in
//!   (`tracking`).
//! - Commands that a connection left behind when it was lost cannot run after
//!   those of its successor (`handshake`).

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod connection;
mod epochs;
mod error;
mod handshake;
mod in_flight;
mod keys;
mod live;
mod operation;
mod reply;
mod scripts;
mod settings;
mod store;
mod supervisor;
mod sweep;
mod tls;
mod tracking;

pub use connection::RedisConnection;
pub use error::{CommandError, ConnectError, ConnectErrorKind, Request};
pub use settings::{RedisSettings, SettingsError, SettingsProblem};
pub use store::RedisStore;
