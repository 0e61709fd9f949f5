//! Several host processes on one Redis.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spakky_end_to_end::command::{PLAYER, Running, run_on};
use spakky_test_support::RedisServer;

use crate::{get, hit, load, ok, redis, set, until};

/// So long that no test sees its end.
const LONG_LEASE: [&str; 2] = ["--lease", "10m"];

/// A host whose guest waits for steps. Its connection knows the epochs.
fn host(server: &RedisServer, options: &[&str]) -> Running {
    let mut host = run_on(server, options).guest(PLAYER).start();
    host.play(&load("warm", "any"));
    host
}

/// Has each of `hosts` look up `k`, and returns when all of them wait: each has
/// then read the key in a way that it is told of its next change.
fn wait_for_load(server: &RedisServer, hosts: &mut [Running]) {
    let tracked = || server.commands().expect("it answers").count("client|caching");
    let before = tracked();
    for (host, who) in hosts.iter_mut().zip(["the second", "the third"].iter().cycle()) {
        host.ask(&load("k", who));
    }
    let waiting = hosts.len() as u64;
    until(&format!("{waiting} hosts wait"), || tracked() >= before + waiting);
}

/// A load that goes on until the host is told to `resume`, and then does `and`.
fn paused_load(key: &str, and: &Value) -> Value {
    let mut loader = json!({ "value": "loaded by the first", "then": [{ "op": "pause" }] });
    for (name, value) in and.as_object().into_iter().flatten() {
        loader[name] = value.clone();
    }
    json!({ "op": "get_or_load", "key": key, "loader": loader })
}

#[test]
fn two_hosts_load_a_cold_key_once() {
    let server = redis();
    let mut hosts = [host(&server, &[]), host(&server, &[])];
    let step = json!({
        "op": "get_or_load", "key": "k", "loader": { "value": "loaded", "sleep_ms": 200 },
    });
    for host in &mut hosts {
        host.ask(&step);
    }
    let answers = hosts.each_mut().map(Running::answer);
    let loads = answers.iter().filter(|answer| answer["ok"]["loaded"] == true).count();
    assert_eq!(loads, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer["ok"]["value"] == "loaded"), "{answers:?}");
}

#[test]
fn eight_hosts_load_a_cold_key_once() {
    let server = redis();
    let mut first = host(&server, &LONG_LEASE);
    let mut others: Vec<_> = (1..8).map(|_| host(&server, &LONG_LEASE)).collect();
    first.ask(&paused_load("k", &json!({})));
    // Played within the pause, so the lease is held by then.
    first.play(&json!({ "op": "metrics" }));
    wait_for_load(&server, &mut others);
    first.ask(&json!({ "op": "resume" }));
    let answers: Vec<_> = others.iter_mut().map(Running::answer).collect();
    let expected = ok(json!({ "value": "loaded by the first", "loaded": false }));
    assert_eq!(answers, vec![expected; 7]);
    for host in &mut others {
        let counts = &host.play(&json!({ "op": "metrics" }))["ok"];
        let counts = ["hits", "misses", "writes", "stampede_waits"].map(|name| &counts[name]);
        // One hit more than this load: it has warmed up before.
        assert_eq!(counts, [&json!(2), &json!(0), &json!(0), &json!(1)]);
    }
}

#[test]
fn a_loader_that_traps_leaves_its_key_to_the_other_host_at_once() {
    let server = redis();
    // A lease of ten minutes: it is the trap that frees the key.
    let mut first = host(&server, &LONG_LEASE);
    let mut second = host(&server, &LONG_LEASE);
    first.ask(&paused_load("k", &json!({ "trap": true })));
    first.play(&json!({ "op": "metrics" }));
    wait_for_load(&server, std::slice::from_mut(&mut second));
    first.ask(&json!({ "op": "resume" }));
    assert_eq!(second.answer(), ok(json!({ "value": "loaded by the second", "loaded": true })));
    first.finish().code(134);
}

#[test]
fn a_loader_that_fails_leaves_its_key_to_the_other_host_at_once() {
    let server = redis();
    let mut first = host(&server, &LONG_LEASE);
    let mut second = host(&server, &LONG_LEASE);
    first.ask(&paused_load("k", &json!({ "fail": "no" })));
    first.play(&json!({ "op": "metrics" }));
    wait_for_load(&server, std::slice::from_mut(&mut second));
    first.ask(&json!({ "op": "resume" }));
    assert_eq!(second.answer(), ok(json!({ "value": "loaded by the second", "loaded": true })));
    first.finish().code(0);
}

#[test]
fn the_keys_of_a_killed_host_are_free_after_the_lease() {
    let server = redis();
    let mut first = host(&server, &["--lease", "1s"]);
    let mut second = host(&server, &["--lease", "1s"]);
    first.ask(&paused_load("k", &json!({})));
    first.play(&json!({ "op": "metrics" }));
    wait_for_load(&server, std::slice::from_mut(&mut second));
    first.kill();
    let killed = Instant::now();
    assert_eq!(second.answer(), ok(json!({ "value": "loaded by the second", "loaded": true })));
    let waited = killed.elapsed();
    assert!(waited < Duration::from_secs(2), "a lease of 1 s was waited for for {waited:?}");
}

#[test]
fn leaked_leases_are_given_up_before_the_command_ends() {
    let server = redis();
    let lookup = json!({ "op": "lookup", "key": "k" });
    let leak = json!({ "op": "leak", "lease": "k" });
    run_on(&server, &LONG_LEASE).plays(&[lookup, leak]).finish().code(0);
    let ended = run_on(&server, &LONG_LEASE).plays(&[load("k", "the next")]).finish();
    let expected = ok(json!({ "value": "loaded by the next", "loaded": true }));
    assert_eq!(ended.code(0).answers(), [expected]);
}

#[test]
fn what_one_host_writes_another_reads_at_once() {
    let server = redis();
    let mut first = host(&server, &[]);
    let mut second = host(&server, &[]);
    for round in 0..20 {
        assert_eq!(first.play(&set("k", round)), ok(Value::Null));
        assert_eq!(second.play(&get("k")), hit(round));
    }
    second.play(&json!({ "op": "clear" }));
    assert_eq!(first.play(&get("k")), ok(json!({ "hit": false })));
}
