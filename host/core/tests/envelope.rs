//! The envelope's layout: whatever goes in comes out, and nothing else does.

use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use spakky_cache_core::entry::{
    Awaited, Entry, Envelope, Epoch, Epochs, Id, Marker, Pause, Paused,
};
use spakky_cache_core::envelope::{
    CAS_TOKEN_BYTES, FIXED_BYTES, InvalidEnvelope, Summary, cas_token_of, is_of_other_version,
};
use spakky_cache_core::{Key, MAX_NAME_BYTES, Tag};

fn summary_of(envelope: &Envelope) -> Summary {
    let is_entry = matches!(envelope, Envelope::Entry(_));
    Summary { is_entry, epochs: envelope.epochs().clone() }
}

fn key(text: &str) -> Key {
    Key::new(text, MAX_NAME_BYTES).expect("a valid key")
}

fn tag(text: &str) -> Tag {
    Tag::new(text, MAX_NAME_BYTES).expect("a valid tag")
}

fn any_tag() -> impl Strategy<Value = Tag> {
    prop_oneof![
        any::<String>().prop_filter_map("a name", |text| Tag::new(&text, MAX_NAME_BYTES).ok()),
        // The length at which it ends.
        "[a-zé🦀]{256}".prop_map(|text| {
            let end = (0..=MAX_NAME_BYTES).rev().find(|&end| text.is_char_boundary(end));
            tag(&text[..end.unwrap_or(1).min(text.len())])
        }),
        Just(tag(&"x".repeat(MAX_NAME_BYTES))),
    ]
}

fn any_epochs() -> impl Strategy<Value = Epochs> {
    (any::<[u8; 16]>(), vec((any_tag(), any::<[u8; 16]>().prop_map(Epoch)), 0..8))
        .prop_map(|(everything, tags)| Epochs { everything: Epoch(everything), tags })
}

/// A time in whole milliseconds; what is none is not zero.
fn any_span() -> impl Strategy<Value = Duration> {
    prop_oneof![1..10_000_u64, 1..=u64::MAX, Just(u64::MAX)].prop_map(Duration::from_millis)
}

fn any_entry() -> impl Strategy<Value = Envelope> {
    (
        any::<[u8; 16]>(),
        any::<u64>(),
        proptest::option::of(any_span()),
        proptest::option::of(any_span()),
        any::<u32>(),
        any_epochs(),
        vec(any::<u8>(), 0..300),
    )
        .prop_map(|(id, stored_at, ttl, fresh_for, load_time, epochs, value)| {
            Envelope::Entry(Entry {
                id: Id(id),
                stored_at,
                ttl,
                fresh_for,
                load_time: Duration::from_millis(load_time.into()),
                epochs,
                value: value.into(),
            })
        })
}

fn any_lease() -> impl Strategy<Value = Envelope> {
    let awaits = proptest::option::of((any::<[u8; 16]>(), any_tag(), any::<bool>()).prop_map(
        |(holder, name, refresh)| Awaited { holder: Id(holder), key: key(name.as_str()), refresh },
    ));
    (any::<[u8; 16]>(), any::<u64>(), any_span(), any_epochs(), awaits).prop_map(
        |(id, taken_at, lasts, epochs, awaits)| {
            Envelope::Lease(Marker { id: Id(id), taken_at, lasts, epochs, awaits })
        },
    )
}

fn any_pause() -> impl Strategy<Value = Envelope> {
    let paused = prop_oneof![
        Just(Paused::Storing),
        Just(Paused::Loading),
        any::<[u8; 16]>().prop_map(|entry| Paused::Refreshing(Id(entry))),
    ];
    (any::<[u8; 16]>(), any::<u64>(), any_span(), any_epochs(), paused).prop_map(
        |(id, since, lasts, epochs, paused)| {
            Envelope::Pause(Pause { id: Id(id), since, lasts, epochs, paused })
        },
    )
}

fn any_envelope() -> impl Strategy<Value = Envelope> {
    prop_oneof![any_entry(), any_lease(), any_pause()]
}

/// Bytes that come near to being an envelope: one, with a piece replaced.
fn nearly_envelope() -> impl Strategy<Value = Vec<u8>> {
    (any_envelope(), any::<Index>(), vec(any::<u8>(), 0..40), 0..40_usize).prop_map(
        |(envelope, at, piece, replaced)| {
            let mut bytes = envelope.encode();
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + replaced);
            bytes.splice(at..end, piece);
            bytes
        },
    )
}

/// Whether there is room for a check sum, which is the right one then.
fn correct_sum(bytes: &mut [u8]) -> bool {
    const AT: usize = 56;
    if bytes.len() < AT + 4 {
        return false;
    }
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes[..AT]);
    sum.update(&bytes[AT + 4..]);
    bytes[AT..AT + 4].copy_from_slice(&sum.finalize().to_be_bytes());
    true
}

fn decode(bytes: Vec<u8>) -> Result<Envelope, InvalidEnvelope> {
    Envelope::decode(&Bytes::from(bytes))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        // The failures of another machine are in its output, with their seed.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_goes_in_comes_out(envelope in any_envelope()) {
        let bytes = envelope.encode();
        prop_assert_eq!(decode(bytes.clone()), Ok(envelope.clone()));
        prop_assert_eq!(cas_token_of(&bytes), envelope.cas_token());
        prop_assert_eq!(envelope.cas_token().0.len(), CAS_TOKEN_BYTES);
        let summary = Summary::parse(&bytes);
        prop_assert_eq!(summary, Some(summary_of(&envelope)));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        mut bytes in prop_oneof![vec(any::<u8>(), 0..400), nearly_envelope()]
    ) {
        prop_assert_eq!(&cas_token_of(&bytes).0[..], &bytes[..bytes.len().min(CAS_TOKEN_BYTES)]);
        let _ = Summary::parse(&bytes);
        let _ = decode(bytes.clone());
        // With a sum that is right, more of them are an envelope.
        if correct_sum(&mut bytes)
            && let Ok(envelope) = decode(bytes.clone())
        {
            prop_assert_eq!(envelope.cas_token(), cas_token_of(&bytes));
            let again = envelope.encode();
            prop_assert_eq!(again.len(), bytes.len());
            prop_assert!(decode(again).is_ok());
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed(envelope in any_envelope(), at in any::<Index>(), bit in 0..8_u8) {
        let mut bytes = envelope.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert_eq!(decode(bytes), Err(InvalidEnvelope));
    }

    #[test]
    fn a_missing_end_is_noticed(envelope in any_envelope(), length in any::<Index>()) {
        let mut bytes = envelope.encode();
        bytes.truncate(length.index(bytes.len()));
        prop_assert_eq!(decode(bytes), Err(InvalidEnvelope));
    }

    #[test]
    fn a_longer_end_is_noticed(envelope in any_envelope(), more in vec(any::<u8>(), 1..64)) {
        let mut bytes = envelope.encode();
        bytes.extend(more);
        prop_assert_eq!(decode(bytes), Err(InvalidEnvelope));
    }

    #[test]
    fn epochs_are_read_from_as_much_as_holds_them(envelope in any_envelope(), length in any::<Index>()) {
        let bytes = envelope.encode();
        let tags = envelope.epochs().tags.iter();
        let needed = FIXED_BYTES + tags.map(|(tag, _)| tag.as_str().len() + 18).sum::<usize>();
        let length = length.index(bytes.len() + 1);
        let summary = Summary::parse(&bytes[..length]);
        prop_assert_eq!(summary, (length >= needed).then(|| summary_of(&envelope)));
    }

    #[test]
    fn two_envelopes_share_a_cas_token_only_if_they_share_an_identity(
        a in any_envelope(), b in any_envelope()
    ) {
        prop_assert!(a.id() == b.id() || a.cas_token() != b.cas_token());
    }
}

#[test]
fn every_bit_counts() {
    for envelope in [golden_entry(), golden_lease(), golden_pause()] {
        let bytes = envelope.encode();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(damaged), Err(InvalidEnvelope), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert_eq!(decode(bytes[..length].to_vec()), Err(InvalidEnvelope), "{length} bytes");
        }
    }
}

/// The value of an entry is not copied: it is a part of what was read.
#[test]
fn a_value_is_a_slice_of_what_was_read() {
    let bytes = Bytes::from(golden_entry().encode());
    let Ok(Envelope::Entry(entry)) = Envelope::decode(&bytes) else { panic!("no entry") };
    assert_eq!(entry.value.as_ptr(), bytes[bytes.len() - 5..].as_ptr());
}

/// No time to live is written as zero, and less than a millisecond as one.
#[test]
fn spans_are_whole_milliseconds_and_at_least_one() {
    let Envelope::Entry(mut entry) = golden_entry() else { panic!("no entry") };
    entry.ttl = Some(Duration::from_nanos(1));
    entry.fresh_for = Some(Duration::from_micros(2_999));
    entry.load_time = Duration::from_secs(u64::MAX);
    let Ok(Envelope::Entry(read)) = decode(Envelope::Entry(entry).encode()) else {
        panic!("no entry")
    };
    assert_eq!(read.ttl, Some(Duration::from_millis(1)));
    assert_eq!(read.fresh_for, Some(Duration::from_millis(2)));
    assert_eq!(read.load_time, Duration::from_millis(u32::MAX.into()));
}

fn golden_entry() -> Envelope {
    Envelope::Entry(Entry {
        id: Id(*b"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"),
        stored_at: 1_700_000_000_000,
        ttl: Some(Duration::from_hours(1)),
        fresh_for: Some(Duration::from_mins(1)),
        load_time: Duration::from_millis(258),
        epochs: Epochs {
            everything: Epoch([0xa0; 16]),
            tags: vec![(tag("user"), Epoch([0xb1; 16])), (tag("é"), Epoch([0xc2; 16]))],
        },
        value: Bytes::from_static(b"value"),
    })
}

fn golden_lease() -> Envelope {
    Envelope::Lease(Marker {
        id: Id([0x2f; 16]),
        taken_at: 1_700_000_000_001,
        lasts: Duration::from_secs(5),
        epochs: Epochs { everything: Epoch([0xa0; 16]), tags: Vec::new() },
        awaits: Some(Awaited { holder: Id([0x3e; 16]), key: key("other"), refresh: true }),
    })
}

fn golden_pause() -> Envelope {
    Envelope::Pause(Pause {
        id: Id([0x4d; 16]),
        since: 1_700_000_000_002,
        lasts: Duration::from_secs(1),
        epochs: Epochs { everything: Epoch([0xa0; 16]), tags: Vec::new() },
        paused: Paused::Refreshing(Id([0x5c; 16])),
    })
}

/// Entries outlive the program that wrote them. Whoever has to change this
/// test changes the version, too.
#[test]
fn the_layout_of_an_entry_is_as_documented() {
    let documented = hex("
        53 50 4b                                          magic
        02                                                version
        01                                                an entry
        00
        00 02                                             tags
        10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f   identity
        00 00 01 8b cf e5 68 00                           stored at
        00 00 00 00 00 36 ee 80                           time to live
        00 00 00 00 00 00 ea 60                           fresh for
        00 00 01 02                                       load time
        00 00 00 05                                       length of the content
        54 38 10 f4                                       check sum
        a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0   epoch of everything
        00 04                                             length of a tag
        75 73 65 72                                       user
        b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1   its epoch
        00 02                                             length of a tag
        c3 a9                                             é
        c2 c2 c2 c2 c2 c2 c2 c2 c2 c2 c2 c2 c2 c2 c2 c2   its epoch
        76 61 6c 75 65                                    the value
    ");
    assert_eq!(golden_entry().encode(), documented);
    assert_eq!(decode(documented), Ok(golden_entry()));
}

#[test]
fn the_layout_of_a_lease_is_as_documented() {
    let documented = hex("
        53 50 4b                                          magic
        02                                                version
        02                                                a lease
        00
        00 00                                             tags
        2f 2f 2f 2f 2f 2f 2f 2f 2f 2f 2f 2f 2f 2f 2f 2f   identity
        00 00 01 8b cf e5 68 01                           taken at
        00 00 00 00 00 00 13 88                           lasts
        00 00 00 00 00 00 00 00
        00 00 00 00
        00 00 00 16                                       length of the content
        a9 fb 31 3b                                       check sum
        a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0   epoch of everything
        3e 3e 3e 3e 3e 3e 3e 3e 3e 3e 3e 3e 3e 3e 3e 3e   the lease that its holder waits for
        01                                                of a refresh
        6f 74 68 65 72                                    of the key `other`
    ");
    assert_eq!(golden_lease().encode(), documented);
    assert_eq!(decode(documented), Ok(golden_lease()));
}

#[test]
fn the_layout_of_a_pause_is_as_documented() {
    let documented = hex("
        53 50 4b                                          magic
        02                                                version
        05                                                a pause of refreshing
        00
        00 00                                             tags
        4d 4d 4d 4d 4d 4d 4d 4d 4d 4d 4d 4d 4d 4d 4d 4d   identity
        00 00 01 8b cf e5 68 02                           since
        00 00 00 00 00 00 03 e8                           lasts
        00 00 00 00 00 00 00 00
        00 00 00 00
        00 00 00 10                                       length of the content
        a7 05 09 b0                                       check sum
        a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0 a0   epoch of everything
        5c 5c 5c 5c 5c 5c 5c 5c 5c 5c 5c 5c 5c 5c 5c 5c   the entry that is not refreshed
    ");
    assert_eq!(golden_pause().encode(), documented);
    assert_eq!(decode(documented), Ok(golden_pause()));
    for (kind, paused) in [(3, Paused::Storing), (4, Paused::Loading)] {
        let Envelope::Pause(pause) = golden_pause() else { panic!("no pause") };
        let bytes = Envelope::Pause(Pause { paused, ..pause }).encode();
        assert_eq!((bytes[4], &bytes[52..56]), (kind, &[0; 4][..]), "{paused:?}");
    }
}

#[test]
fn an_envelope_of_another_version_is_told_from_other_bytes() {
    let bytes = golden_entry().encode();
    for (version, is_other) in [(0, true), (1, true), (2, false), (3, true), (255, true)] {
        let mut other = bytes.clone();
        other[3] = version;
        assert_eq!(is_of_other_version(&other), is_other, "{version}");
        assert!(correct_sum(&mut other));
        assert_eq!(decode(other).is_err(), is_other, "{version}");
    }
    assert!(!is_of_other_version(b"SPK\x03"), "it is too short");
    assert!(!is_of_other_version(&[b'x'; 100]));
}

/// The bytes at the beginning of each line; words after them are comments.
fn hex(text: &str) -> Vec<u8> {
    let byte = |word: &str| (word.len() == 2).then(|| u8::from_str_radix(word, 16).ok())?;
    text.lines().flat_map(|line| line.split_whitespace().map_while(byte)).collect()
}
