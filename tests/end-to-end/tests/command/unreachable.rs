//! Redis is not there, or not as it was said to be.

use std::net::TcpListener;

use serde_json::json;
use spakky_end_to_end::command::{Ended, PLAYER, Spakky, run_on, spakky};
use spakky_test_support::ServerOptions;

use crate::{closed_port, get, load, miss, ok, redis, redis_with, set};

/// What `run` does; it must not get as far as its component.
#[track_caller]
fn refused(command: Spakky, says: &[&str]) -> Ended {
    let ended = command.plays(&[set("k", 1)]).finish();
    ended.code(69).says(says);
    assert_eq!(ended.output, "", "the component ran\n{}", ended.all());
    let errors = ended.errors.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 1, "{}", ended.all());
    ended
}

#[test]
fn nothing_listens() {
    let port = closed_port();
    let server = format!("127.0.0.1:{port}");
    refused(spakky(["run"]).at_port(port), &[&server, "refused", "SPAKKY_REDIS__PORT"]);
}

#[test]
fn there_is_no_such_host() {
    let command = spakky(["run", "--redis-host", "no-such-host.invalid"]);
    refused(command, &["no-such-host.invalid:6379", "SPAKKY_REDIS__HOST"]);
}

#[test]
fn nobody_answers() {
    // It accepts, and says nothing.
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = format!("127.0.0.1:{port}");
    let command = spakky(["run", "--socket-timeout", "0.2"]).at_port(port);
    refused(command, &[&server, "no answer within 200ms"]);
}

#[test]
fn what_answers_is_no_redis() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    refused(spakky(["run"]).at_port(port), &[&format!("127.0.0.1:{port}"), "not a Redis server"]);
}

#[test]
fn the_password_is_missing() {
    let server = redis_with(ServerOptions::new().password("s3cret"));
    refused(run_on(&server, &[]), &["requires a password", "SPAKKY_REDIS__PASSWORD"]);
}

#[test]
fn the_password_is_wrong() {
    let server = redis_with(ServerOptions::new().password("s3cret"));
    let command = run_on(&server, &[]).env("SPAKKY_REDIS__PASSWORD", "gu3ss");
    refused(command, &["password is wrong", "SPAKKY_REDIS__PASSWORD"]).never_says("gu3ss");
}

#[test]
fn the_user_is_unknown() {
    let server = redis_with(ServerOptions::new().user("app", "s3cret", &["~*", "&*", "+@all"]));
    let command = run_on(&server, &["--redis-username", "nobody"])
        .env("SPAKKY_REDIS__PASSWORD", "s3cret")
        .env("RUST_LOG", "trace");
    refused(command, &["\"nobody\"", "SPAKKY_REDIS__USERNAME"]).never_says("s3cret");
}

#[test]
fn there_is_no_such_database() {
    let server = redis_with(ServerOptions::new().databases(2));
    refused(run_on(&server, &["--redis-db", "2"]), &["no database 2", "SPAKKY_REDIS__DB"]);
    run_on(&server, &["--redis-db", "1"]).plays(&[set("k", 1)]).finish().code(0);
}

#[test]
fn tls_against_a_plain_port() {
    let server = redis();
    let command = run_on(&server, &["--redis-use-ssl"]);
    // Whatever the machine trusts.
    let authority = redis_with(ServerOptions::new().tls());
    let command = command.env("SSL_CERT_FILE", authority.authority().expect("it has one"));
    refused(command, &["TLS", "SPAKKY_REDIS__USE_SSL=false"]);
}

#[test]
fn plain_against_a_tls_port() {
    let server = redis_with(ServerOptions::new().tls());
    refused(run_on(&server, &[]), &["TLS", "SPAKKY_REDIS__USE_SSL=true"]);
}

#[test]
fn a_certificate_that_nobody_trusts() {
    let server = redis_with(ServerOptions::new().tls());
    let other = redis_with(ServerOptions::new().tls());
    let command = run_on(&server, &["--redis-use-ssl"])
        .env("SSL_CERT_FILE", other.authority().expect("it has one"));
    refused(command, &["certificate is not trusted", "SSL_CERT_FILE"]);
}

#[test]
fn there_is_no_silent_fallback() {
    let ended = spakky(["run"]).at_port(closed_port()).guest(PLAYER).finish();
    ended.code(69).says(&["hint: --store embedded"]);
}

#[test]
fn where_a_failure_is_a_miss_the_component_runs_without_redis() {
    let port = closed_port();
    let ended = spakky(["run", "--on-failure", "miss"])
        .at_port(port)
        .plays(&[get("k"), load("k", "the guest"), set("k", 1), get("k")])
        .finish();
    ended.code(0).says(&[&format!("127.0.0.1:{port}"), "refused"]);
    let answers = ended.answers();
    assert_eq!(answers[2]["error"]["kind"], "unavailable", "{}", ended.all());
    let loaded = ok(json!({ "loaded": true, "value": "loaded by the guest" }));
    assert_eq!([&answers[..2], &answers[3..]].concat(), [miss(), loaded, miss()]);
}

#[test]
fn what_a_user_may_not_ask_of_its_connection_is_logged() {
    let rules = ["~*", "&*", "+@all", "-client|info"];
    let server = redis_with(ServerOptions::new().user("app", "s3cret", &rules));
    let ended = run_on(&server, &["--redis-username", "app"])
        .env("SPAKKY_REDIS__PASSWORD", "s3cret")
        .plays(&[get("k")])
        .finish();
    ended.code(0).says(&["grant client|info"]);
}
