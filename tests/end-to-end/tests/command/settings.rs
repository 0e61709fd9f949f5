//! Settings from the environment and from options.

use serde_json::{Value, json};
use spakky_end_to_end::command::{PLAYER, Spakky, run_on, spakky};
use spakky_test_support::{RedisServer, ServerOptions};

use crate::{closed_port, ok, redis, redis_with, set};

/// The configuration that a guest sees.
fn config(command: Spakky) -> Value {
    let ended = command.plays(&[json!({ "op": "config" })]).finish();
    ended.code(0).answers().remove(0)["ok"].clone()
}

/// `run` with no variable of Redis set but its port.
fn run_at_port(server: &RedisServer) -> Spakky {
    spakky(["run"]).env("SPAKKY_REDIS__PORT", server.port().to_string())
}

#[test]
fn what_is_not_set_has_its_default() {
    let server = redis();
    let port = server.port();
    assert_eq!(
        config(run_at_port(&server)),
        json!({
            "host": "localhost",
            "port": port,
            "db": 0,
            "use_ssl": false,
            "key_prefix": "spakky:cache:",
            "socket_timeout_ms": 5_000,
            "scheme": "redis",
            "connection_url": format!("redis://localhost:{port}/0"),
        })
    );
    let ended = spakky(["run", "--help"]).finish();
    assert!(ended.output.contains("[default: 6379]"), "{}", ended.all());
}

#[test]
fn everything_can_be_set_by_variables_and_no_credential_is_seen() {
    let server = redis_with(ServerOptions::new().user("app", "s3cret", &["~*", "&*", "+@all"]));
    let command = run_on(&server, &[])
        .env("SPAKKY_REDIS__DB", "3")
        .env("SPAKKY_REDIS__USERNAME", "app")
        .env("SPAKKY_REDIS__PASSWORD", "s3cret")
        .env("SPAKKY_REDIS__USE_SSL", "false")
        .env("SPAKKY_REDIS__KEY_PREFIX", "app[1]:*")
        .env("SPAKKY_REDIS__SOCKET_TIMEOUT", "1.5")
        .env("RUST_LOG", "trace")
        .plays(&[json!({ "op": "config" }), set("k", 1)]);
    let ended = command.finish();
    ended.code(0).never_says("s3cret");
    let expected = json!({
        "host": "127.0.0.1",
        "port": server.port(),
        "db": 3,
        "use_ssl": false,
        "key_prefix": "app[1]:*",
        "socket_timeout_ms": 1_500,
        "scheme": "redis",
        "connection_url": format!("redis://127.0.0.1:{}/3", server.port()),
    });
    let answers: Vec<Value> =
        ended.output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(answers, [ok(expected), ok(Value::Null)]);
    // It is there, and nowhere else.
    server.command(&["SELECT", "3"]).expect("it has 16");
    let keys: Vec<String> =
        server.query(redis::cmd("KEYS").arg("app\\[1\\]:\\*k|*")).expect("it answers");
    assert_eq!(keys, ["app[1]:*k|k"]);
    server.command(&["SELECT", "0"]).expect("it has 16");
    assert_eq!(server.query::<u64>(&redis::cmd("DBSIZE")).expect("it answers"), 0);
}

#[test]
fn options_win_over_variables() {
    let server = redis();
    let port = server.port().to_string();
    let command = spakky(["run", "--redis-host", "127.0.0.1", "--redis-port", &port])
        .args(["--redis-db", "2", "--key-prefix", "by-option:", "--socket-timeout", "2"])
        .args(["--redis-use-ssl=false"])
        .env("SPAKKY_REDIS__HOST", "no-such-host.invalid")
        .env("SPAKKY_REDIS__PORT", "not even a number")
        .env("SPAKKY_REDIS__DB", "1")
        .env("SPAKKY_REDIS__USE_SSL", "true")
        .env("SPAKKY_REDIS__KEY_PREFIX", "by-variable:")
        .env("SPAKKY_REDIS__SOCKET_TIMEOUT", "3");
    let config = config(command);
    assert_eq!(config["connection_url"], format!("redis://127.0.0.1:{port}/2"));
    assert_eq!(
        (&config["key_prefix"], &config["socket_timeout_ms"]),
        (&json!("by-option:"), &json!(2_000))
    );
}

#[test]
fn tls_is_used_where_it_is_asked_for() {
    let server = redis_with(ServerOptions::new().tls());
    let authority = server.authority().expect("it has one");
    let command =
        run_on(&server, &[]).env("SSL_CERT_FILE", authority).env("SPAKKY_REDIS__USE_SSL", "true");
    let config = config(command);
    assert_eq!((&config["use_ssl"], &config["scheme"]), (&json!(true), &json!("rediss")));
}

#[test]
fn every_wrong_setting_is_named_at_once_and_never_the_password() {
    for command in ["run", "health", "info"] {
        let ended = spakky([command, "--redis-port", "0", "--socket-timeout", "NaN"])
            .env("SPAKKY_REDIS__HOST", "redis://cache:6379")
            .env("SPAKKY_REDIS__PORT", "1")
            .env("SPAKKY_REDIS__DB", "-1")
            .env("SPAKKY_REDIS__USE_SSL", "maybe")
            .env("SPAKKY_REDIS__KEY_PREFIX", "a|b")
            .env("SPAKKY_REDIS__PASSWORD", "s3cret")
            .env("SPAKKY_ACTUATOR_INCLUDE_DETAILS", "perhaps")
            .guest(PLAYER)
            .finish();
        ended.code(2).never_says("s3cret").says(&[
            "error: SPAKKY_REDIS__HOST is \"redis://cache:6379\"",
            "error: --redis-port is \"0\": 0 is not in 1..=65535",
            "error: SPAKKY_REDIS__DB is \"-1\"",
            "error: SPAKKY_REDIS__USE_SSL is \"maybe\"",
            "error: SPAKKY_REDIS__KEY_PREFIX is \"a|b\"",
            "error: --socket-timeout is \"NaN\"",
            "error: SPAKKY_ACTUATOR_INCLUDE_DETAILS is \"perhaps\"",
            "hint: ",
        ]);
        let problems = ended.errors.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!((problems, ended.output.as_str()), (7, ""), "{}", ended.all());
    }
}

#[test]
fn options_of_redis_are_of_no_use_with_the_embedded_store() {
    let options = ["run", "--store", "embedded", "--redis-host", "h", "--redis-db", "1"];
    let ended = spakky(options).guest(PLAYER).finish();
    ended.code(2).says(&["--redis-host is of no use", "--redis-db is of no use"]);
    // Variables may be there for others.
    let ended = spakky(["run", "--store", "embedded"])
        .at_port(closed_port())
        .plays(&[json!({ "op": "config" })])
        .finish();
    assert_eq!(ended.code(0).answers()[0]["ok"]["scheme"], "embedded");
}
