//! Faults of one connection, and their exact places.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SetOnce;

/// A fault of one connection, which happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What.
    pub harm: Harm,
}

/// Where on a connection a fault happens: bytes are counted from the moment at
/// which it is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At once, or for the next connection when it is accepted.
    Now,
    /// When this many bytes of requests have passed and another one comes. Zero
    /// is before the next request.
    Requests(usize),
    /// When this many bytes of replies have passed and another one comes. Zero:
    /// the server has carried out the first request, and nobody hears of it.
    Replies(usize),
}

/// The kind of a fault. Bytes that have passed arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Both sides are closed.
    Cut,
    /// Both sides are reset (`RST`), so bytes that were sent may be lost.
    Reset,
    /// The requests end. Replies still pass.
    EndRequests,
    /// The replies end. Requests still pass.
    EndReplies,
    /// Nothing passes, either way, and nothing is closed, until the proxy
    /// [thaws](crate::Proxy::thaw).
    Silence,
    /// The bytes from this place on are delayed.
    Delay(Duration),
}

/// Set once a fault has happened.
pub type Planned = Arc<SetOnce<()>>;

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
