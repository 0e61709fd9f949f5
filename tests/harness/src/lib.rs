//! What tests stand on: a Redis of their own, a network that fails on demand,
//! and counts of the commands that were sent.

mod certificates;
mod commands;
mod proxy;
mod server;

pub use commands::Commands;
pub use proxy::Proxy;
pub use server::{RedisServer, ServerOptions};
