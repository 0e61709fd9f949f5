//! What tests stand on: a Redis of their own, a network that fails on demand,
//! counts of the commands that were sent, and how much is to be tried.

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
