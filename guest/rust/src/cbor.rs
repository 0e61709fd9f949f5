//! Values as CBOR, the encoding that every guest library shares.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes)
        .map_err(|error| Error::Serialization(format!("cannot encode the value: {error}")))?;
    Ok(bytes)
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut rest = bytes;
    let value = ciborium::from_reader(&mut rest)
        .map_err(|error| Error::Serialization(format!("cannot decode the entry: {error}")))?;
    // ciborium stops after the first item; an entry is exactly one.
    if !rest.is_empty() {
        let reason = format!("cannot decode the entry: {} bytes too many", rest.len());
        return Err(Error::Serialization(reason));
    }
    Ok(value)
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
    fn an_entry_nested_without_end_is_an_error() {
        let error = decode::<ciborium::Value>(&vec![0x81; 100_000]).expect_err("no end");
        assert_eq!(error.kind(), "serialization");
    }
}
