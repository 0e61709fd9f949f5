//! A server in this process that says what a script says.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;

use super::ledger::Ledger;
use super::script::Script;
use super::wire::take_command;

/// How many rounds of everything else a client has time to send what it has to
/// send. Client and server take turns on one thread: a client that has sent
/// nothing by then waits for something that never comes.
const PATIENCE: usize = 256;
/// Bytes that are taken from the client at once, at least.
const INBOX: usize = 8 << 10;
/// A reply is sent in this many pieces at most.
const PIECES: usize = 64;

/// How the server speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// It follows the script from the first word on, not only once the
    /// connection is set up.
    pub(super) from_the_start: bool,
    /// Bytes of the pieces in which it sends what it says; 0: all at once.
    pub(super) piece: usize,
    /// How many connections it accepts. Later ones are closed at once.
    pub(super) connections: usize,
}

/// Serves one connection after the other, for ever.
pub(super) async fn serve(
    listener: TcpListener,
    manner: Manner,
    script: &RefCell<Script<'_>>,
    ledger: &RefCell<Ledger>,
) -> Infallible {
    let mut accepted = 0;
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        // Both ends forget it at once, so that ports do not run out.
        stream.set_zero_linger().expect("no linger");
        accepted += 1;
        if accepted <= manner.connections {
            ledger.borrow_mut().connected();
            let talk = Talk { stream, manner, script, ledger, introduced: false };
            // An error is a client that is gone.
            let _ = talk.go_on().await;
        }
    }
}

/// One connection.
struct Talk<'a, 'b> {
    stream: TcpStream,
    manner: Manner,
    script: &'a RefCell<Script<'b>>,
    ledger: &'a RefCell<Ledger>,
    /// The connection is set up.
    introduced: bool,
}

impl Talk<'_, '_> {
    /// Answers, until the client is gone or waits for what never comes; then
    /// the connection is cut.
    async fn go_on(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        let mut inbox = Vec::new();
        while self.listen(&mut inbox).await? {
            let mut outbox = Vec::new();
            while let Some(command) = take_command(&mut inbox) {
                outbox.extend(self.answer(command));
            }
            self.say(&outbox).await?;
        }
        Ok(())
    }

    /// Whether there is more to be answered.
    async fn listen(&self, inbox: &mut Vec<u8>) -> io::Result<bool> {
        inbox.reserve(INBOX);
        for _ in 0..PATIENCE {
            match self.stream.try_read_buf(inbox) {
                Ok(read) => return Ok(read > 0),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => yield_now().await,
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    fn answer(&mut self, command: Vec<Vec<u8>>) -> Vec<u8> {
        let ledger = &mut self.ledger.borrow_mut();
        let mut script = self.script.borrow_mut();
        let reply = if self.introduced || self.manner.from_the_start {
            script.next(&command, ledger)
        } else {
            script.proper(&command)
        };
        // The last word of a connection's set-up; a successor says another one,
        // which is scripted.
        self.introduced |= command.get(1).is_some_and(|word| word == b"INFO");
        ledger.said(&reply.bytes);
        ledger.answered(command, reply.means);
        reply.bytes
    }

    async fn say(&mut self, words: &[u8]) -> io::Result<()> {
        let piece = match self.manner.piece {
            0 => words.len().max(1),
            piece => piece.max(words.len().div_ceil(PIECES)),
        };
        for piece in words.chunks(piece) {
            self.stream.write_all(piece).await?;
            if piece.len() < words.len() {
                // The client reads it before there is more.
                yield_now().await;
                yield_now().await;
            }
        }
        Ok(())
    }
}
