//! The handle of the connection that all caches of a process share.

use std::fmt;
use std::sync::Arc;

use redis::cmd;
use spakky_cache_core::StoreError;
use tokio::sync::watch;

use crate::error::ConnectError;
use crate::handshake::handshake;
use crate::live::Operation;
use crate::reply::{self, To};
use crate::settings::RedisSettings;
use crate::supervisor::{State, supervise};

/// One connection to Redis, which comes back by itself when it is lost.
///
/// Clones are handles of the same connection: commands of all callers go over
/// it together, each with its own answer. A background task keeps it up, and
/// ends when the last handle is dropped.
///
/// While it is down, an operation waits for the outcome of the next attempt to
/// connect, for `SPAKKY_REDIS__SOCKET_TIMEOUT` at most. An operation that the
/// server does not answer in that time fails, within a quarter of it more, and
/// with it all others under way: the connection is replaced, since answers
/// would be late for all.
///
/// It lives on the tokio runtime that it was made on.
#[derive(Clone)]
pub struct RedisConnection {
    settings: Arc<RedisSettings>,
    state: watch::Receiver<State>,
}

impl RedisConnection {
    /// Connects: user, database, TLS, version and tracking are all right when
    /// it returns, within `SPAKKY_REDIS__SOCKET_TIMEOUT`.
    ///
    /// # Errors
    /// The first thing that is not as it should be. Nothing is tried again, and
    /// nothing is left behind.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O and time.
    pub async fn connect(settings: RedisSettings) -> Result<Self, ConnectError> {
        let live = handshake(&settings, None).await?;
        let (url, version) = (settings.url(), &live.server.version);
        tracing::info!(url, version, "connected to Redis");
        let (sender, state) = watch::channel(State::Up(Arc::new(live)));
        tokio::spawn(supervise(settings.clone(), sender));
        Ok(Self { settings: Arc::new(settings), state })
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> &RedisSettings {
        &self.settings
    }

    /// The server's version, as `7.0.15`; none while the connection is down.
    pub fn server_version(&self) -> Option<String> {
        match &*self.state.borrow() {
            State::Up(live) if !live.is_ended() => Some(live.server.version.clone()),
            _ => None,
        }
    }

    /// Whether Redis answers (`PING`).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it does not, [`StoreError::Failed`] if it
    /// answers with an error.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let operation = self.begin().await?;
        let reply = operation.command(&cmd("PING")).await?;
        reply::no_error(&reply, To("PING", b""))
    }

    /// Begins a step on the connection as it is now, or once it is back.
    pub(crate) async fn begin(&self) -> Result<Operation, StoreError> {
        if let State::Up(live) = &*self.state.borrow()
            && !live.is_ended()
        {
            return Ok(Arc::clone(live).operation());
        }
        self.begin_when_up().await
    }

    async fn begin_when_up(&self) -> Result<Operation, StoreError> {
        let outcome = tokio::time::timeout(self.settings.socket_timeout, self.next_attempt()).await;
        outcome.unwrap_or_else(|_| {
            let waited = self.settings.socket_timeout;
            Err(StoreError::Unavailable(format!("no connection to Redis within {waited:?}")))
        })
    }

    /// Waits until a connection is up, or an attempt has failed.
    async fn next_attempt(&self) -> Result<Operation, StoreError> {
        let mut state = self.state.clone();
        let failed_before = match &*state.borrow_and_update() {
            State::Down { failed, .. } => *failed,
            State::Up(_) => 0,
        };
        loop {
            match &*state.borrow_and_update() {
                State::Up(live) if !live.is_ended() => return Ok(Arc::clone(live).operation()),
                State::Down { failed, error: Some(error) } if *failed != failed_before => {
                    return Err(StoreError::Unavailable(error.to_string()));
                }
                _ => {}
            }
            if state.changed().await.is_err() {
                // Its runtime is gone.
                return Err(StoreError::Unavailable("the connection has ended".into()));
            }
        }
    }
}

impl fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConnection")
            .field("settings", &self.settings)
            .field("server_version", &self.server_version())
            .finish_non_exhaustive()
    }
}
