//! Deserializes values into types without changing a number.

use std::cell::Cell;
use std::vec;

use ciborium::Value;
use ciborium::value::Integer;
use serde::de::value::{MapAccessDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::TAG;
use super::fault::Fault as Error;
use super::number::Scalar;

/// Reads a number as a float only if the float represents it exactly. Integers are
/// accepted, since JavaScript writes 1.0 as 1: ciborium refuses them. So are `f64` that
/// fit an `f32`: ciborium rounds those that do not.
pub(super) struct Exact<'a> {
    pub(super) value: Value,
    /// Set where a type takes a number as it comes, and may then round it. Serde's `tag`,
    /// `untagged` and `flatten` do: they keep the number and convert it later.
    pub(super) may_round: &'a Cell<bool>,
}

impl Exact<'_> {
    fn float(&self) -> Result<f64, Error> {
        match &self.value {
            Value::Float(float) => Ok(*float),
            Value::Integer(integer) => {
                let integer = i128::from(*integer);
                #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
                let (float, back) = (integer as f64, (integer as f64) as i128);
                (back == integer).then_some(float).ok_or_else(|| {
                    Error::new(format_args!("no float represents the integer {integer} exactly"))
                })
            }
            other => Err(Error::invalid_type(unexpected(other), &"a number")),
        }
    }

    fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let may_round = self.may_round;
        match self.value {
            Value::Integer(integer) => visit_integer(integer, visitor),
            Value::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Value::Float(float) => visitor.visit_f64(float),
            Value::Text(text) => visitor.visit_string(text),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::Null => visitor.visit_unit(),
            Value::Array(items) => {
                let mut items = Items { rest: items.into_iter(), taken: 0, may_round };
                let visited = visitor.visit_seq(&mut items)?;
                let Items { rest, taken, .. } = items;
                if rest.len() > 0 {
                    return Err(Error::invalid_length(taken + rest.len(), &"fewer elements"));
                }
                Ok(visited)
            }
            Value::Map(pairs) => {
                let mut pairs = Pairs::new(pairs, may_round);
                let visited = visitor.visit_map(&mut pairs)?;
                if pairs.rest.len() > 0 {
                    return Err(Error::new("it has more entries than were read"));
                }
                Ok(visited)
            }
            other => Err(Error::invalid_type(unexpected(&other), &visitor)),
        }
    }
}

macro_rules! typed {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.visit(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Exact<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if Scalar::of(&self.value).is_some_and(|scalar| scalar.roundings().next().is_some()) {
            self.may_round.set(true);
        }
        match self.value {
            Value::Tag(..) => visitor.visit_enum(MaybeTagged(self)),
            _ => self.visit(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    typed! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_u128 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_unit deserialize_map
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.visit(visitor)
    }

    /// A field or variant has a name. Serde would also take its number.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Integer(_) => Err(Error::invalid_type(unexpected(&self.value), &visitor)),
            _ => self.visit(visitor),
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
        Err(Error::new(format_args!("no `f32` represents the number {float} exactly")))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
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
        match self.value {
            // Serde treats a `Vec<u8>` as a sequence of numbers.
            Value::Bytes(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.into_iter())),
            _ => self.visit(visitor),
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
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            _ if name == TAG => visitor.visit_enum(MaybeTagged(self)),
            Value::Text(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Map(pairs) if pairs.len() == 1 => {
                let pairs = Pairs::new(pairs, self.may_round);
                visitor.visit_enum(MapAccessDeserializer::new(pairs))
            }
            other => Err(Error::invalid_type(unexpected(&other), &"a variant")),
        }
    }

    /// Must match ciborium's serializer: types choose their form by it.
    fn is_human_readable(&self) -> bool {
        false
    }
}

impl IntoDeserializer<'_, Error> for Exact<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A value as the types of `ciborium::tag` read it, and `ciborium::Value`: an enum of those
/// with a tag and those without.
struct MaybeTagged<'a>(Exact<'a>);

impl<'de> EnumAccess<'de> for MaybeTagged<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let variant = match self.0.value {
            Value::Tag(..) => "@@TAGGED@@",
            _ => "@@UNTAGGED@@",
        };
        Ok((seed.deserialize(variant.into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for MaybeTagged<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        let Exact { value, may_round } = self.0;
        match value {
            Value::Tag(tag, content) => {
                let pair = [tag.into(), *content].map(|value| Exact { value, may_round });
                visitor.visit_seq(SeqDeserializer::new(pair.into_iter()))
            }
            other => Err(Error::invalid_type(unexpected(&other), &"a tag")),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        Err(Error::invalid_type(unexpected(&self.0.value), &visitor))
    }
}

struct Items<'a> {
    rest: vec::IntoIter<Value>,
    taken: usize,
    may_round: &'a Cell<bool>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        let item = seed.deserialize(Exact { value, may_round: self.may_round });
        let item = item.map_err(|error| error.in_item(self.taken))?;
        self.taken += 1;
        Ok(Some(item))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Pairs<'a> {
    rest: vec::IntoIter<(Value, Value)>,
    /// Of the pair whose key was taken.
    value: Value,
    name: Option<String>,
    may_round: &'a Cell<bool>,
}

impl<'a> Pairs<'a> {
    fn new(pairs: Vec<(Value, Value)>, may_round: &'a Cell<bool>) -> Self {
        Self { rest: pairs.into_iter(), value: Value::Null, name: None, may_round }
    }
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        self.name = key.as_text().map(str::to_owned);
        let key = seed.deserialize(Exact { value: key, may_round: self.may_round });
        key.map(Some).map_err(|error| error.in_entry(self.name.as_deref()))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let value = std::mem::replace(&mut self.value, Value::Null);
        let value = seed.deserialize(Exact { value, may_round: self.may_round });
        value.map_err(|error| error.in_entry(self.name.as_deref()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
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
