use std::io::ErrorKind;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// A server, of whose connections a test learns what they heard.
struct Echo {
    port: u16,
    heard: tokio::sync::mpsc::UnboundedReceiver<Heard>,
}

/// What a server heard on a connection, and how that ended.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    text: Vec<u8>,
    end: Result<(), ErrorKind>,
}

impl Echo {
    /// Answers each byte with itself, and ends when the client does.
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

/// Says `text` and hears what comes back until the end, and how that came.
async fn say_and_hear(stream: &mut TcpStream, text: &[u8]) -> (Vec<u8>, Result<(), ErrorKind>) {
    stream.write_all(text).await.expect("it is sent");
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer).await;
    (answer, end.map(|_| ()).map_err(|error| error.kind()))
}

/// A connection over which "one" was said and answered, and then this fault
/// was planned.
async fn failing(place: Place, harm: Harm) -> (Echo, Proxy, TcpStream, Planned) {
    let echo = Echo::start().await;
    let proxy = Proxy::start(echo.port).await.expect("a proxy");
    let mut stream = connect(&proxy).await;
    assert_eq!(say(&mut stream, b"one").await, b"one");
    let planned = proxy.fail(Fault { place, harm });
    (echo, proxy, stream, planned)
}

fn heard(text: &[u8]) -> Heard {
    Heard { text: text.to_vec(), end: Ok(()) }
}

#[tokio::test]
async fn it_forwards_and_cuts_what_there_is() {
    let proxy = Proxy::start(Echo::start().await.port).await.expect("a proxy");
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
    let proxy = Proxy::start(Echo::start().await.port).await.expect("a proxy");
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
    let proxy = Proxy::start(Echo::start().await.port).await.expect("a proxy");
    proxy.black_hole();
    let mut first = connect(&proxy).await;
    first.write_all(b"one").await.expect("it is sent");
    proxy.wait_for_accepted(1).await;
    proxy.thaw();
    let mut answer = [0; 3];
    first.read_exact(&mut answer).await.expect("it is answered");
    assert_eq!(&answer, b"one");
}

#[tokio::test]
async fn a_cut_before_a_request_keeps_it_from_the_server() {
    let (mut echo, proxy, mut stream, planned) = failing(Place::Requests(0), Harm::Cut).await;
    assert!(!planned.has_happened());
    let (answer, _) = say_and_hear(&mut stream, b"two").await;
    planned.happened().await;
    assert_eq!(answer, b"");
    assert_eq!(echo.heard().await, heard(b"one"));
    assert_eq!(proxy.traffic(), Traffic { requests: 3, replies: 3 });
}

#[tokio::test]
async fn a_cut_in_a_request_lets_exactly_so_much_of_it_pass() {
    for bytes in 0..5 {
        let (mut echo, _proxy, mut stream, _) = failing(Place::Requests(bytes), Harm::Cut).await;
        let (answer, _) = say_and_hear(&mut stream, b"three").await;
        assert!(b"three"[..bytes].starts_with(&answer), "{answer:?}");
        let Heard { text, .. } = echo.heard().await;
        assert_eq!(text, [b"one", &b"three"[..bytes]].concat());
    }
}

#[tokio::test]
async fn a_cut_before_the_reply_lets_the_request_happen() {
    let (mut echo, proxy, mut stream, _) = failing(Place::Replies(0), Harm::Cut).await;
    assert_eq!(say_and_hear(&mut stream, b"two").await, (vec![], Ok(())));
    assert_eq!(echo.heard().await.text, b"onetwo");
    assert_eq!(proxy.traffic(), Traffic { requests: 6, replies: 3 });
}

#[tokio::test]
async fn a_cut_in_a_reply_lets_exactly_so_much_of_it_pass() {
    for bytes in 0..5 {
        let (_echo, _proxy, mut stream, _) = failing(Place::Replies(bytes), Harm::Cut).await;
        let (answer, _) = say_and_hear(&mut stream, b"three").await;
        assert_eq!(answer, b"three"[..bytes]);
    }
}

#[tokio::test]
async fn bytes_are_counted_across_what_is_said() {
    let (_echo, _proxy, mut stream, planned) = failing(Place::Requests(7), Harm::Cut).await;
    assert_eq!(say(&mut stream, b"two").await, b"two");
    assert_eq!(say(&mut stream, b"four").await, b"four");
    assert!(!planned.has_happened());
    assert_eq!(say_and_hear(&mut stream, b"!").await.0, b"");
    assert!(planned.has_happened());
}

#[tokio::test]
async fn a_reset_is_one_for_both_sides() {
    for place in [Place::Now, Place::Requests(0), Place::Requests(2), Place::Replies(0)] {
        let (mut echo, _proxy, mut stream, planned) = failing(place, Harm::Reset).await;
        let said = stream.write_all(b"two").await;
        let end = match said {
            Ok(()) => stream.read_to_end(&mut Vec::new()).await.map(|_| ()),
            Err(error) => Err(error),
        };
        let end = end.map_err(|error| error.kind());
        assert!(
            matches!(end, Err(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)),
            "{place:?}: {end:?}"
        );
        planned.happened().await;
        assert_eq!(echo.heard().await.end, Err(ErrorKind::ConnectionReset), "{place:?}");
    }
}

#[tokio::test]
async fn the_end_of_requests_leaves_the_replies() {
    let (mut echo, _proxy, mut stream, _) = failing(Place::Requests(2), Harm::EndRequests).await;
    // The server answers what it got; and ends, since it is told of an end.
    assert_eq!(say_and_hear(&mut stream, b"three").await, (b"th".to_vec(), Ok(())));
    assert_eq!(echo.heard().await, heard(b"oneth"));
}

#[tokio::test]
async fn the_end_of_replies_leaves_the_requests() {
    let (mut echo, _proxy, mut stream, _) = failing(Place::Replies(2), Harm::EndReplies).await;
    assert_eq!(say_and_hear(&mut stream, b"three").await, (b"th".to_vec(), Ok(())));
    stream.write_all(b"more").await.expect("it is sent");
    stream.shutdown().await.expect("it is told");
    assert_eq!(echo.heard().await, heard(b"onethreemore"));
}

#[tokio::test]
async fn an_end_can_come_at_a_place_of_the_other_way() {
    let (mut echo, _proxy, mut stream, _) = failing(Place::Replies(2), Harm::EndRequests).await;
    assert_eq!(say_and_hear(&mut stream, b"three").await, (b"three".to_vec(), Ok(())));
    assert_eq!(echo.heard().await, heard(b"onethree"));
}

#[tokio::test]
async fn silence_lasts_until_it_thaws() {
    let (_echo, proxy, mut stream, planned) = failing(Place::Replies(2), Harm::Silence).await;
    stream.write_all(b"three").await.expect("it is sent");
    planned.happened().await;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer[..2]).await.expect("so much passes");
    stream.write_all(b"!").await.expect("it is sent");
    // Another connection is not concerned: and after its answer, one that was
    // forwarded here would be there as well.
    assert_eq!(say(&mut connect(&proxy).await, b"new").await, b"new");
    let nothing = stream.try_read(&mut [0; 8]).map_err(|error| error.kind());
    assert_eq!(nothing, Err(ErrorKind::WouldBlock));
    proxy.thaw();
    stream.read_exact(&mut answer[2..]).await.expect("the rest passes");
    assert_eq!(&answer, b"three");
    stream.read_exact(&mut answer[..1]).await.expect("it goes on");
    assert_eq!(&answer[..1], b"!");
}

#[tokio::test]
async fn what_is_delayed_arrives() {
    for place in [Place::Now, Place::Requests(2), Place::Replies(2)] {
        let delay = Duration::from_millis(30);
        let (_echo, _proxy, mut stream, planned) = failing(place, Harm::Delay(delay)).await;
        let begun = std::time::Instant::now();
        assert_eq!(say(&mut stream, b"three").await, b"three");
        assert!(begun.elapsed() >= delay && planned.has_happened());
    }
}

#[tokio::test]
async fn a_fault_can_be_planned_for_the_next_connection() {
    let proxy = Proxy::start(Echo::start().await.port).await.expect("a proxy");
    let planned = proxy.fail_next(Fault { place: Place::Replies(3), harm: Harm::Cut });
    let mut first = connect(&proxy).await;
    assert_eq!(say(&mut first, b"one").await, b"one");
    assert!(!planned.has_happened());
    assert_eq!(say_and_hear(&mut first, b"two").await.0, b"");
    planned.happened().await;
    assert_eq!(say(&mut connect(&proxy).await, b"new").await, b"new");

    let now = proxy.fail_next(Fault { place: Place::Now, harm: Harm::Cut });
    let mut third = connect(&proxy).await;
    now.happened().await;
    let ended = third.read(&mut [0; 8]).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test]
async fn a_calm_network_forwards_whatever_was_planned() {
    let (_echo, proxy, mut stream, planned) = failing(Place::Requests(0), Harm::Cut).await;
    let of_next = proxy.fail_next(Fault { place: Place::Now, harm: Harm::Cut });
    proxy.delay(Duration::from_hours(1));
    proxy.black_hole();
    proxy.calm();
    assert_eq!(say(&mut stream, b"two").await, b"two");
    assert_eq!(say(&mut connect(&proxy).await, b"new").await, b"new");
    assert!(!planned.has_happened() && !of_next.has_happened());
}
