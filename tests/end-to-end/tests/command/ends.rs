//! How components end, and how the command reports it.

use serde_json::{Value, json};
use spakky_end_to_end::command::{PLAYER, run_embedded, run_on};

use crate::{load, ok, redis, set};

fn plays(step: &Value, options: &[&str]) -> spakky_end_to_end::command::Ended {
    run_embedded(options).plays(std::slice::from_ref(step)).finish()
}

#[test]
fn a_component_that_returns_is_a_success() {
    let ended = plays(&set("k", 1), &[]);
    ended.code(0).lines(0);
    assert_eq!(ended.answers(), [ok(Value::Null)]);
}

#[test]
fn a_component_that_exits_gives_its_code() {
    plays(&json!({ "op": "exit", "code": 0 }), &[]).code(0).lines(0);
    // A component of WASI 0.2 before 0.2.12 can tell its host no more than
    // whether it succeeded.
    plays(&json!({ "op": "exit", "code": 3 }), &[]).code(1).lines(0);
}

#[test]
fn a_component_that_traps() {
    let ended = plays(&json!({ "op": "trap" }), &[]);
    ended.code(134).says(&["error: the component trapped", "unreachable", "--backtrace"]);
    let ended = plays(&json!({ "op": "trap" }), &["--backtrace"]);
    ended.code(134).says(&["the component trapped", "wasm function"]);
}

#[test]
fn a_component_that_panics_says_why_itself() {
    let ended = plays(&json!({ "op": "panic" }), &[]);
    ended.code(134).says(&["as asked", "error: the component trapped"]);
}

#[test]
fn a_component_that_loops_is_ended_by_its_time_limit() {
    let ended = plays(&json!({ "op": "loop" }), &["--max-time", "200ms"]);
    ended.code(124).says(&["ran for longer than its limit of 200ms", "hint: --max-time"]);
}

#[test]
fn a_component_that_waits_is_ended_by_its_time_limit() {
    for step in [json!({ "op": "sleep", "ms": 3_600_000 }), json!({ "op": "pause" })] {
        // Its input stays open, and has nothing to read.
        let running = run_embedded(&["--max-time", "200ms"]).plays(&[step]).start();
        running.finish_as_it_is().code(124);
    }
}

#[test]
fn a_component_that_eats_memory_is_ended_by_its_limit() {
    let ended = plays(&json!({ "op": "eat", "mib": 64 }), &["--max-memory", "16MiB"]);
    ended.code(134).says(&["out of memory", "16.0 MiB", "hint: --max-memory"]);
    plays(&json!({ "op": "eat", "mib": 64 }), &["--max-memory", "100MiB"]).code(0);
}

#[test]
fn a_component_that_overflows_its_stack() {
    plays(&json!({ "op": "overflow" }), &[]).code(134).says(&["the component trapped", "stack"]);
}

#[test]
fn however_a_component_ends_its_keys_are_free() {
    let server = redis();
    let ways = [
        (json!({ "op": "trap" }), 134),
        (json!({ "op": "panic" }), 134),
        (json!({ "op": "overflow" }), 134),
        (json!({ "op": "eat", "mib": 64 }), 134),
        (json!({ "op": "exit", "code": 3 }), 1),
        (json!({ "op": "loop" }), 124),
        (json!({ "op": "sleep", "ms": 3_600_000 }), 124),
        (json!({ "op": "leak", "lease": "k" }), 0),
        (json!({ "op": "metrics" }), 0),
    ];
    // A lease of ten minutes: it is the end that frees the key.
    let options = ["--lease", "10m", "--max-memory", "32MiB"];
    for (way, code) in ways {
        let limit = if code == 124 { &["--max-time", "300ms"][..] } else { &[] };
        let lookup = json!({ "op": "lookup", "key": "k" });
        let ended = run_on(&server, &options).args(limit).plays(&[lookup, way.clone()]).finish();
        ended.code(code);
        let ended = run_on(&server, &options)
            .plays(&[load("k", "the next"), json!({ "op": "delete", "key": "k" })])
            .finish();
        let loaded = ok(json!({ "value": "loaded by the next", "loaded": true }));
        assert_eq!(ended.code(0).answers(), [loaded, ok(true)], "after {way}");
    }
}

#[test]
fn standard_input_and_output_pass_through() {
    let mut running = run_embedded(&[]).guest(PLAYER).start();
    for round in 0..10 {
        // Each answer comes before the next question: nothing is kept back.
        assert_eq!(running.play(&set("k", round)), ok(Value::Null));
        assert_eq!(running.play(&crate::get("k")), crate::hit(round));
    }
    let large = "x".repeat(1 << 20);
    assert_eq!(running.play(&set("k", large.as_str())), ok(Value::Null));
    assert_eq!(running.play(&crate::get("k")), crate::hit(large));
    running.finish().code(0).lines(0);
}

#[test]
fn a_component_whose_output_nobody_reads_ends() {
    let ended = run_embedded(&[]).plays(&[set("k", 1)]).start_unheard().finish();
    ended.code(141).lines(0);
}
