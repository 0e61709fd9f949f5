//! Why there is no connection, and why a command failed.

use std::fmt;
use std::time::Duration;

use redis::ServerError;
use spakky_cache_core::{StoreError, StoreErrorKind, quoted_key};

/// Why a connection could not be set up.
///
/// `Display` is one line that names the server and the problem. It never
/// contains a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redis at {server}: {kind}")]
pub struct ConnectError {
    /// `host:port`.
    pub server: String,
    /// What went wrong.
    pub kind: ConnectErrorKind,
}

/// What went wrong in setting up a connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// The host name has no address; the resolver's message.
    #[error("the host name was not found ({0})")]
    NameNotFound(String),
    /// Nothing listens on the port.
    #[error("the connection was refused")]
    Refused,
    /// The network failed in another way; the system's message.
    #[error("it cannot be reached ({0})")]
    Unreachable(String),
    /// No answer within the socket timeout.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The server requires a password, and none is configured.
    #[error("it requires a password")]
    PasswordRequired,
    /// The password of the default user is wrong.
    #[error("the password is wrong")]
    WrongPassword,
    /// This user does not exist, is disabled, or has another password. Redis
    /// does not say which.
    #[error("user {0:?} is unknown or disabled, or the password is wrong")]
    WrongUserOrPassword(String),
    /// The server has no database of this number.
    #[error("it has no database {0}")]
    NoSuchDatabase(u32),
    /// TLS is configured, and the handshake failed; how.
    #[error("the TLS handshake failed ({0})")]
    TlsHandshake(String),
    /// The server's certificate is not trusted; why.
    #[error("its certificate is not trusted ({0})")]
    Certificate(String),
    /// The system's trusted roots cannot be read; why.
    #[error("no trusted roots were found ({0})")]
    NoRoots(String),
    /// TLS is not configured, and the server seems to expect it.
    #[error("it closed the connection at the first command, as a TLS port does")]
    TlsExpected,
    /// Something answered that is not a Redis server; what it said.
    #[error("what answered is not a Redis server ({0})")]
    NotRedis(String),
    /// The server is older than 6.2; its version.
    #[error("its version is {0}, but tracking evictions needs 6.2 or newer")]
    TooOld(String),
    /// The server refused a command that the connection needs; its message.
    #[error("it refused the connection: {0}")]
    Denied(String),
    /// The connection was lost while it was set up; the system's message.
    #[error("the connection was lost while it was set up ({0})")]
    Lost(String),
}

/// Why a command of a step failed: the source of a
/// [`StoreError`](spakky_cache_core::StoreError) of this store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no connection, and the latest attempt to connect failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There was no connection within this time.
    #[error("no connection to Redis within {0:?}")]
    NotConnected(Duration),
    /// The connection was lost, so whether the command ran is not known; why.
    #[error("{0}")]
    Lost(String),
    /// The server answered with an error.
    #[error("{request}: {code} {details}")]
    Refused {
        /// The command and its key.
        request: Request,
        /// The error's code, such as `OOM`.
        code: String,
        /// The rest of the error's message.
        details: String,
    },
    /// The server's answer does not have the form that the command has.
    #[error("{request}: unexpected answer: {form}")]
    Unexpected {
        /// The command and its key.
        request: Request,
        /// The form of the answer, without its content.
        form: &'static str,
    },
    /// The server answered more or fewer commands than were sent.
    #[error("{actual} answers to {expected} commands")]
    AnswerCount {
        /// The number of commands.
        expected: usize,
        /// The number of answers.
        actual: usize,
    },
    /// The server takes no value of more bytes than this, and was not sent it.
    #[error("the server takes no value of more than {0} bytes (proto-max-bulk-len)")]
    ValueTooLarge(u64),
    /// Epochs that were just stored are gone again.
    #[error("epochs cannot be kept: is Redis out of memory?")]
    EpochsLost,
}

impl From<CommandError> for StoreError {
    fn from(error: CommandError) -> Self {
        let kind = match &error {
            CommandError::Connect(_) | CommandError::NotConnected(_) | CommandError::Lost(_) => {
                StoreErrorKind::Unavailable
            }
            // A replica, perhaps one that was the primary until a moment ago; a
            // server that is loading its data; another program's slow script.
            CommandError::Refused { code, .. } => match code.as_str() {
                "READONLY" | "LOADING" | "MASTERDOWN" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" => {
                    StoreErrorKind::Unavailable
                }
                _ => StoreErrorKind::Failed,
            },
            CommandError::ValueTooLarge(limit) => StoreErrorKind::ValueTooLarge(*limit),
            _ => StoreErrorKind::Failed,
        };
        Self::new(kind, error)
    }
}

/// A command and its key, for errors: `GET "app:k|7"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    command: &'static str,
    /// As [`quoted_key`] shows it.
    key: String,
}

impl Request {
    pub(crate) fn new(command: &'static str, key: &[u8]) -> Self {
        Self { command, key: quoted_key(key) }
    }

    pub(crate) fn refused(self, error: &ServerError) -> CommandError {
        let details = error.details().unwrap_or_default().to_owned();
        CommandError::Refused { request: self, code: error.code().to_owned(), details }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.command, self.key)
    }
}
