//! Redis fails while a component runs.

use serde_json::{Value, json};
use spakky_end_to_end::command::{PLAYER, run_on};
use spakky_end_to_end::host_process::until;
use spakky_test_support::ServerOptions;

use crate::{get, hit, load, miss, ok, redis, redis_with, set};

#[track_caller]
fn kind(answer: &Value) -> &str {
    answer["error"]["kind"].as_str().unwrap_or_else(|| panic!("expected an error, got {answer}"))
}

/// The operations: three that read, then those that write.
fn operations() -> Vec<Value> {
    vec![
        get("k"),
        json!({ "op": "get_many", "keys": ["k"] }),
        load("k", "nobody"),
        set("k", 1),
        json!({ "op": "set_many", "entries": [["k", 1]] }),
        json!({ "op": "delete", "key": "k" }),
        json!({ "op": "delete_many", "keys": ["k"] }),
        json!({ "op": "evict_tags", "tags": ["t"] }),
        json!({ "op": "clear" }),
        json!({ "op": "begin_write", "key": "k" }),
        json!({ "op": "write_through", "key": "k", "value": 1 }),
        json!({ "op": "write_behind", "key": "k", "value": 1 }),
    ]
}

#[test]
fn a_redis_that_is_gone_is_an_error_and_never_a_miss() {
    let mut server = redis();
    let mut host = run_on(&server, &[]).guest(PLAYER).start();
    assert_eq!(host.play(&set("k", 1)), ok(Value::Null));
    server.stop();
    let port = server.port().to_string();
    for step in operations() {
        let answer = host.play(&step);
        assert_eq!(kind(&answer), "unavailable", "{step}");
        // What the backend said is for the log alone.
        for word in [port.as_str(), "127.0.0.1", "refused"] {
            assert!(!answer.to_string().contains(word), "{answer}");
        }
    }
    let report = host.play(&json!({ "op": "health", "endpoint": "health" }));
    assert_eq!(report["ok"]["status"], "unhealthy", "{report}");
    let component = &report["ok"]["components"][0];
    assert_eq!(component["details"]["error"], "unavailable", "{report}");

    server.start_again_on_same_port().expect("it starts");
    until("the connection is back", || host.play(&get("k")) == miss());
    assert_eq!(host.play(&set("k", 2)), ok(Value::Null));
    assert_eq!(host.play(&get("k")), hit(2));
    host.finish().code(0);
}

#[test]
fn reads_miss_where_the_operator_chose_it_and_writes_fail() {
    let mut server = redis();
    let mut host = run_on(&server, &["--on-failure", "miss"]).guest(PLAYER).start();
    assert_eq!(host.play(&set("k", 1)), ok(Value::Null));
    server.stop();
    assert_eq!(host.play(&get("k")), miss());
    assert_eq!(host.play(&json!({ "op": "get_many", "keys": ["k"] }))["ok"][0]["hit"], false);
    let loaded = ok(json!({ "value": "loaded by this", "loaded": true }));
    assert_eq!(host.play(&load("k", "this")), loaded);
    for step in &operations()[3..] {
        assert_eq!(kind(&host.play(step)), "unavailable", "{step}");
    }
}

#[test]
fn a_redis_that_hangs_is_given_up_after_the_socket_timeout() {
    let server = redis();
    let mut host = run_on(&server, &["--socket-timeout", "0.3"]).guest(PLAYER).start();
    assert_eq!(host.play(&set("k", 1)), ok(Value::Null));
    server.command(&["CLIENT", "PAUSE", "1500", "ALL"]).expect("it pauses");
    assert_eq!(kind(&host.play(&get("k"))), "unavailable");
    until("the connection is back", || host.play(&get("k")) == hit(1));
}

#[test]
fn what_redis_refuses_is_a_failed_operation() {
    // It may read, and not write.
    let rules = ["~*", "&*", "+@all", "-set", "-eval", "-evalsha", "-getdel"];
    let server = redis_with(ServerOptions::new().user("reader", "s3cret", &rules));
    let mut host = run_on(&server, &["--redis-username", "reader"])
        .env("SPAKKY_REDIS__PASSWORD", "s3cret")
        .guest(PLAYER)
        .start();
    for step in &operations()[3..] {
        let answer = host.play(step);
        assert_eq!(kind(&answer), "operation-failed", "{step}");
        assert!(!answer.to_string().contains("NOPERM"), "{answer}");
    }
    let ended = host.finish();
    ended.code(0).says(&["NOPERM"]).never_says("s3cret");
}

#[test]
fn failures_that_go_on_are_counted_instead_of_logged() {
    let server = redis();
    let mut host = run_on(&server, &[]).guest(PLAYER).start();
    host.play(&set("k", 1));
    // As a primary that lost its replicas.
    server.command(&["CONFIG", "SET", "min-replicas-to-write", "1"]).expect("an answer");
    for _ in 0..200 {
        assert_eq!(kind(&host.play(&set("a key \" of a guest", 1))), "operation-failed");
    }
    server.command(&["CONFIG", "SET", "min-replicas-to-write", "0"]).expect("an answer");
    let ended = host.finish();
    let first =
        ["the store failed", "operation=\"write\"", r#"keys="a key \" of a guest""#, "NOREPLICAS"];
    ended.code(0).lines(2).says(&first).says(&["the store failed until the end", "failures=199"]);
}
