//! The commands `health` and `info`.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spakky_end_to_end::command::{Ended, OBSERVED, Spakky, run_embedded, run_on, spakky};
use spakky_test_support::RedisServer;

use crate::{closed_port, redis, set};

fn health(server: &RedisServer, options: &[&str]) -> Spakky {
    spakky(["health"]).args(options).at(server)
}

/// The component of this name in a report.
#[track_caller]
fn component(ended: &Ended, name: &str) -> Value {
    let report = ended.json();
    let components = report["components"].as_array().expect("a list");
    let found = components.iter().find(|component| component["name"] == name);
    found.unwrap_or_else(|| panic!("no component {name}\n{}", ended.all())).clone()
}

fn names(report: &Value) -> Vec<&str> {
    let components = report["components"].as_array().into_iter().flatten();
    components.filter_map(|component| component["name"].as_str()).collect()
}

#[test]
fn a_healthy_redis() {
    let server = redis();
    for endpoint in ["health", "readiness"] {
        let ended = health(&server, &["--endpoint", endpoint]).finish();
        ended.code(0).lines(0);
        assert_eq!(
            ended.json(),
            json!({
                "endpoint": endpoint,
                "status": "healthy",
                "components": [{
                    "name": "redis-cache",
                    "status": "healthy",
                    "required": true,
                    "details": {
                        "database": 0,
                        "host": "127.0.0.1",
                        "key_prefix": "spakky:cache:",
                        "port": server.port(),
                        "ssl": false,
                    },
                }],
            })
        );
    }
}

#[test]
fn nobody_answers_for_liveness_and_so_it_is_well() {
    let expected = json!({ "endpoint": "liveness", "status": "healthy", "components": [] });
    let ended = health(&redis(), &["--endpoint", "liveness"]).finish();
    assert_eq!(ended.code(0).json(), expected);
    // A cache that is down is no reason to restart its users.
    let ended = spakky(["health", "--endpoint", "liveness"]).at_port(closed_port()).finish();
    assert_eq!(ended.code(0).json(), expected);
}

#[test]
fn liveness_does_not_connect() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.set_nonblocking(true).expect("it can be asked");
    let port = listener.local_addr().expect("an address").port();
    let command = spakky(["health", "--endpoint", "liveness", "--socket-timeout", "1h"]);
    command.at_port(port).finish().code(0);
    let connected = listener.accept();
    assert!(connected.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
}

#[test]
fn a_redis_that_is_down_is_a_report_too() {
    let port = closed_port();
    for endpoint in ["health", "readiness"] {
        let ended = spakky(["health", "--endpoint", endpoint]).at_port(port).finish();
        let report = ended.code(1).json();
        assert_eq!(report["status"], "unhealthy", "{report}");
        let cache = component(&ended, "redis-cache");
        assert_eq!(cache["status"], "unhealthy", "{report}");
        assert_eq!(cache["details"]["error"], "unavailable", "{report}");
        assert_eq!(cache["details"]["port"], port, "{report}");
    }
}

#[test]
fn a_wrong_password_is_a_report_without_it() {
    let server = crate::redis_with(spakky_test_support::ServerOptions::new().password("s3cret"));
    let ended = health(&server, &[]).env("SPAKKY_REDIS__PASSWORD", "gu3ss").finish();
    ended.code(1).never_says("gu3ss").never_says("s3cret");
    assert_eq!(component(&ended, "redis-cache")["status"], "unhealthy");
}

#[test]
fn details_are_hidden_where_the_operator_wants_it() {
    let server = redis();
    for (value, shown) in [("false", false), ("0", false), ("true", true)] {
        let ended = health(&server, &[])
            .guest(OBSERVED)
            .env("SPAKKY_ACTUATOR_INCLUDE_DETAILS", value)
            .finish();
        for name in ["redis-cache", "observed-guest"] {
            let details = component(ended.code(0), name)["details"].clone();
            assert_eq!(details.as_object().is_some_and(|details| !details.is_empty()), shown);
        }
    }
    let ended = spakky(["health"])
        .at_port(closed_port())
        .env("SPAKKY_ACTUATOR_INCLUDE_DETAILS", "false")
        .finish();
    assert_eq!(component(ended.code(1), "redis-cache")["details"], json!({}));
    // A guest that asks sees no more.
    let ended = run_on(&server, &[])
        .env("SPAKKY_ACTUATOR_INCLUDE_DETAILS", "false")
        .plays(&[json!({ "op": "health", "endpoint": "health" })])
        .finish();
    assert_eq!(ended.code(0).answers()[0]["ok"]["components"][0]["details"], json!({}));
}

#[test]
fn a_component_reports_its_health() {
    let server = redis();
    let ended = health(&server, &[]).guest(OBSERVED).finish();
    assert_eq!(names(&ended.code(0).json()), ["observed-guest", "redis-cache"]);
    let observed = component(&ended, "observed-guest");
    assert_eq!((&observed["status"], &observed["required"]), (&json!("healthy"), &json!(true)));
    let details = &observed["details"];
    assert_eq!((&details["told"], &details["ratio"]), (&json!("healthy"), &json!(0.5)));
    assert_eq!((&details["asked"], &details["observed"]), (&json!(1), &json!(true)));
}

#[test]
fn a_component_that_is_unhealthy_makes_the_whole_so_if_it_is_required() {
    let server = redis();
    let sick = ["--env", "OBSERVED_CHECK=a pipe burst"];
    let ended = health(&server, &sick).guest(OBSERVED).finish();
    assert_eq!(ended.code(1).json()["status"], "unhealthy");
    let observed = component(&ended, "observed-guest");
    assert_eq!(observed["details"]["told"], "a pipe burst");
    assert_eq!(component(&ended, "redis-cache")["status"], "healthy");

    let ended =
        health(&server, &sick).args(["--env", "OBSERVED_REQUIRED=false"]).guest(OBSERVED).finish();
    assert_eq!(ended.code(0).json()["status"], "healthy");
    let observed = component(&ended, "observed-guest");
    assert_eq!((&observed["status"], &observed["required"]), (&json!("unhealthy"), &json!(false)));
}

#[test]
fn a_component_is_asked_for_what_it_answers_for() {
    let server = redis();
    let options = ["--env", "OBSERVED_ENDPOINTS=liveness", "--env", "OBSERVED_CHECK=sick"];
    for (endpoint, code, expected) in [
        ("health", 0, &["redis-cache"][..]),
        ("readiness", 0, &["redis-cache"]),
        ("liveness", 1, &["observed-guest"]),
    ] {
        let ended =
            health(&server, &options).args(["--endpoint", endpoint]).guest(OBSERVED).finish();
        assert_eq!(names(&ended.code(code).json()), expected);
    }
}

#[test]
fn a_component_cannot_take_the_name_of_the_cache() {
    let ended = spakky(["health", "--env", "OBSERVED_NAME=redis-cache"])
        .args(["--env", "OBSERVED_CHECK=healthy"])
        .at_port(closed_port())
        .guest(OBSERVED)
        .finish();
    let other = format!("{OBSERVED}/redis-cache");
    assert_eq!(names(&ended.code(1).json()), [&other, "redis-cache"]);
    assert_eq!(component(&ended, &other)["status"], "healthy");
    assert_eq!(component(&ended, "redis-cache")["status"], "unhealthy");
}

#[test]
fn a_probe_that_traps_or_hangs_is_unhealthy_and_takes_nobody_with_it() {
    let server = redis();
    for (does, error) in [("trap", "trap"), ("panic", "trap"), ("loop", "timeout")] {
        for (call, name) in [("CHECK", "observed-guest"), ("DESCRIBE", OBSERVED)] {
            let option = format!("OBSERVED_{call}={does}");
            let began = Instant::now();
            let ended = health(&server, &["--env", &option, "--probe-timeout", "500ms"])
                .guest(OBSERVED)
                .finish();
            assert!(began.elapsed() < Duration::from_secs(10), "{option}: it hung");
            assert_eq!(ended.code(1).json()["status"], "unhealthy", "{option}");
            let observed = component(&ended, name);
            assert_eq!(observed["status"], "unhealthy", "{option}: {observed}");
            assert_eq!(observed["details"]["error"], error, "{option}: {observed}");
            assert_eq!(component(&ended, "redis-cache")["status"], "healthy", "{option}");
        }
    }
}

#[test]
fn a_probe_sees_the_cache() {
    let server = redis();
    let ended = run_on(&server, &[]).plays(&[set("observed:check", "told by the cache")]).finish();
    ended.code(0);
    let ended = health(&server, &[]).guest(OBSERVED).finish();
    let observed = component(ended.code(1), "observed-guest");
    assert_eq!(observed["details"]["told"], "told by the cache");
    // Without its cache it says what the cache said.
    let ended = spakky(["health"]).at_port(closed_port()).guest(OBSERVED).finish();
    assert_eq!(component(ended.code(1), "observed-guest")["details"]["told"], "unavailable");
}

#[test]
fn info_has_the_counts_of_the_cache() {
    let expected = json!({ "info": { "redis_cache": {
        "clears": 0, "deletes": 0, "hits": 0, "misses": 0,
        "rejections": 0, "stampede_waits": 0, "tag_evictions": 0, "writes": 0,
    } } });
    let ended = spakky(["info"]).at(&redis()).finish();
    assert_eq!(ended.code(0).lines(0).json(), expected);
    let ended = spakky(["info", "--store", "embedded"]).finish();
    assert_eq!(ended.code(0).json(), expected);
    let ended = spakky(["info", "--store", "embedded", "--pretty"]).finish();
    assert!(ended.output.lines().count() > 5, "{}", ended.all());
    assert_eq!(ended.code(0).json(), expected);
}

#[test]
fn info_has_what_components_contribute() {
    let ended = spakky(["info", "--store", "embedded"]).guest(OBSERVED).finish();
    let info = &ended.code(0).json()["info"];
    let observed = json!({ "told": "healthy", "asked": 1, "ratio": 0.5, "observed": true });
    assert_eq!(info["observed"], observed, "{info}");
    assert!(info["redis_cache"]["misses"].is_u64(), "{info}");
}

#[test]
fn a_contributor_that_traps_or_hangs_is_left_out() {
    for does in ["trap", "panic", "loop"] {
        let option = format!("OBSERVED_CONTRIBUTE={does}");
        let ended =
            spakky(["info", "--store", "embedded", "--probe-timeout", "500ms", "--env", &option])
                .guest(OBSERVED)
                .finish();
        let info = &ended.code(0).json()["info"];
        assert!(info.get("observed").is_none() && info.get("redis_cache").is_some(), "{info}");
    }
}

#[test]
fn a_guest_that_asks_sees_the_same_report() {
    let server = redis();
    let told = health(&server, &[]).finish().json();
    let asks = [json!({ "op": "health", "endpoint": "health" })];
    assert_eq!(run_on(&server, &[]).plays(&asks).finish().code(0).answers()[0]["ok"], told);
    let ended = run_embedded(&[]).plays(&asks).finish();
    assert_eq!(ended.code(0).answers()[0]["ok"]["components"][0]["details"]["host"], "");
}

#[test]
fn the_report_alone_is_on_standard_output() {
    // What a component prints while it is asked must not get into the JSON.
    let ended = spakky(["health", "--store", "embedded"])
        .args(["--env", "OBSERVED_CHECK=panic"])
        .env("RUST_LOG", "debug")
        .guest(OBSERVED)
        .finish();
    assert_eq!(ended.code(1).output.lines().count(), 1, "{}", ended.all());
    ended.json();
}
