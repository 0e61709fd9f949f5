//! The encoding of values: the profile of CBOR that `wit/VALUES.md` defines.

mod exact;

use ciborium::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::exact::Exact;
use crate::Error;

/// How deeply arrays and maps may be nested.
const DEEPEST: usize = 128;
const INDEFINITE: &str = "an indefinite length";
const NAN_PAYLOAD: &str = "a NaN with a payload";

/// Encodes a value as every operation stores it.
///
/// # Errors
/// [`Error::Serialization`] if the value has no encoding in the profile.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let failure = |reason: &dyn std::fmt::Display| {
        Error::Serialization(format!("cannot encode the value: {reason}"))
    };
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|error| failure(&error))?;
    let mut excluded = excluded(&bytes, true);
    if let Some(INDEFINITE | NAN_PAYLOAD) = excluded {
        // Serde does not know every length in advance, such as of a struct with
        // `flatten`. A `Value` does.
        let value: Value = ciborium::from_reader(&bytes[..]).map_err(|error| failure(&error))?;
        bytes.clear();
        ciborium::into_writer(&without_payloads(value), &mut bytes)
            .map_err(|error| failure(&error))?;
        excluded = self::excluded(&bytes, true);
    }
    match excluded {
        None => Ok(bytes),
        Some(what) => Err(failure(&format_args!("it has {what}"))),
    }
}

/// Decodes exactly one value, as every operation reads it.
///
/// # Errors
/// [`Error::Serialization`] if the bytes are not one value of the profile, or it is not
/// a `T`.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let failure =
        |reason: String| Error::Serialization(format!("cannot decode the entry: {reason}"));
    if let Some(what) = excluded(bytes, false) {
        return Err(failure(format!("it has {what}")));
    }
    let mut rest = bytes;
    let value: Value =
        ciborium::from_reader(&mut rest).map_err(|error| failure(error.to_string()))?;
    // ciborium stops after the first item.
    if !rest.is_empty() {
        return Err(failure(format!("{} bytes follow the value", rest.len())));
    }
    T::deserialize(Exact(value)).map_err(|error| failure(error.to_string()))
}

/// A value in which every NaN is the same.
fn without_payloads(value: Value) -> Value {
    match value {
        Value::Float(float) if float.is_nan() => Value::Float(f64::NAN),
        Value::Array(items) => Value::Array(items.into_iter().map(without_payloads).collect()),
        Value::Map(pairs) => {
            let pairs = pairs.into_iter();
            let pairs = pairs.map(|(key, value)| (without_payloads(key), without_payloads(value)));
            Value::Map(pairs.collect())
        }
        other => other,
    }
}

/// Finds what ciborium accepts and the profile excludes, from readers or (`written`) from
/// writers. Leaves it to ciborium whether the rest is well-formed.
fn excluded(bytes: &[u8], written: bool) -> Option<&'static str> {
    let mut at = 0;
    // For each open array or map, how many items are left.
    let mut open: Vec<u64> = Vec::new();
    while let Some(first) = bytes.get(at) {
        let (major, minor) = (first >> 5, first & 31);
        match (major, minor) {
            (2..=5, 31) => return Some(INDEFINITE),
            (6, 2 | 3) => return Some("an integer of more than 64 bits"),
            (6, _) => return Some("a tag"),
            (7, 0..20 | 23 | 24) => return Some("`undefined`, or another simple value"),
            _ => {}
        }
        let size = if (24..28).contains(&minor) { 1 << (minor - 24) } else { 0 };
        let long = bytes.get(at + 1..at + 1 + size)?;
        let long = long.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let argument = if size == 0 { minor.into() } else { long };
        at += 1 + size;
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        match major {
            2 | 3 => at = at.checked_add(usize::try_from(argument).ok()?)?,
            4 | 5 if open.len() == DEEPEST => return Some("more than 128 levels"),
            4 => open.push(argument),
            5 => open.push(argument.saturating_mul(2)),
            7 if written && size > 0 && (minor, argument) != (25, 0x7e00) => {
                let infinity = [0x7c00, 0x7f80_0000, 0x7ff0 << 48][usize::from(minor) - 25];
                let shift = 65 - 8 * size; // the sign, too
                if argument << shift > infinity << shift {
                    return Some(NAN_PAYLOAD);
                }
            }
            _ => {}
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The lines of the blocks of `wit/VALUES.md` with this name.
    fn vectors(block: &str) -> impl Iterator<Item = Vec<&'static str>> {
        let blocks = include_str!("../../../wit/VALUES.md").split("```");
        let lines: Vec<_> = blocks
            .filter_map(|text| text.strip_prefix(block)?.strip_prefix('\n'))
            .flat_map(str::lines)
            .map(|line| line.split(' ').collect())
            .collect();
        assert!(lines.len() > 10, "{block}");
        lines.into_iter()
    }

    fn unhex(digits: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
        (0..digits.len()).step_by(2).map(byte).collect()
    }

    fn encodes_again(digits: &str) -> Result<Vec<u8>, Error> {
        encode(&decode::<Value>(&unhex(digits))?)
    }

    #[test]
    fn a_value_has_one_encoding_and_comes_back_from_it() {
        for line in vectors("written") {
            assert_eq!(encodes_again(line[0]), Ok(unhex(line[0])), "{}", line[0]);
        }
    }

    #[test]
    fn an_encoding_that_is_longer_than_necessary_is_read() {
        for line in vectors("read") {
            assert_eq!(encodes_again(line[0]), Ok(unhex(line[1])), "{}", line[0]);
        }
    }

    #[test]
    fn everything_outside_the_profile_is_refused() {
        for line in vectors("refused").chain([vec![""]]) {
            let error = decode::<Value>(&unhex(line[0])).expect_err(line[0]);
            assert_eq!(error.kind(), "serialization", "{}", line[0]);
        }
        assert_eq!(decode::<u64>(b"\x61a").expect_err("a text").kind(), "serialization");
    }

    #[test]
    fn a_length_that_serde_does_not_know_is_written_as_a_definite_one() {
        #[derive(Serialize)]
        struct Flat {
            a: u8,
            #[serde(flatten)]
            more: BTreeMap<String, u8>,
        }
        let flat = Flat { a: 1, more: BTreeMap::from([("b".to_owned(), 2)]) };
        assert_eq!(encode(&flat), Ok(b"\xa2\x61a\x01\x61b\x02".to_vec()));
    }

    #[test]
    fn nesting_has_a_limit() {
        let mut deep = Value::Null;
        for _ in 0..DEEPEST {
            deep = Value::Array(vec![deep]);
        }
        let bytes = encode(&deep).expect("encodes");
        assert_eq!(decode::<Value>(&bytes), Ok(deep.clone()));
        assert!(encode(&[deep]).is_err());
        assert!(decode::<Value>(&vec![0x81; 100_000]).is_err());
    }

    #[test]
    fn null_is_a_value() {
        assert_eq!(encode(&None::<u8>), Ok(vec![0xf6]));
        assert_eq!(encode(&()), Ok(vec![0xf6]));
        assert_eq!(decode::<Option<u8>>(&[0xf6]), Ok(None));
        assert_eq!(decode::<()>(&[0xf6]), Ok(()));
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
    fn an_integer_of_more_than_64_bits_is_refused() {
        for large in [1_i128 << 64, -(1 << 64) - 1] {
            let error = encode(&[large]).expect_err("more than 64 bits");
            assert!(error.to_string().contains("more than 64 bits"), "{error}");
        }
        for kept in [u64::MAX.into(), -(1_i128 << 64)] {
            assert_eq!(decode::<i128>(&encode(&kept).expect("encodes")), Ok(kept));
        }
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
}
