//! Spans of time as they are written in an attribute: `250ms`, `5m`, `1h30m`.

/// In milliseconds, from largest to smallest, which is also their order.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Milliseconds, or what is wrong.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let total = parse_parts(text).ok_or_else(|| {
        format!(
            "`{text}` is not a duration: write whole numbers with their units \
             (`d`, `h`, `m`, `s`, `ms`), such as `5m` or `1h30m`"
        )
    })?;
    if total == 0 {
        return Err("a duration of zero: nothing can be cached for no time".to_owned());
    }
    Ok(total)
}

fn parse_parts(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut units = UNITS.iter();
    let mut rest = text;
    loop {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        // The iterator goes on where it was, so each unit comes once, and the
        // larger ones first.
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*factor)?)?;
        if after.is_empty() {
            return Some(total);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_numbers_with_units() {
        for (text, expected) in [
            ("1ms", 1),
            ("250ms", 250),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = [
            "",
            "5",
            "m",
            "5 m",
            " 5m",
            "5m ",
            "-5m",
            "1.5s",
            "5min",
            "5M",
            "5m5m",
            "5m1h",
            "5ms1s",
            "0s",
            "0h0m",
            "99999999999999999999s",
            "99999999999999999d",
            "٣s",
        ];
        for text in wrong {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
