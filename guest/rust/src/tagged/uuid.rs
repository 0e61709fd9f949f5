use std::fmt;
use std::str::FromStr;

use ciborium::Value;
use ciborium::Value::Bytes;

use super::{ParseError, Tagged, tagged};

/// A UUID (RFC 9562), which other languages read as their own type for UUIDs.
///
/// ```
/// use spakky_cache::Uuid;
///
/// let id: Uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8".parse()?;
/// assert_eq!(id, Uuid::from(0x6ba7b810_9dad_11d1_80b4_00c04fd430c8_u128.to_be_bytes()));
/// # Ok::<(), spakky_cache::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl Tagged for Uuid {
    fn from_tag(tag: u64, content: &Value) -> Result<Self, String> {
        match (tag, content) {
            (37, Bytes(bytes)) => bytes.as_slice().try_into().ok().map(Self),
            _ => None,
        }
        .ok_or_else(|| format!("it has the tag {tag} on what is no UUID"))
    }
}

tagged!(Uuid, 37, |uuid| Bytes(uuid.0.to_vec()));

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if [4, 6, 8, 10].contains(&index) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let groups: Vec<_> = text.split('-').collect();
        let lengths = groups.iter().map(|group| group.len());
        let digits = groups.concat();
        // `from_str_radix` takes a sign as well.
        let is_uuid = lengths.eq([8, 4, 4, 4, 12]) && !digits.starts_with('+');
        let number = u128::from_str_radix(&digits, 16).ok().filter(|_| is_uuid);
        number.map(|number| Self(number.to_be_bytes())).ok_or(ParseError("UUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_is_read_strictly() {
        for wrong in [
            "",
            "6ba7b8109dad11d180b400c04fd430c8",
            "6ba7b810-9dad-11d1-80b4-00c04fd430c",
            "+ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
            "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
        ] {
            assert_eq!(wrong.parse::<Uuid>(), Err(ParseError("UUID")), "{wrong}");
        }
        assert!("6BA7B810-9DAD-11D1-80B4-00C04FD430C8".parse::<Uuid>().is_ok());
    }
}
