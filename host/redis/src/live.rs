//! One connection, from the end of its handshake until it is lost.

use std::fmt;
use std::sync::{Arc, OnceLock};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value};
use spakky_cache_core::StoreError;
use tokio::sync::SetOnce;
use tokio::task::AbortHandle;

use crate::in_flight::{InFlight, Slice};
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

    fn why(&self) -> &str {
        self.why.get().map_or("the connection was lost", String::as_str)
    }

    /// Begins an operation.
    pub(crate) fn operation(self: Arc<Self>) -> Operation {
        let slice = self.in_flight.enter();
        Operation { live: self, slice }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("server", &self.server).finish_non_exhaustive()
    }
}

/// One step of the store's under way, on the connection that it began with.
///
/// All commands of a step go over one connection, and replies are compared with
/// what that connection knows. Its end fails the step.
#[derive(Debug)]
pub(crate) struct Operation {
    live: Arc<Live>,
    slice: Slice,
}

impl Operation {
    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    pub(crate) fn tracking(&self) -> &Tracking {
        &self.live.tracking
    }

    /// Sends one command; an error that the server answers is a value.
    pub(crate) async fn command(&self, command: &Cmd) -> Result<Value, StoreError> {
        let reply = self.live.connection.clone().send_packed_command(command).await;
        reply.map_err(|error| self.lost(&error))
    }

    /// Sends commands in one round trip; there is a reply to each, in order,
    /// and an error that the server answers is a value.
    pub(crate) async fn pipeline(&self, pipeline: &Pipeline) -> Result<Vec<Value>, StoreError> {
        let count = pipeline.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let replies = self.live.connection.clone().send_packed_commands(pipeline, 0, count).await;
        let replies = replies.map_err(|error| self.lost(&error))?;
        if replies.len() == count {
            Ok(replies)
        } else {
            Err(StoreError::Failed(format!("{} answers to {count} commands", replies.len())))
        }
    }

    /// The connection failed. Whether the command was carried out is not known,
    /// and the replies that follow may be another command's: it is over.
    fn lost(&self, error: &redis::RedisError) -> StoreError {
        tracing::debug!(%error, "a command was lost with its connection");
        self.live.end("the connection was lost");
        StoreError::Unavailable(self.live.why().to_owned())
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.live.in_flight.leave(self.slice);
    }
}
