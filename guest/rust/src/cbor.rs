//! The encoding of values: the profile of CBOR that `wit/VALUES.md` defines.

mod exact;
mod fault;
mod number;
mod write;

use std::borrow::Cow;
use std::cell::Cell;

use ciborium::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::exact::Exact;
use self::fault::Fault;
use self::write::Writer;
use crate::{Error, tagged};

/// How deeply arrays and maps may be nested.
const DEEPEST: usize = 128;
/// How `ciborium` names a value with a tag to serde.
const TAG: &str = "@@TAG@@";
/// The tag of sets, whose elements have no order.
const SET: u64 = 258;
const ANOTHER_VALUE: &str = "it would be read back as another value: `Deserialize` has to read \
                             what `Serialize` writes, and of an `untagged` enum, the first variant \
                             that fits is read";

/// Encodes a value as every operation stores it, and makes sure that it comes back.
///
/// # Errors
/// [`Error::Serialization`] if the value has no encoding in the profile, or would be read
/// back as another value. It names the path of the field, such as `Order.lines[0].price`.
pub fn encode<T: Serialize + DeserializeOwned>(value: &T) -> Result<Vec<u8>, Error> {
    written(value)
        .and_then(|bytes| comes_back::<T>(&bytes).map(|()| bytes))
        .map_err(|fault| Error::Serialization(format!("cannot encode {}", fault.describe::<T>())))
}

/// Decodes exactly one value, as every operation reads it.
///
/// # Errors
/// [`Error::Serialization`] if the bytes are not one value of the profile, or it is not
/// a `T`, or `T` would round a number.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    read(bytes).map_err(|fault| {
        Error::Serialization(format!("cannot decode the entry as {}", fault.describe::<T>()))
    })
}

fn written<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer::default();
    value.serialize(&mut writer)?;
    Ok(writer.finish())
}

fn comes_back<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<(), Fault> {
    let again = read::<T>(bytes).and_then(|again| written(&again));
    let again = again.map_err(|fault| fault.because("it could not be read back"))?;
    if again == bytes {
        return Ok(());
    }
    // The order of a `HashMap` or `HashSet` has no meaning.
    let [stored, again] = [bytes, &again].map(|bytes| value(bytes).map(sorted));
    match difference(&stored?, &again?) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

fn read<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let may_round = Cell::new(false);
    let read = T::deserialize(Exact { value: value(bytes)?, may_round: &may_round })?;
    if may_round.get() {
        let again = written(&read)?;
        if again != bytes
            && let Some((number, rounded)) = number::rounded(&value(bytes)?, &value(&again)?)
        {
            let what = format_args!("this type would turn the number {number} into {rounded}");
            return Err(Fault::new(what));
        }
    }
    Ok(read)
}

fn value(bytes: &[u8]) -> Result<Value, Fault> {
    if let Some(what) = excluded(bytes) {
        return Err(Fault::new(format_args!("it has {what}")));
    }
    let mut rest = bytes;
    let value = ciborium::from_reader(&mut rest).map_err(Fault::new)?;
    // ciborium stops after the first item.
    if !rest.is_empty() {
        return Err(Fault::new(format_args!("{} bytes follow the value", rest.len())));
    }
    check_tags(&value)?;
    Ok(value)
}

fn check_tags(value: &Value) -> Result<(), Fault> {
    match value {
        Value::Array(items) => items.iter().try_for_each(check_tags),
        Value::Map(pairs) => pairs
            .iter()
            .try_for_each(|(key, value)| check_tags(key).and_then(|()| check_tags(value))),
        Value::Tag(tag, content) => {
            check_tags(content)?;
            match tag {
                &SET => check_set(content),
                tag => tagged::check(*tag, content).map_err(Fault::new),
            }
        }
        _ => Ok(()),
    }
}

/// Two elements are the same if their encodings are.
fn check_set(content: &Value) -> Result<(), Fault> {
    let items = content.as_array().ok_or_else(|| Fault::new("it has a set that is no list"))?;
    let mut encodings = items.iter().map(written).collect::<Result<Vec<_>, _>>()?;
    encodings.sort_unstable();
    if encodings.array_windows().any(|[a, b]| a == b) {
        return Err(Fault::new("it has a set with a duplicate"));
    }
    Ok(())
}

/// With the items of all lists and maps in one order.
fn sorted(value: Value) -> Value {
    let text = |value: &Value| format!("{value:?}");
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(sorted).collect();
            items.sort_by_cached_key(text);
            Value::Array(items)
        }
        Value::Map(pairs) => {
            let pairs = pairs.into_iter().map(|(key, value)| (sorted(key), sorted(value)));
            let mut pairs: Vec<_> = pairs.collect();
            pairs.sort_by_cached_key(|(key, value)| (text(key), text(value)));
            Value::Map(pairs)
        }
        Value::Tag(SET, items) => Value::Tag(SET, Box::new(sorted(*items))),
        other => other,
    }
}

/// Where two values differ.
fn difference(stored: &Value, again: &Value) -> Option<Fault> {
    let differs = || Some(Fault::new(ANOTHER_VALUE));
    match (stored, again) {
        (Value::Array(stored), Value::Array(again)) if stored.len() == again.len() => {
            let mut items = stored.iter().zip(again);
            // They are not where they were.
            items.find_map(|(stored, again)| Some(difference(stored, again)?.in_entry(None)))
        }
        (Value::Map(stored), Value::Map(again)) => {
            fn of<'a>(pairs: &'a [(Value, Value)], key: &Value) -> Option<&'a Value> {
                pairs.iter().find(|(other, _)| same(other, key)).map(|(_, value)| value)
            }
            stored.iter().chain(again).find_map(|(key, _)| {
                let fault = match (of(stored, key), of(again, key)) {
                    (Some(stored), Some(again)) => difference(stored, again),
                    _ => differs(),
                };
                Some(fault?.in_entry(key.as_text()))
            })
        }
        _ if same(stored, again) => None,
        _ => differs(),
    }
}

/// Whether two values are one. NaN is, and 0 and -0 are not.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

/// Finds what ciborium accepts and the profile excludes. Leaves it to ciborium whether the
/// rest is well-formed.
fn excluded(bytes: &[u8]) -> Option<Cow<'static, str>> {
    let mut at = 0;
    // For each open array or map, how many items are left.
    let mut open: Vec<u64> = Vec::new();
    while let Some(first) = bytes.get(at) {
        let (major, minor) = (first >> 5, first & 31);
        match (major, minor) {
            (2..=5, 31) => return Some("an indefinite length".into()),
            (7, 0..20 | 23 | 24) => return Some("`undefined`, or another simple value".into()),
            _ => {}
        }
        let size = if (24..28).contains(&minor) { 1 << (minor - 24) } else { 0 };
        let long = bytes.get(at + 1..at + 1 + size)?;
        let long = long.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let argument = if size == 0 { minor.into() } else { long };
        at += 1 + size;
        if major == 6 && minor < 28 {
            if !matches!(argument, 0 | 1 | 4 | 37 | SET) {
                return Some(format!("the tag {argument}").into());
            }
            // Its content is the item.
            continue;
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        match major {
            2 | 3 => at = at.checked_add(usize::try_from(argument).ok()?)?,
            4 | 5 if open.len() == DEEPEST => return Some("more than 128 levels".into()),
            4 => open.push(argument),
            5 => open.push(argument.saturating_mul(2)),
            _ => {}
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    None
}

#[cfg(test)]
mod generated;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use serde::Deserialize;

    use super::*;
    use crate::{Decimal, Set, Timestamp, Uuid};

    /// The lines of the blocks of `wit/VALUES.md` with this name.
    fn vectors(block: &str) -> impl Iterator<Item = Vec<&'static str>> {
        let blocks = include_str!("../../../wit/VALUES.md").split("```");
        let lines: Vec<_> = blocks
            .filter_map(|text| text.strip_prefix(block)?.strip_prefix('\n'))
            .flat_map(str::lines)
            .map(|line| line.split(' ').collect())
            .collect();
        assert!(lines.len() > 3, "{block}");
        lines.into_iter()
    }

    fn unhex(digits: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
        (0..digits.len()).step_by(2).map(byte).collect()
    }

    /// Read and written as the type of its tag.
    fn typed_again(digits: &str) -> Result<Vec<u8>, Error> {
        let bytes = unhex(digits);
        let Value::Tag(tag, _) = decode(&bytes)? else { panic!("{digits} has no tag") };
        match tag {
            0 | 1 => encode(&decode::<Timestamp>(&bytes)?),
            4 => encode(&decode::<Decimal>(&bytes)?),
            37 => encode(&decode::<Uuid>(&bytes)?),
            _ => encode(&decode::<Set<Vec<Value>>>(&bytes)?),
        }
    }

    fn encodes_again(digits: &str) -> Result<Vec<u8>, Error> {
        encode(&decode::<Value>(&unhex(digits))?)
    }

    #[test]
    fn a_value_has_one_encoding_and_comes_back_from_it() {
        for line in vectors("written").chain(vectors("fine")) {
            assert_eq!(encodes_again(line[0]), Ok(unhex(line[0])), "{}", line[0]);
        }
    }

    #[test]
    fn an_encoding_that_is_longer_than_necessary_is_read() {
        for line in vectors("read") {
            let has_tag = matches!(decode::<Value>(&unhex(line[0])), Ok(Value::Tag(..)));
            let again = if has_tag { typed_again(line[0]) } else { encodes_again(line[0]) };
            assert_eq!(again, Ok(unhex(line[1])), "{}", line[0]);
        }
        for line in vectors("read-fine") {
            assert_eq!(typed_again(line[0]), Ok(unhex(line[2])), "{}", line[0]);
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
    fn what_has_a_tag_is_written_in_one_way() {
        for line in vectors("written").chain(vectors("fine")) {
            let bytes = unhex(line[0]);
            if let Ok(Value::Tag(..)) = decode::<Value>(&bytes) {
                assert_eq!(typed_again(line[0]), Ok(bytes), "{}", line[0]);
            }
        }
        let sets = [HashSet::from([1, 2, 3]), HashSet::from([3, 2, 1])];
        for set in sets {
            let bytes = encode(&Set(set.clone()));
            assert_eq!(bytes.as_deref(), Ok(b"\xd9\x01\x02\x83\x01\x02\x03".as_slice()));
            assert_eq!(decode(&bytes.expect("encodes")), Ok(Set(set)));
        }
        let twice = encode(&Set(vec![1, 1])).expect_err("a duplicate").to_string();
        assert!(twice.contains("a set with a duplicate"), "{twice}");
        assert!(decode::<Set<Vec<u8>>>(b"\x81\x01").is_err(), "a list is no set");
        assert!(decode::<Vec<u8>>(b"\xd9\x01\x02\x81\x01").is_err(), "a set is no list");
        assert!(encode(&Value::Tag(28, Box::new(1.into()))).is_err());
        let error = decode::<Value>(b"\xd8\x1c\x01").expect_err("the tag 28").to_string();
        assert!(error.contains("the tag 28"), "{error}");
    }

    #[test]
    fn what_has_a_tag_comes_back_in_every_place_or_is_refused() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Article {
            at: Timestamp,
            id: Option<Uuid>,
            prices: BTreeMap<Uuid, Decimal>,
            #[serde(with = "crate::set")]
            tags: HashSet<String>,
            #[serde(flatten)]
            more: BTreeMap<String, u8>,
        }
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct View {
            n: u8,
        }
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "type")]
        enum Kept {
            At { at: Timestamp },
        }
        let id = Uuid::from([7; 16]);
        let at: Timestamp = "2026-11-29T16:20:27.5Z".parse().expect("a timestamp");
        let article = Article {
            at,
            id: Some(id),
            prices: BTreeMap::from([(id, "1.10".parse().expect("a decimal"))]),
            tags: HashSet::from(["a".to_owned(), "b".to_owned()]),
            more: BTreeMap::from([("n".to_owned(), 1)]),
        };
        let bytes = encode(&article).expect("encodes");
        assert_eq!(decode(&bytes), Ok(article));
        assert_eq!(decode(&bytes), Ok(View { n: 1 }));
        // Serde keeps no tags there.
        assert!(encode(&Kept::At { at }).is_err());
    }

    #[test]
    fn a_length_that_serde_does_not_know_is_written_as_a_definite_one() {
        #[derive(Serialize, Deserialize)]
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

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        price: u128,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[allow(clippy::option_option)] // what is refused
    enum Item {
        One(Line),
        Pair(u8, Option<Option<u8>>),
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Order {
        lines: Vec<Line>,
        items: BTreeMap<String, Item>,
        #[serde(flatten)]
        more: BTreeMap<String, i128>,
    }

    fn order() -> Order {
        Order::default()
    }

    #[test]
    fn what_cannot_be_stored_is_named_by_its_path() {
        let price = u128::MAX;
        let item = |item| BTreeMap::from([("pen".to_owned(), item)]);
        for (path, order) in [
            (
                "Order.lines[1].price",
                Order { lines: vec![Line { price: 1 }, Line { price }], ..order() },
            ),
            (
                "Order.items.pen.One.price",
                Order { items: item(Item::One(Line { price })), ..order() },
            ),
            (
                "Order.items.pen.Pair[1]",
                Order { items: item(Item::Pair(1, Some(None))), ..order() },
            ),
            (
                "Order.total",
                Order { more: BTreeMap::from([("total".to_owned(), i128::MIN)]), ..order() },
            ),
        ] {
            let error = encode(&order).expect_err(path).to_string();
            assert!(error.contains(&format!("cannot encode `{path}`: ")), "{error}");
            assert!(error.contains("serde's `with`"), "no cure: {error}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_by_its_path() {
        let wrong = serde_json::json!({ "lines": [{ "price": 1 }, { "price": "2" }] });
        let error = decode::<Order>(&encode(&wrong).expect("encodes")).expect_err("a text");
        let error = error.to_string();
        assert!(error.contains("cannot decode the entry as `Order.lines[1].price`: "), "{error}");
        let error = decode::<Vec<u8>>(b"\x81\x20").expect_err("-1").to_string();
        assert!(error.contains("`Vec<u8>[0]`: invalid value"), "{error}");
    }

    #[test]
    fn some_of_null_is_refused() {
        assert!(encode(&Some(None::<u8>)).is_err());
        assert!(encode(&Some(())).is_err());
        assert!(encode(&vec![Some(serde_json::Value::Null)]).is_err());
        assert!(encode(&Some(Some(1))).is_ok());
        assert_eq!(decode(&encode(&None::<Option<u8>>).expect("encodes")), Ok(None::<Option<u8>>));
    }

    #[test]
    fn what_would_be_read_back_as_another_value_is_refused() {
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(untagged)]
        enum Pet {
            Cat { name: String },
            Dog { name: String, age: u8 },
        }
        #[derive(Debug, Serialize, Deserialize)]
        struct Home {
            pets: Vec<Pet>,
        }
        #[derive(Serialize, Deserialize)]
        struct Renamed {
            #[serde(rename(serialize = "id"))]
            number: u8,
        }

        let cat = Pet::Cat { name: "tom".to_owned() };
        let dog = Pet::Dog { name: "rex".to_owned(), age: 3 };
        assert!(encode(&cat).is_ok());
        let error = encode(&Home { pets: vec![cat, dog] }).expect_err("a cat").to_string();
        assert!(error.contains("cannot encode `Home.pets[].age`: it would be read"), "{error}");

        let error = encode(&Renamed { number: 7 }).expect_err("another name").to_string();
        assert!(error.contains("could not be read back: missing field `number`"), "{error}");
    }

    #[test]
    fn the_order_of_a_set_or_map_has_no_meaning() {
        let set: HashSet<_> = (0..100).collect();
        assert_eq!(decode(&encode(&set).expect("encodes")), Ok(set));
        let map: HashMap<_, _> = (0..100).map(|n| (n, f64::NAN)).collect();
        assert!(encode(&map).is_ok());
    }

    #[test]
    fn a_field_is_found_by_its_name_alone() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Named {
            a: u8,
        }
        let numbered = encode(&BTreeMap::from([(0, 7)])).expect("encodes");
        assert!(decode::<Named>(&numbered).is_err());
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
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        enum Kind {
            Unit,
            Newtype(u8),
            Tuple(i64, String),
            Struct { a: Option<bool> },
        }
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
