//! What the server answers, as what a step asked for.
//!
//! Nothing here trusts the form of a reply: what does not fit is a failure.

use std::fmt;

use redis::{ServerError, Value};
use spakky_cache_core::StoreError;

/// How many bytes of a key an error shows.
const SHOWN_KEY_BYTES: usize = 128;

/// What a reply is to: a command and its key, for the text of an error.
#[derive(Clone, Copy)]
pub(crate) struct To<'a>(pub(crate) &'static str, pub(crate) &'a [u8]);

impl fmt::Display for To<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let To(command, key) = self;
        let shown = &key[..key.len().min(SHOWN_KEY_BYTES)];
        let more = if shown.len() < key.len() { ".." } else { "" };
        write!(f, "{command} \"{}{more}\"", shown.escape_ascii())
    }
}

/// A string, or none for a null.
pub(crate) fn string(value: Value, to: To<'_>) -> Result<Option<Vec<u8>>, StoreError> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        other => Err(refused(&other, to)),
    }
}

/// An array.
pub(crate) fn array(value: Value, to: To<'_>) -> Result<Vec<Value>, StoreError> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(refused(&other, to)),
    }
}

/// A whole number.
pub(crate) fn integer(value: &Value, to: To<'_>) -> Result<i64, StoreError> {
    match value {
        Value::Int(number) => Ok(*number),
        other => Err(refused(other, to)),
    }
}

/// The 1 or 0 of a script.
pub(crate) fn done(value: &Value, to: To<'_>) -> Result<bool, StoreError> {
    integer(value, to).map(|number| number == 1)
}

/// `OK`, or a null where a condition was not met.
pub(crate) fn stored(value: &Value, to: To<'_>) -> Result<bool, StoreError> {
    match value {
        Value::Okay => Ok(true),
        Value::Nil => Ok(false),
        other => Err(refused(other, to)),
    }
}

/// Anything but an error.
pub(crate) fn no_error(value: &Value, to: To<'_>) -> Result<(), StoreError> {
    match value {
        Value::ServerError(_) => Err(refused(value, to)),
        _ => Ok(()),
    }
}

fn refused(value: &Value, to: To<'_>) -> StoreError {
    match value {
        Value::ServerError(error) => failure(error, to),
        other => StoreError::Failed(format!("{to}: an answer that is {}", form(other))),
    }
}

/// An error that the server answered: a state that passes, or a failure.
fn failure(error: &ServerError, to: To<'_>) -> StoreError {
    let text = format!("{to}: {} {}", error.code(), error.details().unwrap_or_default());
    match error.code() {
        // A replica, also one that was the primary until a moment ago; a start
        // that is still reading its data; a script of somebody's that runs long.
        "READONLY" | "LOADING" | "MASTERDOWN" | "BUSY" | "TRYAGAIN" | "CLUSTERDOWN" => {
            StoreError::Unavailable(text)
        }
        _ => StoreError::Failed(text),
    }
}

/// The form of a value, without its content.
fn form(value: &Value) -> &'static str {
    match value {
        Value::Nil => "null",
        Value::Int(_) => "a number",
        Value::BulkString(_) | Value::SimpleString(_) | Value::VerbatimString { .. } => "a string",
        Value::Array(_) => "an array",
        Value::Okay => "OK",
        Value::Map(_) => "a map",
        _ => "of an unexpected form",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: To<'_> = To("GET", b"k|\x00\xff");

    fn error(line: &str) -> Value {
        redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap()
    }

    #[test]
    fn replies_of_the_expected_form() {
        assert_eq!(string(Value::Nil, TO), Ok(None));
        assert_eq!(string(Value::BulkString(vec![1]), TO), Ok(Some(vec![1])));
        assert_eq!(array(Value::Array(vec![]), TO), Ok(vec![]));
        assert_eq!(integer(&Value::Int(-2), TO), Ok(-2));
        assert_eq!(done(&Value::Int(1), TO), Ok(true));
        assert_eq!(done(&Value::Int(0), TO), Ok(false));
        assert_eq!(stored(&Value::Okay, TO), Ok(true));
        assert_eq!(stored(&Value::Nil, TO), Ok(false));
        assert_eq!(no_error(&Value::Int(1), TO), Ok(()));
    }

    #[test]
    fn replies_of_another_form_are_failures() {
        let failed = |text: &str| StoreError::Failed(format!("GET \"k|\\x00\\xff\": {text}"));
        let number = || Value::Int(1);
        assert_eq!(string(number(), TO), Err(failed("an answer that is a number")));
        assert_eq!(array(number(), TO), Err(failed("an answer that is a number")));
        assert_eq!(integer(&Value::Okay, TO), Err(failed("an answer that is OK")));
        assert_eq!(stored(&number(), TO), Err(failed("an answer that is a number")));
    }

    #[test]
    fn errors_are_states_that_pass_or_failures() {
        for line in ["READONLY You", "LOADING Redis", "MASTERDOWN Link", "BUSY Redis", "TRYAGAIN"] {
            let refused = no_error(&error(line), TO).unwrap_err();
            assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
        }
        for line in ["WRONGTYPE Operation", "OOM command", "ERR x", "NOPERM y", "MISCONF z"] {
            let refused = no_error(&error(line), TO).unwrap_err();
            assert!(
                matches!(&refused, StoreError::Failed(text) if text.contains(line)),
                "{refused}"
            );
        }
    }

    #[test]
    fn an_error_shows_the_beginning_of_a_long_key() {
        let text = To("SET", &[b'x'; 2_000]).to_string();
        assert_eq!(text.len(), "SET \"\"..".len() + SHOWN_KEY_BYTES);
    }
}
