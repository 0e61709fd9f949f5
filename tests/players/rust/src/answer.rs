//! The answers: one object for each step.

use serde_json::{Map, Value, json};
use spakky_cache::{Error, LoadError, WriteError};

use crate::play::milliseconds;

/// A step's result.
pub(crate) type Answer = Result<Value, Failure>;

/// The object under `error`. Tests compare its `kind`, and its `limit` and `after`
/// where there are some; the message is for people.
#[derive(Debug)]
pub(crate) struct Failure(Map<String, Value>);

impl Failure {
    pub(crate) fn new(kind: &str, message: &str) -> Self {
        Self(Map::from_iter([
            ("kind".to_owned(), Value::from(kind)),
            ("message".to_owned(), Value::from(message)),
        ]))
    }

    /// The step cannot be played as it is written.
    pub(crate) fn protocol(message: &str) -> Self {
        Self::new("protocol", message)
    }

    fn after(mut self, what: &str) -> Self {
        self.0.insert("after".to_owned(), Value::from(what));
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut failure = Self::new(error.kind(), &error.to_string());
        let number = match error {
            Error::ValueTooLarge { limit } => Some(("limit", limit)),
            Error::LoadFailed { retry_after } => Some(("left_ms", milliseconds(retry_after))),
            _ => None,
        };
        let number = number.map(|(name, number)| (name.to_owned(), Value::from(number)));
        failure.0.extend(number);
        failure
    }
}

impl From<LoadError<String>> for Failure {
    fn from(error: LoadError<String>) -> Self {
        match error {
            LoadError::Cache(error) => error.into(),
            LoadError::Loader(message) => Self::new("loader", &message),
        }
    }
}

impl From<WriteError<String>> for Failure {
    fn from(error: WriteError<String>) -> Self {
        match error {
            WriteError::Cache(error) => error.into(),
            WriteError::Writer(message) => Self::new("writer", &message),
            WriteError::Commit(error) => Self::from(error).after("writer"),
            WriteError::Rollback { cache, .. } => Self::from(cache).after("failed writer"),
        }
    }
}

/// The line that a step is answered with.
pub(crate) fn line(answer: Answer) -> String {
    match answer {
        Ok(value) => json!({ "ok": value }),
        Err(Failure(error)) => json!({ "error": error }),
    }
    .to_string()
}
