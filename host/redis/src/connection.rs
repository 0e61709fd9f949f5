//! The handle of the connection that all caches of a process share.

use std::fmt;
use std::sync::{Arc, OnceLock};

use redis::cmd;
use spakky_cache_core::StoreError;
use tokio::sync::watch;

use crate::error::{CommandError, ConnectError};
use crate::handshake::handshake;
use crate::operation::Operation;
use crate::reply::{self, To};
use crate::settings::RedisSettings;
use crate::supervisor::{State, supervise};

/// One connection to Redis, which reconnects when it is lost.
///
/// Clones are handles of the same connection: commands of all callers share
/// it, and each caller gets its own answer. A background task keeps it up and
/// ends when the last handle is dropped.
///
/// While it is down, an operation waits for the outcome of the next attempt to
/// connect, for the socket timeout at most. An operation that the server does
/// not answer in that time fails, within a quarter of it more, and with it all
/// others in flight: the connection is replaced, since answers would be late
/// for all.
///
/// Its task runs on the tokio runtime on which it is first used.
#[derive(Clone)]
pub struct RedisConnection(Arc<Shared>);

struct Shared {
    settings: RedisSettings,
    /// Set at the first use.
    state: OnceLock<watch::Receiver<State>>,
}

impl RedisConnection {
    /// A connection that is set up when it is first used. No server needs to be
    /// there before.
    pub fn new(settings: RedisSettings) -> Self {
        Self(Arc::new(Shared { settings, state: OnceLock::new() }))
    }

    /// Connects now. When this returns, user, database, TLS, version and
    /// tracking have been checked.
    ///
    /// # Errors
    /// The first check that failed, or no answer within the socket timeout.
    /// There is no second attempt.
    ///
    /// # Panics
    /// Outside of a tokio runtime with I/O and time.
    pub async fn connect(settings: RedisSettings) -> Result<Self, ConnectError> {
        let live = handshake(&settings, None).await?;
        let (url, version) = (settings.url(), &live.server.version);
        tracing::info!(url, version, "connected to Redis");
        let state = keep_up(&settings, State::Up(Arc::new(live)));
        Ok(Self(Arc::new(Shared { settings, state: OnceLock::from(state) })))
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> &RedisSettings {
        &self.0.settings
    }

    /// The server's version, such as `7.0.15`, or `None` while the connection is
    /// down.
    pub fn server_version(&self) -> Option<String> {
        match &*self.0.state.get()?.borrow() {
            State::Up(live) if !live.is_ended() => Some(live.server.version.clone()),
            _ => None,
        }
    }

    /// Checks that Redis answers (`PING`).
    ///
    /// # Errors
    /// It does not answer, or answers with an error. The source is a
    /// [`CommandError`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let operation = self.begin().await?;
        let reply = operation.command(&cmd("PING")).await?;
        Ok(reply::no_error(&reply, To("PING", b""))?)
    }

    /// Begins a step on the connection as it is now, or once it is back.
    pub(crate) async fn begin(&self) -> Result<Operation, StoreError> {
        let state = self.0.state.get_or_init(|| keep_up(self.settings(), State::DOWN));
        if let State::Up(live) = &*state.borrow()
            && !live.is_ended()
        {
            return Ok(Operation::begin(Arc::clone(live)));
        }
        let timeout = self.settings().socket_timeout;
        let attempt = tokio::time::timeout(timeout, next_attempt(state.clone())).await;
        Ok(attempt.unwrap_or(Err(CommandError::NotConnected(timeout)))?)
    }
}

impl RedisConnection {
    /// Begins a read again whose `operation` ended with `outcome` because its connection was
    /// lost, such as by another caller's command that the server did not understand. A read
    /// changes nothing, so that it does not matter whether the server carried it out. One
    /// that the server did not answer in time is not repeated: its caller waited long enough.
    ///
    /// # Errors
    /// If there is no other connection.
    pub(crate) async fn again<T>(
        &self,
        operation: &Operation,
        outcome: &Result<T, StoreError>,
    ) -> Result<Option<Operation>, StoreError> {
        if outcome.is_ok() || !operation.live().is_lost() {
            return Ok(None);
        }
        self.begin().await.map(Some)
    }
}

/// Starts the task that keeps a connection up.
fn keep_up(settings: &RedisSettings, state: State) -> watch::Receiver<State> {
    let (sender, receiver) = watch::channel(state);
    tokio::spawn(supervise(settings.clone(), sender));
    receiver
}

/// Waits until a connection is up, or an attempt has failed.
async fn next_attempt(mut state: watch::Receiver<State>) -> Result<Operation, CommandError> {
    let failed_before = match &*state.borrow_and_update() {
        State::Down { failed, .. } => *failed,
        State::Up(_) => 0,
    };
    loop {
        match &*state.borrow_and_update() {
            State::Up(live) if !live.is_ended() => return Ok(Operation::begin(Arc::clone(live))),
            State::Down { failed, error: Some(error) } if *failed != failed_before => {
                return Err(CommandError::Connect(error.clone()));
            }
            _ => {}
        }
        if state.changed().await.is_err() {
            // The tokio runtime of the task is gone.
            return Err(CommandError::Lost("the connection has ended".into()));
        }
    }
}

impl fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConnection")
            .field("settings", self.settings())
            .field("server_version", &self.server_version())
            .finish_non_exhaustive()
    }
}
