//! What a value is in a key: `wit/KEYS.md`.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

use crate::Error;

/// A value that a key template takes: `{user_id}`.
///
/// Numbers, booleans, texts, IP addresses, references to these, and an `Option` of them
/// are there. A type of your own says which of them it is:
///
/// ```
/// use spakky_cache::{KeyPart, Part, key};
///
/// struct UserId(u64);
///
/// impl KeyPart for UserId {
///     fn part(&self) -> Part<'_> {
///         self.0.part()
///     }
/// }
///
/// let user = UserId(7);
/// assert_eq!(key!("profile:{user}")?, "profile:7");
/// # Ok::<(), spakky_cache::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a `{Self}` has no text in a key",
    label = "the template puts it into a key",
    note = "name a field of it, as in `user.id`, or implement `spakky_cache::KeyPart` for it",
    note = "a colon after the name formats it: `user:` as its `Display` does, `user:?` as its `Debug`"
)]
pub trait KeyPart {
    /// What this value is in a key.
    fn part(&self) -> Part<'_>;
}

/// What a value is in a key. Different ones have different texts there, except that equal
/// numbers have one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Part<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, in digits.
    Int(i128),
    /// A whole number beyond [`Part::Int`].
    UInt(u128),
    /// A number. NaN and infinities make no key.
    Float(f64),
    /// A text, escaped where it would end its place or spells another value.
    Text(Cow<'a, str>),
}

impl Part<'_> {
    /// Adds the text of this value to a key.
    pub(crate) fn write(&self, key: &mut String) -> Result<(), Error> {
        let written = match self {
            Self::Null => key.write_str("null"),
            Self::Bool(value) => write!(key, "{value}"),
            Self::Int(value) => write!(key, "{value}"),
            Self::UInt(value) => write!(key, "{value}"),
            Self::Float(value) if !value.is_finite() => Err(fmt::Error),
            // Not `-0`.
            Self::Float(0.0) => key.write_str("0"),
            // All digits of a whole number, and else the fewest.
            Self::Float(value) if value.fract() == 0.0 => write!(key, "{value:.0}"),
            Self::Float(value) => key.write_str(&fewest_digits(*value)),
            Self::Text(text) if spells_another_type(text) => {
                write!(key, "%{:02X}{}", text.as_bytes()[0], &text[1..])
            }
            Self::Text(text) => Escaped(key).write_str(text),
        };
        written.map_err(|_| Error::KeyGeneration)
    }
}

/// `Display` writes the fewest digits, but of two that are as near not the even one.
fn fewest_digits(value: f64) -> String {
    let fewest = value.to_string();
    let decimals = fewest.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let nearest = format!("{value:.decimals$}");
    if nearest.parse() == Ok(value) { nearest } else { fewest }
}

fn spells_another_type(text: &str) -> bool {
    let number = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "1"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = (whole == "0" || is_digits(whole) && !whole.starts_with('0'))
        && is_digits(fraction)
        && !fraction.ends_with('0');
    matches!(text, "null" | "true" | "false") || is_number && text != "-0"
}

/// Escapes the separator of keys, and the sign that escapes.
pub(crate) struct Escaped<'a>(pub(crate) &'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '%' => self.0.push_str("%25"),
                ':' => self.0.push_str("%3A"),
                other => self.0.push(other),
            }
        }
        Ok(())
    }
}

macro_rules! integers {
    ($($case:ident($wide:ty): $($number:ty)*;)*) => {$($(
        impl KeyPart for $number {
            #[allow(clippy::cast_lossless)] // there is no `From<isize>`
            fn part(&self) -> Part<'_> {
                Part::$case(*self as $wide)
            }
        }

        impl KeyPart for NonZero<$number> {
            #[allow(clippy::cast_lossless)]
            fn part(&self) -> Part<'_> {
                Part::$case(self.get() as $wide)
            }
        }
    )*)*};
}

integers! {
    Int(i128): i8 i16 i32 i64 i128 isize;
    UInt(u128): u8 u16 u32 u64 u128 usize;
}

macro_rules! parts {
    ($($kind:ty: |$value:ident| $part:expr;)*) => {$(
        impl KeyPart for $kind {
            fn part(&self) -> Part<'_> {
                let $value = self;
                $part
            }
        }
    )*};
}

parts! {
    bool: |value| Part::Bool(*value);
    f32: |value| Part::Float((*value).into());
    f64: |value| Part::Float(*value);
    char: |value| Part::Text(value.to_string().into());
    str: |value| Part::Text(value.into());
    String: |value| Part::Text(value.into());
    IpAddr: |value| Part::Text(value.to_string().into());
    Ipv4Addr: |value| Part::Text(value.to_string().into());
    Ipv6Addr: |value| Part::Text(value.to_string().into());
    SocketAddr: |value| Part::Text(value.to_string().into());
}

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: KeyPart + ?Sized> KeyPart for $pointer {
            fn part(&self) -> Part<'_> {
                (**self).part()
            }
        }
    )*};
}

pointers! { &T &mut T Box<T> Rc<T> Arc<T> }

impl<T: KeyPart + ToOwned + ?Sized> KeyPart for Cow<'_, T> {
    fn part(&self) -> Part<'_> {
        (**self).part()
    }
}

impl<T: KeyPart> KeyPart for Option<T> {
    fn part(&self) -> Part<'_> {
        self.as_ref().map_or(Part::Null, KeyPart::part)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};

    use super::*;
    use crate::key;

    /// The lines of the blocks of `wit/KEYS.md` with this name.
    fn vectors(name: &str) -> impl Iterator<Item = &str> {
        let blocks = include_str!("../../../wit/KEYS.md").split("```");
        blocks
            .filter_map(move |block| block.strip_prefix(name)?.strip_prefix('\n'))
            .flat_map(str::lines)
    }

    /// The value of a vector. Nothing in its texts is escaped.
    fn part_of(json: &str) -> Part<'_> {
        let within = |open, close| json.strip_prefix(open)?.strip_suffix(close);
        if let Some(text) = within("\"", "\"") {
            return Part::Text(text.into());
        }
        if let Some(float) = within("{\"$float\": \"", "\"}") {
            return Part::Float(float.parse().expect(json));
        }
        match within("{\"$int\": \"", "\"}").unwrap_or(json) {
            "null" => Part::Null,
            "true" => Part::Bool(true),
            "false" => Part::Bool(false),
            number => {
                number.parse().map_or_else(|_| Part::Float(number.parse().expect(json)), Part::Int)
            }
        }
    }

    struct Given<'a>(Part<'a>);

    impl KeyPart for Given<'_> {
        fn part(&self) -> Part<'_> {
            self.0.clone()
        }
    }

    #[test]
    fn each_value_makes_its_key() {
        for line in vectors("key") {
            let (expected, json) = line.split_once(' ').expect(line);
            let value = Given(part_of(json));
            assert_eq!(key!("k:{value}").as_deref(), Ok(expected), "{line}");
        }
        assert!(vectors("key").count() > 50);
    }

    #[test]
    fn what_has_no_key_is_refused() {
        for line in vectors("no-key") {
            let value = Given(part_of(line));
            assert_eq!(key!("k:{value}"), Err(Error::KeyGeneration), "{line}");
        }
        assert!(vectors("no-key").count() > 2);
    }

    #[test]
    #[expect(clippy::needless_borrows_for_generic_args, reason = "references are parts, too")]
    fn each_type_is_what_its_value_is() {
        fn made(value: impl KeyPart) -> String {
            key!("{value}").expect("a key")
        }
        for (made, expected) in [
            (made(7_u8), "7"),
            (made(NonZero::new(7_usize)), "7"),
            (made(-7_isize), "-7"),
            (made(u128::MAX), "340282366920938463463374607431768211455"),
            (made(0.1_f32), "0.10000000149011612"),
            (made(7_f32), "7"),
            (made("7"), "%37"),
            (made('7'), "%37"),
            (made(String::from("7")), "%37"),
            (made(Cow::Borrowed("7")), "%37"),
            (made(&&Box::new(Rc::new(Arc::new(7)))), "7"),
            (made(None::<u8>), "null"),
            (made(Some("null")), "%6Eull"),
            (made(Ipv4Addr::LOCALHOST), "127.0.0.1"),
            (made(IpAddr::from(Ipv6Addr::LOCALHOST)), "%3A%3A1"),
            (made(SocketAddr::from((Ipv4Addr::LOCALHOST, 7))), "127.0.0.1%3A7"),
            (made(&mut true), "true"),
        ] {
            assert_eq!(made, expected);
        }
    }

    #[test]
    fn generated_values_that_differ_never_make_one_key() {
        let seed = RandomState::new().build_hasher().finish();
        let mut state = seed;
        let mut below = move |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % limit
        };
        let mut value = || {
            let pieces = ["", "-", "0", "7", ".5", "null", "true", "%", ":", "%37"];
            let mut piece = || pieces[usize::try_from(below(10)).expect("below 10")];
            let text = [piece(), piece(), piece()].concat();
            let digit = i32::try_from(below(19)).expect("below 19") - 9;
            let scale = [1.0, 0.5, 0.1, 1e-9, 1e15][usize::try_from(below(5)).expect("below 5")];
            match below(6) {
                0 => Part::Null,
                1 => Part::Bool(below(2) == 0),
                2 => Part::Int(digit.into()),
                3 => Part::Float(f64::from(digit) * scale),
                4 => Part::Text(key!("{digit}").expect("a key").into()),
                _ => Part::Text(text.into()),
            }
        };
        // Equal numbers are one value.
        let name = |part: &Part<'_>| match part {
            Part::Int(whole) => format!("{:?}", i32::try_from(*whole).map(f64::from)),
            Part::Float(float) => format!("{:?}", Ok::<_, ()>(float + 0.0)),
            other => format!("{other:?}"),
        };
        let mut made = HashMap::new();
        for _ in 0..5_000 {
            let (a, b) = (Given(value()), Given(value()));
            let key = key!("{a}:{b}").expect("a key");
            let pair = (name(&a.0), name(&b.0));
            let other = made.entry(key).or_insert_with(|| pair.clone());
            assert_eq!(*other, pair, "seed {seed}");
        }
    }
}
