//! The envelope: how an entry or a lease marker is laid out in bytes.
//!
//! Numbers are unsigned and big-endian; times are in milliseconds.
//!
//! | offset | bytes | what |
//! | --- | --- | --- |
//! | 0 | 3 | magic: `SPK` |
//! | 3 | 1 | version of this layout: 1 |
//! | 4 | 1 | kind: 1 entry, 2 lease |
//! | 5 | 1 | 0 |
//! | 6 | 2 | number of tags |
//! | 8 | 16 | identity |
//! | 24 | 8 | entry: stored at; lease: taken at (Unix time) |
//! | 32 | 8 | entry: time to live, 0 for ever; lease: how long it lasts |
//! | 40 | 8 | entry: fresh for, 0 for as long as it lives; lease: 0 |
//! | 48 | 4 | entry: load time; lease: 0 |
//! | 52 | 4 | length of the value; lease: 0 |
//! | 56 | 4 | CRC-32 (IEEE 802.3) of all other bytes |
//! | 60 | 16 | epoch of everything |
//! | 76 | | for each tag: its length (2), its bytes, its epoch (16) |
//! | | | the value |
//!
//! The first [`CAS_TOKEN_BYTES`] are the token that compare-and-set compares. The
//! checksum is there because a damaged entry must be a miss (G6), and the
//! value's bytes alone cannot tell.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};

use crate::entry::{Entry, Envelope, Epoch, Epochs, Id, Marker, whole_millis};
use crate::key::{MAX_NAME_BYTES, Tag};
use crate::store::CasToken;

/// How many of an envelope's first bytes tell it from every other.
pub const CAS_TOKEN_BYTES: usize = 24;

/// The bytes before the tags.
const FIXED_BYTES: usize = 76;
const CRC_AT: usize = 56;
const MAGIC_AND_VERSION: [u8; 4] = *b"SPK\x01";
const KIND_ENTRY: u8 = 1;
const KIND_LEASE: u8 = 2;

/// The bytes are no envelope of this version, or a damaged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no envelope of this version")]
pub struct NoEnvelope;

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
        let value: &[u8] = match self {
            Self::Entry(entry) => &entry.value,
            Self::Lease(_) => &[],
        };
        let mut bytes = Vec::with_capacity(FIXED_BYTES + tag_bytes + value.len());
        put_cas_token(&mut bytes, self);
        match self {
            Self::Entry(entry) => {
                bytes.put_u64(entry.stored_at);
                bytes.put_u64(entry.ttl.map_or(0, whole_millis));
                bytes.put_u64(entry.fresh_for.map_or(0, whole_millis));
                bytes.put_u32(u32::try_from(entry.load_time.as_millis()).unwrap_or(u32::MAX));
            }
            Self::Lease(marker) => {
                bytes.put_u64(marker.taken_at);
                bytes.put_u64(whole_millis(marker.lasts));
                bytes.put_u64(0);
                bytes.put_u32(0);
            }
        }
        bytes.put_u32(u32::try_from(value.len()).expect("limits keep values far below 4 GiB"));
        bytes.put_u32(0);
        bytes.put_slice(&epochs.everything.0);
        for (tag, epoch) in &epochs.tags {
            let tag = tag.as_str().as_bytes();
            bytes.put_u16(u16::try_from(tag.len()).expect("a tag is at most 1,024 bytes"));
            bytes.put_slice(tag);
            bytes.put_slice(&epoch.0);
        }
        bytes.put_slice(value);
        let crc = checksum(&bytes);
        bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// The envelope that `bytes` are. The value is a slice of them, not a copy.
    ///
    /// # Errors
    /// [`NoEnvelope`] for any other bytes, and for an envelope of which a
    /// single bit was changed, or bytes were cut off or added.
    pub fn decode(bytes: &Bytes) -> Result<Self, NoEnvelope> {
        let (header, value_at) = Header::parse(bytes)?;
        if bytes.len() - value_at != header.value_len || checksum(bytes) != header.crc {
            return Err(NoEnvelope);
        }
        header.into_envelope(bytes.slice(value_at..))
    }
}

/// The epochs in the first bytes of an envelope, which may end before its
/// value does; none if they end before the tags do, or are no envelope.
///
/// For a sweeper, that decides without reading values. It cannot check the sum.
pub fn epochs_of(bytes: &[u8]) -> Option<Epochs> {
    Header::parse(bytes).ok().map(|(header, _)| header.epochs)
}

/// The compare-and-set token of any bytes.
pub fn cas_token_of(bytes: &[u8]) -> CasToken {
    CasToken(Bytes::copy_from_slice(&bytes[..bytes.len().min(CAS_TOKEN_BYTES)]))
}

fn put_cas_token(bytes: &mut Vec<u8>, envelope: &Envelope) {
    bytes.put_slice(&MAGIC_AND_VERSION);
    bytes.put_u8(match envelope {
        Envelope::Entry(_) => KIND_ENTRY,
        Envelope::Lease(_) => KIND_LEASE,
    });
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
    value_len: usize,
    crc: u32,
    epochs: Epochs,
}

impl Header {
    /// The header, and the offset at which the value begins.
    fn parse(bytes: &[u8]) -> Result<(Self, usize), NoEnvelope> {
        let mut rest = bytes;
        if rest.len() < FIXED_BYTES || rest[..4] != MAGIC_AND_VERSION || rest[5] != 0 {
            return Err(NoEnvelope);
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
        let value_len = rest.get_u32() as usize;
        let crc = rest.get_u32();
        let everything = Epoch(take_16(&mut rest));
        // The count is not trusted with an allocation: any bytes may come.
        let mut tags = Vec::new();
        for _ in 0..tag_count {
            let length = usize::from(rest.try_get_u16().map_err(|_| NoEnvelope)?);
            if rest.len() < length + 16 {
                return Err(NoEnvelope);
            }
            let text = std::str::from_utf8(&rest[..length]).map_err(|_| NoEnvelope)?;
            let tag = Tag::new(text, MAX_NAME_BYTES).map_err(|_| NoEnvelope)?;
            rest.advance(length);
            tags.push((tag, Epoch(take_16(&mut rest))));
        }
        let value_at = bytes.len() - rest.len();
        let epochs = Epochs { everything, tags };
        let header = Self { kind, id, at, ttl, fresh_for, load_time, value_len, crc, epochs };
        Ok((header, value_at))
    }

    fn into_envelope(self, value: Bytes) -> Result<Envelope, NoEnvelope> {
        let span = |millis: u64| (millis != 0).then(|| Duration::from_millis(millis));
        match self.kind {
            KIND_ENTRY => Ok(Envelope::Entry(Entry {
                id: self.id,
                stored_at: self.at,
                ttl: span(self.ttl),
                fresh_for: span(self.fresh_for),
                load_time: Duration::from_millis(self.load_time.into()),
                epochs: self.epochs,
                value,
            })),
            KIND_LEASE if value.is_empty() => Ok(Envelope::Lease(Marker {
                id: self.id,
                taken_at: self.at,
                lasts: Duration::from_millis(self.ttl),
                epochs: self.epochs,
            })),
            _ => Err(NoEnvelope),
        }
    }
}

fn take_16(bytes: &mut &[u8]) -> [u8; 16] {
    let mut taken = [0; 16];
    bytes.copy_to_slice(&mut taken);
    taken
}
