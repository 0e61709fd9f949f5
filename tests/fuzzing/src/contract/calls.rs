//! Calls of the contract, as a guest makes them.

use std::time::Duration;

use spakky_cache_core::{EntryOptions, Limits};

use crate::input::Input;

/// Caches on the one store, whose prefixes begin with one another.
pub(super) const PREFIXES: [&str; 3] = ["app:", "app:k", "app:k:"];
/// Sessions with each cache; the last may not write.
pub(super) const SESSIONS: usize = 3;
/// Leases that each of them may hold.
pub(super) const QUOTA: usize = 3;

/// Texts that mean something elsewhere, and lengths on both sides of the limit.
const NAMES: [&str; 16] = [
    "a",
    "b",
    "c",
    "",
    "A",
    "a ",
    "a\0",
    "k|a",
    "|",
    "a*",
    "[a]",
    "app:k",
    "\u{e9}",
    "e\u{301}",
    "24 bytes are the limit..",
    "25 bytes are one too many",
];
/// Milliseconds on both sides of what is allowed.
const SPANS: [u64; 14] = [
    60_000,
    1,
    0,
    2,
    1_000,
    3_000,
    3_600_000,
    316_224_000_000,
    316_224_000_001,
    1 << 53,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
    999,
];
/// How far the clock is moved at once, and how long a lookup may wait.
const STEPS: [u64; 8] = [1, 0, 999, 1_000, 59, 2_999, 3_000, 4_000_000];

/// What is refused: less than by default, so that inputs can be short.
pub(super) fn limits() -> Limits {
    Limits { key_bytes: 24, tags: 3, value_bytes: 32, batch_keys: 4, ..Limits::default() }
}

/// The contract's `entry-options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) ttl: Option<u64>,
    pub(super) fresh_for: Option<u64>,
    pub(super) tags: Vec<String>,
}

impl Options {
    /// As the host takes them from a guest.
    pub(super) fn to_core(&self) -> EntryOptions {
        EntryOptions {
            ttl: self.ttl.map(Duration::from_millis),
            fresh_for: self.fresh_for.map(Duration::from_millis),
            tags: self.tags.clone(),
        }
    }
}

/// One call, or something that happens between calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Get(String),
    GetMany(Vec<String>),
    Set(String, Vec<u8>, Options),
    SetMany(Vec<(String, Vec<u8>)>, Options),
    Delete(String),
    DeleteMany(Vec<String>),
    EvictTags(Vec<String>),
    Clear,
    Lookup {
        key: String,
        tags: Vec<String>,
        max_wait: Option<u64>,
    },
    BeginWrite {
        key: String,
        tags: Vec<String>,
    },
    /// Of the lease with this number; leases that are spent stay.
    Commit {
        lease: usize,
        value: Vec<u8>,
        options: Options,
    },
    Drop {
        lease: usize,
    },
    Pass(u64),
    Sweep,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) cache: usize,
    pub(super) session: usize,
}

impl Caller {
    pub(super) fn may_write(self) -> bool {
        self.session + 1 < SESSIONS
    }
}

/// The next call, and who makes it.
pub(super) fn choose(input: &mut Input<'_>) -> (Caller, Call) {
    let kind = input.byte();
    let who = usize::from(input.byte());
    let caller = Caller { cache: who % PREFIXES.len(), session: who / 3 % SESSIONS };
    let call = match kind % 16 {
        0 => Call::Get(name(input)),
        1 => Call::GetMany(some(input, name)),
        2 | 3 => Call::Set(name(input), value(input), options(input)),
        4 => Call::SetMany(some(input, |input| (name(input), value(input))), options(input)),
        5 => Call::Delete(name(input)),
        6 => Call::DeleteMany(some(input, name)),
        7 => Call::EvictTags(some(input, name)),
        8 => Call::Clear,
        9 | 10 => {
            let (key, tags) = (name(input), some(input, name));
            Call::Lookup { key, tags, max_wait: maybe(input, |input| input.one_of(&STEPS)) }
        }
        11 => Call::BeginWrite { key: name(input), tags: some(input, name) },
        12 => {
            let lease = input.below(256);
            Call::Commit { lease, value: value(input), options: options(input) }
        }
        13 => Call::Drop { lease: input.below(256) },
        14 => Call::Pass(input.one_of(&STEPS)),
        _ => Call::Sweep,
    };
    (caller, call)
}

fn name(input: &mut Input<'_>) -> String {
    let which = input.below(64);
    match NAMES.get(which % 32) {
        Some(name) => (*name).to_owned(),
        None => String::from_utf8_lossy(input.bytes(which - 15)).into_owned(),
    }
}

fn value(input: &mut Input<'_>) -> Vec<u8> {
    let length = input.below(40);
    let mut value = input.bytes(length).to_vec();
    value.resize(length, b'.');
    value
}

fn options(input: &mut Input<'_>) -> Options {
    Options { ttl: maybe(input, span), fresh_for: maybe(input, span), tags: some(input, name) }
}

fn span(input: &mut Input<'_>) -> u64 {
    let which = input.below(SPANS.len() + 1);
    SPANS.get(which).copied().unwrap_or_else(|| input.number())
}

fn maybe<T>(input: &mut Input<'_>, what: impl Fn(&mut Input<'_>) -> T) -> Option<T> {
    input.flag().then(|| what(input))
}

/// None to six: more than a batch may have, and than an entry may have tags.
fn some<T>(input: &mut Input<'_>, what: impl Fn(&mut Input<'_>) -> T) -> Vec<T> {
    (0..input.below(7)).map(|_| what(input)).collect()
}
