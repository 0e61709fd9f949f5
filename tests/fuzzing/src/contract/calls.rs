//! Calls of the contract, and the errors that the limits promise.

use std::collections::BTreeSet;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Error, Limits};

use Kind::{
    Abandon, BeginWrite, Clear, Commit, Delete, Drop, EvictTags, Get, GetMany, Lookup, Pass, Set,
    Sweep,
};

/// Names with a meaning elsewhere. Two more have the longest length and one byte more.
const NAMES: [&str; 14] =
    ["a", "b", "c", "", "A", "a ", "a\0", "k|a", "|", "a*", "[a]", "app:k", "\u{e9}", "e\u{301}"];
/// The longest time to live, in milliseconds.
const TTL: u64 = 316_224_000_000;
/// Milliseconds on both sides of what is allowed.
const SPANS: [u64; 14] =
    [60_000, 1, 0, 2, 1_000, 3_000, 3_600_000, TTL, TTL + 1, 1 << 53, 1 << 63, !0 - 1, !0, 999];
/// Milliseconds by which the clock moves, or that a lookup may wait.
const STEPS: [u64; 8] = [1, 0, 999, 1_000, 59, 2_999, 3_000, 4_000_000];

/// Smaller than the defaults, so that short inputs reach them.
pub(super) fn limits() -> Limits {
    let ttl = Duration::from_millis(TTL);
    Limits { key_bytes: 24, tags: 3, value_bytes: 32, batch_keys: 4, batch_bytes: 80, ttl }
}

/// What a call does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Get,
    GetMany,
    Set,
    Delete,
    EvictTags,
    Clear,
    Lookup,
    /// A lookup whose caller is dropped instead of waiting.
    Abandon,
    BeginWrite,
    Commit,
    Drop,
    /// Moves the clock.
    Pass,
    Sweep,
}

/// The choices, and how many keys a call of each has at most.
const KINDS: [Kind; 16] = [
    Get, GetMany, Set, Set, Set, Delete, Delete, EvictTags, Clear, Lookup, Abandon, BeginWrite,
    Commit, Drop, Pass, Sweep,
];
const MOST_KEYS: [usize; 16] = [1, 6, 1, 1, 6, 1, 6, 0, 0, 1, 1, 1, 0, 0, 0, 0];

/// One call, or an event between calls. What its kind does not use is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) kind: Kind,
    /// The number that chooses the session.
    pub(super) caller: usize,
    /// The number that chooses the lease.
    pub(super) lease: usize,
    pub(super) keys: Vec<String>,
    pub(super) values: Vec<Bytes>,
    pub(super) options: EntryOptions,
    /// The wait, or by how much the clock moves.
    pub(super) span: Option<Duration>,
}

impl Call {
    pub(super) fn choose(input: &mut Unstructured<'_>) -> Result<Self> {
        let choice = input.choose_index(KINDS.len())?;
        let (kind, most) = (KINDS[choice], MOST_KEYS[choice]);
        let mut call = Self { kind, caller: input.arbitrary::<u8>()?.into(), ..Self::default() };
        let keys = if most > 1 { input.int_in_range(0..=most)? } else { most };
        for _ in 0..keys {
            call.keys.push(name(input)?);
            if kind == Set {
                call.values.push(value(input)?);
            }
        }
        if matches!(kind, Commit | Drop) {
            call.lease = input.arbitrary::<u8>()?.into();
        }
        if kind == Commit {
            call.values.push(value(input)?);
        }
        if matches!(kind, Set | Commit) {
            call.options.ttl = maybe(input, span)?;
            call.options.fresh_for = maybe(input, span)?;
        }
        if matches!(kind, Set | Commit | Lookup | Abandon | BeginWrite | EvictTags) {
            let count = input.int_in_range(0..=6)?;
            call.options.tags = (0..count).map(|_| name(input)).collect::<Result<_>>()?;
        }
        call.span = match kind {
            Lookup | Abandon => maybe(input, step)?,
            Pass => Some(step(input)?),
            _ => None,
        };
        Ok(call)
    }

    /// The errors of which the call must have one, or none if it is within all limits.
    pub(super) fn promised_errors(&self, may_write: bool) -> Vec<Error> {
        let (limits, EntryOptions { ttl, fresh_for, tags }) = (limits(), &self.options);
        let too_large = |limit: usize| Error::ValueTooLarge(limit as u64);
        let is_bad_name = |name: &String| !(1..=limits.key_bytes).contains(&name.len());
        let is_bad_span = |span: &Duration| !(Duration::from_millis(1)..=limits.ttl).contains(span);
        // A commit has its grant by its lease, and a lookup may find the key.
        let writes = matches!(self.kind, Set | Delete | EvictTags | Clear | BeginWrite);
        let errors = [
            (writes && !may_write, Error::Denied),
            (
                self.keys.len() > limits.batch_keys
                    || tags.iter().collect::<BTreeSet<_>>().len() > limits.tags
                    || self.keys.iter().chain(tags).any(is_bad_name),
                Error::InvalidKey(String::new()),
            ),
            (
                ttl.iter().chain(fresh_for).any(is_bad_span)
                    || ttl.zip(*fresh_for).is_some_and(|(ttl, fresh_for)| fresh_for > ttl),
                Error::InvalidTtl(String::new()),
            ),
            (
                self.values.iter().any(|value| value.len() > limits.value_bytes),
                too_large(limits.value_bytes),
            ),
            (
                self.values.iter().map(Bytes::len).sum::<usize>() > limits.batch_bytes,
                too_large(limits.batch_bytes),
            ),
        ];
        errors.into_iter().filter_map(|(is_wrong, error)| is_wrong.then_some(error)).collect()
    }
}

fn name(input: &mut Unstructured<'_>) -> Result<String> {
    let which = input.int_in_range(0..=63)?;
    Ok(match which % 32 {
        plain @ 0..14 => NAMES[plain].to_owned(),
        long @ 14..16 => "n".repeat(limits().key_bytes + long - 14),
        _ => String::from_utf8_lossy(bytes(input, which - 15)?).into_owned(),
    })
}

/// A value that begins with another number each time, if it is long enough.
fn value(input: &mut Unstructured<'_>) -> Result<Bytes> {
    let length = input.int_in_range(0..=39)?;
    let mut value = bytes(input, length)?.to_vec();
    value.resize(length, b'.');
    let (number, end) = (input.len().to_le_bytes(), length.min(2));
    value[..end].copy_from_slice(&number[..end]);
    Ok(value.into())
}

/// The next bytes, as many as there are.
fn bytes<'a>(input: &mut Unstructured<'a>, most: usize) -> Result<&'a [u8]> {
    input.bytes(most.min(input.len()))
}

fn span(input: &mut Unstructured<'_>) -> Result<Duration> {
    let which = input.int_in_range(0..=SPANS.len())?;
    let millis = SPANS.get(which).copied().map_or_else(|| input.arbitrary(), Ok)?;
    Ok(Duration::from_millis(millis))
}

fn step(input: &mut Unstructured<'_>) -> Result<Duration> {
    Ok(Duration::from_millis(*input.choose(&STEPS)?))
}

fn maybe<T>(
    input: &mut Unstructured<'_>,
    what: fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    input.arbitrary::<bool>()?.then(|| what(input)).transpose()
}
