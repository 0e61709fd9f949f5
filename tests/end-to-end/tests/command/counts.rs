//! What operations cost, in commands that Redis carries out.

use serde_json::{Value, json};
use spakky_end_to_end::command::{PLAYER, Running, run_on};
use spakky_test_support::{Commands, RedisServer};

use crate::{get, load, ok, redis};

fn host(server: &RedisServer) -> Running {
    run_on(server, &[]).guest(PLAYER).start()
}

/// What Redis carries out for `step`, `times` times.
#[track_caller]
fn commands(server: &RedisServer, host: &mut Running, step: &Value, times: u64) -> Commands {
    let before = server.commands().expect("it answers");
    for _ in 0..times {
        let answer = host.play(step);
        assert!(answer.get("ok").is_some(), "{step}: {answer}");
    }
    server.commands().expect("it answers").since(&before)
}

#[test]
fn a_hit_is_one_get() {
    let server = redis();
    let mut host = host(&server);
    let tags = json!({ "tags": ["a", "b", "c"] });
    host.play(&json!({ "op": "set", "key": "k", "value": 1, "options": tags }));
    // The epochs are learnt once for each connection.
    host.play(&get("k"));
    assert_eq!(commands(&server, &mut host, &get("k"), 50), Commands::from([("get", 50)]));
    let load = load("k", "nobody");
    assert_eq!(commands(&server, &mut host, &load, 50), Commands::from([("get", 50)]));
}

#[test]
fn a_set_is_one_set() {
    let server = redis();
    let mut host = host(&server);
    let tags = json!({ "tags": ["a", "b", "c"], "ttl_ms": 600_000 });
    let set = json!({ "op": "set", "key": "k", "value": 1, "options": tags });
    host.play(&set);
    assert_eq!(commands(&server, &mut host, &set, 50), Commands::from([("set", 50)]));
}

#[test]
fn a_batch_of_reads_is_one_mget() {
    let server = redis();
    let mut host = host(&server);
    let keys: Vec<_> = (0..100).map(|number| format!("k{number}")).collect();
    let entries: Vec<_> = keys.iter().map(|key| json!([key, key])).collect();
    host.play(&json!({ "op": "set_many", "entries": entries }));
    let get = json!({ "op": "get_many", "keys": keys });
    host.play(&get);
    assert_eq!(commands(&server, &mut host, &get, 5), Commands::from([("mget", 5)]));
}

#[test]
fn an_eviction_costs_the_same_for_one_entry_and_for_ten_thousand() {
    let server = redis();
    let mut host = host(&server);
    let evict = json!({ "op": "evict_tags", "tags": ["t"] });
    let clear = json!({ "op": "clear" });
    let options = json!({ "tags": ["t"] });
    let mut cost = |entries: usize| {
        let mut measure = |step: &Value| {
            for batch in 0..entries.div_ceil(1_000) {
                let numbers = (0..entries.min(1_000)).map(|number| batch * 1_000 + number);
                let entries: Vec<_> =
                    numbers.map(|number| json!([format!("k{number}"), number])).collect();
                let set = json!({ "op": "set_many", "entries": entries, "options": options });
                assert_eq!(host.play(&set), ok(Value::Null));
            }
            commands(&server, &mut host, step, 1)
        };
        (measure(&evict), measure(&clear))
    };
    let one = cost(1);
    let many = cost(10_000);
    assert_eq!(one, many, "evict and clear, of one and of 10,000 entries");
    assert!(one.0.total() <= 5 && one.1.total() <= 5, "evict: {}; clear: {}", one.0, one.1);
    assert_eq!(host.play(&get("k9999")), ok(json!({ "hit": false })));
}

#[test]
fn a_long_wait_costs_no_more_than_a_short_one() {
    let server = redis();
    let mut loader = host(&server);
    let mut waiter = host(&server);
    loader.play(&json!({ "op": "lookup", "key": "k" }));
    let mut wait = |limit: u64| {
        let step = json!({ "op": "lookup", "key": "k", "max_wait_ms": limit });
        let before = server.commands().expect("it answers");
        assert_eq!(waiter.play(&step)["error"]["kind"], "lock-timeout");
        server.commands().expect("it answers").since(&before)
    };
    let (short, long) = (wait(20), wait(600));
    assert!(long.total() <= short.total(), "20 ms: {short}; 600 ms: {long}");
}
