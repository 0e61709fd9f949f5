//! The command `spakky-redis`: real processes, a real Redis, real components.

mod ends;
mod example;
mod failing;
mod grants;
mod help;
mod programs;
mod readme;
mod reports;
mod settings;
mod signals;
mod sweep;
mod unreachable;

use serde_json::{Value, json};
use spakky_test_support::{RedisServer, ServerOptions};

/// A server without password and TLS.
fn redis() -> RedisServer {
    redis_with(ServerOptions::new())
}

fn redis_with(options: ServerOptions) -> RedisServer {
    RedisServer::start(options).unwrap_or_else(|error| panic!("{error:#}"))
}

/// A port that nobody listens on.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn ok(result: impl Into<Value>) -> Value {
    json!({ "ok": result.into() })
}

fn get(key: &str) -> Value {
    json!({ "op": "get", "key": key })
}

fn set(key: &str, value: impl Into<Value>) -> Value {
    json!({ "op": "set", "key": key, "value": value.into() })
}

/// Loads the text `loaded by WHO`.
fn load(key: &str, who: &str) -> Value {
    let value = format!("loaded by {who}");
    json!({ "op": "get_or_load", "key": key, "loader": { "value": value } })
}

fn hit(value: impl Into<Value>) -> Value {
    ok(json!({ "hit": true, "value": value.into() }))
}

fn miss() -> Value {
    ok(json!({ "hit": false }))
}
