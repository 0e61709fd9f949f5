//! A signal ends the command.

use std::net::TcpListener;
use std::process::Command;

use serde_json::json;
use spakky_end_to_end::command::{PLAYER, Running, Spakky, run_on, spakky};
use spakky_end_to_end::host_process::until;

use crate::{load, ok, redis};

const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

#[test]
fn a_signal_ends_the_component_and_frees_its_keys() {
    let server = redis();
    let options = ["--lease", "10m"];
    for (signal, code) in SIGNALS {
        for busy in [None, Some(json!({ "op": "loop" })), Some(json!({ "op": "pause" }))] {
            let mut running = run_on(&server, &options).guest(PLAYER).start();
            running.play(&json!({ "op": "lookup", "key": "k" }));
            if let Some(step) = &busy {
                running.ask(step);
            }
            running.signal(signal);
            running.finish_as_it_is().code(code);
            let next = [load("k", "the next"), json!({ "op": "delete", "key": "k" })];
            let ended = run_on(&server, &options).plays(&next).finish();
            let loaded = ok(json!({ "value": "loaded by the next", "loaded": true }));
            assert_eq!(ended.code(0).answers(), [loaded, ok(true)], "after {signal} in {busy:?}");
        }
    }
}

/// Starts a command, and waits until it handles SIGINT and SIGTERM: before that, a
/// signal is lost on the first process of a container.
#[cfg(target_os = "linux")]
fn listening(command: Spakky) -> Running {
    let running = command.start();
    let status = format!("/proc/{}/status", running.id());
    until("it handles signals", || {
        let status = std::fs::read_to_string(&status).expect("it runs");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.expect("a mask").trim(), 16).expect("a mask");
        [2, 15].iter().all(|signal| caught & (1 << (signal - 1)) != 0)
    });
    running
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_the_command_while_it_loads_a_component() {
    let directory = tempfile::tempdir().expect("a directory");
    // Nobody writes to it, so reading it does not end.
    let pipe = directory.path().join("component.wasm");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo failed");
    for (signal, code) in SIGNALS {
        for command in ["run", "health", "info"] {
            let running = listening(spakky([command, "--store", "embedded"]).args([&pipe]));
            running.signal(signal);
            running.finish_as_it_is().code(code).lines(0);
        }
    }
}

#[test]
fn a_signal_ends_the_command_while_redis_is_silent() {
    for (signal, code) in SIGNALS {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        for command in ["run", "health"] {
            let command =
                spakky([command, "--socket-timeout", "1h", "--lease", "1h"]).at_port(port);
            let running = command.guest(PLAYER).start();
            let (_silent, _) = listener.accept().expect("a connection");
            running.signal(signal);
            running.finish_as_it_is().code(code).lines(0);
        }
    }
}
