use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Why an operation of the cache failed. A miss is an answer, never an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The value cannot be encoded as CBOR, or what is stored is not one of this
    /// type. Nothing was stored.
    Serialization(String),
    /// A value cannot be put into a key template: it is NaN or infinite, or its `Display`
    /// failed.
    KeyGeneration,
    /// A time to live, a fresh time or a pause is zero, negative, no number, shorter than a
    /// millisecond or longer than the host allows, or the entry would be fresh for longer
    /// than it lives; says which.
    InvalidTtl(String),
    /// A key, a tag, or their number is outside the limits; says which, and the
    /// limit. Nothing was read or written.
    InvalidKey(String),
    /// The value is too large.
    ValueTooLarge {
        /// The most that the host takes, in bytes.
        limit: u64,
    },
    /// Another caller held the key's lease for longer than the wait allowed.
    LockTimeout,
    /// This component holds the key's lease itself: waiting would never end.
    LeaseHeld,
    /// The last load of the key failed, and asked that nobody tries again yet.
    LoadFailed {
        /// For how much longer.
        retry_after: Duration,
    },
    /// The backend cannot be reached, or did not answer in time.
    Unavailable,
    /// The backend answered, and the answer was a failure. The host's log has more.
    OperationFailed,
    /// The component was not granted this operation: it may only read (`--read-only`).
    Denied,
    /// The component has used up something that it was granted a limit of, such as leases
    /// (`--max-leases`); says which, and the limit.
    QuotaExceeded(String),
    /// This host does not offer what was asked for; says what.
    Unsupported(String),
}

impl Error {
    /// The contract's name for this kind of failure, such as `lock-timeout`: for
    /// logs and for other languages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Serialization(_) => "serialization",
            Self::KeyGeneration => "key-generation",
            Self::InvalidTtl(_) => "invalid-ttl",
            Self::InvalidKey(_) => "invalid-key",
            Self::ValueTooLarge { .. } => "value-too-large",
            Self::LockTimeout => "lock-timeout",
            Self::LeaseHeld => "lease-held",
            Self::LoadFailed { .. } => "load-failed",
            Self::Unavailable => "unavailable",
            Self::OperationFailed => "operation-failed",
            Self::Denied => "denied",
            Self::QuotaExceeded(_) => "quota-exceeded",
            Self::Unsupported(_) => "unsupported",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serialization(reason) => write!(f, "serialization failed: {reason}"),
            Self::KeyGeneration => f.write_str("a value could not be formatted into a key"),
            Self::InvalidTtl(reason) => write!(f, "invalid time: {reason}"),
            Self::InvalidKey(reason) => write!(f, "invalid key: {reason}"),
            Self::ValueTooLarge { limit } => {
                write!(f, "the value is too large: the limit is {limit} bytes")
            }
            Self::LockTimeout => f.write_str("another caller is still loading this key"),
            Self::LeaseHeld => f.write_str("this component holds the lease of this key itself"),
            Self::LoadFailed { retry_after } => {
                write!(
                    f,
                    "the last load of this key failed, and is not repeated for {retry_after:?}"
                )
            }
            Self::Unavailable => f.write_str("the cache cannot be reached"),
            Self::OperationFailed => f.write_str("the cache's backend answered with a failure"),
            Self::Denied => f.write_str(
                "this operation was not granted to the component: it may only read (--read-only)",
            ),
            Self::QuotaExceeded(quota) => write!(f, "a quota is used up: {quota}"),
            Self::Unsupported(what) => write!(f, "this host does not offer {what}"),
        }
    }
}

impl StdError for Error {}

/// Why [`Cache::get_or_load`](crate::Cache::get_or_load) has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError<E> {
    /// The cache failed, before the loader ran or after it.
    Cache(Error),
    /// The loader failed; this is its error, unchanged. Nothing was stored, and
    /// the next caller loads.
    Loader(E),
}

impl<E: From<Error>> LoadError<E> {
    /// The loader's error, or the cache's as one of the same type.
    ///
    /// ```
    /// # use spakky_cache::{Error, LoadError};
    /// let error: LoadError<Box<dyn std::error::Error>> = LoadError::Loader("no such user".into());
    /// assert_eq!(error.flatten().to_string(), "no such user");
    /// ```
    pub fn flatten(self) -> E {
        match self {
            Self::Cache(error) => error.into(),
            Self::Loader(error) => error,
        }
    }
}

impl<E> From<Error> for LoadError<E> {
    fn from(error: Error) -> Self {
        Self::Cache(error)
    }
}

impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache(error) => error.fmt(f),
            Self::Loader(error) => error.fmt(f),
        }
    }
}

// Both cases show the inner error's text as their own, so the chain of sources
// goes on with what is below it.
impl<E: StdError> StdError for LoadError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Cache(error) => error.source(),
            Self::Loader(error) => error.source(),
        }
    }
}

/// Why [`Cache::try_write_through`](crate::Cache::try_write_through) or
/// [`Cache::try_write_behind`](crate::Cache::try_write_behind) did not do all of its work.
/// The cases tell whether the writer ran, for one that must not run twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError<E> {
    /// The cache failed, and the writer did not run.
    Cache(Error),
    /// The writer failed; this is its error, unchanged. The key is a miss.
    Writer(E),
    /// The writer succeeded, and then the cache failed to store the value. Readers
    /// load what the writer wrote.
    Commit(Error),
    /// Only write-behind: the writer failed, and then the entry could not be
    /// removed, so readers may still see a value that was never written.
    Rollback {
        /// The writer's error.
        writer: E,
        /// Why the entry could not be removed.
        cache: Error,
    },
}

impl<E: From<Error>> WriteError<E> {
    /// The writer's error, or else the cache's as one of the same type. This does not tell
    /// whether the writer ran.
    ///
    /// ```
    /// # use spakky_cache::{Error, WriteError};
    /// let error: WriteError<Error> = WriteError::Commit(Error::Unavailable);
    /// assert_eq!(error.flatten(), Error::Unavailable);
    /// ```
    pub fn flatten(self) -> E {
        match self {
            Self::Cache(error) | Self::Commit(error) => error.into(),
            Self::Writer(error) | Self::Rollback { writer: error, .. } => error,
        }
    }
}

impl<E> From<Error> for WriteError<E> {
    fn from(error: Error) -> Self {
        Self::Cache(error)
    }
}

impl<E: fmt::Display> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cache(error) => error.fmt(f),
            Self::Writer(error) => error.fmt(f),
            Self::Commit(error) => write!(f, "written, but not cached: {error}"),
            Self::Rollback { writer, cache } => {
                write!(f, "{writer}; and the entry could not be removed: {cache}")
            }
        }
    }
}

impl<E: StdError> StdError for WriteError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Cache(error) | Self::Commit(error) => error.source(),
            Self::Writer(error) | Self::Rollback { writer: error, .. } => error.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum AppError {
        NoSuchUser,
        Cache(Error),
    }

    impl From<Error> for AppError {
        fn from(error: Error) -> Self {
            Self::Cache(error)
        }
    }

    #[test]
    fn flatten_keeps_the_loaders_error_and_converts_the_caches() {
        assert_eq!(LoadError::Loader(AppError::NoSuchUser).flatten(), AppError::NoSuchUser);
        assert_eq!(
            LoadError::<AppError>::Cache(Error::Denied).flatten(),
            AppError::Cache(Error::Denied)
        );
    }

    #[test]
    fn a_failed_rollback_names_both_errors() {
        let error = WriteError::Rollback { writer: "disk full", cache: Error::Unavailable };
        assert_eq!(
            error.to_string(),
            "disk full; and the entry could not be removed: the cache cannot be reached"
        );
    }
}
