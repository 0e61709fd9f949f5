//! What tests use: a private Redis server, a proxy that fails on demand, counts of
//! commands, and the size of a test.

mod certificates;
mod commands;
pub mod proof;
mod proxy;
mod server;
mod watching;

pub use commands::Commands;
pub use proxy::{Fault, Harm, Place, Planned, Proxy, Traffic};
pub use server::{RedisServer, ServerOptions};
pub use watching::{commands_of, until};
