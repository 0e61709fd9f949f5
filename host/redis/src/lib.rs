//! A cache store on Redis 6.2 or newer.
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
//! # Why a hit is one command
//!
//! A read sends one `GET`. The entry in the reply is alive if the epochs that it
//! carries equal the current ones, and those are cached in this process. The
//! cache is correct because Redis sends the invalidations (`CLIENT TRACKING`) of
//! all that happened before a command ahead of that command's reply, on the same
//! connection. Once a reply is here, every eviction that was complete when the
//! command ran has been applied. Three rules keep that true:
//!
//! - The table of epochs belongs to one connection and ends with it (`Live`). A
//!   step never compares the replies of one connection with the table of
//!   another.
//! - An epoch enters the table only if it was not invalidated between the time
//!   it was requested and the time its reply is processed (`tracking`).
//! - Commands that a lost connection left in a buffer cannot run after those of
//!   its successor (`handshake`).

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
pub use settings::{RedisSettings, SettingsError, SettingsProblem, parse_duration};
pub use store::RedisStore;
