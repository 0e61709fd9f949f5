//! Finds the numbers that a type rounded when it was read.

use std::collections::HashMap;
use std::fmt;

use ciborium::Value;

/// A number or null, by its value and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scalar {
    Null,
    Integer(i128),
    Float(u64),
}

impl Scalar {
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Integer(integer) => Some(Self::Integer((*integer).into())),
            Value::Float(float) => Some(Self::float(*float)),
            _ => None,
        }
    }

    fn float(float: f64) -> Self {
        Self::Float(float.to_bits())
    }

    /// What this number becomes in types that cannot represent it: an `f64`, an `f32`, and
    /// the numbers of JSON.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    pub(super) fn roundings(self) -> impl Iterator<Item = Self> {
        let float = match self {
            Self::Integer(integer) => Some(integer as f64),
            Self::Float(bits) => Some(f64::from_bits(bits)),
            Self::Null => None,
        };
        let floats = float
            .into_iter()
            .flat_map(|float| [Self::float(float), Self::float(f64::from(float as f32))]);
        let null = float.is_some_and(|float| !float.is_finite()).then_some(Self::Null);
        floats.filter(move |rounded| !self.equals(*rounded)).chain(null)
    }

    #[allow(clippy::cast_possible_truncation)]
    fn equals(self, float: Self) -> bool {
        match (self, float) {
            (Self::Integer(integer), Self::Float(bits)) => f64::from_bits(bits) as i128 == integer,
            _ => self == float,
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Integer(integer) => write!(f, "{integer}"),
            Self::Float(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
        }
    }
}

/// A number of the entry `stored` in whose place the value that was `read` has another one.
pub(super) fn rounded(stored: &Value, read: &Value) -> Option<(Scalar, Scalar)> {
    let mut counts = HashMap::new();
    count(stored, -1, &mut counts);
    count(read, 1, &mut counts);
    let lost = counts.iter().filter(|(_, count)| **count < 0);
    lost.flat_map(|(lost, _)| lost.roundings().map(|rounded| (*lost, rounded)))
        .find(|(_, rounded)| counts.get(rounded).is_some_and(|count| *count > 0))
}

fn count(value: &Value, step: i64, counts: &mut HashMap<Scalar, i64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| count(item, step, counts)),
        Value::Map(pairs) => {
            for (key, value) in pairs {
                count(key, step, counts);
                count(value, step, counts);
            }
        }
        Value::Tag(_, content) => count(content, step, counts),
        other => {
            if let Some(scalar) = Scalar::of(other) {
                *counts.entry(scalar).or_default() += step;
            }
        }
    }
}
