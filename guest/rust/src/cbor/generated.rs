//! Generated values in every place that serde has for them: each comes back, or is refused.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::*;

trait Storable: Clone + Debug + Serialize + DeserializeOwned {}

impl<T: Clone + Debug + Serialize + DeserializeOwned> Storable for T {}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Holder<T> {
    before: u8,
    held: T,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum External<T> {
    Unit,
    Newtype(T),
    Tuple(u8, T),
    Struct { held: T },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Internal<T> {
    Unit,
    Newtype(Holder<T>),
    Struct { held: T },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "content")]
enum Adjacent<T> {
    Unit,
    Newtype(T),
    Tuple(u8, T),
    Struct { held: T },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged<T> {
    Struct { before: u8, held: T },
    Tuple(T, T, T),
    Other(T),
}

/// Of a number, the first variant that takes it is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Overlapping<T> {
    Short(f32),
    Float(f64),
    Held(T),
    Byte(u8),
    Text(String),
    List(Vec<Overlapping<T>>),
    Fewer { a: u8 },
    More { a: u8, b: T },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Flat<T> {
    before: u8,
    #[serde(flatten)]
    holder: BTreeMap<String, T>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Unit;

fn comes_back<T: Storable>(value: &T) -> TestCaseResult {
    let bytes = encode(value).map_err(|error| TestCaseError::fail(error.to_string()))?;
    // As text, since NaN is not equal to itself, and 0 is to -0.
    let back = decode::<T>(&bytes).map(|back| format!("{back:?}"));
    prop_assert_eq!(back, Ok(format!("{value:?}")));
    Ok(())
}

fn comes_back_or_is_refused<T: Storable>(value: &T) -> TestCaseResult {
    if encode(value).is_ok() { comes_back(value) } else { Ok(()) }
}

/// Two variants with one encoding are one value: the first is read.
fn comes_back_as_stored_or_is_refused<T: Storable>(value: &T) -> TestCaseResult {
    if let Ok(bytes) = encode(value) {
        prop_assert_eq!(decode::<T>(&bytes).and_then(|back| encode(&back)), Ok(bytes));
    }
    Ok(())
}

/// Calls `check` with the value in every place.
macro_rules! everywhere {
    ($check:ident, $value:expr) => {{
        let value = $value;
        let held = || value.clone();
        let map = BTreeMap::from([("held".to_owned(), held())]);
        $check(&value)?;
        $check(&vec![held(), held()])?;
        $check(&(held(), -1, held()))?;
        $check(&BTreeMap::from([(-7, held())]))?;
        $check(&BTreeMap::from([((1, 'c'), Box::new(held()))]))?;
        for value in [
            External::Unit,
            External::Newtype(held()),
            External::Tuple(1, held()),
            External::Struct { held: held() },
        ] {
            $check(&value)?;
            $check(&Internal::Struct { held: Some(value) })?;
        }
        for value in [
            Internal::Unit,
            Internal::Newtype(Holder { before: 1, held: held() }),
            Internal::Struct { held: held() },
        ] {
            $check(&value)?;
            $check(&Untagged::Other(value))?;
        }
        for value in [
            Adjacent::Unit,
            Adjacent::Newtype(held()),
            Adjacent::Tuple(1, held()),
            Adjacent::Struct { held: held() },
        ] {
            $check(&value)?;
            $check(&Internal::Struct { held: value })?;
        }
        $check(&Untagged::Struct { before: 1, held: held() })?;
        $check(&Untagged::Tuple(held(), held(), held()))?;
        $check(&Flat { before: 1, holder: map.clone() })?;
        $check(&Internal::Newtype(Holder { before: 1, held: Flat { before: 1, holder: map } }))?;
    }};
}

/// And in places that other types share.
macro_rules! anywhere {
    ($value:expr) => {{
        let value = $value;
        let held = || value.clone();
        everywhere!(comes_back_or_is_refused, value.clone());
        for value in [None, Some(None), Some(Some(held()))] {
            comes_back_or_is_refused(&value)?;
            comes_back_or_is_refused(&Internal::Struct { held: value.clone() })?;
            comes_back_or_is_refused(&External::Tuple(1, value))?;
        }
        for value in [
            Overlapping::Held(held()),
            Overlapping::List(vec![Overlapping::Short(0.1), Overlapping::Held(held())]),
            Overlapping::Float(0.1),
            Overlapping::Byte(7),
            Overlapping::Text("1".to_owned()),
            Overlapping::Fewer { a: 1 },
            Overlapping::More { a: 1, b: held() },
        ] {
            comes_back_as_stored_or_is_refused(&value)?;
            comes_back_as_stored_or_is_refused(&Internal::Struct { held: value.clone() })?;
            comes_back_as_stored_or_is_refused(&Some(Adjacent::Newtype(value)))?;
        }
    }};
}

/// Integers of every size, and those beside what floats represent.
fn integers() -> impl Strategy<Value = i128> {
    let near = |power: u32, by: i128| (1_i128 << power) + by;
    prop_oneof![
        any::<i8>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i128>(),
        (0..127_u32, -3..=3_i128).prop_map(move |(power, by)| near(power, by)),
        (0..127_u32, -3..=3_i128).prop_map(move |(power, by)| -near(power, by)),
    ]
}

#[allow(clippy::cast_precision_loss)]
fn floats() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().boxed(),
        any::<f32>().prop_map(Into::into).boxed(),
        prop::sample::select(vec![
            0.1,
            -0.0,
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            9_007_199_254_740_992.0,
        ])
        .boxed(),
        integers().prop_map(|integer| integer as f64).boxed(),
    ]
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,3}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[a-c:]{0,2}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Bytes that are bytes.
#[derive(Clone, Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }

        deserializer.deserialize_bytes(Visitor)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ordinary_values_come_back_from_every_place(
        unsigned: u64, signed: i64, letter: char, text: String, float in floats(), single: f32,
        bytes: Vec<u8>,
    ) {
        everywhere!(comes_back, unsigned);
        everywhere!(comes_back, float);
        everywhere!(comes_back, single);
        everywhere!(comes_back, Bytes(bytes.clone()));
        everywhere!(comes_back, Some((signed, letter, bytes, BTreeMap::from([(text, true)]))));
    }

    #[test]
    fn every_value_comes_back_or_is_refused(
        integer in integers(), single: f32, json in json(),
    ) {
        anywhere!(integer);
        anywhere!(single);
        anywhere!(json);
        anywhere!(BTreeMap::from([(integer.cast_unsigned(), vec![Unit])]));
    }

    #[test]
    fn no_type_rounds_a_number_that_another_wrote(integer in integers(), float in floats()) {
        if let Ok(bytes) = encode(&integer) {
            is_read_exactly(&bytes, &integer.to_string(), |text| text.parse() == Ok(integer))?;
        }
        is_read_exactly(&encode(&float).expect("encodes"), &float.to_string(), |text| {
            text.parse().is_ok_and(|read: f64| read.to_bits() == float.to_bits() || read.is_nan() && float.is_nan())
        })?;
    }
}

/// Reads the number in every place, as types that may round it.
fn is_read_exactly(
    number: &[u8],
    name: &str,
    is_same: impl Fn(&str) -> bool + Copy,
) -> TestCaseResult {
    fn digits(float: f64) -> String {
        if float.fract() == 0.0 && float != 0.0 { format!("{float:.0}") } else { float.to_string() }
    }
    let number: Value = decode(number).expect("a number");
    let entries = |wrap: &dyn Fn(&Value) -> Value| encode(&wrap(&number)).expect("encodes");
    let map = |pairs: &[(&str, Value)]| {
        Value::Map(pairs.iter().map(|(key, value)| (Value::from(*key), value.clone())).collect())
    };
    macro_rules! read {
        ($type:ty, |$read:ident| $text:expr) => {{
            let text = |$read: $type| $text;
            let internal = entries(&|n| map(&[("type", "Struct".into()), ("held", n.clone())]));
            let flat = entries(&|n| map(&[("before", 1.into()), ("held", n.clone())]));
            let adjacent = entries(&|n| map(&[("content", n.clone()), ("type", "Newtype".into())]));
            let mut read = Vec::new();
            if let Ok(Internal::Struct { held }) = decode::<Internal<$type>>(&internal) {
                read.push(text(held));
            }
            if let Ok(mut flat) = decode::<Flat<$type>>(&flat) {
                read.extend(flat.holder.remove("held").map(text));
            }
            if let Ok(Adjacent::Newtype(held)) = decode::<Adjacent<$type>>(&adjacent) {
                read.push(text(held));
            }
            if let Ok(Untagged::Other(held)) = decode(&entries(&Value::clone)) {
                read.push(text(held));
            }
            for read in read {
                prop_assert!(is_same(&read), "{} as {}: {}", name, stringify!($type), read);
            }
        }};
    }
    read!(f64, |read| digits(read));
    read!(f32, |read| digits(read.into()));
    read!(Json, |read| read.as_f64().filter(|_| read.is_f64()).map_or(read.to_string(), digits));
    read!(i128, |read| read.to_string());
    read!(u64, |read| read.to_string());
    Ok(())
}

#[test]
fn a_view_of_some_fields_reads_beside_numbers_that_it_leaves_out() {
    let bytes = encode(&serde_json::json!({ "type": "Struct", "held": 0.5, "more": 0.1 }));
    let read = decode::<Internal<f32>>(&bytes.expect("encodes"));
    assert!(matches!(read, Ok(Internal::Struct { held: 0.5 })), "{read:?}");
}
