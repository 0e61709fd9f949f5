//! What a good server replies: one that holds a living entry under each key.

use spakky_cache_core::Tag;
use spakky_cache_core::entry::{Entry, Envelope, Epoch, Epochs, Id};

use super::wire::{NULL, OK, list, number, text};

/// The prefix, keys and tags of the cache.
pub(super) const PREFIX: &str = "p:";
pub(super) const KEYS: [&str; 3] = ["x", "y", "z"];
pub(super) const TAGS: [&str; 2] = ["t", "u"];

/// Digests of the scripts that return what a key held, and of the others.
const HELD: &[u8] = &[b'4'; 40];
const REMOVED: &[u8] = &[b'6'; 40];
const OTHER: &[u8] = &[b'5'; 40];

/// The Redis key of an entry (`k`), a refresh (`r`), a tag (`t`), everything (`a`),
/// the eviction mark (`e`) or the sweeper (`s`).
pub(super) fn redis_key(kind: char, name: &str) -> Vec<u8> {
    format!("{PREFIX}{kind}|{name}").into_bytes()
}

/// An epoch of a Redis key. Each key has another one in each generation.
pub(super) fn epoch(key: &[u8], generation: u8) -> Epoch {
    let mut epoch = [generation; 16];
    let end = key.len().min(15);
    epoch[..end].copy_from_slice(&key[..end]);
    Epoch(epoch)
}

pub(super) fn tag(name: &str) -> Tag {
    Tag::new(name, usize::MAX).expect("a tag")
}

/// An entry with one tag and the first epochs, without a time to live.
pub(super) fn entry(value: Vec<u8>) -> Entry {
    let tags = vec![(tag(TAGS[0]), epoch(&redis_key('t', TAGS[0]), 0))];
    Entry {
        id: Id([1; 16]),
        stored_at: 1,
        ttl: None,
        fresh_for: None,
        load_time: std::time::Duration::ZERO,
        epochs: Epochs { everything: epoch(&redis_key('a', ""), 0), tags },
        value: value.into(),
    }
}

/// The reply to `command`. Its values come from `value`.
pub(super) fn reply(command: &[Vec<u8>], mut value: impl FnMut() -> Vec<u8>) -> Vec<u8> {
    let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
    let mut held = |key: &[u8]| match key.strip_prefix(PREFIX.as_bytes()) {
        Some([b'k', ..]) => text(&Envelope::Entry(entry(value())).encode()),
        Some([b'a' | b't', ..]) => text(&epoch(key, 0).0),
        Some([b'e', ..]) => text(&[9; 16]),
        _ => NULL.to_vec(),
    };
    match words[..] {
        [b"PING"] => b"+PONG\r\n".to_vec(),
        [b"HELLO", ..] => b"%2\r\n$7\r\nversion\r\n+7.0.15\r\n$5\r\nproto\r\n:3\r\n".to_vec(),
        [b"CONFIG", ..] => b"%1\r\n+proto-max-bulk-len\r\n+536870912\r\n".to_vec(),
        [b"CLIENT", b"INFO"] => text(b"id=7 addr=127.0.0.1:7 laddr=127.0.0.1:6379 fd=8"),
        [b"SCRIPT", _, source] if source.ends_with(b"return held") => text(HELD),
        [b"SCRIPT", _, source] if source.ends_with(b"return bytes") => text(REMOVED),
        [b"SCRIPT", ..] => text(OTHER),
        [b"SET", .., b"NX", b"GET", b"PX", _] | [b"SET", .., b"PX", _, b"NX", b"GET"] => {
            NULL.to_vec()
        }
        [b"EVALSHA", HELD, ..] => NULL.to_vec(),
        [b"GET", key] | [b"GETRANGE", key, ..] | [b"EVALSHA", REMOVED, _, key] => held(key),
        [b"MGET", ref keys @ ..] => {
            list(b'*', &keys.iter().map(|key| held(key)).collect::<Vec<_>>())
        }
        [b"PTTL", _] => number(-1),
        [b"EVALSHA" | b"EVAL" | b"UNLINK", ..] | [b"CLIENT", b"KILL", ..] => number(1),
        [b"SET" | b"CLIENT" | b"SELECT", ..] => OK.to_vec(),
        [b"SCAN", ..] => {
            let keys = KEYS.map(|key| text(&redis_key('k', key)));
            list(b'*', &[text(b"0"), list(b'*', &keys)])
        }
        _ => panic!("a command that the server does not know: {}", words.concat().escape_ascii()),
    }
}
