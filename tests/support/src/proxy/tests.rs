use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// A server that reports what each of its connections received.
struct Echo {
    port: u16,
    heard: tokio::sync::mpsc::UnboundedReceiver<Heard>,
}

/// What a connection received, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    text: Vec<u8>,
    end: Result<(), ErrorKind>,
}

impl Echo {
    /// Echoes each byte, and ends when the client does.
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (tell, heard) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move { tell.send(echo(stream).await) });
            }
        });
        Self { port, heard }
    }

    async fn heard(&mut self) -> Heard {
        self.heard.recv().await.expect("it listens")
    }
}

async fn echo(mut stream: TcpStream) -> Heard {
    let (mut text, mut bytes) = (Vec::new(), [0; 64]);
    loop {
        let read = stream.read(&mut bytes).await;
        match read {
            Ok(0) => return Heard { text, end: Ok(()) },
            Ok(read) => {
                text.extend_from_slice(&bytes[..read]);
                if let Err(error) = stream.write_all(&bytes[..read]).await {
                    return Heard { text, end: Err(error.kind()) };
                }
            }
            Err(error) => return Heard { text, end: Err(error.kind()) },
        }
    }
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

/// A connection on which "one" was echoed before this fault was planned.
async fn failing(place: Place, harm: Harm) -> (Echo, Proxy, TcpStream, Planned) {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await.expect("a proxy");
    let mut stream = connect(&proxy).await;
    assert_eq!(say(&mut stream, b"one").await, b"one");
    let planned = proxy.fail(Fault { place, harm });
    (echo, proxy, stream, planned)
}

/// Each fault with the bytes that the server has received by then, beginning with
/// "one", and those that the client receives after it.
#[tokio::test]
async fn exactly_the_bytes_before_a_fault_pass() {
    use Harm::{Cut, EndReplies, EndRequests};
    use Place::{Replies, Requests};
    for (place, harm, heard_by_server, heard_by_client) in [
        (Requests(0), Cut, "one", ""),
        (Requests(2), Cut, "oneth", "th"),
        (Replies(0), Cut, "onethree", ""),
        (Replies(2), Cut, "onethree", "th"),
        // The server answers what it has heard, and ends.
        (Requests(2), EndRequests, "oneth", "th"),
        (Replies(2), EndRequests, "onethree", "three"),
        (Replies(2), EndReplies, "onethree", "th"),
    ] {
        let (mut echo, proxy, mut stream, planned) = failing(place, harm).await;
        assert!(!planned.initialized());
        stream.write_all(b"three").await.expect("it is sent");
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer).await.map_err(|error| error.kind());
        planned.wait().await;
        let is_part = heard_by_client.as_bytes().starts_with(&answer);
        // The last reply may be lost where a cut comes from the other direction.
        let is_whole = answer == heard_by_client.as_bytes() || (place, harm) == (Requests(2), Cut);
        assert!(end.is_ok() && is_part && is_whole, "{place:?} {harm:?}: {answer:?} {end:?}");
        drop(stream);
        let Heard { text, .. } = echo.heard().await;
        assert_eq!(String::from_utf8_lossy(&text), heard_by_server, "{place:?} {harm:?}");
        assert_eq!(proxy.traffic().requests, heard_by_server.len(), "{place:?} {harm:?}");
    }
}

#[tokio::test]
async fn a_reset_is_one_for_both_sides() {
    for place in [Place::Now, Place::Requests(0), Place::Requests(2), Place::Replies(0)] {
        let (mut echo, _proxy, mut stream, planned) = failing(place, Harm::Reset).await;
        let end = match stream.write_all(b"two").await {
            Ok(()) => stream.read_to_end(&mut Vec::new()).await.map(|_| ()),
            Err(error) => Err(error),
        };
        let end = end.map_err(|error| error.kind());
        assert!(
            matches!(end, Err(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)),
            "{place:?}: {end:?}"
        );
        planned.wait().await;
        assert_eq!(echo.heard().await.end, Err(ErrorKind::ConnectionReset), "{place:?}");
    }
}

#[tokio::test]
async fn silence_lasts_until_it_thaws() {
    let (_echo, proxy, mut stream, planned) = failing(Place::Replies(2), Harm::Silence).await;
    stream.write_all(b"three").await.expect("it is sent");
    planned.wait().await;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer[..2]).await.expect("so much passes");
    // Another connection forwards: by its answer, so would this one have.
    assert_eq!(say(&mut connect(&proxy).await, b"new").await, b"new");
    let nothing = stream.try_read(&mut [0; 8]).map_err(|error| error.kind());
    assert_eq!(nothing, Err(ErrorKind::WouldBlock));
    proxy.thaw();
    stream.read_exact(&mut answer[2..]).await.expect("the rest passes");
    assert_eq!(&answer, b"three");
    assert_eq!(say(&mut stream, b"!").await, b"!");
}

#[tokio::test]
async fn what_is_delayed_arrives() {
    for place in [Place::Now, Place::Requests(2), Place::Replies(2)] {
        let delay = Duration::from_millis(30);
        let (_echo, _proxy, mut stream, planned) = failing(place, Harm::Delay(delay)).await;
        let begun = std::time::Instant::now();
        assert_eq!(say(&mut stream, b"three").await, b"three");
        assert!(begun.elapsed() >= delay && planned.initialized());
    }
}

#[tokio::test]
async fn a_fault_can_be_planned_for_the_next_connection_or_forgotten() {
    let proxy = Proxy::start(Echo::start().await.port).await.expect("a proxy");
    let fault = Fault { place: Place::Replies(3), harm: Harm::Cut };
    proxy.fail_next(fault);
    proxy.calm();
    let mut kept = connect(&proxy).await;
    assert_eq!(say(&mut kept, b"kept").await, b"kept");
    let planned = proxy.fail_next(fault);
    let mut stream = connect(&proxy).await;
    assert_eq!(say(&mut stream, b"one").await, b"one");
    assert!(!planned.initialized());
    stream.write_all(b"two").await.expect("it is sent");
    planned.wait().await;
    assert_eq!(stream.read(&mut [0; 8]).await.expect("it is told"), 0);
    assert_eq!(say(&mut kept, b"kept").await, b"kept");
    proxy.cut();
    let ended = kept.read(&mut [0; 8]).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    assert_eq!(say(&mut connect(&proxy).await, b"new").await, b"new");
    assert_eq!(proxy.accepted(), 3);
}
