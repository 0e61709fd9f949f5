//! What the server says to each command, as the input chooses.

use std::time::Duration;

use spakky_cache_core::Tag;
use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id, Marker};

use super::ledger::Ledger;
use super::names::{KEYS, TAGS, epoch, name};
use super::proper;
use super::wire::{Reply, counted, line};
use crate::envelope::with_its_sum;
use crate::input::Input;

/// Push messages before one reply, at most.
const MOST_PUSHES: usize = 4;
/// Numbers with which something may go wrong.
const NUMBERS: [i64; 8] = [0, 1, -1, -2, 2, i64::MAX, i64::MIN, 60_000];
/// Lengths that no reply of this server's has.
const LENGTHS: [&str; 10] = [
    "100000",
    "536870912",
    "4294967296",
    "9223372036854775807",
    "-1",
    "-2",
    "-9223372036854775808",
    "4611686018427387904",
    "18446744073709551615",
    "",
];
/// The first bytes of replies that have a length.
const COUNTED: [u8; 8] = *b"$*%~>=!|";
/// First words of errors: those that mean something to a client, and others.
const ERRORS: [&str; 12] = [
    "ERR",
    "NOSCRIPT",
    "WRONGTYPE",
    "OOM",
    "READONLY",
    "LOADING",
    "NOAUTH",
    "WRONGPASS",
    "NOPROTO",
    "MOVED",
    "",
    "\u{e9}\0",
];

/// What the server says to commands, one after the other. Where the input is
/// over, it says what a good server does.
#[derive(Debug)]
pub(super) struct Script<'a> {
    input: Input<'a>,
    /// Values are numbered, so that none is taken for another.
    values: u64,
}

/// How a reply is chosen, by its first byte.
///
/// An entry, and what is wrong with it, takes several bytes; all others take
/// one or two more.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Choice {
    Proper,
    Null,
    Entry,
    Lease,
    Epoch,
    Error,
    Number,
    Push,
    Ok,
    Text,
    OldNull,
    List,
    OddForm,
    Nested,
    TooLong,
    Raw,
    Nothing,
    Twice,
    CutShort,
}

impl Choice {
    const ALL: [Self; 19] = [
        Self::Proper,
        Self::Null,
        Self::Entry,
        Self::Lease,
        Self::Epoch,
        Self::Error,
        Self::Number,
        Self::Push,
        Self::Ok,
        Self::Text,
        Self::OldNull,
        Self::List,
        Self::OddForm,
        Self::Nested,
        Self::TooLong,
        Self::Raw,
        Self::Nothing,
        Self::Twice,
        Self::CutShort,
    ];
}

impl<'a> Script<'a> {
    pub(super) fn new(input: Input<'a>) -> Self {
        Self { input, values: 0 }
    }

    /// What a good server says.
    pub(super) fn proper(&mut self, command: &[Vec<u8>]) -> Reply {
        proper::reply(command, || self.next_value())
    }

    /// What this one says, push messages before it included.
    pub(super) fn next(&mut self, command: &[Vec<u8>], ledger: &mut Ledger) -> Reply {
        let mut pushed = Vec::new();
        for _ in 0..MOST_PUSHES {
            let choice = self.input.one_of(&Choice::ALL);
            if matches!(choice, Choice::Push) {
                pushed.extend(self.push(ledger));
            } else {
                let mut reply = self.reply(choice, command);
                reply.bytes.splice(0..0, pushed);
                return reply;
            }
        }
        let mut reply = self.proper(command);
        reply.bytes.splice(0..0, pushed);
        reply
    }

    fn next_value(&mut self) -> Vec<u8> {
        self.values += 1;
        format!("value {}", self.values).into_bytes()
    }

    fn reply(&mut self, choice: Choice, command: &[Vec<u8>]) -> Reply {
        match choice {
            Choice::Proper | Choice::Push => self.proper(command),
            Choice::Null => Reply::null(),
            Choice::OldNull => {
                let bytes = self.input.one_of(&[b"$-1\r\n", b"*-1\r\n"]).to_vec();
                Reply { bytes, ..Reply::null() }
            }
            Choice::Ok => Reply::ok(),
            Choice::Number => {
                let number = self.input.one_of(&NUMBERS);
                Reply::number(number)
            }
            Choice::Text => {
                let length = self.input.below(40);
                Reply::text(self.input.bytes(length))
            }
            Choice::Epoch => {
                let generation = self.input.byte() % 3;
                let key = command.get(1).map_or(&[][..], Vec::as_slice);
                Reply::text(&epoch(key, generation).0)
            }
            Choice::Entry => {
                let entry = Envelope::Entry(self.entry());
                Reply::text(&self.damaged(entry.encode()))
            }
            Choice::Lease => {
                let lease = Envelope::Lease(self.lease());
                Reply::text(&self.damaged(lease.encode()))
            }
            Choice::Error => Reply::error(self.input.one_of(&ERRORS)),
            Choice::List => {
                let count = self.input.below(5);
                let items = (0..count).map(|_| self.item(command)).collect();
                Reply::list(items)
            }
            Choice::OddForm => self.odd_form(command),
            Choice::Nested => {
                let depth = usize::from(self.input.byte()).max(1);
                let kind = self.input.one_of(b"*~");
                let mut bytes = line(kind, 1).repeat(depth);
                bytes.extend(b":1\r\n");
                Reply::other(bytes)
            }
            Choice::TooLong => {
                let kind = self.input.one_of(&COUNTED);
                let mut bytes = line(kind, self.input.one_of(&LENGTHS));
                bytes.extend(self.proper(command).bytes);
                Reply::unclear(bytes)
            }
            Choice::Raw => {
                let length = usize::from(self.input.byte());
                Reply::unclear(self.input.bytes(length).to_vec())
            }
            Choice::Nothing => Reply::unclear(Vec::new()),
            Choice::Twice => {
                let mut bytes = self.item(command).bytes;
                bytes.extend(self.item(command).bytes);
                Reply::unclear(bytes)
            }
            Choice::CutShort => {
                let mut bytes = self.item(command).bytes;
                let left = usize::from(self.input.byte()) % bytes.len().max(1);
                bytes.truncate(left);
                Reply::unclear(bytes)
            }
        }
    }

    /// A reply that is no list of others, which would have no end.
    fn item(&mut self, command: &[Vec<u8>]) -> Reply {
        const PLAIN: [Choice; 10] = [
            Choice::Proper,
            Choice::Null,
            Choice::Entry,
            Choice::Lease,
            Choice::Epoch,
            Choice::Error,
            Choice::Number,
            Choice::Ok,
            Choice::Text,
            Choice::Nested,
        ];
        let choice = self.input.one_of(&PLAIN);
        self.reply(choice, command)
    }

    fn epochs(&mut self) -> Epochs {
        let everything = epoch(&name('a', ""), self.input.byte() % 3);
        let count = self.input.below(TAGS.len() + 1);
        let tags = TAGS[..count].iter().map(|tag| {
            let epoch = epoch(&name('t', tag), self.input.byte() % 3);
            (Tag::new(tag, usize::MAX).expect("a tag"), epoch)
        });
        Epochs { everything, tags: tags.collect() }
    }

    fn entry(&mut self) -> Entry {
        Entry { epochs: self.epochs(), ..proper::entry(self.next_value()) }
    }

    fn lease(&mut self) -> Marker {
        let id = Id([self.input.byte(); 16]);
        Marker { id, taken_at: 1, lasts: Duration::from_millis(1), epochs: self.epochs() }
    }

    /// As it is, or with something wrong.
    fn damaged(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        let wrong = self.input.below(8);
        if wrong < 4 {
            return bytes;
        }
        let place = usize::from(self.input.byte()) % bytes.len();
        match wrong {
            4 => bytes[place] ^= 1 << (place % 8),
            5 => bytes.truncate(place),
            6 => bytes.extend_from_slice(&bytes.clone()[..place]),
            // Something else than was meant, with the right check sum.
            _ => {
                bytes[place] = self.input.byte();
                bytes = with_its_sum(&bytes).expect("an envelope is long enough");
            }
        }
        bytes
    }

    fn odd_form(&mut self, command: &[Vec<u8>]) -> Reply {
        let before = match self.input.below(12) {
            0 => return Reply::other(b"+PONG\r\n".to_vec()),
            1 => return Reply::other(b"+\r\n".to_vec()),
            2 => return Reply::other(b",1.5e308\r\n".to_vec()),
            3 => return Reply::other(b",nan\r\n".to_vec()),
            4 => return Reply::other(b"#t\r\n".to_vec()),
            5 => return Reply::other(b"(3492890328409238509324850943850943825024385\r\n".to_vec()),
            6 => return Reply::other(counted(b'=', b"txt:some words")),
            7 => return Reply::other(counted(b'=', b"no format")),
            8 => return Reply { bytes: counted(b'!', b"ERR bulk"), ..Reply::error("") },
            9 => line(b'%', 1),
            10 => line(b'~', 2),
            _ => line(b'|', 1),
        };
        // A map of one, a set of two; a remark of one comes before what it is
        // on. Of whatever they hold.
        let items = if before[0] == b'|' { 3 } else { 2 };
        let parts = std::iter::once(before).chain((0..items).map(|_| self.item(command).bytes));
        Reply::other(parts.collect::<Vec<_>>().concat())
    }

    /// A message between replies.
    fn push(&mut self, ledger: &mut Ledger) -> Vec<u8> {
        let invalidate = counted(b'$', b"invalidate");
        let of = |items: usize| line(b'>', items);
        match self.input.below(12) {
            // What Redis sends: one key at a time.
            0..=3 => {
                let key = self.some_key();
                ledger.invalidated(Some(vec![key.clone()]));
                let keys = Reply::list(vec![Reply::text(&key)]).bytes;
                [of(2), invalidate, keys].concat()
            }
            4 => {
                let keys: Vec<_> = (0..self.input.below(4)).map(|_| self.some_key()).collect();
                let list = Reply::list(keys.iter().map(|key| Reply::text(key)).collect());
                ledger.invalidated(Some(keys));
                [of(2), invalidate, list.bytes].concat()
            }
            // A flush, and forms that are not known: they may mean any key.
            5 => {
                ledger.invalidated(None);
                [of(2), invalidate, Reply::null().bytes].concat()
            }
            6 => {
                ledger.invalidated(None);
                [of(2), invalidate, Reply::list(vec![Reply::number(1)]).bytes].concat()
            }
            7 => {
                ledger.invalidated(None);
                let key = Reply::text(&self.some_key()).bytes;
                let keys = Reply::list(vec![Reply::list(vec![])]).bytes;
                [of(3), invalidate, key, keys].concat()
            }
            8 => {
                ledger.invalidated(None);
                [of(1), invalidate].concat()
            }
            // What has nothing to do with keys, or with anything.
            9 => [of(2), counted(b'$', b"message"), Reply::number(1).bytes].concat(),
            10 => of(0),
            // What a client that subscribed would take for a reply.
            _ => {
                ledger.confused();
                let kind = counted(b'$', self.input.one_of(&[&b"subscribe"[..], b"unsubscribe"]));
                [of(3), kind, Reply::text(b"x").bytes, Reply::number(1).bytes].concat()
            }
        }
    }

    fn some_key(&mut self) -> Vec<u8> {
        match self.input.below(8) {
            0 => name('a', ""),
            1 => name('e', ""),
            2 => Vec::new(),
            index @ 3..=5 => name('k', KEYS[index - 3]),
            index => name('t', TAGS[index - 6]),
        }
    }
}
