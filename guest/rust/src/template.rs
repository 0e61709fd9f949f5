use std::fmt::{self, Write};

use crate::key::Escaped;
use crate::{Error, KeyPart};

/// A key or tag in the making: what [`key!`](crate::key) and the attribute macros
/// expand to.
#[derive(Debug, Default)]
pub struct Template(String);

impl Template {
    /// Adds text of the template, as it is.
    #[must_use]
    pub fn literal(mut self, text: &str) -> Self {
        self.0.push_str(text);
        self
    }

    /// Adds the path of the function that encloses a closure of this type.
    #[must_use]
    pub fn function(mut self, closure: &str) -> Self {
        let mut path = closure;
        while let Some(outer) = path.strip_suffix("::{{closure}}") {
            path = outer;
        }
        self.0.push_str(&path.replace("::", "."));
        self
    }

    /// Adds a value.
    pub fn value(mut self, value: &(impl KeyPart + ?Sized)) -> Result<Self, Error> {
        value.part().write(&mut self.0)?;
        Ok(self)
    }

    /// Adds what a format made of a value, escaped.
    pub fn formatted(mut self, value: fmt::Arguments<'_>) -> Result<Self, Error> {
        Escaped(&mut self.0).write_fmt(value).map_err(|_| Error::KeyGeneration)?;
        Ok(self)
    }

    /// The key.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key;

    struct Broken;

    impl fmt::Display for Broken {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    #[test]
    fn values_are_escaped_and_text_is_not() {
        let (user, page) = ("a:b", "100%");
        assert_eq!(key!("p:{user}:{page}").expect("a key"), "p:a%3Ab:100%25");
    }

    #[test]
    fn different_values_make_different_keys() {
        let pairs =
            [("a", "b:c"), ("a:b", "c"), ("a%3Ab", "c"), ("a%", "3Ab:c"), ("", "a:b:c"), ("a", "")];
        let keys: std::collections::HashSet<_> =
            pairs.iter().map(|(x, y)| key!("{x}:{y}").expect("a key")).collect();
        assert_eq!(keys.len(), pairs.len());
    }

    #[test]
    fn a_template_takes_fields_and_format_specifications() {
        struct User {
            id: u32,
            name: (&'static str, u8),
        }
        let user = User { id: 7, name: ("ann", 1) };
        let key = key!("{{u}}:{user.id:04}:{user.name.0:?}:{ user.name.1 }:{user.name.0:}");
        assert_eq!(key.as_deref(), Ok("{u}:0007:\"ann\":1:ann"));
    }

    #[test]
    fn a_value_that_does_not_format_makes_no_key() {
        let broken = Broken;
        assert_eq!(key!("x:{broken:}"), Err(Error::KeyGeneration));
    }
}
