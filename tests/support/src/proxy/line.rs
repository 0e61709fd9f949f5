//! One connection through the proxy: two pumps, and what befalls them.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Weather;
use super::fault::{Fault, Harm, Place, Planned, Traffic};

/// Bytes that are taken from one side at once.
const CHUNK: usize = 64 << 10;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Requests,
    Replies,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Line {
    /// In the order in which they came, from 1.
    number: u64,
    ledger: Mutex<Ledger>,
    state: watch::Sender<State>,
}

/// What passed, and what is planned.
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

/// What has befallen the connection.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    over: Option<Over>,
    requests_ended: bool,
    replies_ended: bool,
    /// It forwards nothing while there have been as few thaws.
    silent_for: Option<u64>,
}

/// How both sides are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Cut,
    Reset,
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
    pub(super) fn new(number: u64) -> Arc<Self> {
        let state = watch::Sender::new(State::default());
        Arc::new(Self { number, ledger: Mutex::default(), state })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn passed(&self) -> Traffic {
        self.ledger().passed
    }

    /// Plans `fault`, in place of what was planned.
    pub(super) fn plan(&self, fault: Fault, planned: Planned, weather: &Weather) {
        let (way, left) = match fault.place {
            Place::Requests(bytes) => (Way::Requests, bytes),
            Place::Replies(bytes) => (Way::Replies, bytes),
            Place::Now if !matches!(fault.harm, Harm::Delay(_)) => {
                self.ledger().plan = None;
                return self.befall(fault.harm, &planned, weather);
            }
            // Late is only what comes.
            Place::Now => (Way::Requests, 0),
        };
        self.ledger().plan = Some(Plan { way, left, harm: fault.harm, planned });
    }

    /// Plans nothing any more.
    pub(super) fn forget(&self) {
        self.ledger().plan = None;
    }

    /// How many of `bytes` bytes pass before what is planned happens, and that.
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

    fn befall(&self, harm: Harm, planned: &Planned, weather: &Weather) {
        self.state.send_modify(|state| match harm {
            Harm::Cut => state.over = Some(Over::Cut),
            Harm::Reset => state.over = Some(Over::Reset),
            Harm::EndRequests => state.requests_ended = true,
            Harm::EndReplies => state.replies_ended = true,
            Harm::Silence => state.silent_for = Some(weather.thaws),
            Harm::Delay(_) => {}
        });
        // An error says that it was told already.
        let _ = planned.0.set(());
    }

    /// Forwards both ways until both have ended, or the connection is over.
    pub(super) async fn run(
        &self,
        mut client: TcpStream,
        target: u16,
        weather: &watch::Receiver<Weather>,
    ) -> std::io::Result<()> {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        // Borrowed, so that dropping them tells nobody anything: a reset has to
        // come before any end.
        let (client_out, client_in) = client.split();
        let (server_out, server_in) = server.split();
        let pumps = async {
            // Each way ends by itself: what a client sent before it left, and
            // what is in the net still, arrives.
            tokio::try_join!(
                self.pump(Way::Requests, client_out, server_in, weather.clone()),
                self.pump(Way::Replies, server_out, client_in, weather.clone()),
            )
            .map(|_| Over::Cut)
        };
        let over = tokio::select! {
            biased;
            over = self.over(weather.clone()) => over,
            ended = pumps => ended.unwrap_or(Over::Cut),
        };
        if over == Over::Reset {
            client.set_zero_linger()?;
            server.set_zero_linger()?;
        }
        Ok(())
    }

    /// Completes once both sides are to be closed.
    async fn over(&self, mut weather: watch::Receiver<Weather>) -> Over {
        let mut state = self.state.subscribe();
        tokio::select! {
            // An error says that the proxy is gone.
            _ = weather.wait_for(|weather| weather.cut >= self.number) => Over::Cut,
            state = state.wait_for(|state| state.over.is_some()) => {
                state.ok().and_then(|state| state.over).unwrap_or(Over::Cut)
            }
        }
    }

    async fn pump(
        &self,
        way: Way,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
        mut weather: watch::Receiver<Weather>,
    ) -> std::io::Result<()> {
        let mut state = self.state.subscribe();
        let mut bytes = vec![0; CHUNK];
        loop {
            let read = tokio::select! {
                read = from.read(&mut bytes) => read?,
                _ = state.wait_for(|state| state.has_ended(way)) => break,
            };
            let mut rest = &bytes[..read];
            let Some(delay) = self.clear(&mut weather).await else { return Ok(()) };
            if way == Way::Replies && !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            if read == 0 {
                return to.shutdown().await;
            }
            while !rest.is_empty() && !self.state.borrow().has_ended(way) {
                let (passing, due) = self.pass(way, rest.len());
                to.write_all(&rest[..passing]).await?;
                rest = &rest[passing..];
                if let Some(Plan { harm, planned, .. }) = due {
                    self.befall(harm, &planned, &weather.borrow());
                    if let Harm::Delay(delay) = harm {
                        tokio::time::sleep(delay).await;
                    }
                    if self.state.borrow().over.is_some() {
                        // For good: whoever closes the sides drops this.
                        return std::future::pending().await;
                    }
                    if self.clear(&mut weather).await.is_none() {
                        return Ok(());
                    }
                }
            }
        }
        // This way has ended before its source did: what still comes is lost,
        // but has to be taken, or closing the socket would reset it.
        to.shutdown().await?;
        while from.read(&mut bytes).await? > 0 {}
        Ok(())
    }

    /// Waits until bytes may pass, and says how late replies are; none: the
    /// proxy is gone.
    async fn clear(&self, weather: &mut watch::Receiver<Weather>) -> Option<std::time::Duration> {
        let silent_for = self.state.borrow().silent_for;
        let clear = weather.wait_for(|weather| {
            weather.frozen < self.number && silent_for.is_none_or(|thaws| weather.thaws > thaws)
        });
        clear.await.ok().map(|weather| weather.delay)
    }
}
