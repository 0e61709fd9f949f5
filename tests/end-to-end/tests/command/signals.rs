//! A signal ends the command.

use serde_json::json;
use spakky_end_to_end::command::{PLAYER, run_on};

use crate::{load, ok, redis};

#[test]
fn a_signal_ends_the_component_and_frees_its_keys() {
    let server = redis();
    let options = ["--lease", "10m"];
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
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
