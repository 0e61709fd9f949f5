//! What a good server says: one that holds something alive under each key.

use spakky_cache_core::Tag;
use spakky_cache_core::entry::{Entry, Envelope, Epochs, Id};

use super::names::{KEYS, TAGS, epoch, kind, name};
use super::wire::Reply;

/// The digest of the script that takes a key that holds nothing.
const HELD: &[u8] = &[b'4'; 40];
/// The digest of the script that removes a key.
const REMOVED: &[u8] = &[b'6'; 40];

/// An entry of the first epochs, for ever.
pub(super) fn entry(value: Vec<u8>) -> Entry {
    let tag = Tag::new(TAGS[0], usize::MAX).expect("a tag");
    let epoch_of_tag = epoch(&name('t', TAGS[0]), 0);
    Entry {
        id: Id([1; 16]),
        stored_at: 1,
        ttl: None,
        fresh_for: None,
        load_time: std::time::Duration::ZERO,
        epochs: Epochs { everything: epoch(&name('a', ""), 0), tags: vec![(tag, epoch_of_tag)] },
        value: value.into(),
    }
}

/// The reply to `command`, with values that `value` makes.
pub(super) fn reply(command: &[Vec<u8>], mut value: impl FnMut() -> Vec<u8>) -> Reply {
    let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
    let mut held = |key: &[u8]| match kind(key) {
        Some(b'k') => Reply::text(&Envelope::Entry(entry(value())).encode()),
        Some(b'a' | b't') => Reply::text(&epoch(key, 0).0),
        Some(b'e') => Reply::text(&[9; 16]),
        _ => Reply::null(),
    };
    match words[..] {
        [b"PING"] => Reply::other(b"+PONG\r\n".to_vec()),
        [b"HELLO", ..] => Reply::other(hello()),
        [b"CLIENT", b"INFO"] => Reply::text(b"id=7 addr=127.0.0.1:7 laddr=127.0.0.1:6379 fd=8"),
        [b"CLIENT", b"KILL", ..] => Reply::number(1),
        // By its last word it is told which script answers what a key holds.
        [b"SCRIPT", _, source] if source.ends_with(b"return held") => Reply::text(HELD),
        [b"SCRIPT", _, source] if source.ends_with(b"return bytes") => Reply::text(REMOVED),
        [b"SCRIPT", ..] => Reply::text(&[b'5'; 40]),
        [b"EVALSHA", HELD, ..] => Reply::null(),
        [b"SET", .., b"NX", b"GET", b"PX", _] | [b"SET", .., b"PX", _, b"NX", b"GET"] => {
            Reply::null()
        }
        [b"SET" | b"CLIENT" | b"SELECT", ..] => Reply::ok(),
        [b"GET", key] | [b"GETRANGE", key, ..] | [b"EVALSHA", REMOVED, _, key] => held(key),
        [b"MGET", ref keys @ ..] => Reply::list(keys.iter().map(|key| held(key)).collect()),
        [b"PTTL", _] => Reply::number(-1),
        [b"EVALSHA" | b"EVAL" | b"UNLINK", ..] => Reply::number(1),
        [b"SCAN", ..] => {
            let keys = KEYS.iter().map(|key| Reply::text(&name('k', key)));
            Reply::list(vec![Reply::text(b"0"), Reply::list(keys.collect())])
        }
        _ => panic!("a command that the server does not know: {}", words.concat().escape_ascii()),
    }
}

/// What a server says of itself.
fn hello() -> Vec<u8> {
    let text = |text: &str| Reply::text(text.as_bytes()).bytes;
    let entries = [
        text("server"),
        text("redis"),
        text("version"),
        text("7.0.15"),
        text("proto"),
        Reply::number(3).bytes,
    ];
    [b"%3\r\n".to_vec(), entries.concat()].concat()
}
