//! TLS with rustls and ring, and the roots that the system trusts.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::ConnectErrorKind;

/// Performs the TLS handshake with `host` on `stream`.
///
/// The roots are read each time, so that new ones are trusted without a restart.
/// `SSL_CERT_FILE` and `SSL_CERT_DIR` may name others.
pub(crate) async fn connect(
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, ConnectErrorKind> {
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| ConnectErrorKind::NameNotFound(error.to_string()))?;
    let roots = tokio::task::spawn_blocking(roots).await;
    let roots = roots.map_err(|error| ConnectErrorKind::NoRoots(error.to_string()))??;
    let connector = TlsConnector::from(Arc::new(config(roots)?));
    connector.connect(name, stream).await.map_err(|error| failure(&error))
}

/// Reads the roots, which may be hundreds of files.
fn roots() -> Result<RootCertStore, ConnectErrorKind> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A malformed root does not make the others unusable.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map_or_else(|| "none".into(), ToString::to_string);
        return Err(ConnectErrorKind::NoRoots(why));
    }
    Ok(roots)
}

fn config(roots: RootCertStore) -> Result<ClientConfig, ConnectErrorKind> {
    // Explicit, because the process's default provider is the program's choice.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectErrorKind::TlsHandshake(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn failure(error: &io::Error) -> ConnectErrorKind {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    match cause {
        Some(rustls::Error::InvalidCertificate(why)) => {
            ConnectErrorKind::Certificate(why.to_string())
        }
        _ => ConnectErrorKind::TlsHandshake(error.to_string()),
    }
}
