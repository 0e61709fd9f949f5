//! Values that have a tag in the profile of `wit/VALUES.md`.

mod decimal;
mod set;
mod timestamp;
mod uuid;

use ciborium::Value;
use ciborium::tag::Captured;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub use self::decimal::Decimal;
pub use self::set::{Set, deserialize, serialize};
pub use self::timestamp::Timestamp;
pub use self::uuid::Uuid;

/// A value without a text of its type was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError(&'static str);

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it is no {}", self.0)
    }
}

impl std::error::Error for ParseError {}

/// What is read from a tag and its content.
trait Tagged: Sized {
    fn from_tag(tag: u64, content: &Value) -> Result<Self, String>;
}

fn read<'de, T: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let Captured(tag, content) = Captured::<Value>::deserialize(deserializer)?;
    let tag = tag.ok_or_else(|| D::Error::custom("it has no tag"))?;
    T::from_tag(tag, &content).map_err(D::Error::custom)
}

/// Checks the content of a tag of the profile, but of a set.
pub(crate) fn check(tag: u64, content: &Value) -> Result<(), String> {
    match tag {
        0 | 1 => Timestamp::from_tag(tag, content).map(drop),
        4 => Decimal::from_tag(tag, content).map(drop),
        _ => Uuid::from_tag(tag, content).map(drop),
    }
}

/// Outside of CBOR, as text.
macro_rules! tagged {
    ($type:ident, $tag:literal, |$value:ident| $content:expr) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.collect_str(self);
                }
                let $value = self;
                ciborium::tag::Required::<_, $tag>($content).serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                    return text.parse().map_err(serde::de::Error::custom);
                }
                crate::tagged::read(deserializer)
            }
        }

        impl crate::KeyPart for $type {
            fn part(&self) -> crate::Part<'_> {
                crate::Part::Text(self.to_string().into())
            }
        }
    };
}

use tagged;
