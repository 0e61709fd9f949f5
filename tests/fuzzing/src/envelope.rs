//! Any bytes, read as an envelope.

use bytes::Bytes;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::envelope::{CAS_TOKEN_BYTES, Summary, cas_token_of};

/// Where the check sum is, of four bytes.
const SUM: usize = 56;

/// Reads `bytes` as an envelope, as they are and with the check sum that they
/// would need.
///
/// # Panics
/// A promise is broken: reading takes more memory than the bytes warrant, what
/// is an envelope does not stay the same when it is written again, or one that
/// is damaged is taken for one.
pub fn envelope(bytes: &[u8]) {
    check(bytes);
    // No fuzzer guesses a check sum: with the right one it gets past it.
    if let Some(summed) = with_its_sum(bytes) {
        check(&summed);
    }
}

/// `bytes` with the check sum that belongs to them, if they are long enough to
/// have one.
pub(crate) fn with_its_sum(bytes: &[u8]) -> Option<Vec<u8>> {
    let after = bytes.get(SUM + 4..)?;
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes[..SUM]);
    sum.update(after);
    let mut summed = bytes.to_vec();
    summed[SUM..SUM + 4].copy_from_slice(&sum.finalize().to_be_bytes());
    Some(summed)
}

fn check(bytes: &[u8]) {
    let token = cas_token_of(bytes);
    assert_eq!(token.0[..], bytes[..bytes.len().min(CAS_TOKEN_BYTES)]);
    let summary = Summary::parse(bytes);
    if let Some(Summary { epochs, .. }) = &summary {
        // A tag takes 19 bytes at least, and a vector at most twice what it needs.
        let warranted = (2 * bytes.len() / 19).max(4);
        assert!(epochs.tags.capacity() <= warranted, "{} tags", epochs.tags.capacity());
    }
    let bytes = Bytes::copy_from_slice(bytes);
    let Ok(envelope) = Envelope::decode(&bytes) else { return };
    assert_eq!(envelope.cas_token(), token);
    let is_entry = matches!(envelope, Envelope::Entry(_));
    assert_eq!(summary, Some(Summary { is_entry, epochs: envelope.epochs().clone() }));
    // The fields that a lease does not use are zero when it is written again.
    let written = Bytes::from(envelope.encode());
    assert_eq!(written.len(), bytes.len());
    let read = Envelope::decode(&written).expect("what was written is read");
    assert_eq!(read.encode(), written);
    if let Envelope::Entry(entry) = &envelope {
        assert_eq!(read, envelope);
        assert_eq!(written, bytes);
        let value = entry.value.as_ptr_range();
        let whole = bytes.as_ptr_range();
        assert!(
            entry.value.is_empty() || whole.start <= value.start && value.end <= whole.end,
            "the value is a copy"
        );
    }
    refuses_damage(&bytes);
}

/// Damages an envelope where its own bytes say, so that another input tries
/// another place.
fn refuses_damage(bytes: &Bytes) {
    let place = bytes
        .iter()
        .fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let mut flipped = bytes.to_vec();
    flipped[place / 8 % bytes.len()] ^= 1 << (place % 8);
    let cut_off = bytes.slice(..place % bytes.len());
    let mut longer = bytes.to_vec();
    longer.push(place.to_le_bytes()[0]);
    for damaged in [flipped.into(), cut_off, longer.into()] {
        assert!(Envelope::decode(&damaged).is_err(), "{damaged:?} is taken for an envelope");
    }
}
