//! Any bytes, read as an envelope.

use bytes::Bytes;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::envelope::{CAS_TOKEN_BYTES, Summary, cas_token_of};

use crate::Outcomes;

/// The place of the check sum, which has four bytes.
const SUM: usize = 56;

/// Reads `bytes` as an envelope, as they are and with the check sum that they
/// would need. Returns what they are.
///
/// # Panics
/// - An envelope is not the same after it is written and read again.
/// - A value is copied.
pub fn envelope(bytes: &[u8]) -> Outcomes {
    // No fuzzer guesses a check sum, so it is helped past it.
    let summed = with_check_sum(bytes);
    std::iter::once(bytes).chain(summed.as_deref()).map(check).collect()
}

/// `bytes` with their check sum, if they are long enough to have one.
pub(crate) fn with_check_sum(bytes: &[u8]) -> Option<Vec<u8>> {
    let after = bytes.get(SUM + 4..)?;
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes[..SUM]);
    sum.update(after);
    let mut summed = bytes.to_vec();
    summed[SUM..SUM + 4].copy_from_slice(&sum.finalize().to_be_bytes());
    Some(summed)
}

fn check(bytes: &[u8]) -> &'static str {
    let token = cas_token_of(bytes);
    assert_eq!(token.0[..], bytes[..bytes.len().min(CAS_TOKEN_BYTES)]);
    let summary = Summary::parse(bytes);
    let bytes = Bytes::copy_from_slice(bytes);
    let Ok(envelope) = Envelope::decode(&bytes) else { return "refused" };
    assert_eq!(envelope.cas_token(), token);
    let is_entry = matches!(envelope, Envelope::Entry(_));
    assert_eq!(summary, Some(Summary { is_entry, epochs: envelope.epochs().clone() }));
    // The fields that a marker does not use are zero when it is written again.
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
    match envelope {
        Envelope::Entry(_) => "entry",
        Envelope::Lease(_) => "lease",
        Envelope::Pause(_) => "pause",
    }
}
