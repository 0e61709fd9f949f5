//! A server in this process that replies what a script says.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;

use super::script::Script;
use super::wire::take_command;

/// How many turns the client has to send or close something. Client and server take
/// turns on one thread: a client that has sent nothing by then waits for something
/// that never comes.
const TURNS: usize = 256;
/// Bytes that are read from the client at once, at least.
const INBOX: usize = 8 << 10;
/// A reply is sent in this many pieces at most.
const PIECES: usize = 64;

/// How the server behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// It follows the script from the first reply on, not only once the connection
    /// is set up.
    pub(super) from_the_start: bool,
    /// The bytes of one piece of what it sends. 0: everything at once.
    pub(super) piece: usize,
    /// Later connections are served well, or else closed at once.
    pub(super) comes_back: bool,
}

/// Serves one connection after the other.
///
/// # Panics
/// A client does not close a connection on which it got something malformed at once.
pub(super) async fn serve(
    listener: TcpListener,
    manner: Manner,
    script: &RefCell<Script<'_>>,
) -> Infallible {
    for number in 1.. {
        let (stream, _) = listener.accept().await.expect("a connection");
        // Both ends forget it at once, so that ports do not run out.
        stream.set_zero_linger().expect("no linger");
        if number == 1 || manner.comes_back {
            if number > 2 {
                script.borrow_mut().end();
            }
            let connection = Connection { stream, manner, script, is_set_up: false };
            // An error means that the client is gone.
            let _ = connection.serve().await;
        }
    }
    unreachable!("connections have no end")
}

struct Connection<'a, 'b> {
    stream: TcpStream,
    manner: Manner,
    script: &'a RefCell<Script<'b>>,
    is_set_up: bool,
}

impl Connection<'_, '_> {
    /// Replies until the client is gone or waits for what never comes. Then the
    /// connection is closed.
    async fn serve(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        let mut inbox = Vec::new();
        while self.receive(&mut inbox).await? {
            let mut outbox = Vec::new();
            while let Some(command) = take_command(&mut inbox) {
                outbox.extend(self.reply(&command));
            }
            // In pieces, a client takes it for a reply that is not complete yet.
            let malformed =
                std::mem::take(&mut self.script.borrow_mut().malformed) && self.manner.piece == 0;
            self.send(&outbox).await?;
            if malformed {
                while self.receive(&mut inbox).await? {
                    inbox.clear();
                }
                panic!("a client goes on after it got what is no reply");
            }
        }
        Ok(())
    }

    /// Receives more, or returns false if the client sends nothing.
    async fn receive(&self, inbox: &mut Vec<u8>) -> io::Result<bool> {
        inbox.reserve(INBOX);
        for _ in 0..TURNS {
            match self.stream.try_read_buf(inbox) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => yield_now().await,
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn reply(&mut self, command: &[Vec<u8>]) -> Vec<u8> {
        let scripted = self.is_set_up || self.manner.from_the_start;
        let reply = self.script.borrow_mut().next(command, scripted);
        // `CLIENT INFO` ends the set-up. A successor goes on to kill, which is scripted.
        self.is_set_up |= command.get(1).is_some_and(|word| word == b"INFO");
        reply.expect("any bytes are replies")
    }

    async fn send(&mut self, outbox: &[u8]) -> io::Result<()> {
        let piece = match self.manner.piece {
            0 => outbox.len().max(1),
            piece => piece.max(outbox.len().div_ceil(PIECES)),
        };
        for piece in outbox.chunks(piece) {
            self.stream.write_all(piece).await?;
            if piece.len() < outbox.len() {
                // The client reads it before there is more.
                yield_now().await;
                yield_now().await;
            }
        }
        Ok(())
    }
}
