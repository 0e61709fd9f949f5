//! Suggests what to do if a connection to Redis cannot be set up.

use spakky_cache_redis::ConnectErrorKind;

/// What to do about `kind`, in terms of this command's settings.
pub(crate) fn connect_hint(kind: &ConnectErrorKind) -> Option<&'static str> {
    Some(match kind {
        ConnectErrorKind::NameNotFound(_) => "check SPAKKY_REDIS__HOST",
        ConnectErrorKind::Refused => {
            "start Redis, or check SPAKKY_REDIS__HOST and SPAKKY_REDIS__PORT"
        }
        ConnectErrorKind::Unreachable(_) => "check SPAKKY_REDIS__HOST and the network",
        ConnectErrorKind::TimedOut(_) => {
            "check SPAKKY_REDIS__HOST, SPAKKY_REDIS__PORT and the network, or raise \
             SPAKKY_REDIS__SOCKET_TIMEOUT"
        }
        ConnectErrorKind::PasswordRequired => "set SPAKKY_REDIS__PASSWORD",
        ConnectErrorKind::WrongPassword => "check SPAKKY_REDIS__PASSWORD",
        ConnectErrorKind::WrongUserOrPassword(_) => {
            "check SPAKKY_REDIS__USERNAME and SPAKKY_REDIS__PASSWORD"
        }
        ConnectErrorKind::NoSuchDatabase(_) => {
            "check SPAKKY_REDIS__DB, or raise `databases` in redis.conf"
        }
        ConnectErrorKind::TlsHandshake(_) => {
            "if the port is not a TLS port, set SPAKKY_REDIS__USE_SSL=false"
        }
        ConnectErrorKind::Certificate(_) => "SSL_CERT_FILE may name a file of roots to trust",
        ConnectErrorKind::NoRoots(_) => "install trusted roots, or set SSL_CERT_FILE",
        ConnectErrorKind::TlsExpected => {
            "if the port is a TLS port, set SPAKKY_REDIS__USE_SSL=true"
        }
        ConnectErrorKind::NotRedis(_) => "check SPAKKY_REDIS__PORT",
        _ => return None,
    })
}
