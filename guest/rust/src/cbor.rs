//! Values as CBOR, the encoding that every guest library shares.

mod exact;

use ciborium::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::exact::Exact;
use crate::Error;

/// The bytes of a value, as every operation stores it; with [`raw`](crate::raw), for
/// those who keep the bytes. An [`Error::Serialization`] if it has none.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes)
        .map_err(|error| Error::Serialization(format!("cannot encode the value: {error}")))?;
    match unshared(&bytes) {
        None => Ok(bytes),
        Some(what) => Err(Error::Serialization(format!("cannot encode the value: it has {what}"))),
    }
}

/// The one value that these bytes are, as every operation reads it. An
/// [`Error::Serialization`] if they are none, or not a `T`.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let failure =
        |reason: String| Error::Serialization(format!("cannot decode the entry: {reason}"));
    if let Some(what) = unshared(bytes) {
        return Err(failure(format!("it has {what}")));
    }
    let mut rest = bytes;
    let value: Value =
        ciborium::from_reader(&mut rest).map_err(|error| failure(error.to_string()))?;
    // ciborium stops after the first item; an entry is exactly one.
    if !rest.is_empty() {
        return Err(failure(format!("{} bytes too many", rest.len())));
    }
    T::deserialize(Exact(value)).map_err(|error| failure(error.to_string()))
}

/// What is in an entry that not every language's library takes. Whether the rest is
/// well-formed, ciborium tells.
fn unshared(bytes: &[u8]) -> Option<&'static str> {
    const TEXT_AND_BYTES: [u8; 2] = [2, 3];
    let mut at = 0;
    while let Some(first) = bytes.get(at) {
        let (major, minor) = (first >> 5, first & 31);
        match (major, minor) {
            (6, 2 | 3) => return Some("an integer of more than 64 bits"),
            (6, _) => return Some("a tag"),
            (7, 0..20 | 23 | 24) => return Some("`undefined`, or another simple value"),
            _ => {}
        }
        let size = if (24..28).contains(&minor) { 1 << (minor - 24) } else { 0 };
        let argument = bytes.get(at + 1..at + 1 + size)?;
        at += 1 + size;
        if TEXT_AND_BYTES.contains(&major) && minor < 28 {
            let long = argument.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            let length = if size == 0 { minor.into() } else { long };
            at = at.checked_add(usize::try_from(length).ok()?)?;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_encoding_is_the_shortest_there_is() {
        // Appendix A of RFC 8949.
        assert_eq!(encode(&23_u64), Ok(vec![0x17]));
        assert_eq!(encode(&1_000_000_u64), Ok(vec![0x1a, 0x00, 0x0f, 0x42, 0x40]));
        assert_eq!(encode(&-1_i64), Ok(vec![0x20]));
        assert_eq!(encode(&1.5_f64), Ok(vec![0xf9, 0x3e, 0x00]));
        assert_eq!(encode(&f64::NAN), Ok(vec![0xf9, 0x7e, 0x00]));
        assert_eq!(encode(&"IETF"), Ok(b"\x64IETF".to_vec()));
        assert_eq!(encode(&BTreeMap::from([("a", true)])), Ok(vec![0xa1, 0x61, b'a', 0xf5]));
    }

    #[test]
    fn null_is_a_value() {
        assert_eq!(encode(&None::<u8>), Ok(vec![0xf6]));
        assert_eq!(encode(&()), Ok(vec![0xf6]));
        assert_eq!(decode::<Option<u8>>(&[0xf6]), Ok(None));
        assert_eq!(decode::<()>(&[0xf6]), Ok(()));
    }

    #[test]
    fn what_is_not_one_value_of_the_type_is_a_serialization_error() {
        for bytes in [&b"\x64abc"[..], b"", b"\xff", b"\x17\x17", b"\x61a"] {
            let error = decode::<u64>(bytes).expect_err("not a number");
            assert_eq!(error.kind(), "serialization", "{bytes:x?}");
        }
    }

    #[test]
    fn a_whole_number_is_a_float_where_it_stays_the_same() {
        // As JavaScript writes 1.0.
        assert_eq!(decode::<f64>(&[0x01]), Ok(1.0));
        assert_eq!(decode::<f64>(&[0x20]), Ok(-1.0));
        assert_eq!(
            decode::<Vec<Option<f32>>>(&[0x82, 0x18, 0x18, 0xf6]),
            Ok(vec![Some(24.0), None])
        );
        let exact = (1_u64 << 53, 2_f64.powi(53));
        assert_eq!(decode::<f64>(&encode(&exact.0).expect("encodes")), Ok(exact.1));
        let largest = encode(&(u64::MAX - (1 << 11) + 1)).expect("encodes");
        assert_eq!(decode::<f64>(&largest), Ok(18_446_744_073_709_549_568.0));
    }

    #[test]
    fn a_number_never_changes() {
        for bytes in [encode(&((1_u64 << 53) + 1)), encode(&u64::MAX), encode(&(i64::MIN + 1))] {
            assert!(decode::<f64>(&bytes.expect("encodes")).is_err());
        }
        for float in [0.1, 1e300, -1e39, 1e-46] {
            let bytes = encode(&float).expect("encodes");
            assert!(decode::<f32>(&bytes).is_err(), "{float}");
            assert_eq!(decode::<f64>(&bytes), Ok(float));
        }
        for float in [0.5_f32, 0.1, f32::MAX, f32::INFINITY, -0.0] {
            let read = decode::<f32>(&encode(&float).expect("encodes")).expect("decodes");
            assert_eq!(read.to_bits(), float.to_bits());
        }
        assert!(decode::<f32>(&encode(&f64::NAN).expect("encodes")).is_ok_and(f32::is_nan));
        assert!(decode::<f32>(&encode(&((1 << 24) + 1)).expect("encodes")).is_err());
        assert!(decode::<u8>(&encode(&256).expect("encodes")).is_err());
        assert!(decode::<u64>(&encode(&-1).expect("encodes")).is_err());
        assert!(decode::<u64>(&encode(&1.0).expect("encodes")).is_err());
    }

    #[test]
    fn what_other_languages_do_not_take_is_neither_written_nor_read() {
        for large in [1_i128 << 64, -(1 << 64) - 1] {
            let error = encode(&[large]).expect_err("more than 64 bits");
            assert!(error.to_string().contains("more than 64 bits"), "{error}");
        }
        for kept in [u64::MAX.into(), -(1_i128 << 64)] {
            assert_eq!(decode::<i128>(&encode(&kept).expect("encodes")), Ok(kept));
        }
        // A tagged text, a bignum, `undefined`, and one of them behind a text.
        for bytes in [&b"\xc0\x61a"[..], b"\xc2\x41\x05", b"\xf7", b"\x82\x61\xc0\xf7", b"\xf8\x20"]
        {
            let error = decode::<Value>(bytes).expect_err("not shared");
            assert_eq!(error.kind(), "serialization", "{bytes:x?}");
        }
        // In a text or bytes, these are none.
        assert_eq!(decode::<String>(b"\x62\xc3\x80"), Ok("\u{c0}".to_owned()));
        assert_eq!(decode::<Value>(b"\x42\xc0\xf7"), Ok(Value::Bytes(vec![0xc0, 0xf7])));
    }

    #[test]
    fn every_kind_of_type_comes_back() {
        #[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
        enum Kind {
            Unit,
            Newtype(u8),
            Tuple(i64, String),
            Struct { a: Option<bool> },
        }
        #[derive(Clone, Debug, PartialEq, Serialize, serde::Deserialize)]
        struct Everything {
            kinds: Vec<Kind>,
            map: BTreeMap<i32, char>,
            unit: (),
            some: Option<u8>,
            bytes: Vec<u8>,
            address: std::net::IpAddr,
            #[serde(flatten)]
            more: BTreeMap<String, f64>,
        }
        let value = Everything {
            kinds: vec![
                Kind::Unit,
                Kind::Newtype(7),
                Kind::Tuple(-1, "t".to_owned()),
                Kind::Struct { a: None },
                Kind::Struct { a: Some(true) },
            ],
            map: BTreeMap::from([(-1, 'é'), (300, '\0')]),
            unit: (),
            some: Some(1),
            bytes: vec![0, 255],
            address: [127, 0, 0, 1].into(),
            more: BTreeMap::from([("x".to_owned(), 0.5)]),
        };
        assert_eq!(decode(&encode(&value).expect("encodes")), Ok(value));
        // Bytes are a list of numbers to serde, and the other way round.
        assert_eq!(decode::<Vec<u8>>(&[0x42, 0x00, 0xff]), Ok(vec![0, 255]));
    }

    #[test]
    fn an_entry_nested_without_end_is_an_error() {
        let error = decode::<ciborium::Value>(&vec![0x81; 100_000]).expect_err("no end");
        assert_eq!(error.kind(), "serialization");
    }
}
