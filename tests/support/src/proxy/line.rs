//! One connection through the proxy: a pump for each direction, and their faults.

use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::fault::{Fault, Harm, Place, Planned, Traffic};

/// The most bytes that are read at once.
const CHUNK: usize = 64 << 10;

/// The direction of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Requests,
    Replies,
}

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Line {
    ledger: Mutex<Ledger>,
    state: watch::Sender<State>,
}

/// The bytes that passed, and the fault that is planned.
#[derive(Debug, Default)]
struct Ledger {
    passed: Traffic,
    plan: Option<Plan>,
}

#[derive(Debug)]
struct Plan {
    way: Way,
    /// How many bytes pass before it happens.
    left: usize,
    harm: Harm,
    planned: Planned,
}

/// What has happened to the connection.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// [`Harm::Cut`] or [`Harm::Reset`] of both sides.
    over: Option<Harm>,
    requests_ended: bool,
    replies_ended: bool,
    /// It forwards nothing.
    is_silent: bool,
}

impl State {
    fn has_ended(&self, way: Way) -> bool {
        match way {
            Way::Requests => self.requests_ended,
            Way::Replies => self.replies_ended,
        }
    }
}

impl Line {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn passed(&self) -> Traffic {
        self.ledger().passed
    }

    /// Plans `fault`, in place of what was planned.
    pub(super) fn plan(&self, fault: Fault, planned: Planned) {
        let (way, left) = match fault.place {
            Place::Requests(bytes) => (Way::Requests, bytes),
            Place::Replies(bytes) => (Way::Replies, bytes),
            Place::Now if !matches!(fault.harm, Harm::Delay(_)) => {
                self.ledger().plan = None;
                return self.befall(fault.harm, &planned);
            }
            // A delay needs something to delay.
            Place::Now => (Way::Requests, 0),
        };
        self.ledger().plan = Some(Plan { way, left, harm: fault.harm, planned });
    }

    /// Closes both sides.
    pub(super) fn cut(&self) {
        self.state.send_modify(|state| state.over = Some(Harm::Cut));
    }

    /// Ends its silence.
    pub(super) fn thaw(&self) {
        self.state.send_modify(|state| state.is_silent = false);
    }

    /// Removes the plan.
    pub(super) fn forget(&self) {
        self.ledger().plan = None;
    }

    /// How many of `bytes` bytes pass, and the plan that is due after them.
    fn pass(&self, way: Way, bytes: usize) -> (usize, Option<Plan>) {
        let mut ledger = self.ledger();
        let due = ledger.plan.take_if(|plan| plan.way == way && plan.left < bytes);
        let passing = due.as_ref().map_or(bytes, |plan| plan.left);
        if let Some(plan) = ledger.plan.as_mut().filter(|plan| plan.way == way) {
            plan.left -= passing;
        }
        match way {
            Way::Requests => ledger.passed.requests += passing,
            Way::Replies => ledger.passed.replies += passing,
        }
        (passing, due)
    }

    fn befall(&self, harm: Harm, planned: &Planned) {
        self.state.send_modify(|state| match harm {
            Harm::Cut | Harm::Reset => state.over = Some(harm),
            Harm::EndRequests => state.requests_ended = true,
            Harm::EndReplies => state.replies_ended = true,
            Harm::Silence => state.is_silent = true,
            Harm::Delay(_) => {}
        });
        // An error means that it was set already.
        let _ = planned.set(());
    }

    /// Forwards both ways until both have ended, or the connection is over.
    pub(super) async fn run(&self, mut client: TcpStream, target: u16) -> std::io::Result<()> {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        // Borrowed halves: dropping them closes nothing, which would precede a
        // reset.
        let (client_out, client_in) = client.split();
        let (server_out, server_in) = server.split();
        let pumps = async {
            // Each direction ends by itself, so that bytes under way arrive.
            tokio::try_join!(
                self.pump(Way::Requests, client_out, server_in),
                self.pump(Way::Replies, server_out, client_in),
            )
            .map(|_| Harm::Cut)
        };
        let over = tokio::select! {
            biased;
            over = self.over() => over,
            ended = pumps => ended.unwrap_or(Harm::Cut),
        };
        if over == Harm::Reset {
            client.set_zero_linger()?;
            server.set_zero_linger()?;
        }
        Ok(())
    }

    /// Completes once both sides are to be closed.
    async fn over(&self) -> Harm {
        let mut state = self.state.subscribe();
        let state = state.wait_for(|state| state.over.is_some()).await;
        state.ok().and_then(|state| state.over).unwrap_or(Harm::Cut)
    }

    async fn pump(
        &self,
        way: Way,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> std::io::Result<()> {
        let mut state = self.state.subscribe();
        let mut bytes = vec![0; CHUNK];
        loop {
            let read = tokio::select! {
                read = from.read(&mut bytes) => read?,
                _ = state.wait_for(|state| state.has_ended(way)) => break,
            };
            let mut rest = &bytes[..read];
            self.silence().await;
            if read == 0 {
                return to.shutdown().await;
            }
            while !rest.is_empty() && !self.state.borrow().has_ended(way) {
                let (passing, due) = self.pass(way, rest.len());
                to.write_all(&rest[..passing]).await?;
                rest = &rest[passing..];
                if let Some(Plan { harm, planned, .. }) = due {
                    self.befall(harm, &planned);
                    if let Harm::Delay(delay) = harm {
                        tokio::time::sleep(delay).await;
                    }
                    if self.state.borrow().over.is_some() {
                        // Closing the sides drops this.
                        return std::future::pending().await;
                    }
                    self.silence().await;
                }
            }
        }
        // This direction has ended before its source did. What still comes is
        // read, because closing a socket with unread bytes resets it.
        to.shutdown().await?;
        while from.read(&mut bytes).await? > 0 {}
        Ok(())
    }

    /// Waits until it is not silent.
    async fn silence(&self) {
        // The sender lives as long as this.
        let _ = self.state.subscribe().wait_for(|state| !state.is_silent).await;
    }
}
