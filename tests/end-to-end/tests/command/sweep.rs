//! The command `sweep`, and what a run sweeps by itself.

use serde_json::json;
use spakky_end_to_end::command::{Spakky, run_on, spakky};
use spakky_test_support::RedisServer;

use crate::{closed_port, get, redis, set};

fn sweep(server: &RedisServer, options: &[&str]) -> Spakky {
    spakky(["sweep"]).args(options).at(server)
}

/// The number of keys that hold entries or leases.
fn entries(server: &RedisServer) -> usize {
    let keys: Vec<String> = server.query(redis::cmd("KEYS").arg("*k|*")).expect("an answer");
    keys.len()
}

/// Stores entries and evicts them. The run does not sweep: it is killed.
fn evicted(server: &RedisServer, count: usize) {
    let mut host = run_on(server, &[]).guest(spakky_end_to_end::command::PLAYER).start();
    for number in 0..count {
        let tags = json!({ "tags": ["t"] });
        let key = format!("k{number}");
        host.play(&json!({ "op": "set", "key": key, "value": 1, "options": tags }));
    }
    host.play(&json!({ "op": "evict_tags", "tags": ["t"] }));
    host.play(&set("alive", 1));
    host.kill();
}

#[test]
fn sweeping_removes_what_is_dead() {
    let server = redis();
    evicted(&server, 20);
    assert_eq!(entries(&server), 21);
    let ended = sweep(&server, &["--dry-run"]).finish();
    assert_eq!(ended.code(0).lines(0).output, "21 keys examined, 20 dead entries\n");
    assert_eq!(entries(&server), 21);
    let ended = sweep(&server, &[]).finish();
    assert_eq!(ended.code(0).lines(0).output, "21 keys examined, 20 dead entries removed\n");
    assert_eq!(entries(&server), 1);
    // Again at once, though no sweep is due.
    let ended = sweep(&server, &["--rate", "1000"]).finish();
    assert_eq!(ended.code(0).output, "1 keys examined, 0 dead entries removed\n");
    let ended = sweep(&server, &["--key-prefix", "other:"]).finish();
    assert_eq!(ended.code(0).output, "0 keys examined, 0 dead entries removed\n");
}

#[test]
fn short_runs_leave_nothing_dead_behind() {
    let server = redis();
    for run in 0..5 {
        let tags = json!({ "tags": ["t"] });
        let key = format!("k{run}");
        let steps = [
            json!({ "op": "set", "key": key, "value": 1, "options": tags }),
            json!({ "op": "evict_tags", "tags": ["t"] }),
        ];
        run_on(&server, &[]).plays(&steps).finish().code(0).lines(0);
        if run == 0 {
            assert_eq!(entries(&server), 0, "a sweep was due");
        }
        // As if a minute had passed.
        server.command(&["DEL", "spakky:cache:s|"]).expect("an answer");
    }
    run_on(&server, &[]).plays(&[get("k0")]).finish().code(0);
    assert_eq!(entries(&server), 0);
}

#[test]
fn a_run_that_may_only_read_does_not_sweep() {
    let server = redis();
    evicted(&server, 3);
    let before = server.commands().expect("an answer");
    run_on(&server, &["--read-only"]).plays(&[get("k")]).finish().code(0).lines(0);
    assert_eq!(server.commands().expect("an answer").since(&before).count("scan"), 0);
    assert_eq!(entries(&server), 4);
}

#[test]
fn what_is_wrong_with_a_sweep_is_said() {
    let ended = spakky(["sweep", "--store", "embedded"]).finish();
    ended.code(2).says(&["nothing to sweep"]).lines(1);
    let ended = spakky(["sweep"]).at_port(closed_port()).finish();
    ended.code(69).says(&["refused"]);
    spakky(["sweep", "--rate", "0"]).finish().code(2).says(&["--rate"]);
}
