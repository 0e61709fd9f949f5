//! The envelope: the byte layout of an entry, or of the marker of a lease or pause.
//!
//! Numbers are unsigned and big-endian; times are in milliseconds.
//!
//! | offset | bytes | what |
//! | --- | --- | --- |
//! | 0 | 3 | magic: `SPK` |
//! | 3 | 1 | version of this layout: 2 |
//! | 4 | 1 | kind: 1 entry, 2 lease, 3 pause of storing, 4 of loading, 5 of refreshing |
//! | 5 | 1 | 0 |
//! | 6 | 2 | number of tags |
//! | 8 | 16 | identity |
//! | 24 | 8 | when it was stored, or the lease taken (Unix time) |
//! | 32 | 8 | entry: time to live, 0 for ever; else: how long it lasts |
//! | 40 | 8 | entry: fresh for, 0 for as long as it lives; else: 0 |
//! | 48 | 4 | entry: load time; else: 0 |
//! | 52 | 4 | length of the content |
//! | 56 | 4 | CRC-32 (IEEE 802.3) of all other bytes |
//! | 60 | 16 | epoch of everything |
//! | 76 | | for each tag: its length (2), its bytes, its epoch (16) |
//! | | | the content |
//!
//! The content is the value of an entry; for a pause of refreshing, the identity of the
//! entry (16); for a lease whose holder waits for another one, the identity of that (16),
//! 1 if that is a refresh or else 0 (1), and its key.
//!
//! An envelope of another version counts as nothing, but only a write replaces it: hosts of
//! two versions share a cache while they are upgraded.
//!
//! The first [`CAS_TOKEN_BYTES`] are the compare-and-set token. The checksum is
//! there because a damaged entry must be a miss (G6), and the value's bytes alone
//! cannot tell.

use std::borrow::Cow;
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};

use crate::entry::{
    Awaited, Entry, Envelope, Epoch, Epochs, Id, Marker, Pause, Paused, UnixMillis, whole_millis,
};
use crate::key::{Key, MAX_NAME_BYTES, Tag};
use crate::store::CasToken;

/// The length of a compare-and-set token: the first bytes of an envelope, which
/// no other envelope shares.
pub const CAS_TOKEN_BYTES: usize = 24;

/// The bytes before the tags.
pub const FIXED_BYTES: usize = 76;
/// The offset of the content's length, four bytes.
pub const VALUE_LENGTH_AT: usize = 52;
const CRC_AT: usize = 56;
const MAGIC: [u8; 3] = *b"SPK";
const VERSION: u8 = 2;
const KIND_ENTRY: u8 = 1;
const KIND_LEASE: u8 = 2;
const KIND_STORING_PAUSED: u8 = 3;
const KIND_LOADING_PAUSED: u8 = 4;
const KIND_REFRESHING_PAUSED: u8 = 5;

/// The bytes are not an envelope, a damaged one, or one of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an envelope of this version")]
pub struct InvalidEnvelope;

/// Whether `bytes` begin as an envelope of another version does.
pub fn is_of_other_version(bytes: &[u8]) -> bool {
    bytes.len() >= CAS_TOKEN_BYTES && bytes[..3] == MAGIC && bytes[3] != VERSION
}

impl Envelope {
    /// The compare-and-set token of this envelope.
    pub fn cas_token(&self) -> CasToken {
        let mut token = Vec::with_capacity(CAS_TOKEN_BYTES);
        put_cas_token(&mut token, self);
        CasToken(token.into())
    }

    /// The envelope in bytes.
    ///
    /// # Panics
    /// If it holds more than a field can say, such as a value of 4 GiB: the
    /// [`Limits`](crate::Limits) keep every envelope far below.
    pub fn encode(&self) -> Vec<u8> {
        let epochs = self.epochs();
        let tag_bytes: usize = epochs.tags.iter().map(|(tag, _)| tag.as_str().len() + 18).sum();
        let content = self.content();
        let mut bytes = Vec::with_capacity(FIXED_BYTES + tag_bytes + content.len());
        put_cas_token(&mut bytes, self);
        let mut put_marker = |at: UnixMillis, lasts| {
            bytes.put_u64(at);
            bytes.put_u64(whole_millis(lasts));
            bytes.put_u64(0);
            bytes.put_u32(0);
        };
        match self {
            Self::Entry(entry) => {
                bytes.put_u64(entry.stored_at);
                bytes.put_u64(entry.ttl.map_or(0, whole_millis));
                bytes.put_u64(entry.fresh_for.map_or(0, whole_millis));
                bytes.put_u32(u32::try_from(entry.load_time.as_millis()).unwrap_or(u32::MAX));
            }
            Self::Lease(marker) => put_marker(marker.taken_at, marker.lasts),
            Self::Pause(pause) => put_marker(pause.since, pause.lasts),
        }
        bytes.put_u32(u32::try_from(content.len()).expect("limits keep values far below 4 GiB"));
        bytes.put_u32(0);
        bytes.put_slice(&epochs.everything.0);
        for (tag, epoch) in &epochs.tags {
            let tag = tag.as_str().as_bytes();
            bytes.put_u16(u16::try_from(tag.len()).expect("a tag is at most 1,024 bytes"));
            bytes.put_slice(tag);
            bytes.put_slice(&epoch.0);
        }
        bytes.put_slice(&content);
        let crc = checksum(&bytes);
        bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Entry(_) => KIND_ENTRY,
            Self::Lease(_) => KIND_LEASE,
            Self::Pause(pause) => match pause.paused {
                Paused::Storing => KIND_STORING_PAUSED,
                Paused::Loading => KIND_LOADING_PAUSED,
                Paused::Refreshing(_) => KIND_REFRESHING_PAUSED,
            },
        }
    }

    fn content(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Entry(entry) => Cow::Borrowed(&entry.value),
            Self::Lease(Marker { awaits: Some(awaited), .. }) => {
                let mut content = awaited.holder.0.to_vec();
                content.put_u8(awaited.refresh.into());
                content.put_slice(awaited.key.as_str().as_bytes());
                Cow::Owned(content)
            }
            Self::Pause(Pause { paused: Paused::Refreshing(entry), .. }) => {
                Cow::Owned(entry.0.to_vec())
            }
            Self::Lease(_) | Self::Pause(_) => Cow::Borrowed(&[]),
        }
    }

    /// The envelope that `bytes` are. The value is a slice of them, not a copy.
    ///
    /// # Errors
    /// [`InvalidEnvelope`] for any other bytes, and for an envelope of which a
    /// single bit was changed, or bytes were cut off or added.
    pub fn decode(bytes: &Bytes) -> Result<Self, InvalidEnvelope> {
        let (header, content_at) = Header::parse(bytes)?;
        if bytes.len() - content_at != header.content_len || checksum(bytes) != header.crc {
            return Err(InvalidEnvelope);
        }
        header.into_envelope(bytes.slice(content_at..))
    }
}

/// What the first bytes of an envelope tell without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Whether it is an entry, rather than a marker.
    pub is_entry: bool,
    /// The epochs that it depends on.
    pub epochs: Epochs,
}

impl Summary {
    /// Reads the summary of an envelope of which `bytes` are the beginning.
    ///
    /// Returns `None` if they end before the tags do or are not an envelope. The
    /// checksum covers the content, so it is not verified.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, _) = Header::parse(bytes).ok()?;
        Some(Self { is_entry: header.kind == KIND_ENTRY, epochs: header.epochs })
    }
}

/// The compare-and-set token of any bytes.
pub fn cas_token_of(bytes: &[u8]) -> CasToken {
    CasToken(Bytes::copy_from_slice(&bytes[..bytes.len().min(CAS_TOKEN_BYTES)]))
}

fn put_cas_token(bytes: &mut Vec<u8>, envelope: &Envelope) {
    bytes.put_slice(&MAGIC);
    bytes.put_u8(VERSION);
    bytes.put_u8(envelope.kind());
    bytes.put_u8(0);
    let tags = envelope.epochs().tags.len();
    bytes.put_u16(u16::try_from(tags).expect("limits keep tags far below 65,536"));
    bytes.put_slice(&envelope.id().0);
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&bytes[..CRC_AT]);
    crc.update(&bytes[CRC_AT + 4..]);
    crc.finalize()
}

struct Header {
    kind: u8,
    id: Id,
    at: u64,
    ttl: u64,
    fresh_for: u64,
    load_time: u32,
    content_len: usize,
    crc: u32,
    epochs: Epochs,
}

impl Header {
    /// The header, and the offset at which the content begins.
    fn parse(bytes: &[u8]) -> Result<(Self, usize), InvalidEnvelope> {
        let mut rest = bytes;
        if rest.len() < FIXED_BYTES || rest[..3] != MAGIC || rest[3] != VERSION || rest[5] != 0 {
            return Err(InvalidEnvelope);
        }
        rest.advance(4);
        let kind = rest.get_u8();
        rest.advance(1);
        let tag_count = rest.get_u16();
        let id = Id(take_16(&mut rest));
        let at = rest.get_u64();
        let ttl = rest.get_u64();
        let fresh_for = rest.get_u64();
        let load_time = rest.get_u32();
        let content_len = rest.get_u32() as usize;
        let crc = rest.get_u32();
        let everything = Epoch(take_16(&mut rest));
        // The count is not trusted with an allocation: any bytes may come.
        let mut tags = Vec::new();
        for _ in 0..tag_count {
            let length = usize::from(rest.try_get_u16().map_err(|_| InvalidEnvelope)?);
            if rest.len() < length + 16 {
                return Err(InvalidEnvelope);
            }
            let text = std::str::from_utf8(&rest[..length]).map_err(|_| InvalidEnvelope)?;
            let tag = Tag::new(text, MAX_NAME_BYTES).map_err(|_| InvalidEnvelope)?;
            rest.advance(length);
            tags.push((tag, Epoch(take_16(&mut rest))));
        }
        let content_at = bytes.len() - rest.len();
        let epochs = Epochs { everything, tags };
        let header = Self { kind, id, at, ttl, fresh_for, load_time, content_len, crc, epochs };
        Ok((header, content_at))
    }

    fn into_envelope(self, content: Bytes) -> Result<Envelope, InvalidEnvelope> {
        let span = |millis: u64| (millis != 0).then(|| Duration::from_millis(millis));
        let lasts = Duration::from_millis(self.ttl);
        let paused = match self.kind {
            KIND_ENTRY => {
                return Ok(Envelope::Entry(Entry {
                    id: self.id,
                    stored_at: self.at,
                    ttl: span(self.ttl),
                    fresh_for: span(self.fresh_for),
                    load_time: Duration::from_millis(self.load_time.into()),
                    epochs: self.epochs,
                    value: content,
                }));
            }
            KIND_LEASE => {
                let awaits = awaited(&content)?;
                let Self { id, at: taken_at, epochs, .. } = self;
                return Ok(Envelope::Lease(Marker { id, taken_at, lasts, epochs, awaits }));
            }
            KIND_STORING_PAUSED if content.is_empty() => Paused::Storing,
            KIND_LOADING_PAUSED if content.is_empty() => Paused::Loading,
            KIND_REFRESHING_PAUSED => {
                let entry = <[u8; 16]>::try_from(&*content).map_err(|_| InvalidEnvelope)?;
                Paused::Refreshing(Id(entry))
            }
            _ => return Err(InvalidEnvelope),
        };
        let Self { id, at: since, epochs, .. } = self;
        Ok(Envelope::Pause(Pause { id, since, lasts, epochs, paused }))
    }
}

/// The lease that the content of a lease names.
fn awaited(content: &[u8]) -> Result<Option<Awaited>, InvalidEnvelope> {
    let Some((holder, rest)) = content.split_first_chunk::<16>() else {
        return if content.is_empty() { Ok(None) } else { Err(InvalidEnvelope) };
    };
    let (refresh, key) = match rest {
        [0, key @ ..] => (false, key),
        [1, key @ ..] => (true, key),
        _ => return Err(InvalidEnvelope),
    };
    let key = std::str::from_utf8(key).map_err(|_| InvalidEnvelope)?;
    let key = Key::new(key, MAX_NAME_BYTES).map_err(|_| InvalidEnvelope)?;
    Ok(Some(Awaited { holder: Id(*holder), key, refresh }))
}

fn take_16(bytes: &mut &[u8]) -> [u8; 16] {
    let mut taken = [0; 16];
    bytes.copy_to_slice(&mut taken);
    taken
}
