//! What may go wrong on one connection, and exactly where.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SetOnce;

/// Something that goes wrong on one connection, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub harm: Harm,
}

/// Where on a connection something goes wrong: bytes are counted from the
/// moment at which the fault is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Right away; for a connection that is yet to come: when it is there.
    Now,
    /// When so many bytes of requests have passed and another one comes. Zero:
    /// before the next request.
    Requests(usize),
    /// When so many bytes of replies have passed and another one comes. Zero:
    /// the server has carried out (the first of) what it was asked, and nobody
    /// hears of it.
    Replies(usize),
}

/// What goes wrong. Bytes that have passed arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Both sides are closed.
    Cut,
    /// Both sides are reset: `RST`, so what was sent may be lost.
    Reset,
    /// The server is told that no more requests come, and none do. What it
    /// says still passes.
    EndRequests,
    /// The client is told that no more replies come, and none do. What it says
    /// still passes.
    EndReplies,
    /// Nothing passes, either way, and nothing is closed, until the proxy
    /// [thaws](crate::Proxy::thaw).
    Silence,
    /// What is at this place, and what comes behind it, is this late.
    Delay(Duration),
}

/// A fault that may have happened.
#[derive(Clone, Debug, Default)]
pub struct Planned(pub(super) Arc<SetOnce<()>>);

impl Planned {
    /// Whether it has.
    pub fn has_happened(&self) -> bool {
        self.0.initialized()
    }

    /// Completes once it has.
    pub async fn happened(&self) {
        self.0.wait().await;
    }
}

/// How many bytes have passed on one connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From the client to the server.
    pub requests: usize,
    /// From the server to the client.
    pub replies: usize,
}

impl Traffic {
    /// What passed after `earlier` was taken, on the same connection.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self { requests: self.requests - earlier.requests, replies: self.replies - earlier.replies }
    }
}
