//! Any bytes, read as an envelope: no panic, and what is one stays the same.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use spakky_cache_core::entry::Envelope;
use spakky_cache_core::envelope::{STEM_BYTES, epochs_of, stem_of};

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // No fuzzer guesses a check sum: with the right one it gets past it.
    const SUM: usize = 56;
    if bytes.len() >= SUM + 4 {
        let mut sum = crc32fast::Hasher::new();
        sum.update(&bytes[..SUM]);
        sum.update(&bytes[SUM + 4..]);
        let mut summed = bytes.to_vec();
        summed[SUM..SUM + 4].copy_from_slice(&sum.finalize().to_be_bytes());
        check(&summed);
    }
});

fn check(bytes: &[u8]) {
    let stem = stem_of(bytes);
    assert_eq!(stem.0[..], bytes[..bytes.len().min(STEM_BYTES)]);
    let epochs = epochs_of(bytes);
    let Ok(envelope) = Envelope::decode(&Bytes::copy_from_slice(bytes)) else { return };
    assert_eq!(envelope.stem(), stem);
    assert_eq!(epochs.as_ref(), Some(envelope.epochs()));
    // The fields that a lease does not use are zero when it is written again.
    let written = Bytes::from(envelope.encode());
    assert_eq!(written.len(), bytes.len());
    let read = Envelope::decode(&written).expect("what was written is read");
    assert_eq!(read.encode(), written);
    if let Envelope::Entry(_) = envelope {
        assert_eq!(read, envelope);
        assert_eq!(written, bytes);
    }
}
