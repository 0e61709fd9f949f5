//! A network between a client and a server that fails on demand: one connection
//! at an exact place, or all of them.

mod fault;
mod line;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use fault::{Fault, Harm, Place, Planned, Traffic};
use line::Line;

/// Forwards connections to a port of 127.0.0.1 for as long as it lives.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    accepted: watch::Receiver<u64>,
    lines: Arc<Mutex<Lines>>,
    acceptor: JoinHandle<()>,
}

/// The connections, in the order in which they came.
#[derive(Debug, Default)]
struct Lines {
    all: Vec<Arc<Line>>,
    /// The plan for the next one.
    of_next: Option<(Fault, Planned)>,
}

impl Proxy {
    /// Starts one that forwards to `target` on 127.0.0.1.
    ///
    /// # Errors
    /// No port can be listened on.
    pub async fn start(target: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (count, accepted) = watch::channel(0);
        let lines = Arc::<Mutex<Lines>>::default();
        let acceptor = tokio::spawn(accept(listener, target, count, lines.clone()));
        Ok(Self { port, accepted, lines, acceptor })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections. New ones are forwarded.
    pub fn cut(&self) {
        lock(&self.lines).all.drain(..).for_each(|line| line.cut());
    }

    /// Ends all [silence](Harm::Silence), beginning with the bytes that were held
    /// back.
    pub fn thaw(&self) {
        lock(&self.lines).all.iter().for_each(|line| line.thaw());
    }

    /// Plans `fault` for the newest connection, in place of its plan. Nothing is
    /// planned if there is no connection since the last [cut](Self::cut).
    pub fn fail(&self, fault: Fault) -> Planned {
        let planned = Planned::default();
        if let Some(line) = lock(&self.lines).all.last() {
            line.plan(fault, planned.clone());
        }
        planned
    }

    /// Plans `fault` for the next connection, in place of its plan.
    pub fn fail_next(&self, fault: Fault) -> Planned {
        let planned = Planned::default();
        lock(&self.lines).of_next = Some((fault, planned.clone()));
        planned
    }

    /// The bytes that have passed on the newest connection.
    pub fn traffic(&self) -> Traffic {
        lock(&self.lines).all.last().map_or_else(Traffic::default, |line| line.passed())
    }

    /// Thaws, and forgets what was planned. What is closed, or half-closed, stays
    /// so.
    pub fn calm(&self) {
        let mut lines = lock(&self.lines);
        lines.of_next = None;
        lines.all.iter().for_each(|line| line.forget());
        drop(lines);
        self.thaw();
    }

    /// How many connections there have been.
    pub fn accepted(&self) -> u64 {
        *self.accepted.borrow()
    }

    /// Waits until there have been this many.
    pub async fn wait_for_accepted(&self, count: u64) {
        // It cannot end before this does.
        let _ = self.accepted.clone().wait_for(|accepted| *accepted >= count).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.cut();
    }
}

fn lock(lines: &Mutex<Lines>) -> MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(
    listener: TcpListener,
    target: u16,
    count: watch::Sender<u64>,
    lines: Arc<Mutex<Lines>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let line = Arc::<Line>::default();
        {
            let mut lines = lock(&lines);
            if let Some((fault, planned)) = lines.of_next.take() {
                line.plan(fault, planned);
            }
            lines.all.push(line.clone());
        }
        count.send_modify(|count| *count += 1);
        tokio::spawn(async move { line.run(client, target).await });
    }
}
