//! Each way in which a connection cannot be set up, and what is said then.

use std::error::Error as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use spakky_cache_core::StoreErrorKind;
use spakky_cache_redis::{
    CommandError, ConnectError, ConnectErrorKind, RedisConnection, RedisSettings,
};
use spakky_test_support::{RedisServer, ServerOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{DEADLINE, SHORT, redis, settings, until};

/// Connects in vain, and returns the kind of error. Its message is one line that
/// names the server and the `problem`, and no password.
async fn refused(settings: RedisSettings, problem: &str) -> ConnectErrorKind {
    let password = settings.password.clone();
    let server = format!("redis at {}:{}: ", settings.host, settings.port);
    let error = RedisConnection::connect(settings).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&server), "{text}");
    assert!(text.contains(problem), "{text}");
    assert!(!text.contains('\n'), "{text}");
    assert!(password.is_none_or(|password| !text.contains(&password)), "{text}");
    error.kind
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Something that answers each connection with `text`, once it was spoken to.
async fn impostor(text: &'static [u8]) -> u16 {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 64]).await;
            let _ = stream.write_all(text).await;
            // Closed by its client.
            let _ = stream.read(&mut [0; 64]).await;
        }
    });
    port
}

#[tokio::test]
async fn nothing_listens() {
    let kind = refused(settings(free_port()), "was refused").await;
    assert_eq!(kind, ConnectErrorKind::Refused);
}

#[tokio::test]
async fn the_name_has_no_address() {
    let settings = RedisSettings { host: "redis.invalid".into(), ..settings(6379) };
    let kind = refused(settings, "name was not found").await;
    assert!(matches!(kind, ConnectErrorKind::NameNotFound(_)), "{kind:?}");
}

#[tokio::test]
async fn nobody_answers() {
    // It listens, so connections are accepted, and nobody takes them.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let patient = RedisSettings { socket_timeout: SHORT, ..settings(port) };
    let kind = refused(patient.clone(), "no answer within 300ms").await;
    assert_eq!(kind, ConnectErrorKind::TimedOut(SHORT));
    let kind = refused(RedisSettings { use_ssl: true, ..patient }, "TLS handshake failed").await;
    assert!(
        matches!(kind, ConnectErrorKind::TlsHandshake(_) | ConnectErrorKind::NoRoots(_)),
        "{kind:?}"
    );
}

#[tokio::test]
async fn what_answers_is_no_redis() {
    for text in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"220 mail.example ESMTP\r\n", b"\n"] {
        let kind = refused(settings(impostor(text).await), "not a Redis server").await;
        assert!(matches!(kind, ConnectErrorKind::NotRedis(_)), "{kind:?}");
    }
    // It says PONG, and knows nothing else.
    let kind = refused(settings(impostor(b"+PONG\r\n-ERR unknown\r\n").await), "").await;
    assert!(matches!(kind, ConnectErrorKind::Denied(_) | ConnectErrorKind::Lost(_)), "{kind:?}");
}

#[tokio::test]
async fn a_redis_that_is_too_old() {
    // The first answers of a Redis 5, which repeats what it was sent.
    let port = impostor(
        b"+PONG\r\n-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, \
          `default`, `s3cret`, \r\n-ERR x\r\n-ERR x\r\n",
    )
    .await;
    let settings = RedisSettings { password: Some("s3cret".into()), ..settings(port) };
    // Both lines came at once here, which no Redis does before it is asked.
    let error = RedisConnection::connect(settings).await.unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn passwords_and_users() {
    let options = ServerOptions::new()
        .password("s3cret")
        .user("app", "app-secret", &["~*", "&*", "+@all"])
        .user("reader", "reader-secret", &["~*", "&*", "+@read", "+ping", "+hello"]);
    let server = RedisServer::start(options).unwrap();
    let login = |username: Option<&str>, password: Option<&str>| RedisSettings {
        username: username.map(Into::into),
        password: password.map(Into::into),
        ..settings(server.port())
    };

    for (username, password) in
        [(None, "s3cret"), (Some("default"), "s3cret"), (Some("app"), "app-secret")]
    {
        let connection = RedisConnection::connect(login(username, Some(password))).await.unwrap();
        assert!(!format!("{connection:?}").contains(password));
        connection.ping().await.unwrap();
    }

    let kind = refused(login(None, None), "requires a password").await;
    assert_eq!(kind, ConnectErrorKind::PasswordRequired);
    let kind = refused(login(None, Some("wr0ng")), "password is wrong").await;
    assert_eq!(kind, ConnectErrorKind::WrongPassword);
    for (username, password) in
        [("app", Some("wr0ng")), ("nobody", Some("app-secret")), ("app", None)]
    {
        let kind = refused(login(Some(username), password), "unknown or disabled").await;
        assert_eq!(kind, ConnectErrorKind::WrongUserOrPassword(username.into()));
    }
    let kind = refused(login(Some("reader"), Some("reader-secret")), "NOPERM").await;
    assert!(matches!(kind, ConnectErrorKind::Denied(_)), "{kind:?}");
}

#[tokio::test]
async fn databases() {
    let server = RedisServer::start(ServerOptions::new().databases(2)).unwrap();
    let database = |database| RedisSettings { database, ..settings(server.port()) };
    let connection = RedisConnection::connect(database(1)).await.unwrap();
    assert_eq!(connection.settings().url(), format!("redis://127.0.0.1:{}/1", server.port()));
    let clients = server.command(&["CLIENT", "LIST", "TYPE", "NORMAL"]).unwrap();
    assert!(format!("{clients:?}").contains("db=1"), "{clients:?}");
    let kind = refused(database(2), "no database 2").await;
    assert_eq!(kind, ConnectErrorKind::NoSuchDatabase(2));
}

#[tokio::test]
async fn a_plain_connection_to_a_tls_port() {
    let server = RedisServer::start(ServerOptions::new().tls()).unwrap();
    let kind = refused(settings(server.port()), "as a TLS port does").await;
    assert_eq!(kind, ConnectErrorKind::TlsExpected);
    // Others say so in the words of TLS.
    let alert = impostor(b"\x15\x03\x01\x00\x02\x02\x46").await;
    let kind = refused(settings(alert), "as a TLS port does").await;
    assert_eq!(kind, ConnectErrorKind::TlsExpected);
}

#[tokio::test]
async fn a_connection_is_set_up_when_it_is_first_used() {
    let mut server = redis();
    let settings = settings(server.port());
    // Where there is no tokio runtime, nothing can connect.
    let connection = std::thread::spawn(|| RedisConnection::new(settings)).join().unwrap();
    server.stop();
    assert_eq!(connection.server_version(), None);
    let error = connection.ping().await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let cause = error.source().unwrap().downcast_ref().unwrap();
    let CommandError::Connect(ConnectError { kind, .. }) = cause else { panic!("{cause}") };
    assert_eq!(*kind, ConnectErrorKind::Refused);
    server.start_again_on_same_port().unwrap();
    until("the connection is up", async || connection.ping().await.is_ok()).await;
    assert!(connection.server_version().is_some());
}

#[tokio::test]
async fn a_server_that_ends_leaves_nothing_behind() {
    let server = redis();
    let clients = async || {
        let clients = server.command(&["CLIENT", "LIST"]).unwrap();
        format!("{clients:?}").matches(" addr=127.0.0.1").count()
    };
    let connection = RedisConnection::connect(settings(server.port())).await.unwrap();
    let other = connection.clone();
    assert_eq!(clients().await, 1);
    drop(connection);
    other.ping().await.unwrap();
    drop(other);
    until("the connection is closed", async || clients().await == 0).await;
    // Nor does an attempt that failed.
    let wrong = RedisSettings { database: 99, ..settings(server.port()) };
    RedisConnection::connect(wrong).await.unwrap_err();
    until("the attempt is closed", async || clients().await == 0).await;
}

/// The outcome of a connection with TLS, in a process that trusts the roots in
/// this file: an environment variable is the whole process's.
fn connect_trusting(authority: &Path, port: u16, patience: Duration) -> String {
    let directory = tempfile::tempdir().unwrap();
    let outcome = directory.path().join("outcome");
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["connecting::a_process_of_its_own", "--exact", "--ignored"])
        .env_remove("SSL_CERT_DIR")
        .env("SSL_CERT_FILE", authority)
        .env("SPAKKY_TEST_PORT", port.to_string())
        .env("SPAKKY_TEST_PATIENCE", patience.as_secs_f64().to_string())
        .env("SPAKKY_TEST_OUTCOME", &outcome)
        .output()
        .unwrap();
    assert!(status.status.success(), "{status:?}");
    std::fs::read_to_string(outcome).unwrap()
}

#[tokio::test]
#[ignore = "a part of other tests"]
async fn a_process_of_its_own() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let port = variable("SPAKKY_TEST_PORT").parse().unwrap();
    let patience = variable("SPAKKY_TEST_PATIENCE").parse().unwrap();
    let mut outcomes = Vec::new();
    for host in ["127.0.0.1", "localhost"] {
        let settings = RedisSettings {
            host: host.into(),
            use_ssl: true,
            socket_timeout: Duration::from_secs_f64(patience),
            ..settings(port)
        };
        outcomes.push(match RedisConnection::connect(settings).await {
            Ok(connection) => format!("{:?}", connection.ping().await),
            Err(error) => error.to_string(),
        });
    }
    std::fs::write(variable("SPAKKY_TEST_OUTCOME"), outcomes.join("\n")).unwrap();
}

#[tokio::test]
async fn tls_with_a_private_authority() {
    let server = RedisServer::start(ServerOptions::new().tls()).unwrap();
    let trusting = connect_trusting(server.authority().unwrap(), server.port(), DEADLINE);
    assert_eq!(trusting, "Ok(())\nOk(())");

    // Another authority's roots, of the same name.
    let other = RedisServer::start(ServerOptions::new().tls()).unwrap();
    let outcome = connect_trusting(other.authority().unwrap(), server.port(), DEADLINE);
    assert!(outcome.contains("certificate is not trusted"), "{outcome}");

    // A plain port does not speak TLS, and waits for more of what it takes for
    // the beginning of a command.
    let plain = redis();
    let outcome = connect_trusting(server.authority().unwrap(), plain.port(), SHORT);
    for line in outcome.lines() {
        assert!(line.contains("the TLS handshake failed"), "{outcome}");
    }

    let nothing = tempfile::NamedTempFile::new().unwrap();
    let none = connect_trusting(nothing.path(), server.port(), DEADLINE);
    assert!(none.contains("no trusted roots were found"), "{none}");
}
