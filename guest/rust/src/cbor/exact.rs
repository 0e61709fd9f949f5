//! Deserializes values into types without changing a number.

use ciborium::Value;
use ciborium::value::{Error, Integer};
use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

/// Reads a number as a float only if the float represents it exactly. Integers are
/// accepted, since JavaScript writes 1.0 as 1: ciborium refuses them. So are `f64` that
/// fit an `f32`: ciborium rounds those that do not.
pub(super) struct Exact(pub(super) Value);

impl Exact {
    fn float(&self) -> Result<f64, Error> {
        match &self.0 {
            Value::Float(float) => Ok(*float),
            Value::Integer(integer) => {
                let integer = i128::from(*integer);
                #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
                let (float, back) = (integer as f64, (integer as f64) as i128);
                (back == integer).then_some(float).ok_or_else(|| {
                    Error::custom(format!("no float represents the integer {integer} exactly"))
                })
            }
            other => Err(Error::invalid_type(unexpected(other), &"a number")),
        }
    }
}

impl<'de> Deserializer<'de> for Exact {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Integer(integer) => visit_integer(integer, visitor),
            Value::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Value::Float(float) => visitor.visit_f64(float),
            Value::Text(text) => visitor.visit_string(text),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::Null => visitor.visit_unit(),
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Exact));
                let visited = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(visited)
            }
            Value::Map(pairs) => {
                let pairs = pairs.into_iter().map(|(key, value)| (Exact(key), Exact(value)));
                let mut pairs = MapDeserializer::new(pairs);
                let visited = visitor.visit_map(&mut pairs)?;
                pairs.end()?;
                Ok(visited)
            }
            other => Err(Error::invalid_type(unexpected(&other), &visitor)),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(self.float()?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let float = self.float()?;
        #[allow(clippy::cast_possible_truncation)]
        let short = float as f32;
        // Compares bits, since -0 equals 0.
        if float.is_nan() || f64::from(short).to_bits() == float.to_bits() {
            return visitor.visit_f32(short);
        }
        Err(Error::custom(format!("no `f32` represents the number {float} exactly")))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            // Serde treats a `Vec<u8>` as a sequence of numbers.
            Value::Bytes(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.into_iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Text(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Map(pairs) if pairs.len() == 1 => {
                let pairs = pairs.into_iter().map(|(key, value)| (Exact(key), Exact(value)));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(pairs)))
            }
            other => Err(Error::invalid_type(unexpected(&other), &"a variant")),
        }
    }

    /// Must match ciborium's serializer: types choose their form by it.
    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 char str string bytes byte_buf unit
        unit_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Exact {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn visit_integer<'de, V: Visitor<'de>>(integer: Integer, visitor: V) -> Result<V::Value, Error> {
    if let Ok(integer) = u64::try_from(integer) {
        visitor.visit_u64(integer)
    } else if let Ok(integer) = i64::try_from(integer) {
        visitor.visit_i64(integer)
    } else {
        visitor.visit_i128(integer.into())
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Bytes(bytes) => Unexpected::Bytes(bytes),
        Value::Float(float) => Unexpected::Float(*float),
        Value::Text(text) => Unexpected::Str(text),
        Value::Bool(flag) => Unexpected::Bool(*flag),
        Value::Null => Unexpected::Unit,
        Value::Array(_) => Unexpected::Seq,
        Value::Map(_) => Unexpected::Map,
        Value::Integer(_) => Unexpected::Other("an integer"),
        _ => Unexpected::Other("a tag"),
    }
}
