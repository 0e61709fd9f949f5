//! One step in progress: the commands that it sends and their replies.

use std::sync::Arc;

use redis::{Cmd, Pipeline, RedisResult, Value};
use spakky_cache_core::StoreError;

use crate::error::CommandError;
use crate::in_flight::Slice;
use crate::live::Live;
use crate::scripts::{Script, is_unknown};
use crate::tracking::Tracking;

/// One step of the store in progress, on the connection that it began with.
///
/// All commands of a step go over one connection, and replies are compared with
/// what that connection knows. Its end fails the step.
#[derive(Debug)]
pub(crate) struct Operation {
    live: Arc<Live>,
    slice: Slice,
}

impl Operation {
    /// Begins a step on `live`.
    pub(crate) fn begin(live: Arc<Live>) -> Self {
        let slice = live.in_flight.enter();
        Self { live, slice }
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    pub(crate) fn tracking(&self) -> &Tracking {
        &self.live.tracking
    }

    /// Sends one command. An error reply is returned as a value.
    pub(crate) async fn command(&self, command: &Cmd) -> Result<Value, StoreError> {
        let mut connection = self.live.connection.clone();
        self.unless_lost(connection.send_packed_command(command)).await
    }

    /// Sends commands in one round trip. Returns a reply to each, in order. An error
    /// reply is returned as a value.
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
            Err(CommandError::AnswerCount { expected: count, actual: replies.len() }.into())
        }
    }

    /// Runs `script` on `key`.
    pub(crate) async fn script(
        &self,
        script: Script,
        key: &[u8],
        arguments: &[&[u8]],
    ) -> Result<Value, StoreError> {
        let reply = self.command(&script.by_digest(self.live.digests(), key, arguments)).await?;
        if is_unknown(&reply) {
            return self.command(&script.by_source(key, arguments)).await;
        }
        Ok(reply)
    }

    /// Runs `script` on each key with its arguments, in one round trip.
    pub(crate) async fn script_many(
        &self,
        script: Script,
        runs: &[(&[u8], Vec<&[u8]>)],
    ) -> Result<Vec<Value>, StoreError> {
        let mut pipeline = redis::pipe();
        for (key, arguments) in runs {
            pipeline.add_command(script.by_digest(self.live.digests(), key, arguments));
        }
        let mut replies = self.pipeline(&pipeline).await?;
        for (reply, (key, arguments)) in replies.iter_mut().zip(runs) {
            // The first repetition loads the script again, but the others were
            // refused by then. This is rare, so they run one by one.
            if is_unknown(reply) {
                *reply = self.script(script, key, arguments).await?;
            }
        }
        Ok(replies)
    }

    /// Waits for the reply, or for the end of the connection.
    ///
    /// A command that is queued just as the driver ends is neither sent nor
    /// refused, because the channel between them keeps it for as long as it has a
    /// sender, and this step holds one.
    async fn unless_lost<T>(
        &self,
        reply: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, StoreError> {
        tokio::select! {
            // A reply from before the end counts.
            biased;
            reply = reply => reply.map_err(|error| self.lost(&error)),
            why = self.live.ended() => Err(CommandError::Lost(why).into()),
        }
    }

    /// The connection failed. Whether the command was carried out is not known,
    /// and the replies that follow may be another command's: it is over.
    fn lost(&self, error: &redis::RedisError) -> StoreError {
        tracing::debug!(%error, "a command was lost with its connection");
        self.live.end();
        CommandError::Lost(self.live.why()).into()
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.live.in_flight.leave(self.slice);
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::pin::Pin;
    use std::time::Duration;

    use redis::aio::MultiplexedConnection;
    use redis::{AsyncConnectionConfig, RedisConnectionInfo};

    use spakky_cache_core::StoreErrorKind;

    use super::*;
    use crate::live::{Driver, Server};
    use crate::scripts::{Digests, Script};

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
            max_argument_bytes: None,
            digests: Digests::new(Script::ALL.map(|script| script.name().to_owned())),
        };
        let ended = Driver(tokio::spawn(std::future::pending::<()>()).abort_handle());
        let live = Live::new(connection, Arc::default(), server, Arc::default(), ended);
        (Arc::new(live), Box::pin(driver))
    }

    #[tokio::test]
    async fn a_command_that_nobody_takes_fails_with_its_connection() {
        let (live, _driver) = deaf().await;
        let (one, many) = (Operation::begin(live.clone()), Operation::begin(live.clone()));
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
        live.end_silent(DEADLINE);
        let answers = async { tokio::join!(command, pipeline) };
        let (one_answer, answers) = tokio::time::timeout(DEADLINE, answers).await.unwrap();
        // So does one that begins later.
        let errors =
            [one_answer.unwrap_err(), answers.unwrap_err(), one.command(&ping).await.unwrap_err()];
        for error in errors {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            assert!(error.source().unwrap().to_string().contains("no answer within"), "{error:?}");
        }
    }
}
