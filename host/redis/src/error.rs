//! Why there is no connection, in words that say what to do.

use std::time::Duration;

/// Why a connection could not be set up.
///
/// `Display` is one line that names the server and what to do. It never has a
/// password.
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
    /// The name of the host has no address; the resolver's words.
    #[error("the host name was not found ({0}): check SPAKKY_REDIS__HOST")]
    NameNotFound(String),
    /// Nothing listens on the port.
    #[error(
        "the connection was refused: start Redis, or check SPAKKY_REDIS__HOST and \
         SPAKKY_REDIS__PORT"
    )]
    Refused,
    /// The network failed in another way; the system's words.
    #[error("it cannot be reached ({0}): check SPAKKY_REDIS__HOST and the network")]
    Unreachable(String),
    /// No answer in `SPAKKY_REDIS__SOCKET_TIMEOUT`.
    #[error(
        "no answer within {0:?}: check SPAKKY_REDIS__HOST, SPAKKY_REDIS__PORT and the network, or \
         raise SPAKKY_REDIS__SOCKET_TIMEOUT"
    )]
    TimedOut(Duration),
    /// The server wants a password, and none is configured.
    #[error("it asks for a password: set SPAKKY_REDIS__PASSWORD")]
    PasswordRequired,
    /// The password of the default user is wrong.
    #[error("the password is wrong: check SPAKKY_REDIS__PASSWORD")]
    WrongPassword,
    /// This user does not exist, is disabled, or has another password: Redis
    /// does not say which.
    #[error(
        "user {0:?} is unknown or disabled, or the password is wrong: check \
         SPAKKY_REDIS__USERNAME and SPAKKY_REDIS__PASSWORD"
    )]
    WrongUserOrPassword(String),
    /// The server has no database of this number.
    #[error("it has no database {0}: check SPAKKY_REDIS__DB, or raise `databases` in redis.conf")]
    NoSuchDatabase(u32),
    /// TLS is configured, and the handshake failed; in which way.
    #[error(
        "the TLS handshake failed ({0}): is the port a TLS port? If not, set \
         SPAKKY_REDIS__USE_SSL=false"
    )]
    TlsHandshake(String),
    /// The server's certificate is not trusted; why.
    #[error(
        "its certificate is not trusted ({0}): SSL_CERT_FILE may name a file of roots to trust"
    )]
    Certificate(String),
    /// The system's trusted roots cannot be read; why.
    #[error("no trusted roots were found ({0}): install them, or set SSL_CERT_FILE")]
    NoRoots(String),
    /// TLS is not configured, and the server did not answer a plain command.
    #[error(
        "it closed the connection at the first command: if the port is a TLS port, set \
         SPAKKY_REDIS__USE_SSL=true"
    )]
    TlsExpected,
    /// Something answered, and it is no Redis; what it said.
    #[error("what answered is no Redis ({0}): check SPAKKY_REDIS__PORT")]
    NotRedis(String),
    /// The server is older than 6.2; its version.
    #[error("its version is {0}, and 6.2 is needed: without it, evictions cannot be heard of")]
    TooOld(String),
    /// The server refused a command that the connection needs; its words.
    #[error("it refused the connection: {0}")]
    Denied(String),
    /// The connection was lost while it was set up; the system's words.
    #[error("the connection was lost while it was set up ({0})")]
    Lost(String),
}
