//! A network between a client and a server that fails on demand.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes that are taken from one side at once.
const CHUNK: usize = 64 << 10;

/// Forwards connections to a port of 127.0.0.1 for as long as it lives.
///
/// Connections are numbered from 1 in the order in which they come. What the
/// methods say of "now" holds once they return.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
    accepted: watch::Receiver<u64>,
    acceptor: JoinHandle<()>,
}

/// What connections have to put up with.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    /// Those up to this number are closed.
    cut: u64,
    /// Those up to this number forward nothing.
    frozen: u64,
    /// How late what the server says is.
    delay: Duration,
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
        let acceptor = tokio::spawn(accept(listener, target, forecast, count));
        Ok(Self { port, weather, accepted, acceptor })
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
        self.weather.send_modify(|weather| weather.frozen = 0);
    }

    /// What the server says arrives this much later from now on.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
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

async fn accept(
    listener: TcpListener,
    target: u16,
    weather: watch::Receiver<Weather>,
    count: watch::Sender<u64>,
) {
    while let Ok((client, _)) = listener.accept().await {
        count.send_modify(|count| *count += 1);
        let number = *count.borrow();
        tokio::spawn(forward(client, target, number, weather.clone()));
    }
}

/// Forwards both ways until one side ends or the connection is cut.
async fn forward(client: TcpStream, target: u16, number: u64, weather: watch::Receiver<Weather>) {
    let mut until_cut = weather.clone();
    let forwarding = async {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (client_out, client_in) = client.into_split();
        let (server_out, server_in) = server.into_split();
        // Each way ends by itself: what a client sent before it left, and what
        // is in the net still, arrives.
        tokio::try_join!(
            pump(client_out, server_in, number, weather.clone(), false),
            pump(server_out, client_in, number, weather, true),
        )
    };
    tokio::select! {
        _ = forwarding => {}
        // An error says that the proxy is gone.
        _ = until_cut.wait_for(|weather| weather.cut >= number) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    number: u64,
    mut weather: watch::Receiver<Weather>,
    replies: bool,
) -> std::io::Result<()> {
    let mut bytes = vec![0; CHUNK];
    loop {
        let read = from.read(&mut bytes).await?;
        let thawed = weather.wait_for(|weather| weather.frozen < number).await;
        let Ok(delay) = thawed.map(|weather| weather.delay) else { return Ok(()) };
        if replies && !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&bytes[..read]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        port
    }

    async fn connect(proxy: &Proxy) -> TcpStream {
        TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.expect("it is accepted")
    }

    async fn say(stream: &mut TcpStream, text: &[u8]) -> Vec<u8> {
        stream.write_all(text).await.expect("it is sent");
        let mut answer = vec![0; text.len()];
        stream.read_exact(&mut answer).await.expect("it is answered");
        answer
    }

    #[tokio::test]
    async fn it_forwards_and_cuts_what_there_is() {
        let proxy = Proxy::start(echo().await).await.expect("a proxy");
        let mut first = connect(&proxy).await;
        assert_eq!(say(&mut first, b"one").await, b"one");
        proxy.cut();
        let ended = first.read(&mut [0; 8]).await;
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
        let mut second = connect(&proxy).await;
        assert_eq!(say(&mut second, b"two").await, b"two");
        assert_eq!(proxy.accepted(), 2);
    }

    #[tokio::test]
    async fn what_is_frozen_arrives_when_it_thaws() {
        let proxy = Proxy::start(echo().await).await.expect("a proxy");
        let mut first = connect(&proxy).await;
        say(&mut first, b"one").await;
        proxy.freeze();
        first.write_all(b"two").await.expect("it is sent");
        let mut second = connect(&proxy).await;
        assert_eq!(say(&mut second, b"new").await, b"new");
        proxy.thaw();
        let mut answer = [0; 3];
        first.read_exact(&mut answer).await.expect("it is answered");
        assert_eq!(&answer, b"two");
    }

    #[tokio::test]
    async fn a_black_hole_takes_new_connections_too() {
        let proxy = Proxy::start(echo().await).await.expect("a proxy");
        proxy.black_hole();
        let mut first = connect(&proxy).await;
        first.write_all(b"one").await.expect("it is sent");
        proxy.wait_for_accepted(1).await;
        proxy.thaw();
        let mut answer = [0; 3];
        first.read_exact(&mut answer).await.expect("it is answered");
        assert_eq!(&answer, b"one");
    }
}
