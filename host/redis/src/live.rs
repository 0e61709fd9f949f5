//! One connection, from the end of its handshake until it is lost.

use std::fmt;
use std::sync::{Arc, OnceLock};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, Value};
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
        let mut connection = self.live.connection.clone();
        self.unless_lost(connection.send_packed_command(command)).await
    }

    /// Sends commands in one round trip; there is a reply to each, in order,
    /// and an error that the server answers is a value.
    pub(crate) async fn pipeline(&self, pipeline: &Pipeline) -> Result<Vec<Value>, StoreError> {
        let count = pipeline.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut connection = self.live.connection.clone();
        let replies = self.unless_lost(connection.send_packed_commands(pipeline, 0, count)).await?;
        if replies.len() == count {
            Ok(replies)
        } else {
            Err(StoreError::Failed(format!("{} answers to {count} commands", replies.len())))
        }
    }

    /// The reply, or that the connection is over, whichever is first.
    ///
    /// A command that is handed over in the very moment in which the driver
    /// ends is neither sent nor refused: the channel between them keeps it for
    /// as long as it has a sender, and this step holds one. Only the end of the
    /// connection tells.
    async fn unless_lost<T>(
        &self,
        reply: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, StoreError> {
        tokio::select! {
            // What was answered before the end is an answer.
            biased;
            reply = reply => reply.map_err(|error| self.lost(&error)),
            why = self.live.ended() => Err(StoreError::Unavailable(why.to_owned())),
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

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::time::Duration;

    use redis::{AsyncConnectionConfig, RedisConnectionInfo};

    use super::*;
    use crate::scripts::Script;

    /// Far longer than it takes.
    const DEADLINE: Duration = Duration::from_secs(20);

    /// A connection whose driver takes nothing and refuses nothing: as one that
    /// ends just when it is handed something.
    async fn deaf() -> (Arc<Live>, Pin<Box<dyn Future<Output = ()>>>) {
        let (stream, _) = tokio::io::duplex(1);
        let login = RedisConnectionInfo::default().set_skip_set_lib_name();
        let config = AsyncConnectionConfig::new();
        let opened = MultiplexedConnection::new_with_config(&login, stream, config).await;
        let (connection, driver) = opened.unwrap();
        let server = Server {
            version: "7.0.15".into(),
            before_7: false,
            identity: None,
            digests: Digests::new(Script::ALL.map(|script| script.name().to_owned())),
        };
        let ended = Driver(tokio::spawn(std::future::pending::<()>()).abort_handle());
        let live = Live::new(connection, Arc::default(), server, Arc::default(), ended);
        (Arc::new(live), Box::pin(driver))
    }

    #[tokio::test]
    async fn a_command_that_nobody_takes_fails_with_its_connection() {
        let (live, _driver) = deaf().await;
        let (one, many) = (live.clone().operation(), live.clone().operation());
        let (ping, mut pings) = (redis::cmd("PING"), redis::pipe());
        pings.cmd("PING").cmd("PING");
        let (command, pipeline) = (one.command(&ping), many.pipeline(&pings));
        tokio::pin!(command, pipeline);
        for _ in 0..3 {
            tokio::select! {
                biased;
                answer = &mut command => panic!("{answer:?}"),
                answer = &mut pipeline => panic!("{answer:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
        live.end("it was cut");
        let lost = StoreError::Unavailable("it was cut".into());
        let answers = async { tokio::join!(command, pipeline) };
        let (one_answer, answers) = tokio::time::timeout(DEADLINE, answers).await.unwrap();
        assert_eq!((one_answer, answers), (Err(lost.clone()), Err(lost.clone())));
        // So does one that begins later.
        assert_eq!(one.command(&ping).await, Err(lost));
    }
}
