//! One connection, from its handshake until it is lost.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::SetOnce;
use tokio::task::AbortHandle;

use crate::in_flight::InFlight;
use crate::scripts::Digests;
use crate::tracking::Tracking;

/// One connection and the state that belongs to it alone.
pub(crate) struct Live {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) tracking: Arc<Tracking>,
    pub(crate) in_flight: InFlight,
    pub(crate) server: Server,
    /// The time in which the server did not answer, if that ended it.
    silent: OnceLock<Duration>,
    ended: Arc<SetOnce<()>>,
    driver: Driver,
}

/// The task that reads and writes the connection. Dropping this aborts it,
/// because otherwise it waits for outstanding replies forever.
#[derive(Debug)]
pub(crate) struct Driver(pub(crate) AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the server reported about itself and the connection.
#[derive(Debug)]
pub(crate) struct Server {
    /// The version in the reply to `HELLO`, such as `7.0.15`.
    pub(crate) version: String,
    /// Before 7.0, `SET` refuses `NX` together with `GET`.
    pub(crate) before_7: bool,
    /// How the server identifies this connection, if it reported that.
    pub(crate) identity: Option<Identity>,
    /// The most bytes that it takes as one argument, if it says so: at more, it closes
    /// the connection (`proto-max-bulk-len`).
    pub(crate) max_argument_bytes: Option<u64>,
    pub(crate) digests: Digests,
}

/// Identifies a connection among all that this server has or had. Its number
/// alone does not, because a restarted server counts from the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) address: String,
}

impl Live {
    /// The connection that `driver` drives. `ended` is set when the driver ends
    /// for any reason.
    pub(crate) fn new(
        connection: MultiplexedConnection,
        tracking: Arc<Tracking>,
        server: Server,
        ended: Arc<SetOnce<()>>,
        driver: Driver,
    ) -> Self {
        Self {
            connection,
            tracking,
            in_flight: InFlight::default(),
            server,
            silent: OnceLock::new(),
            ended,
            driver,
        }
    }

    pub(crate) fn digests(&self) -> &Digests {
        &self.server.digests
    }

    /// Whether the connection has ended.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.initialized()
    }

    /// Whether the connection was lost, though the server was not silent: it closed the
    /// connection, or the network did.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_ended() && self.silent.get().is_none()
    }

    /// Waits until the connection has ended, and returns the reason.
    pub(crate) async fn ended(&self) -> String {
        self.ended.wait().await;
        self.why()
    }

    /// Ends the connection, because the server did not answer in this time.
    pub(crate) fn end_silent(&self, timeout: Duration) {
        // Unless it was lost before: that is the reason then.
        if !self.is_ended() {
            let _ = self.silent.set(timeout);
        }
        self.end();
    }

    /// Ends the connection. Every operation in flight fails, and every watch
    /// fires.
    pub(crate) fn end(&self) {
        // The driver's end sets this again. It is set here first so that a caller
        // whose step failed does not begin another on this connection.
        let _ = self.ended.set(());
        self.tracking.close();
        self.driver.0.abort();
    }

    pub(crate) fn why(&self) -> String {
        match self.silent.get() {
            Some(timeout) => format!("no answer within {timeout:?}"),
            None => "the connection was lost".into(),
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("server", &self.server).finish_non_exhaustive()
    }
}
