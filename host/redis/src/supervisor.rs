//! The task that keeps a connection up: it detects a lost or silent connection
//! and sets up another.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::error::ConnectError;
use crate::handshake::{backoff, handshake};
use crate::in_flight::InFlight;
use crate::live::Live;
use crate::settings::RedisSettings;

/// How often an idle connection is checked. If the network dropped it silently,
/// its watches would never fire.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The state of the connection.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// There is a connection. It may have ended: then another is being set up.
    Up(Arc<Live>),
    /// There is none. This many attempts to set one up have failed since the
    /// last, the latest with this error.
    Down { failed: u64, error: Option<ConnectError> },
}

impl State {
    /// There is no connection, and no attempt has failed yet.
    pub(crate) const DOWN: Self = Self::Down { failed: 0, error: None };
}

/// Keeps a connection up until nobody holds a receiver of `state`.
pub(crate) async fn supervise(settings: RedisSettings, state: watch::Sender<State>) {
    let server = settings.address();
    let mut predecessor = None;
    loop {
        let up = state.borrow().clone();
        if let State::Up(live) = up {
            let why = tokio::select! {
                () = state.closed() => return,
                why = until_lost(&live, settings.socket_timeout) => why,
            };
            tracing::warn!(%server, %why, "the connection to Redis was lost");
            state.send_replace(State::DOWN);
            // From here on only operations in flight hold the old connection.
            predecessor = live.server.identity.clone();
        }

        let mut failed: u64 = 0;
        let live = loop {
            let attempt = async {
                tokio::time::sleep(backoff(u32::try_from(failed).unwrap_or(u32::MAX))).await;
                handshake(&settings, predecessor.as_ref()).await
            };
            let outcome = tokio::select! {
                () = state.closed() => return,
                outcome = attempt => outcome,
            };
            match outcome {
                Ok(live) => break live,
                Err(error) => {
                    failed += 1;
                    // The first says what is wrong, the others that it persists.
                    if failed.is_power_of_two() {
                        tracing::warn!(failed, %error, "no connection to Redis");
                    }
                    state.send_replace(State::Down { failed, error: Some(error) });
                }
            }
        };
        tracing::info!(%server, failed, version = live.server.version, "connected to Redis");
        state.send_replace(State::Up(Arc::new(live)));
    }
}

/// Waits until `live` has ended, and returns the reason.
async fn until_lost(live: &Arc<Live>, timeout: Duration) -> String {
    tokio::select! {
        why = live.ended() => return why,
        () = until_overdue(live, timeout) => {}
        () = until_silent(live, timeout) => {}
    }
    live.end_silent(timeout);
    live.why()
}

/// Waits until an operation is overdue and the server does not answer.
async fn until_overdue(live: &Arc<Live>, timeout: Duration) {
    let slice = InFlight::slice(timeout);
    let mut slices = tokio::time::interval(slice);
    // After this process has stalled, the server still gets its full time.
    slices.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        slices.tick().await;
        // Either the reply is late, or it is here and its caller has not taken it
        // yet, such as a guest that computes. Replies come in order, so the reply
        // to another command tells.
        if live.in_flight.advance() && !answers(live, slice).await {
            return;
        }
    }
}

/// Waits until the server no longer answers.
async fn until_silent(live: &Arc<Live>, timeout: Duration) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        if !answers(live, timeout).await {
            return;
        }
    }
}

/// Whether the server answers within `timeout`, even with an error.
async fn answers(live: &Arc<Live>, timeout: Duration) -> bool {
    let mut connection = live.connection.clone();
    let ping = redis::cmd("PING");
    let answer = tokio::time::timeout(timeout, connection.send_packed_command(&ping)).await;
    matches!(answer, Ok(Ok(_)))
}
