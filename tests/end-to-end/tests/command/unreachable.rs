//! Redis is not there, or not as configured.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::json;
use spakky_end_to_end::command::{Ended, Spakky, run_on, spakky};
use spakky_test_support::{RedisServer, ServerOptions};

use crate::{closed_port, get, load, miss, ok, redis, redis_with, set};

/// How `run` fails, before it runs its component.
#[track_caller]
fn refused(command: Spakky, says: &[&str]) -> Ended {
    let ended = command.plays(&[set("k", 1)]).finish();
    ended.code(69).says(says);
    assert_eq!(ended.output, "", "the component ran\n{}", ended.all());
    let errors = ended.errors.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 1, "{}", ended.all());
    ended
}

/// A server that accepts a connection, and does this with it.
fn impostor(answer: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        // A connection that is not closed waits for an answer.
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let stream = stream.expect("a connection");
            open.push(stream.try_clone());
            answer(stream);
        }
    });
    port
}

#[test]
fn a_server_that_is_not_there_or_no_redis_is_named() {
    let at = |port| format!("127.0.0.1:{port}");
    let port = closed_port();
    let server = at(port);
    let says: &[&str] = &[&server, "refused", "SPAKKY_REDIS__PORT", "hint: --store embedded"];
    refused(spakky(["run"]).at_port(port), says);
    let command = spakky(["run", "--redis-host", "no-such-host.invalid"]);
    refused(command, &["no-such-host.invalid:6379", "SPAKKY_REDIS__HOST"]);
    let port = impostor(drop);
    let command = spakky(["run", "--socket-timeout", "0.2"]).at_port(port);
    refused(command, &[&at(port), "no answer within 200ms"]);
    let port = impostor(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    refused(spakky(["run"]).at_port(port), &[&at(port), "not a Redis server"]);
}

#[test]
fn wrong_credentials_are_explained_and_never_shown() {
    let server = redis_with(ServerOptions::new().password("s3cret"));
    refused(run_on(&server, &[]), &["requires a password", "SPAKKY_REDIS__PASSWORD"]);
    let command = run_on(&server, &[]).env("SPAKKY_REDIS__PASSWORD", "gu3ss");
    refused(command, &["password is wrong", "SPAKKY_REDIS__PASSWORD"]).never_says("gu3ss");
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
fn tls_that_only_one_side_uses_and_untrusted_certificates_are_explained() {
    let (plain, tls) = (redis(), redis_with(ServerOptions::new().tls()));
    let other = redis_with(ServerOptions::new().tls());
    // Whatever the machine trusts.
    let with_tls = |server: &RedisServer| {
        let authority = other.authority().expect("it has one");
        run_on(server, &["--redis-use-ssl"]).env("SSL_CERT_FILE", authority)
    };
    refused(with_tls(&plain), &["TLS", "SPAKKY_REDIS__USE_SSL=false"]);
    refused(run_on(&tls, &[]), &["TLS", "SPAKKY_REDIS__USE_SSL=true"]);
    refused(with_tls(&tls), &["certificate is not trusted", "SSL_CERT_FILE"]);
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
