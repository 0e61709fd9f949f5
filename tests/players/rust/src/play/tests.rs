//! Scenarios against the cache in memory: the protocol, and what one caller sees.

use super::*;

/// Plays the steps of `script`; each line of `expected` is an answer, or the `kind`
/// of an error.
fn play(script: &str, expected: &str) {
    let mut output = Vec::new();
    Player::new(script.as_bytes(), &mut output).play_input().expect("played");
    let output = String::from_utf8(output).expect("text");
    let answers: Vec<_> = output
        .lines()
        .map(|line| {
            let answer: Value = serde_json::from_str(line).expect("an answer");
            let kind = answer.pointer("/error/kind").cloned();
            kind.unwrap_or_else(|| answer.get("ok").cloned().expect("an answer"))
        })
        .collect();
    let expected: Vec<Value> =
        expected.lines().map(|line| serde_json::from_str(line.trim()).expect("a value")).collect();
    assert_eq!(answers, expected, "{output}");
}

#[test]
fn every_operation_answers() {
    play(
        r#"{"op": "set", "key": "k", "value": null, "options": {"ttl_s": 1.5, "tags": ["t"]}}
           {"op": "get", "key": "k"}
           {"op": "set_many", "entries": [["a", 1], ["b", {"$hex": "00"}]]}

           {"op": "get_many", "keys": ["b", "c", "a"]}
           {"op": "delete", "key": "a"}
           {"op": "delete_many", "keys": ["a", "b"]}
           {"op": "evict_tags", "tags": ["t"]}
           {"op": "get", "key": "k"}
           {"op": "clear"}
           {"op": "metrics"}
           {"op": "health", "endpoint": "readiness"}
           {"op": "info"}"#,
        r#"null
           {"hit": true, "value": null}
           null
           [{"hit": true, "value": {"$hex": "00"}}, {"hit": false}, {"hit": true, "value": 1}]
           true
           1
           null
           {"hit": false}
           null
           {"hits": 3, "misses": 2, "writes": 3, "deletes": 2, "clears": 1, "tag_evictions": 1, "stampede_waits": 0}
           {"endpoint": "readiness", "status": "healthy", "components": []}
           []"#,
    );
}

#[test]
fn a_loader_plays_steps_of_its_own_first() {
    play(
        r#"{"op": "get_or_load", "key": "k", "loader": {"value": 1, "then": [{"op": "get", "key": "k"}, {"op": "delete", "key": "k"}]}}
           {"op": "get_or_load", "key": "k", "loader": {"fail": "down"}}
           {"op": "get_or_load", "key": "k", "loader": {"value": 2}}
           {"op": "get_or_load", "key": "k", "loader": {"value": 3}}
           {"op": "get_or_load", "key": "x", "loader": {"value": {"$unencodable": true}}}"#,
        r#"{"hit": false}
           false
           {"value": 1, "loaded": true}
           "loader"
           {"value": 2, "loaded": true}
           {"value": 2, "loaded": false}
           "serialization""#,
    );
}

#[test]
fn a_loader_may_pause_and_take_its_steps_from_the_input() {
    play(
        r#"{"op": "get_or_load", "key": "k", "loader": {"value": 1, "then": [{"op": "pause"}]}}
           {"op": "lookup", "key": "k"}
           {"op": "resume"}
           {"op": "resume"}"#,
        r#""lease-held"
           null
           null
           {"value": 1, "loaded": true}
           "protocol""#,
    );
}

#[test]
fn writers_write() {
    play(
        r#"{"op": "write_through", "key": "k", "value": 1, "writer": {"then": [{"op": "get", "key": "k"}]}}
           {"op": "write_through", "key": "k", "value": 2, "writer": {"fail": "full"}}
           {"op": "get", "key": "k"}
           {"op": "write_behind", "key": "k", "value": 3, "writer": {"then": [{"op": "get", "key": "k"}]}}
           {"op": "write_behind", "key": "k", "value": 4, "writer": {"fail": "full"}}
           {"op": "get", "key": "k"}"#,
        r#"{"hit": false}
           null
           "writer"
           {"hit": false}
           {"hit": true, "value": 3}
           null
           "writer"
           {"hit": false}"#,
    );
}

#[test]
fn leases_have_names() {
    play(
        r#"{"op": "lookup", "key": "k", "lease": "mine"}
           {"op": "commit", "lease": "mine", "value": 1, "options": {"ttl_ms": 0}}
           {"op": "commit", "lease": "mine", "value": 1, "options": {"ttl_ms": 60000}}
           {"op": "commit", "lease": "mine", "value": 2}
           {"op": "drop", "lease": "mine"}
           {"op": "drop", "lease": "mine"}
           {"op": "lookup", "key": "k"}
           {"op": "begin_write", "key": "k"}
           {"op": "lookup", "key": "k"}
           {"op": "leak", "lease": "k"}
           {"op": "lookup", "key": "k"}"#,
        r#"{"result": "miss"}
           "invalid-ttl"
           true
           false
           null
           "protocol"
           {"result": "hit", "value": 1}
           null
           "lease-held"
           null
           "lease-held""#,
    );
}

#[test]
fn raw_entries_need_not_be_values() {
    play(
        r#"{"op": "raw_set", "key": "k", "hex": "ff00"}
           {"op": "raw_get", "key": "k"}
           {"op": "get", "key": "k"}
           {"op": "raw_set", "key": "k", "value": "a"}
           {"op": "raw_get", "key": "k"}
           {"op": "raw_set", "key": "k", "bytes": 9000000}
           {"op": "raw_set", "key": "k", "hex": "00", "bytes": 1}"#,
        r#"null
           {"hit": true, "hex": "ff00"}
           "serialization"
           null
           {"hit": true, "hex": "6161"}
           "value-too-large"
           "protocol""#,
    );
}

#[test]
fn times_reach_the_library_as_they_are_written() {
    play(
        r#"{"op": "set", "key": "k", "value": 1, "options": {"ttl_s": {"$float": "NaN"}}}
           {"op": "set", "key": "k", "value": 1, "options": {"ttl_s": {"$float": "Infinity"}}}
           {"op": "set", "key": "k", "value": 1, "options": {"ttl_s": -1}}
           {"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 0}}
           {"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 5, "fresh_ms": 6}}"#,
        r#""invalid-ttl"
           "invalid-ttl"
           "invalid-ttl"
           "invalid-ttl"
           "invalid-ttl""#,
    );
}

#[test]
fn attributes_cache_and_evict() {
    play(
        r#"{"op": "cacheable", "id": "a", "fail": "down"}
           {"op": "cacheable", "id": "a", "part": "b:c"}
           {"op": "cacheable", "id": "a:b", "part": "c"}
           {"op": "cacheable", "id": "a", "part": "b:c"}
           {"op": "cache_evict", "by": "key", "id": "a", "part": "b:c", "fail": "down"}
           {"op": "cacheable", "id": "a", "part": "b:c"}
           {"op": "cache_evict", "by": "key", "id": "a", "part": "b:c"}
           {"op": "cacheable", "id": "a", "part": "b:c"}
           {"op": "cache_evict", "by": "tags", "id": "a:b"}
           {"op": "cacheable", "id": "a:b", "part": "c"}
           {"op": "raw_get", "key": "profile:a%3Ab:c"}
           {"op": "cache_evict", "by": "all"}
           {"op": "raw_get", "key": "profile:a%3Ab:c"}"#,
        r#""function"
           {"value": "profile a b:c", "calls": 2}
           {"value": "profile a:b c", "calls": 3}
           {"value": "profile a b:c", "calls": 3}
           "function"
           {"value": "profile a b:c", "calls": 3}
           null
           {"value": "profile a b:c", "calls": 4}
           null
           {"value": "profile a:b c", "calls": 5}
           {"hit": true, "hex": "6d70726f66696c6520613a622063"}
           null
           {"hit": false}"#,
    );
}

#[test]
fn what_is_no_step_is_answered_and_passed_over() {
    play(
        r#"nonsense
           {"op": "fly"}
           {"op": "get", "key": ""}
           {"op": "get", "key": "k"}"#,
        r#""protocol"
           "protocol"
           "invalid-key"
           {"hit": false}"#,
    );
}
