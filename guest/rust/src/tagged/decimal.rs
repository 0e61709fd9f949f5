use std::fmt;
use std::str::FromStr;

use ciborium::Value;
use ciborium::value::Integer;

use super::{ParseError, Tagged, tagged};

/// A decimal, mantissa × 10^exponent, which other languages read as their own type for
/// decimals. The exponent stays as it is: 1.10 is not 1.1.
///
/// Its text is as Python's `Decimal` and Java's `BigDecimal` write it.
///
/// ```
/// use spakky_cache::Decimal;
///
/// let price: Decimal = "1.10".parse()?;
/// assert_eq!((price.mantissa(), price.exponent()), (110, -2));
/// assert_eq!(Decimal::new(5, -8).map(|tiny| tiny.to_string()).as_deref(), Some("5E-8"));
/// # Ok::<(), spakky_cache::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: Integer64,
    exponent: i64,
}

/// An integer of the profile: 64 bits and a sign.
type Integer64 = i128;

impl Decimal {
    /// mantissa × 10^exponent. None: the mantissa has more than 64 bits and a sign.
    pub fn new(mantissa: i128, exponent: i64) -> Option<Self> {
        (-(1 << 64)..1 << 64).contains(&mantissa).then_some(Self { mantissa, exponent })
    }

    /// The digits, with the sign.
    pub const fn mantissa(&self) -> i128 {
        self.mantissa
    }

    /// The power of ten that the digits are multiplied with.
    pub const fn exponent(&self) -> i64 {
        self.exponent
    }
}

impl Tagged for Decimal {
    fn from_tag(tag: u64, content: &Value) -> Result<Self, String> {
        let numbers = content.as_array().map(Vec::as_slice);
        match (tag, numbers) {
            (4, Some([Value::Integer(exponent), Value::Integer(mantissa)])) => {
                i64::try_from(*exponent)
                    .ok()
                    .and_then(|exponent| Self::new((*mantissa).into(), exponent))
            }
            _ => None,
        }
        .ok_or_else(|| format!("it has the tag {tag} on what is no decimal"))
    }
}

tagged!(Decimal, 4, |decimal| {
    (decimal.exponent, Integer::try_from(decimal.mantissa).ok().map(Value::Integer))
});

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.mantissa.unsigned_abs().to_string();
        let sign = if self.mantissa < 0 { "-" } else { "" };
        // The digits before the point.
        let whole = i128::from(self.exponent) + i128::try_from(digits.len()).unwrap_or_default();
        f.write_str(sign)?;
        if self.exponent > 0 || whole < -5 {
            let (first, fraction) = digits.split_at(1);
            let point = if fraction.is_empty() { "" } else { "." };
            return write!(f, "{first}{point}{fraction}E{:+}", whole - 1);
        }
        match usize::try_from(whole) {
            Ok(whole) if whole > 0 => {
                let (whole, fraction) = digits.split_at(whole);
                let point = if fraction.is_empty() { "" } else { "." };
                write!(f, "{whole}{point}{fraction}")
            }
            _ => {
                let zeros = usize::try_from(-whole).unwrap_or_default();
                write!(f, "0.{}{digits}", "0".repeat(zeros))
            }
        }
    }
}

impl FromStr for Decimal {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or(ParseError("decimal"))
    }
}

fn parse(text: &str) -> Option<Decimal> {
    let (number, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    let mantissa = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits.as_str())?;
    let mantissa: i128 = mantissa.parse().ok()?;
    let exponent: i64 = exponent.parse().ok()?;
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    // There is no negative zero.
    if sign < 0 && mantissa == 0 {
        return None;
    }
    Decimal::new(sign * mantissa, exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_comes_back() {
        for text in ["0", "-7", "1.10", "0.000001", "1E-7", "-1.20E+4", "0E+3", "0.00", "9E+6000"] {
            assert_eq!(text.parse::<Decimal>().map(|read| read.to_string()).as_deref(), Ok(text));
        }
        for wrong in ["", "-", ".", "1.2.3", "1e", "NaN", "-0", "-0.0", "0x1", "1_0", "+-1"] {
            assert_eq!(wrong.parse::<Decimal>(), Err(ParseError("decimal")), "{wrong}");
        }
        assert_eq!(Decimal::new(1 << 64, 0), None);
        assert!(Decimal::new(-(1 << 64), i64::MIN).is_some_and(|low| low.to_string().len() > 20));
    }
}
