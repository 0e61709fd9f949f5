//! Keys, tags, and the prefix that separates caches.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// The longest key or tag that the envelope's layout can hold, in bytes.
///
/// [`Limits::key_bytes`](crate::Limits::key_bytes) may allow less, never more.
pub const MAX_NAME_BYTES: usize = 1_024;

/// The name of an entry: 1 to [`MAX_NAME_BYTES`] bytes of any UTF-8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// The name of a set of entries that are evicted together: 1 to
/// [`MAX_NAME_BYTES`] bytes of any UTF-8.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Arc<str>);

macro_rules! name {
    ($name:ident, $what:literal) => {
        impl $name {
            #[doc = concat!("Checks the length of a ", $what, ".")]
            ///
            /// # Errors
            /// [`Error::InvalidKey`] if it is empty or longer than `limit` bytes.
            pub fn new(text: &str, limit: usize) -> Result<Self, Error> {
                let limit = limit.min(MAX_NAME_BYTES);
                if text.is_empty() {
                    Err(Error::InvalidKey(concat!("a ", $what, " is empty").into()))
                } else if text.len() > limit {
                    Err(Error::InvalidKey(format!(
                        concat!("a ", $what, " of {} bytes is over the limit of {}"),
                        text.len(),
                        limit
                    )))
                } else {
                    Ok(Self(text.into()))
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

name!(Key, "key");
name!(Tag, "tag");

/// The beginning of every key of one cache in its store.
///
/// It contains no `|`. A store writes `<prefix><kind>|<name>`, so the first `|`
/// ends prefix and kind, and no two caches share a key even if one prefix begins
/// with another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Prefix(Arc<str>);

/// The text is not a valid [`Prefix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrefix {
    /// It contains a `|`, which ends a prefix.
    #[error("a key prefix cannot contain '|'")]
    Separator,
    /// It is longer than [`MAX_NAME_BYTES`].
    #[error("a key prefix cannot be longer than {MAX_NAME_BYTES} bytes")]
    TooLong,
}

impl Prefix {
    /// Checks a prefix; an empty one is allowed.
    pub fn new(text: &str) -> Result<Self, InvalidPrefix> {
        if text.contains('|') {
            Err(InvalidPrefix::Separator)
        } else if text.len() > MAX_NAME_BYTES {
            Err(InvalidPrefix::TooLong)
        } else {
            Ok(Self(text.into()))
        }
    }

    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The most bytes of a key that [`quoted_key`] shows.
pub const SHOWN_KEY_BYTES: usize = 128;

/// A key of a store for logs and errors: quoted, escaped, and cut after
/// [`SHOWN_KEY_BYTES`].
pub fn quoted_key(key: &[u8]) -> String {
    let shown = &key[..key.len().min(SHOWN_KEY_BYTES)];
    let cut = if shown.len() < key.len() { ".." } else { "" };
    format!("\"{}{cut}\"", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_to_limit_bytes() {
        assert!(Key::new("a", 1).is_ok());
        assert!(matches!(Key::new("", 1), Err(Error::InvalidKey(_))));
        assert!(Key::new("é", 2).is_ok());
        assert_eq!(
            Tag::new("é", 1),
            Err(Error::InvalidKey("a tag of 2 bytes is over the limit of 1".into()))
        );
        let longest = "k".repeat(MAX_NAME_BYTES);
        assert!(Key::new(&longest, usize::MAX).is_ok());
        assert!(Key::new(&(longest + "k"), usize::MAX).is_err());
    }

    #[test]
    fn a_prefix_holds_no_separator() {
        assert!(Prefix::new("").is_ok());
        assert!(Prefix::new("app[1]:*").is_ok());
        assert_eq!(Prefix::new("a|b"), Err(InvalidPrefix::Separator));
        assert_eq!(Prefix::new(&"p".repeat(MAX_NAME_BYTES + 1)), Err(InvalidPrefix::TooLong));
    }
}
