//! Spans of time as they are written in an attribute: `250ms`, `5m`, `1h30m`.

/// In milliseconds, from largest to smallest, which is also their order.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Milliseconds, or what is wrong.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let positive = text.strip_prefix('-').unwrap_or(text);
    let parts = parts(positive).ok_or_else(|| {
        format!(
            "`{text}` is not a duration: write whole numbers with their units \
             (`d`, `h`, `m`, `s`, `ms`), such as `5m` or `1h30m`"
        )
    })?;
    if positive != text {
        return Err(format!("`{text}` is a negative duration"));
    }
    let total = parts.into_iter().try_fold(0_u64, |total, (number, factor)| {
        total.checked_add(number.parse::<u64>().ok()?.checked_mul(factor)?)
    });
    match total {
        None => Err(format!("`{text}` is too long to count in milliseconds")),
        Some(0) => Err("a duration of zero: nothing can be cached for no time".to_owned()),
        Some(total) => Ok(total),
    }
}

/// The digits of each part, and its unit in milliseconds.
fn parts(text: &str) -> Option<Vec<(&str, u64)>> {
    let mut parts = Vec::new();
    let mut units = UNITS.iter();
    let mut rest = text;
    loop {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        // The iterator goes on where it was, so each unit comes once, and the
        // larger ones first.
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        if number.is_empty() {
            return None;
        }
        parts.push((number, *factor));
        if after.is_empty() {
            return Some(parts);
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
    fn anything_else_is_refused_with_its_reason() {
        for (reason, wrong) in [
            (
                "is not a duration",
                &["", "-", "5", "m", "5 m", " 5m", "5m ", "1.5s", "5min", "5M", "5m5m", "5m1h"][..],
            ),
            ("is not a duration", &["5ms1s", "٣s", "--5m"]),
            ("negative", &["-5m", "-1h30m"]),
            ("of zero", &["0s", "0h0m"]),
            ("too long", &["99999999999999999999s", "99999999999999999d"]),
        ] {
            for text in wrong {
                let error = parse(text).expect_err(text);
                assert!(error.contains(reason), "{text}: {error}");
            }
        }
    }
}
