//! A network between a client and a server that fails on demand: all of it at
//! once, or one connection at an exact place.

mod fault;
mod line;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use fault::{Fault, Harm, Place, Planned, Traffic};
use line::Line;

/// Forwards connections to a port of 127.0.0.1 for as long as it lives.
///
/// Connections are numbered from 1 in the order in which they come. What the
/// methods say of "now" holds once they return.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
    accepted: watch::Receiver<u64>,
    lines: Arc<Mutex<Lines>>,
    acceptor: JoinHandle<()>,
}

/// What connections have to put up with.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    /// Those up to this number are closed.
    cut: u64,
    /// Those up to this number forward nothing.
    frozen: u64,
    /// How often it has thawed.
    thaws: u64,
    /// How late what the server says is.
    delay: Duration,
}

/// The connections on which a fault can be planned.
#[derive(Debug, Default)]
struct Lines {
    newest: Option<Arc<Line>>,
    /// What is planned for the one that comes next.
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
        let (weather, forecast) = watch::channel(Weather::default());
        let (count, accepted) = watch::channel(0);
        let lines = Arc::<Mutex<Lines>>::default();
        let acceptor = tokio::spawn(accept(listener, target, forecast, count, lines.clone()));
        Ok(Self { port, weather, accepted, lines, acceptor })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections. New ones are forwarded.
    pub fn cut(&self) {
        let so_far = self.accepted();
        self.weather.send_modify(|weather| weather.cut = so_far);
    }

    /// Stops forwarding, without closing anything: what is under way stays in
    /// the net. New connections are forwarded.
    pub fn freeze(&self) {
        let so_far = self.accepted();
        self.weather.send_modify(|weather| weather.frozen = so_far);
    }

    /// As [`freeze`](Self::freeze), for new connections as well: they are
    /// accepted, and nothing comes of it.
    pub fn black_hole(&self) {
        self.weather.send_modify(|weather| weather.frozen = u64::MAX);
    }

    /// Forwards again, beginning with what was left in the net.
    pub fn thaw(&self) {
        self.weather.send_modify(|weather| {
            weather.frozen = 0;
            weather.thaws += 1;
        });
    }

    /// What the server says arrives this much later from now on.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }

    /// Plans `fault` for the newest connection, in place of what was planned
    /// for it.
    ///
    /// # Panics
    /// There was no connection yet.
    pub fn fail(&self, fault: Fault) -> Planned {
        let planned = Planned::default();
        self.newest().plan(fault, planned.clone(), &self.weather.borrow());
        planned
    }

    /// Plans `fault` for the connection that comes next, in place of what was
    /// planned for it.
    pub fn fail_next(&self, fault: Fault) -> Planned {
        let planned = Planned::default();
        lock(&self.lines).of_next = Some((fault, planned.clone()));
        planned
    }

    /// What has passed on the newest connection.
    ///
    /// # Panics
    /// There was no connection yet.
    pub fn traffic(&self) -> Traffic {
        self.newest().passed()
    }

    /// Thaws, delays nothing any more, and forgets what was planned. What was
    /// closed, or half of it, stays so.
    pub fn calm(&self) {
        self.delay(Duration::ZERO);
        let mut lines = lock(&self.lines);
        lines.of_next = None;
        if let Some(newest) = &lines.newest {
            newest.forget();
        }
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

    fn newest(&self) -> Arc<Line> {
        lock(&self.lines).newest.clone().expect("a connection")
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
    weather: watch::Receiver<Weather>,
    count: watch::Sender<u64>,
    lines: Arc<Mutex<Lines>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let number = *count.borrow() + 1;
        let line = Line::new(number);
        {
            let mut lines = lock(&lines);
            if let Some((fault, planned)) = lines.of_next.take() {
                line.plan(fault, planned, &weather.borrow());
            }
            lines.newest = Some(line.clone());
        }
        count.send_replace(number);
        let weather = weather.clone();
        tokio::spawn(async move { line.run(client, target, &weather).await });
    }
}
