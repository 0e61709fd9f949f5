//! Work that has some of everything: hits, misses, loads, tags, batches,
//! leases, refreshes and errors.

use serde_json::{Value, json};

/// A step, and what it has to be answered, as scenarios say it.
pub type Played = (Value, Value);

/// How many tags there are in all rounds: what a process knows of tags may grow
/// with them, and is not what is measured.
const TAGS: u64 = 64;

/// One round of work on keys that no other round has. It removes what it
/// stored.
pub fn round(number: u64) -> Vec<Played> {
    let key = |name: &str| format!("{number}:{name}");
    let tags = json!({ "tags": [format!("tag {}", number % TAGS)], "ttl_ms": 600_000 });
    let value = format!("the value of round {number}");
    let ok = |result: Value| json!({ "ok": result });
    let error = |kind: &str| json!({ "error": kind });
    let hit = json!({ "hit": true, "value": value });
    let miss = json!({ "hit": false });
    let load = |name: &str| {
        let loader = json!({ "value": value });
        json!({ "op": "get_or_load", "key": key(name), "loader": loader, "options": tags })
    };
    let found = |loaded: Value| json!({ "value": value, "loaded": loaded });
    let on = |op: &str, name: &str| json!({ "op": op, "key": key(name) });
    let drop = |name: &str| json!({ "op": "drop", "lease": key(name) });
    let names = |names: &[&str]| names.iter().map(|name| key(name)).collect::<Vec<_>>();
    let entries: Vec<_> = names(&["c", "d", "e"]).iter().map(|key| json!([key, value])).collect();
    let failing = json!({ "fail": "as asked" });
    vec![
        (on("get", "a"), ok(miss.clone())),
        (json!({ "op": "set", "key": key("a"), "value": value, "options": tags }), ok(json!(null))),
        (on("get", "a"), ok(hit.clone())),
        (load("b"), ok(found(true.into()))),
        (load("b"), ok(found(false.into()))),
        (json!({ "op": "set_many", "entries": entries }), ok(json!(null))),
        (
            json!({ "op": "get_many", "keys": names(&["a", "b", "c", "d", "e"]) }),
            ok(vec![hit.clone(); 5].into()),
        ),
        (json!({ "op": "evict_tags", "tags": tags["tags"] }), ok(json!(null))),
        (on("get", "b"), ok(miss)),
        // A lease that is given up, and one that is filled.
        (on("lookup", "f"), ok(json!({ "result": "miss" }))),
        (drop("f"), ok(json!(null))),
        (on("lookup", "f"), ok(json!({ "result": "miss" }))),
        (json!({ "op": "commit", "lease": key("f"), "value": value }), ok(json!(true))),
        (drop("f"), ok(json!(null))),
        // Errors, of the arguments and of a loader.
        (on("get", &"long".repeat(300)), error("invalid-key")),
        (
            json!({ "op": "raw_set", "key": key("a"), "bytes": 1, "options": { "ttl_ms": 0 } }),
            error("invalid-ttl"),
        ),
        (json!({ "op": "get_or_load", "key": key("i"), "loader": failing }), error("loader")),
        (json!({ "op": "write_through", "key": key("a"), "value": value }), ok(json!(null))),
        (on("begin_write", "g"), ok(json!(null))),
        (drop("g"), ok(json!(null))),
        // Stale, unless all of this took less than a millisecond.
        (
            json!({ "op": "set", "key": key("h"), "value": value, "options": { "fresh_ms": 1 } }),
            ok(json!(null)),
        ),
        (on("get", "a"), ok(hit)),
        (load("h"), ok(found("@any".into()))),
        (on("delete", "a"), ok(json!(true))),
        // One was evicted, one was never committed, and one failed.
        (
            json!({ "op": "delete_many", "keys": names(&["b", "c", "d", "e", "f", "g", "h", "i"]) }),
            ok(json!(5)),
        ),
    ]
}
