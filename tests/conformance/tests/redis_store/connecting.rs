//! When a connection is set up and closed, and its errors where Redis answers in
//! different ways. All other errors are in the tests of the command.

use std::error::Error as _;
use std::net::Ipv4Addr;

use spakky_cache_core::StoreErrorKind;
use spakky_cache_redis::{
    CommandError, ConnectError, ConnectErrorKind, RedisConnection, RedisSettings,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{redis, settings, until};

/// Fails to connect, and returns the kind of error. Its message is one line that
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

/// A server that answers the first bytes of each connection with `text`.
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
async fn what_answers_is_no_redis() {
    for text in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"220 mail.example ESMTP\r\n", b"\n"] {
        let kind = refused(settings(impostor(text).await), "not a Redis server").await;
        assert!(matches!(kind, ConnectErrorKind::NotRedis(_)), "{kind:?}");
    }
    // It answers PONG, and knows nothing else.
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
    let error = RedisConnection::connect(settings).await.unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn a_tls_port_that_answers_with_an_alert() {
    let alert = impostor(b"\x15\x03\x01\x00\x02\x02\x46").await;
    let kind = refused(settings(alert), "as a TLS port does").await;
    assert_eq!(kind, ConnectErrorKind::TlsExpected);
}

#[tokio::test]
async fn a_connection_is_set_up_when_it_is_first_used() {
    let mut server = redis();
    let settings = settings(server.port());
    // Without a tokio runtime, nothing can connect.
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
async fn a_connection_is_closed_once_nobody_has_it() {
    let server = redis();
    let database = |database| RedisSettings { database, ..settings(server.port()) };
    let connection = RedisConnection::connect(database(1)).await.unwrap();
    let clients: String = server.query(redis::cmd("CLIENT").arg("LIST")).unwrap();
    assert!(clients.contains(" db=1 "), "{clients}");
    let other = connection.clone();
    assert_eq!(server.clients().unwrap(), 1);
    drop(connection);
    other.ping().await.unwrap();
    drop(other);
    until("the connection is closed", async || server.clients().unwrap() == 0).await;
    // So is one whose handshake failed.
    RedisConnection::connect(database(99)).await.unwrap_err();
    until("the attempt is closed", async || server.clients().unwrap() == 0).await;
}
