//! The examples of `spakky-cache-wasmtime`: hosts other than the command.

use std::process::{Command, Output};

use spakky_end_to_end::artifact;
use spakky_end_to_end::command::PLAYER;
use spakky_test_support::{RedisServer, ServerOptions};

const LOAD: &str = r#"{"op": "get_or_load", "key": "k", "loader": {"value": 42}}"#;
const LOADED: &str = r#"{"ok":{"loaded":true,"value":42}}"#;
const CACHED: &str = r#"{"ok":{"loaded":false,"value":42}}"#;

/// Has the example `name` run a program that loads a value twice.
fn example(name: &str, port: u16) -> Vec<String> {
    let program = artifact::guest(PLAYER).unwrap_or_else(|error| panic!("{error:#}"));
    let example = artifact::example(name).unwrap_or_else(|error| panic!("{error:#}"));
    let Output { status, stdout, stderr } = Command::new(example)
        .arg(program)
        .args([LOAD, LOAD])
        .env("SPAKKY_REDIS__HOST", "127.0.0.1")
        .env("SPAKKY_REDIS__PORT", port.to_string())
        .output()
        .expect("it starts");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).lines().map(str::to_owned).collect()
}

#[test]
fn the_example_in_memory_loads_once_in_each_process() {
    for _ in 0..2 {
        assert_eq!(example("embed", 0), [LOADED, CACHED]);
    }
}

#[test]
fn the_example_on_redis_loads_once_in_all_processes() {
    let server = RedisServer::start(ServerOptions::new()).expect("a server");
    assert_eq!(example("redis", server.port()), [LOADED, CACHED]);
    assert_eq!(example("redis", server.port()), [CACHED, CACHED]);
}
