//! Redis fails while a component runs.

use serde_json::{Value, json};
use spakky_end_to_end::command::{PLAYER, Running, run_on, spakky};
use spakky_test_support::ServerOptions;

use crate::{get, hit, load, miss, ok, redis, redis_with, set, until};

#[track_caller]
fn kind(answer: &Value) -> &str {
    answer["error"]["kind"].as_str().unwrap_or_else(|| panic!("expected an error, got {answer}"))
}

/// All that reads, or writes.
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
    for step in operations() {
        assert_eq!(kind(&host.play(&step)), "unavailable", "{step}");
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
fn what_redis_has_lost_is_a_miss() {
    let server = redis();
    let mut host = run_on(&server, &[]).guest(PLAYER).start();
    let tagged = |value: u64| json!({ "op": "set", "key": "k", "value": value, "options": { "tags": ["t"] } });
    assert_eq!(host.play(&tagged(1)), ok(Value::Null));
    assert_eq!(host.play(&get("k")), hit(1));
    host.play(&json!({ "op": "lookup", "key": "held" }));
    server.command(&["FLUSHALL"]).expect("it is empty");
    assert_eq!(host.play(&get("k")), miss());
    let commit = json!({ "op": "commit", "lease": "held", "value": "late" });
    assert_eq!(host.play(&commit), ok(false));
    assert_eq!(host.play(&tagged(2)), ok(Value::Null));
    assert_eq!(host.play(&get("k")), hit(2));
}

#[test]
fn what_is_no_entry_is_a_miss_and_is_replaced() {
    let server = redis();
    let mut host = run_on(&server, &[]).guest(PLAYER).start();
    host.play(&set("k", "value"));
    let entry: Vec<u8> =
        server.query(redis::cmd("GET").arg("spakky:cache:k|k")).expect("it is there");
    let cut = &entry[..entry.len() - 1];
    let mut turned = entry.clone();
    *turned.last_mut().expect("it is not empty") ^= 1;
    for foreign in [&b""[..], b"of another program", cut, &turned] {
        let mut put = redis::cmd("SET");
        put.arg("spakky:cache:k|k").arg(foreign);
        server.query::<()>(&put).expect("it is stored");
        assert_eq!(host.play(&get("k")), miss(), "{foreign:?}");
        let loaded = ok(json!({ "value": "loaded by this", "loaded": true }));
        assert_eq!(host.play(&load("k", "this")), loaded, "{foreign:?}");
    }
    assert_eq!(host.play(&get("k")), hit("loaded by this"));
}

#[test]
fn what_was_evicted_while_a_connection_was_down_is_never_read() {
    let server = redis();
    let mut first = run_on(&server, &[]).guest(PLAYER).start();
    let mut second = run_on(&server, &[]).guest(PLAYER).start();
    let options = json!({ "tags": ["t"] });
    let evict = json!({ "op": "evict_tags", "tags": ["t"] });
    for round in 0..10 {
        let set = json!({ "op": "set", "key": "k", "value": round, "options": options });
        until("it can be written", || second.play(&set) == ok(Value::Null));
        until("it can be read", || first.play(&get("k")) == hit(round));
        server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).expect("it does");
        until("it can be evicted", || second.play(&evict) == ok(Value::Null));
        // An error is right while the connection is down; a hit never is.
        until("it can be read again", || {
            let answer = first.play(&get("k"));
            assert_ne!(answer, hit(round), "it was evicted");
            answer == miss()
        });
    }
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
        // What Redis said is for the log alone.
        assert!(!answer.to_string().contains("NOPERM"), "{answer}");
    }
    let ended = host.finish();
    ended.code(0).says(&["NOPERM"]).never_says("s3cret");
}

#[test]
fn a_redis_without_memory_is_a_failed_operation() {
    let server = redis_with(ServerOptions::new().max_memory("3mb", "noeviction"));
    let mut host = run_on(&server, &[]).guest(PLAYER).start();
    let large = json!({ "op": "raw_set", "key": "large", "bytes": 4 << 20 });
    assert_eq!(host.play(&set("k", 1)), ok(Value::Null));
    until("the memory is used up", || {
        host.play(&large);
        host.play(&set("another", 2)).get("error").is_some()
    });
    assert_eq!(kind(&host.play(&set("k", 2))), "operation-failed");
    assert_eq!(host.play(&get("k")), hit(1));
}

#[test]
fn a_failed_store_is_never_told_of_in_the_backends_words() {
    let mut server = redis();
    let port = server.port();
    let mut host: Running = spakky(["run"]).at_port(port).guest(PLAYER).start();
    host.play(&set("k", 1));
    server.stop();
    let answer = host.play(&get("k")).to_string();
    for word in [&port.to_string(), "127.0.0.1", "refused"] {
        assert!(!answer.contains(word), "{answer}");
    }
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
