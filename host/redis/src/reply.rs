//! Replies, read as the form that the command answers with.
//!
//! Nothing here trusts the form of a reply: one that does not fit is an error.

use redis::Value;

use crate::error::{CommandError, Request};
use crate::scripts::OTHER_TYPE;

/// The command that a reply answers and its key, for the text of an error.
#[derive(Clone, Copy)]
pub(crate) struct To<'a>(pub(crate) &'static str, pub(crate) &'a [u8]);

impl To<'_> {
    pub(crate) fn request(self) -> Request {
        Request::new(self.0, self.1)
    }
}

/// A string, or `None` for a null. A key that holds another type, such as a list, counts
/// as one with the bytes of [`OTHER_TYPE`]: foreign, and replaced like these.
pub(crate) fn string(value: Value, to: To<'_>) -> Result<Option<Vec<u8>>, CommandError> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(Some(OTHER_TYPE.into())),
        other => Err(refused(&other, to)),
    }
}

/// An array.
pub(crate) fn array(value: Value, to: To<'_>) -> Result<Vec<Value>, CommandError> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(refused(&other, to)),
    }
}

/// A whole number.
pub(crate) fn integer(value: &Value, to: To<'_>) -> Result<i64, CommandError> {
    match value {
        Value::Int(number) => Ok(*number),
        other => Err(refused(other, to)),
    }
}

/// The 1 or 0 of a script.
pub(crate) fn done(value: &Value, to: To<'_>) -> Result<bool, CommandError> {
    integer(value, to).map(|number| number == 1)
}

/// `OK`, or a null where a condition was not met.
pub(crate) fn stored(value: &Value, to: To<'_>) -> Result<bool, CommandError> {
    match value {
        Value::Okay => Ok(true),
        Value::Nil => Ok(false),
        other => Err(refused(other, to)),
    }
}

/// Anything but an error.
pub(crate) fn no_error(value: &Value, to: To<'_>) -> Result<(), CommandError> {
    match value {
        Value::ServerError(_) => Err(refused(value, to)),
        _ => Ok(()),
    }
}

fn refused(value: &Value, to: To<'_>) -> CommandError {
    match value {
        Value::ServerError(error) => to.request().refused(error),
        other => CommandError::Unexpected { request: to.request(), form: form(other) },
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
    use spakky_cache_core::{SHOWN_KEY_BYTES, StoreError, StoreErrorKind};

    use super::*;

    const TO: To<'_> = To("GET", b"k|\x00\xff");

    fn error(line: &str) -> Value {
        redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap()
    }

    #[test]
    fn replies_of_the_expected_form() {
        assert_eq!(string(Value::Nil, TO), Ok(None));
        assert_eq!(string(Value::BulkString(vec![1]), TO), Ok(Some(vec![1])));
        assert_eq!(string(error("WRONGTYPE Operation"), TO), Ok(Some(OTHER_TYPE.to_vec())));
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
        let unexpected = |form| CommandError::Unexpected { request: TO.request(), form };
        let number = || Value::Int(1);
        assert_eq!(string(number(), TO), Err(unexpected("a number")));
        assert_eq!(array(number(), TO), Err(unexpected("a number")));
        assert_eq!(integer(&Value::Okay, TO), Err(unexpected("OK")));
        assert_eq!(stored(&number(), TO), Err(unexpected("a number")));
        let text = unexpected("a number").to_string();
        assert_eq!(text, "GET \"k|\\x00\\xff\": unexpected answer: a number");
    }

    #[test]
    fn errors_are_states_that_pass_or_failures() {
        let cases = [
            (StoreErrorKind::Unavailable, &["READONLY You", "LOADING Redis", "TRYAGAIN"][..]),
            (StoreErrorKind::Unavailable, &["MASTERDOWN Link", "BUSY Redis"]),
            (StoreErrorKind::Failed, &["WRONGTYPE Operation", "OOM command", "ERR x"]),
            (StoreErrorKind::Failed, &["NOPERM y", "MISCONF z"]),
        ];
        for (kind, lines) in cases {
            for line in lines {
                let refused = no_error(&error(line), TO).unwrap_err();
                assert!(refused.to_string().contains(line), "{refused}");
                assert_eq!(StoreError::from(refused).kind(), kind, "{line}");
            }
        }
    }

    #[test]
    fn an_error_shows_the_beginning_of_a_long_key() {
        let text = To("SET", &[b'x'; 2_000]).request().to_string();
        assert_eq!(text.len(), "SET \"\"..".len() + SHOWN_KEY_BYTES);
    }
}
