//! One connection, from the end of its handshake until it is lost.

use std::fmt;
use std::sync::{Arc, OnceLock};

use redis::aio::MultiplexedConnection;
use tokio::sync::SetOnce;
use tokio::task::AbortHandle;

use crate::in_flight::InFlight;
use crate::scripts::Digests;
use crate::tracking::Tracking;

/// One connection, with all that is true only of it.
pub(crate) struct Live {
    pub(crate) connection: MultiplexedConnection,
    pub(crate) tracking: Arc<Tracking>,
    pub(crate) in_flight: InFlight,
    pub(crate) server: Server,
    /// Why it was ended from here; what it is lost by otherwise is not known.
    why: OnceLock<String>,
    ended: Arc<SetOnce<()>>,
    driver: Driver,
}

/// The task that reads and writes the connection; it ends when this is dropped.
///
/// Left to itself, it would wait for every answer that is due, for ever.
#[derive(Debug)]
pub(crate) struct Driver(pub(crate) AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a server said of itself and of the connection.
#[derive(Debug)]
pub(crate) struct Server {
    /// As `HELLO` has it: `7.0.15`.
    pub(crate) version: String,
    /// Before 7.0, `SET` refuses `NX` together with `GET`.
    pub(crate) before_7: bool,
    /// Who this connection is to the server; none if it did not say.
    pub(crate) identity: Option<Identity>,
    pub(crate) digests: Digests,
}

/// What tells a connection from every other that this server has or had: its
/// number, which a restarted server gives again, and its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) address: String,
}

impl Live {
    /// The connection that `driver` drives. `ended` is set once the driver has
    /// ended, however it did.
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
            why: OnceLock::new(),
            ended,
            driver,
        }
    }

    pub(crate) fn digests(&self) -> &Digests {
        &self.server.digests
    }

    /// Whether it is over.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.initialized()
    }

    /// Completes once it is over, and says why.
    pub(crate) async fn ended(&self) -> &str {
        self.ended.wait().await;
        self.why()
    }

    /// Ends it: every operation under way fails, and every watch fires.
    pub(crate) fn end(&self, why: &str) {
        // The first reason stays: the others follow from it.
        let _ = self.why.set(why.to_owned());
        // At once, though the driver's end does it again: whoever is told by
        // a step that this connection is bad must not find it in use.
        let _ = self.ended.set(());
        self.tracking.close();
        self.driver.0.abort();
    }

    pub(crate) fn why(&self) -> &str {
        self.why.get().map_or("the connection was lost", String::as_str)
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("server", &self.server).finish_non_exhaustive()
    }
}
