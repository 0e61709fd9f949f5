//! Sets up a connection: name, TCP, TLS, whether it is Redis, user, database,
//! version, tracking.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, ErrorKind, ProtocolVersion, PushInfo, PushKind, RedisConnectionInfo,
    RedisError, ServerError, Value,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::SetOnce;
use tokio::time::{Instant, timeout_at};

use crate::error::{ConnectError, ConnectErrorKind};
use crate::live::{Driver, Identity, Live, Server};
use crate::scripts::{Digests, Script};
use crate::settings::RedisSettings;
use crate::tls;
use crate::tracking::Tracking;

/// The setting with the most bytes of one argument.
const MAX_ARGUMENT: &str = "proto-max-bulk-len";
/// The most commands queued for sending. Further callers wait.
const QUEUE: usize = 4_096;
/// The number of bytes buffered before they are written to the socket.
const WRITE_BOUNDARY: usize = 128 << 10;
/// The oldest version that has `CLIENT TRACKING` with `OPTIN`, `GET` in `SET`, and `CLIENT INFO`.
const OLDEST: (u64, u64) = (6, 2);
/// The longest first line that is read, which is that of an error.
const LONGEST_LINE: usize = 512;

/// Sets up a connection, within the socket timeout.
///
/// `predecessor` is the connection that this one replaces. Commands sent on it may
/// still be in a buffer and would run after commands of the new connection, such
/// as a `SET` that its caller gave up on after a later `SET` of that caller. So
/// the server is told to kill it first.
pub(crate) async fn handshake(
    settings: &RedisSettings,
    predecessor: Option<&Identity>,
) -> Result<Live, ConnectError> {
    let deadline = Instant::now() + settings.socket_timeout;
    let live = async {
        let stream = within(deadline, settings, open(settings)).await??;
        if settings.use_ssl {
            let stream = timeout_at(deadline, tls::connect(&settings.host, stream)).await;
            let stream = stream.map_err(|_| {
                let waited = settings.socket_timeout;
                ConnectErrorKind::TlsHandshake(format!("no answer within {waited:?}"))
            })??;
            within(deadline, settings, set_up(settings, predecessor, stream)).await?
        } else {
            within(deadline, settings, set_up(settings, predecessor, stream)).await?
        }
    };
    live.await.map_err(|kind| ConnectError { server: settings.address(), kind })
}

async fn within<T>(
    deadline: Instant,
    settings: &RedisSettings,
    stage: impl Future<Output = T>,
) -> Result<T, ConnectErrorKind> {
    let stage = timeout_at(deadline, stage).await;
    stage.map_err(|_| ConnectErrorKind::TimedOut(settings.socket_timeout))
}

/// Connects to the first address of the host that accepts.
async fn open(settings: &RedisSettings) -> Result<TcpStream, ConnectErrorKind> {
    let name_not_found = |why: &dyn ToString| ConnectErrorKind::NameNotFound(why.to_string());
    let addresses = tokio::net::lookup_host((settings.host.as_str(), settings.port)).await;
    let mut failure = name_not_found(&"it has no address");
    for address in addresses.map_err(|error| name_not_found(&error))? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Commands are small, and their callers wait for the reply.
                stream.set_nodelay(true).map_err(|error| unreachable(&error))?;
                return Ok(stream);
            }
            Err(error) => failure = unreachable(&error),
        }
    }
    Err(failure)
}

fn unreachable(error: &io::Error) -> ConnectErrorKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectErrorKind::Refused,
        _ => ConnectErrorKind::Unreachable(error.to_string()),
    }
}

/// Sends `PING`, which only Redis answers as Redis does.
async fn probe(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    settings: &RedisSettings,
) -> Result<(), ConnectErrorKind> {
    let mut line = Vec::new();
    let exchange = async {
        stream.write_all(b"*1\r\n$4\r\nPING\r\n").await?;
        stream.flush().await?;
        // Bytes that do not begin like a Redis reply may never end with a newline.
        while matches!(line.as_slice(), [] | [b'+' | b'-', ..])
            && !line.ends_with(b"\n")
            && line.len() < LONGEST_LINE
        {
            if stream.read_buf(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok::<(), io::Error>(())
    };
    let exchanged = exchange.await;
    let plain = !settings.use_ssl;
    match (exchanged, line.as_slice()) {
        (Ok(()), [b'+' | b'-', rest @ ..]) => {
            let text = String::from_utf8_lossy(rest);
            let code = text.split_whitespace().next().unwrap_or_default();
            match code {
                // It may require a password or be loading its data.
                "PONG" | "NOAUTH" | "NOPERM" | "LOADING" | "MASTERDOWN" | "BUSY" => Ok(()),
                _ => Err(denied(&text, settings)),
            }
        }
        // A TLS alert, or a close without a reply, which is how Redis treats a
        // plain connection to its TLS port.
        (_, [21, 3, ..]) | (Err(_), []) if plain => Err(ConnectErrorKind::TlsExpected),
        (_, said) => {
            let said = &said[..said.len().min(32)];
            let said = hidden(&said.escape_ascii().to_string(), settings);
            Err(ConnectErrorKind::NotRedis(format!("it said \"{said}\"")))
        }
    }
}

/// Turns an open stream into a connection that is ready to use.
async fn set_up<S>(
    settings: &RedisSettings,
    predecessor: Option<&Identity>,
    mut stream: S,
) -> Result<Live, ConnectErrorKind>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    probe(&mut stream, settings).await?;

    let tracking = Arc::new(Tracking::default());
    let ended = Arc::new(SetOnce::new());
    let lost = Lost { tracking: Arc::clone(&tracking), ended: Arc::clone(&ended) };
    let config = AsyncConnectionConfig::new()
        // `in_flight` finds overdue operations without a timer for each.
        .set_response_timeout(None)
        .set_connection_timeout(None)
        .set_pipeline_buffer_size(QUEUE)
        .set_write_backpressure_boundary(WRITE_BOUNDARY)
        .set_push_sender(move |info: PushInfo| {
            // First, so that a caller whose watch fires does not begin a step on
            // this connection.
            if info.kind == PushKind::Disconnection {
                let _ = lost.ended.set(());
            }
            lost.tracking.handle(&info);
            Ok::<(), SendError>(())
        });
    let opened = MultiplexedConnection::new_with_config(&login(settings), stream, config).await;
    let (connection, driver) = opened.map_err(|error| refused(&error, settings))?;
    let lost = Lost { tracking: Arc::clone(&tracking), ended: Arc::clone(&ended) };
    let driver = tokio::spawn(async move {
        // Dropped on an error, on an abort, and when the tokio runtime ends.
        let _lost = lost;
        driver.await;
    });
    let driver = Driver(driver.abort_handle());
    let server = introduce(&connection, settings, predecessor).await?;
    Ok(Live::new(connection, tracking, server, ended, driver))
}

/// Marks the connection as ended when it is dropped.
struct Lost {
    tracking: Arc<Tracking>,
    ended: Arc<SetOnce<()>>,
}

impl Drop for Lost {
    fn drop(&mut self) {
        let _ = self.ended.set(());
        self.tracking.close();
    }
}

fn login(settings: &RedisSettings) -> RedisConnectionInfo {
    let mut login = RedisConnectionInfo::default()
        .set_protocol(ProtocolVersion::RESP3)
        .set_lib_name("spakky-redis", env!("CARGO_PKG_VERSION"));
    if let Some(username) = &settings.username {
        // A user without a password accepts any.
        login = login.set_username(username).set_password("");
    }
    if let Some(password) = &settings.password {
        login = login.set_password(password);
    }
    login
}

/// The error of `HELLO 3 AUTH ..`.
fn refused(error: &RedisError, settings: &RedisSettings) -> ConnectErrorKind {
    match (error.kind(), error.code()) {
        (ErrorKind::RESP3NotSupported, _) => ConnectErrorKind::TooOld("below 6.0".into()),
        (_, Some("WRONGPASS")) => match &settings.username {
            Some(username) => ConnectErrorKind::WrongUserOrPassword(username.clone()),
            None => ConnectErrorKind::WrongPassword,
        },
        (_, Some("NOAUTH")) => ConnectErrorKind::PasswordRequired,
        (ErrorKind::Io, _) => ConnectErrorKind::Lost(error.to_string()),
        (ErrorKind::Parse, _) => ConnectErrorKind::NotRedis("its answer is no RESP3".into()),
        (_, code) => {
            let words = [code.unwrap_or_default(), error.detail().unwrap_or_default()];
            denied(&words.join(" "), settings)
        }
    }
}

fn denied(words: &str, settings: &RedisSettings) -> ConnectErrorKind {
    ConnectErrorKind::Denied(hidden(words, settings).trim().to_owned())
}

/// Hides the password in a message of the server, which may repeat what it was
/// sent.
fn hidden(words: &str, settings: &RedisSettings) -> String {
    match settings.password.as_deref() {
        None | Some("") => words.to_owned(),
        Some(password) => words.replace(password, "<hidden>"),
    }
}

/// Selects the database, asks for the version, and turns tracking on.
async fn introduce(
    connection: &MultiplexedConnection,
    settings: &RedisSettings,
    predecessor: Option<&Identity>,
) -> Result<Server, ConnectErrorKind> {
    let mut pipeline = redis::pipe();
    pipeline.cmd("HELLO").cmd("SELECT").arg(settings.database);
    pipeline.cmd("CLIENT").arg("TRACKING").arg("ON").arg("OPTIN");
    for script in Script::ALL {
        pipeline.cmd("SCRIPT").arg("LOAD").arg(script.source());
    }
    pipeline.cmd("CONFIG").arg("GET").arg(MAX_ARGUMENT);
    pipeline.cmd("CLIENT").arg("INFO");
    if let Some(Identity { id, address }) = predecessor {
        // By both, because another server, or this one after a restart, may have
        // given the number to another client.
        pipeline.cmd("CLIENT").arg("KILL").arg("ID").arg(id).arg("ADDR").arg(address);
    }
    let count = pipeline.len();
    let replies = connection.clone().send_packed_commands(&pipeline, 0, count).await;
    let replies = replies.map_err(|error| ConnectErrorKind::Lost(error.to_string()))?;
    let mut replies = replies.into_iter();
    let mut next = || replies.next().unwrap_or_default();

    let version = version(&no_error(next(), settings)?, settings)?;
    if let Value::ServerError(error) = next() {
        return Err(match error.code() {
            "ERR" => ConnectErrorKind::NoSuchDatabase(settings.database),
            _ => denied(&words(&error), settings),
        });
    }
    no_error(next(), settings)?;
    let mut digests = <[String; Script::ALL.len()]>::default();
    for digest in &mut digests {
        *digest = text(no_error(next(), settings)?).unwrap_or_default();
    }
    let max_argument_bytes = max_argument_bytes(next());
    let info = next();
    if let Value::ServerError(error) = &info {
        tracing::warn!(
            reason = words(error),
            "if this connection is lost, its commands cannot be stopped: grant client|info"
        );
    }
    let identity = text(info).as_deref().and_then(identity);
    if predecessor.is_some()
        && let Value::ServerError(error) = next()
    {
        tracing::warn!(
            reason = words(&error),
            "commands of the lost connection could not be stopped: grant client|kill"
        );
    }
    Ok(Server {
        before_7: settings.before_7 || version.0 < (7, 0),
        version: version.1,
        identity,
        max_argument_bytes,
        digests: Digests::new(digests),
    })
}

/// The setting in the reply to `CONFIG GET`, which a managed server may refuse.
fn max_argument_bytes(reply: Value) -> Option<u64> {
    let settings: HashMap<String, String> = redis::from_redis_value(reply).ok()?;
    settings.get(MAX_ARGUMENT)?.parse().ok()
}

fn no_error(value: Value, settings: &RedisSettings) -> Result<Value, ConnectErrorKind> {
    match value {
        Value::ServerError(error) => Err(denied(&words(&error), settings)),
        value => Ok(value),
    }
}

fn words(error: &ServerError) -> String {
    format!("{} {}", error.code(), error.details().unwrap_or_default())
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

/// Parses the version in the reply to `HELLO`: two numbers, and in full.
fn version(
    hello: &Value,
    settings: &RedisSettings,
) -> Result<((u64, u64), String), ConnectErrorKind> {
    let Value::Map(entries) = hello else {
        return Err(ConnectErrorKind::NotRedis("it did not say its version".into()));
    };
    let entry = entries.iter().find(|(name, _)| *name == Value::BulkString(b"version".to_vec()));
    let full = entry.and_then(|(_, version)| text(version.clone())).unwrap_or_default();
    let full = hidden(&full, settings);
    let mut parts = full.split('.').map_while(|part| part.parse::<u64>().ok());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(((major, minor), full)),
        (Some(_), Some(_)) => Err(ConnectErrorKind::TooOld(full)),
        _ => Err(ConnectErrorKind::NotRedis(format!("it said its version is {full:?}"))),
    }
}

/// Parses the identity of the connection in the reply to `CLIENT INFO`.
fn identity(info: &str) -> Option<Identity> {
    let field = |name: &str| {
        let fields = info.split_whitespace().filter_map(|field| field.split_once('='));
        fields.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value.to_owned())
    };
    Some(Identity { id: field("id")?, address: field("addr")? })
}

/// The delay before the next attempt: exponential, with jitter between half and
/// all of it, so that a fleet does not reconnect in step.
pub(crate) fn backoff(attempt: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(10);
    const LONGEST: Duration = Duration::from_secs(1);
    let full = FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST);
    full.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(version: &str) -> Value {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        Value::Map(vec![(text("server"), text("redis")), (text("version"), text(version))])
    }

    #[test]
    fn versions() {
        let version = |hello: &Value| version(hello, &RedisSettings::default());
        assert_eq!(version(&hello("7.0.15")), Ok(((7, 0), "7.0.15".into())));
        assert_eq!(version(&hello("6.2.0")).unwrap().0, (6, 2));
        assert_eq!(version(&hello("8.2")).unwrap().0, (8, 2));
        assert_eq!(version(&hello("6.0.16")), Err(ConnectErrorKind::TooOld("6.0.16".into())));
        for value in [hello("x"), hello("7"), Value::Map(vec![]), Value::Okay] {
            assert!(matches!(version(&value), Err(ConnectErrorKind::NotRedis(_))));
        }
    }

    #[test]
    fn identities() {
        let line = "id=3 addr=127.0.0.1:55132 laddr=127.0.0.1:7798 fd=8 name= age=0\n";
        let expected = Identity { id: "3".into(), address: "127.0.0.1:55132".into() };
        assert_eq!(identity(line), Some(expected));
        assert_eq!(identity("id=3"), None);
    }

    #[test]
    fn no_password_in_what_a_server_repeats() {
        let settings =
            RedisSettings { password: Some("s3cret".into()), ..RedisSettings::default() };
        let denied = denied("ERR unknown command, args: 'AUTH' 's3cret'", &settings);
        let unknown = version(&hello("s3cret"), &settings).unwrap_err();
        for kind in [denied, unknown] {
            assert!(kind.to_string().contains("<hidden>"), "{kind}");
            assert!(!format!("{kind} {kind:?}").contains("s3cret"), "{kind:?}");
        }
    }

    #[test]
    fn the_backoff_grows_to_a_second() {
        for attempt in 0..100 {
            let full = (10u64 << attempt.min(16)).min(1_000);
            let wait = backoff(attempt);
            assert!(wait <= Duration::from_millis(full), "{attempt}: {wait:?}");
            assert!(wait >= Duration::from_millis(full / 2), "{attempt}: {wait:?}");
        }
    }
}
