//! Compares answers with expected ones.

use serde_json::Value;

/// Matches any value.
const ANY: &str = "@any";

/// Whether `answer` is as `expected`. Of an error, only the named fields are compared (a
/// text is the kind); of a result, everything.
pub fn is_expected(expected: &Value, answer: &Value) -> bool {
    match (expected.get("error"), answer.get("error")) {
        (Some(Value::String(kind)), Some(error)) => error["kind"] == kind.as_str(),
        (Some(Value::Object(named)), Some(error)) => {
            named.iter().all(|(name, value)| same(value, &error[name]))
        }
        _ => same(expected, answer),
    }
}

/// The first values in `expected` and `answer` that differ, and their path, such as
/// `/ok/3/value`.
pub(crate) fn difference<'a>(
    expected: &'a Value,
    answer: &'a Value,
) -> (String, &'a Value, &'a Value) {
    let pairs: Vec<_> = match (expected, answer) {
        (Value::Array(expected), Value::Array(answer)) if expected.len() == answer.len() => {
            let numbers = (0..).map(|number: usize| number.to_string());
            numbers.zip(expected.iter().zip(answer)).collect()
        }
        (Value::Object(expected), Value::Object(answer)) => expected
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), (value, answer.get(name)?))))
            .collect(),
        _ => Vec::new(),
    };
    let inner = pairs.into_iter().find(|(_, (expected, answer))| !same(expected, answer));
    match inner {
        Some((name, (expected, answer))) => {
            let (place, expected, answer) = difference(expected, answer);
            (format!("/{name}{place}"), expected, answer)
        }
        None => (String::new(), expected, answer),
    }
}

/// Whether two values are the same, however numbers are written.
fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::String(text), _) if text == ANY => true,
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len()
                && expected.iter().zip(actual).all(|(expected, actual)| same(expected, actual))
        }
        (Value::Object(expected), Value::Object(actual)) => {
            if let (Some(expected), Some(actual)) =
                (float(&Value::Object(expected.clone())), float(&Value::Object(actual.clone())))
            {
                return expected.to_bits() == actual.to_bits();
            }
            expected.len() == actual.len()
                && expected.iter().all(|(name, expected)| {
                    actual.get(name).is_some_and(|actual| match (expected, actual) {
                        (Value::Array(expected), Value::Array(actual)) if name == "$map" => {
                            same_pairs(expected, actual)
                        }
                        _ => same(expected, actual),
                    })
                })
        }
        (Value::Number(expected), Value::Number(actual)) => {
            expected == actual
                || (expected.is_f64() && actual.is_f64() && expected.as_f64() == actual.as_f64())
        }
        _ => expected == actual,
    }
}

/// Whether two maps have the same pairs, in any order.
fn same_pairs(expected: &[Value], actual: &[Value]) -> bool {
    let is_there = |pair: &Value| actual.iter().any(|actual| same(pair, actual));
    expected.len() == actual.len() && expected.iter().all(is_there)
}

/// The number of `{"$float": "1e300"}`, which languages print differently. All NaNs are
/// the same.
fn float(value: &Value) -> Option<f64> {
    let float: f64 = value.get("$float")?.as_str()?.parse().ok()?;
    Some(if float.is_nan() { f64::NAN } else { float })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_shown_where_it_is() {
        let expected = json!({ "ok": [1, { "value": [2, 3] }] });
        let answer = json!({ "ok": [1, { "value": [2, 4] }] });
        assert_eq!(difference(&expected, &answer), ("/ok/1/value/1".into(), &3.into(), &4.into()));
        let shorter = json!({ "ok": [1] });
        let (place, ..) = difference(&expected, &shorter);
        assert_eq!(place, "/ok");
    }

    #[test]
    fn answers() {
        for (expected, answer) in [
            (json!({ "ok": 1 }), json!({ "ok": 1 })),
            (json!({ "ok": "@any" }), json!({ "ok": [1] })),
            (json!({ "ok": { "$float": "1e300" } }), json!({ "ok": { "$float": "1e+300" } })),
            (json!({ "ok": { "$float": "NaN" } }), json!({ "ok": { "$float": "-NaN" } })),
            (json!({ "$map": [[1, 2], [3, 4]] }), json!({ "$map": [[3, 4], [1, 2]] })),
            (json!({ "error": "denied" }), json!({ "error": { "kind": "denied", "message": "" } })),
            (json!({ "error": { "limit": 2 } }), json!({ "error": { "kind": "x", "limit": 2 } })),
        ] {
            assert!(is_expected(&expected, &answer), "{expected} {answer}");
        }
        for (expected, answer) in [
            (json!({ "ok": 1 }), json!({ "ok": "1" })),
            (json!({ "ok": null }), json!({ "error": { "kind": "denied" } })),
            (json!({ "error": "denied" }), json!({ "ok": null })),
            (json!({ "error": "denied" }), json!({ "error": { "kind": "unavailable" } })),
            (json!({ "ok": { "a": 1 } }), json!({ "ok": { "a": 1, "b": 2 } })),
            (json!({ "ok": [] }), json!({ "ok": [1] })),
            (json!({ "ok": { "$float": "0" } }), json!({ "ok": { "$float": "-0" } })),
            (json!({ "$map": [[1, 2], [3, 4]] }), json!({ "$map": [[1, 2], [3, 3]] })),
            (json!({ "ok": 1 }), json!({ "ok": { "$float": "1" } })),
        ] {
            assert!(!is_expected(&expected, &answer), "{expected} {answer}");
        }
    }
}
