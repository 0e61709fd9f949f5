//! What the server replies to each command, as the input chooses.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};

use super::good::{self, KEYS, TAGS, epoch, redis_key, tag};
use super::wire::{NULL, OK, counted, line, list, number, text};
use crate::envelope::with_check_sum;

const NUMBERS: [i64; 8] = [0, 1, -1, -2, 2, i64::MAX, i64::MIN, 60_000];
/// Lengths that no reply of this server has. The last is more than any length.
const LENGTHS: [i128; 8] = [100_000, 1 << 29, 1 << 32, 1 << 62, -1, -2, -1 << 63, 1 << 64];
/// First bytes of replies: those with a length, and all.
const COUNTED: [u8; 8] = *b"$*%~>=!|";
const FIRST: &[u8] = b"$*%~>=!|+-:_,#(";
/// First words of errors: those that mean something to a client, and others.
const ERRORS: &str = "ERR NOSCRIPT WRONGTYPE OOM READONLY LOADING NOAUTH WRONGPASS NOPROTO \
    MOVED  \u{e9}\0";
/// The choices that are one whole reply and no list.
const ITEMS: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 13];
const PUSH: u8 = 7;
/// This choice and later ones are not exactly one reply.
const UNCLEAR: u8 = 14;
const LAST: u8 = 18;

/// The replies to commands, one after the other. Where the input is over, they are
/// those of a good server.
#[derive(Debug)]
pub(super) struct Script<'a> {
    input: Unstructured<'a>,
    /// Values are numbered, so that none is taken for another.
    values: u64,
    /// All bytes that were sent.
    pub(super) sent: Vec<u8>,
    /// The number of replies that are not errors.
    pub(super) good: usize,
    /// Something was sent that is not exactly one reply, so that later ones may be
    /// taken for replies to other commands.
    pub(super) unclear: bool,
    /// Before anything was unclear, something was sent that no reply begins with.
    pub(super) malformed: bool,
}

impl<'a> Script<'a> {
    pub(super) fn new(input: Unstructured<'a>) -> Self {
        Self { input, values: 0, sent: Vec::new(), good: 0, unclear: false, malformed: false }
    }

    /// From now on, the server is a good one.
    pub(super) fn end(&mut self) {
        self.input = Unstructured::new(&[]);
    }

    /// The next reply, with push messages before it; or that of a good server.
    pub(super) fn next(&mut self, command: &[Vec<u8>], scripted: bool) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut choice = if scripted { self.input.int_in_range(0..=LAST)? } else { 0 };
        while choice == PUSH {
            bytes.extend(self.push()?);
            choice = self.input.int_in_range(0..=LAST)?;
        }
        let reply = self.reply(choice, command)?;
        self.good += usize::from(!matches!(reply.first(), Some(b'-' | b'!')));
        self.unclear |= choice >= UNCLEAR;
        bytes.extend(reply);
        self.sent.extend_from_slice(&bytes);
        Ok(bytes)
    }

    fn good_reply(&mut self, command: &[Vec<u8>]) -> Vec<u8> {
        good::reply(command, || self.next_value())
    }

    fn next_value(&mut self) -> Vec<u8> {
        self.values += 1;
        format!("value {}", self.values).into_bytes()
    }

    fn reply(&mut self, choice: u8, command: &[Vec<u8>]) -> Result<Vec<u8>> {
        Ok(match choice {
            0 => self.good_reply(command),
            1 => NULL.to_vec(),
            2 => {
                let epochs = self.epochs()?;
                let entry = Entry { epochs, ..good::entry(self.next_value()) };
                text(&self.damaged(Envelope::Entry(entry).encode())?)
            }
            3 => {
                let (id, lasts) = (Id([self.byte()?; 16]), Duration::from_millis(1));
                let lease = Marker { id, taken_at: 1, lasts, epochs: self.epochs()?, awaits: None };
                text(&self.damaged(Envelope::Lease(lease).encode())?)
            }
            4 => {
                let generation = self.byte()? % 3;
                let key = command.get(1).map_or(&[][..], Vec::as_slice);
                text(&epoch(key, generation).0)
            }
            5 => {
                let words: Vec<_> = ERRORS.split(' ').collect();
                line(b'-', format_args!("{} as the script says", self.input.choose(&words)?))
            }
            6 => number(*self.input.choose(&NUMBERS)?),
            8 => OK.to_vec(),
            9 => {
                let length = self.input.int_in_range(0..=39)?;
                text(self.bytes(length)?)
            }
            10 => self.input.choose(&[b"$-1\r\n", b"*-1\r\n"])?.to_vec(),
            11 => {
                let count = self.input.int_in_range(0..=4)?;
                let items: Vec<_> =
                    (0..count).map(|_| self.item(command)).collect::<Result<_>>()?;
                list(b'*', &items)
            }
            12 => self.odd_form(command)?,
            13 => {
                let depth = usize::from(self.byte()?).max(1);
                let lists = line(*self.input.choose(b"*~")?, 1).repeat(depth);
                [lists, number(1)].concat()
            }
            14 => {
                let kind = *self.input.choose(&COUNTED)?;
                let length = *self.input.choose(&LENGTHS)?;
                self.malformed |= !self.unclear && length > i64::MAX.into();
                [line(kind, length), self.good_reply(command)].concat()
            }
            15 => {
                let length = self.byte()?;
                let bytes = self.bytes(length.into())?;
                // A client only judges a byte once it has the next one.
                let is_reply = bytes.len() < 2 || FIRST.contains(&bytes[0]);
                self.malformed |= !self.unclear && !is_reply;
                bytes.to_vec()
            }
            16 => Vec::new(),
            17 => [self.item(command)?, self.item(command)?].concat(),
            _ => {
                let mut bytes = self.item(command)?;
                bytes.truncate(usize::from(self.byte()?) % bytes.len().max(1));
                bytes
            }
        })
    }

    /// A whole reply that is not a list of others, which could go on for ever.
    fn item(&mut self, command: &[Vec<u8>]) -> Result<Vec<u8>> {
        let choice = *self.input.choose(&ITEMS)?;
        self.reply(choice, command)
    }

    fn epochs(&mut self) -> Result<Epochs> {
        let everything = epoch(&redis_key('a', ""), self.byte()? % 3);
        let count = self.input.int_in_range(0..=TAGS.len())?;
        let tags = TAGS[..count]
            .iter()
            .map(|name| Ok((tag(name), epoch(&redis_key('t', name), self.byte()? % 3))));
        Ok(Epochs { everything, tags: tags.collect::<Result<_>>()? })
    }

    /// An envelope as it is, or with something wrong.
    fn damaged(&mut self, mut bytes: Vec<u8>) -> Result<Vec<u8>> {
        let wrong = self.input.int_in_range(0..=7)?;
        if wrong < 4 {
            return Ok(bytes);
        }
        let place = usize::from(self.byte()?) % bytes.len();
        match wrong {
            4 => bytes[place] ^= 1 << (place % 8),
            5 => bytes.truncate(place),
            6 => bytes.extend_from_slice(&bytes.clone()[..place]),
            _ => {
                bytes[place] = self.byte()?;
                bytes = with_check_sum(&bytes).expect("an envelope is long enough");
            }
        }
        Ok(bytes)
    }

    fn odd_form(&mut self, command: &[Vec<u8>]) -> Result<Vec<u8>> {
        // A map of one pair, a set of two, an attribute of one pair before a reply.
        let (mut bytes, items) = match self.input.int_in_range(0..=11)? {
            0 => (b"+PONG\r\n".to_vec(), 0),
            1 => (b"+\r\n".to_vec(), 0),
            2 => (b",1.5e308\r\n".to_vec(), 0),
            3 => (b",nan\r\n".to_vec(), 0),
            4 => (b"#t\r\n".to_vec(), 0),
            5 => (b"(3492890328409238509324850943850943825024385\r\n".to_vec(), 0),
            6 => (counted(b'=', b"txt:some words"), 0),
            7 => (counted(b'=', b"no format"), 0),
            8 => (counted(b'!', b"ERR bulk"), 0),
            9 => (line(b'%', 1), 2),
            10 => (line(b'~', 2), 2),
            _ => (line(b'|', 1), 3),
        };
        for _ in 0..items {
            bytes.extend(self.item(command)?);
        }
        Ok(bytes)
    }

    /// A message between replies.
    fn push(&mut self) -> Result<Vec<u8>> {
        let invalidate = || text(b"invalidate");
        let items = match self.input.int_in_range(0..=11)? {
            0..=3 => vec![invalidate(), list(b'*', &[self.some_key()?])],
            4 => {
                let count = self.input.int_in_range(0..=3)?;
                let keys: Vec<_> = (0..count).map(|_| self.some_key()).collect::<Result<_>>()?;
                vec![invalidate(), list(b'*', &keys)]
            }
            // A flush, then forms that are not known.
            5 => vec![invalidate(), NULL.to_vec()],
            6 => vec![invalidate(), list(b'*', &[number(1)])],
            7 => vec![invalidate(), self.some_key()?, list(b'*', &[list(b'*', &[])])],
            8 => vec![invalidate()],
            9 => vec![text(b"message"), number(1)],
            10 => Vec::new(),
            // What a client that subscribed would take for a reply.
            _ => {
                self.unclear = true;
                let kind = *self.input.choose(&[&b"subscribe"[..], b"unsubscribe"])?;
                vec![text(kind), text(b"x"), number(1)]
            }
        };
        Ok(list(b'>', &items))
    }

    fn some_key(&mut self) -> Result<Vec<u8>> {
        Ok(text(&match self.input.int_in_range(0..=7)? {
            0 => redis_key('a', ""),
            1 => redis_key('e', ""),
            2 => Vec::new(),
            index @ 3..=5 => redis_key('k', KEYS[index - 3]),
            index => redis_key('t', TAGS[index - 6]),
        }))
    }

    fn byte(&mut self) -> Result<u8> {
        self.input.arbitrary()
    }

    /// The next bytes, as many as there are.
    fn bytes(&mut self, most: usize) -> Result<&'a [u8]> {
        self.input.bytes(most.min(self.input.len()))
    }
}
