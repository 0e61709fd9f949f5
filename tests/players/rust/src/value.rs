//! Values between JSON, in which scenarios are written, and CBOR, in which they are
//! stored. An object with one key that begins with `$` stands for what JSON cannot say.

use std::fmt::Display;
use std::str::FromStr;

use ciborium::Value as Cbor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value as Json, json};
use spakky_cache::{Decimal, KeyPart, Part, Set, Timestamp, Uuid};

use crate::answer::Failure;

/// The largest whole number that every language's JSON carries unchanged.
const EXACT: i128 = (1 << 53) - 1;

/// A value of the cache, or one that CBOR cannot encode.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Any {
    Cbor(Cbor),
    Unencodable,
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Cbor(value) => value.serialize(serializer),
            Self::Unencodable => Err(serde::ser::Error::custom("it is `$unencodable`")),
        }
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cbor::deserialize(deserializer).map(Self::Cbor)
    }
}

impl KeyPart for Any {
    fn part(&self) -> Part<'_> {
        match self {
            Self::Cbor(Cbor::Null) => Part::Null,
            Self::Cbor(Cbor::Bool(value)) => Part::Bool(*value),
            Self::Cbor(Cbor::Integer(value)) => Part::Int((*value).into()),
            Self::Cbor(Cbor::Float(value)) => Part::Float(*value),
            Self::Cbor(Cbor::Text(value)) => Part::Text(value.into()),
            other => unreachable!("scenarios make no key of {other:?}"),
        }
    }
}

impl Any {
    pub(crate) fn from_json(json: &Json) -> Result<Self, Failure> {
        match json.get("$unencodable") {
            Some(_) => Ok(Self::Unencodable),
            None => to_cbor(json).map(Self::Cbor),
        }
    }

    pub(crate) fn to_json(&self) -> Result<Json, Failure> {
        match self {
            Self::Cbor(value) => to_json(value),
            Self::Unencodable => Ok(json!({ "$unencodable": true })),
        }
    }

    /// As the library encodes it.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Failure> {
        Ok(spakky_cache::encode(self)?)
    }

    /// As the library decodes it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Failure> {
        Ok(spakky_cache::decode(bytes)?)
    }
}

/// A float as scenarios write it: a number, or text for what JSON has no number for.
pub(crate) fn float(json: &Json) -> Result<f64, Failure> {
    let text = json.get("$float").and_then(Json::as_str);
    let parsed = text.map_or_else(|| json.as_f64(), |text| text.parse().ok());
    parsed.ok_or_else(|| Failure::protocol(&format!("{json} is not a float")))
}

fn to_cbor(json: &Json) -> Result<Cbor, Failure> {
    Ok(match json {
        Json::Null => Cbor::Null,
        Json::Bool(value) => Cbor::Bool(*value),
        Json::String(text) => Cbor::Text(text.clone()),
        Json::Array(items) => Cbor::Array(items.iter().map(to_cbor).collect::<Result<_, _>>()?),
        Json::Number(number) => {
            if let Some(number) = number.as_i64() {
                number.into()
            } else if let Some(number) = number.as_u64() {
                number.into()
            } else {
                // JavaScript cannot tell 1.0 from 1, so a whole number is always an
                // integer.
                let number = float(json)?;
                whole(number).map_or(Cbor::Float(number), Into::into)
            }
        }
        Json::Object(object) => match object.iter().next() {
            Some((name, content)) if name.starts_with('$') => {
                let known = (object.len() == 1).then(|| extended(name, content)).flatten();
                known
                    .unwrap_or_else(|| Err(Failure::protocol(&format!("{json} is not a value"))))?
            }
            _ => {
                let pair =
                    |(key, value): (&String, &Json)| Ok((key.clone().into(), to_cbor(value)?));
                Cbor::Map(object.iter().map(pair).collect::<Result<_, Failure>>()?)
            }
        },
    })
}

/// `{"$hex": "00ff"}` and the like; `None` for any other object.
fn extended(name: &str, content: &Json) -> Option<Result<Cbor, Failure>> {
    match name {
        "$hex" => Some(from_hex(content.as_str()?).map(Cbor::Bytes)),
        "$float" => content.as_str()?.parse().ok().map(|float| Ok(Cbor::Float(float))),
        "$int" => {
            let number: i128 = content.as_str()?.parse().ok()?;
            ciborium::value::Integer::try_from(number).ok().map(|number| Ok(number.into()))
        }
        "$time" => tagged::<Timestamp>(content),
        "$uuid" => tagged::<Uuid>(content),
        "$decimal" => tagged::<Decimal>(content),
        "$set" => {
            let items: Result<_, _> = content.as_array()?.iter().map(to_cbor).collect();
            Some(items.map(|items| Cbor::Tag(258, Box::new(Cbor::Array(items)))))
        }
        "$map" => {
            let pair = |pair: &Json| match pair.as_array().map(Vec::as_slice) {
                Some([key, value]) => Ok((to_cbor(key)?, to_cbor(value)?)),
                _ => Err(Failure::protocol(&format!("{pair} is not a pair"))),
            };
            let pairs: Result<_, _> = content.as_array()?.iter().map(pair).collect();
            Some(pairs.map(Cbor::Map))
        }
        _ => None,
    }
}

/// A text as the library's type, and as that writes it.
fn tagged<T: FromStr + Serialize + DeserializeOwned>(text: &Json) -> Option<Result<Cbor, Failure>> {
    let value: T = text.as_str()?.parse().ok()?;
    let bytes = spakky_cache::encode(&value);
    Some(bytes.and_then(|bytes| spakky_cache::decode(&bytes)).map_err(Failure::from))
}

/// The text of a value as the library's type reads it.
fn text_of<T: Display + Serialize + DeserializeOwned>(value: &Cbor) -> Result<String, Failure> {
    let read = spakky_cache::decode::<T>(&spakky_cache::encode(value)?)?;
    Ok(read.to_string())
}

fn to_json(value: &Cbor) -> Result<Json, Failure> {
    Ok(match value {
        Cbor::Null => Json::Null,
        Cbor::Bool(value) => (*value).into(),
        Cbor::Text(text) => text.clone().into(),
        Cbor::Bytes(bytes) => json!({ "$hex": to_hex(bytes) }),
        Cbor::Integer(number) => match i128::from(*number) {
            number if number.abs() <= EXACT => i64::try_from(number).unwrap_or_default().into(),
            number => json!({ "$int": number.to_string() }),
        },
        Cbor::Float(number) => match serde_json::Number::from_f64(*number) {
            Some(json) if number.fract() != 0.0 => Json::Number(json),
            _ if number.is_infinite() && *number > 0.0 => json!({ "$float": "Infinity" }),
            _ if number.is_infinite() => json!({ "$float": "-Infinity" }),
            _ => json!({ "$float": number.to_string() }),
        },
        Cbor::Array(items) => Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Cbor::Map(pairs) => {
            let plain = |(key, value): &(Cbor, Cbor)| {
                let key = key.as_text().filter(|key| !key.starts_with('$'))?;
                Some(to_json(value).map(|value| (key.to_owned(), value)))
            };
            let object = pairs.iter().map(plain).collect::<Option<Result<_, _>>>();
            if let Some(object) = object {
                Json::Object(object?)
            } else {
                let pair = |(key, value): &_| Ok(json!([to_json(key)?, to_json(value)?]));
                json!({ "$map": pairs.iter().map(pair).collect::<Result<Vec<_>, Failure>>()? })
            }
        }
        Cbor::Tag(0 | 1, _) => json!({ "$time": text_of::<Timestamp>(value)? }),
        Cbor::Tag(4, _) => json!({ "$decimal": text_of::<Decimal>(value)? }),
        Cbor::Tag(37, _) => json!({ "$uuid": text_of::<Uuid>(value)? }),
        Cbor::Tag(258, _) => {
            // In the order of the encodings, in which the library writes them.
            let Set(items) = spakky_cache::decode::<Set<Vec<Cbor>>>(&spakky_cache::encode(value)?)?;
            json!({ "$set": items.iter().map(to_json).collect::<Result<Vec<_>, _>>()? })
        }
        other => return Err(Failure::protocol(&format!("no JSON for {other:?}"))),
    })
}

/// The integer that a float stands for, if it is whole.
fn whole(number: f64) -> Option<i64> {
    // The conversion is exact within these bounds.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    (number.fract() == 0.0 && number.abs() <= EXACT as f64).then_some(number as i64)
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn from_hex(text: &str) -> Result<Vec<u8>, Failure> {
    let wrong = || Failure::protocol(&format!("`{text}` is not hexadecimal"));
    let digits = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<Vec<_>>>();
    let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(wrong)?;
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).map_err(|_| wrong()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_strictly() {
        for wrong in [
            json!({ "$hex": "0" }),
            json!({ "$hex": "0g" }),
            json!({ "$float": 1 }),
            json!({ "$float": "one" }),
            json!({ "$int": "18446744073709551616" }),
            json!({ "$map": [[1]] }),
            json!({ "$other": 1 }),
            json!({ "$time": "2013-03-21" }),
            json!({ "$uuid": "" }),
            json!({ "$decimal": "NaN" }),
            json!({ "$set": 1 }),
            json!({ "$hex": "00", "more": 1 }),
        ] {
            assert!(Any::from_json(&wrong).is_err(), "{wrong}");
        }
    }
}
