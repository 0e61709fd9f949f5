//! Errors: what a caller sees of a failure, and what a store reports.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a caller sees of a failure: its kind, and nothing of the backend.
///
/// Each variant is a case of the contract's `types.error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A time to live, a fresh time or a pause is zero or too long, or they
    /// contradict.
    #[error("{0}")]
    InvalidTtl(String),
    /// A key, a tag, or their number is outside the limits.
    #[error("{0}")]
    InvalidKey(String),
    /// A value, or the values of one batch together, have more bytes than this
    /// limit.
    #[error("the value or batch is larger than {0} bytes")]
    ValueTooLarge(u64),
    /// Another caller held the lease for longer than the wait allowed.
    #[error("another caller is loading this key, and took longer than the wait allowed")]
    LockTimeout,
    /// The caller holds the lease itself.
    #[error("the caller holds this key's lease itself")]
    LeaseHeld,
    /// The last load failed, and is not to be repeated for this much longer.
    #[error("the last load of this key failed, and is not repeated for {0:?}")]
    LoadFailed(Duration),
    /// The store cannot be reached or did not answer in time.
    #[error("the store cannot be reached or did not answer in time")]
    Unavailable,
    /// The store answered, and the answer was a failure.
    #[error("the store failed the operation")]
    OperationFailed,
    /// The caller was not granted this operation.
    #[error("the operation was not granted")]
    Denied,
    /// The caller has used up a quota.
    #[error("{0}")]
    QuotaExceeded(String),
    /// This cache does not offer what was asked for.
    #[error("{0}")]
    Unsupported(String),
}

/// What kind of failure it is, as far as a caller may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store cannot be reached, did not answer in time, or is in a state
    /// that passes. A later attempt may succeed.
    Unavailable,
    /// The store answered with an error.
    Failed,
    /// The store takes no value of more bytes than this.
    ValueTooLarge(u64),
}

/// The error of a step of a [`Store`](crate::Store).
///
/// Its [`source`](std::error::Error::source) is the backend's own error. It is
/// for the host's log, never for a guest.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Arc<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// An error of `kind` that `source` caused.
    pub fn new(
        kind: StoreErrorKind,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, source: source.into().into() }
    }

    /// Whether a later attempt may succeed.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

/// Compares the kinds: sources cannot be compared.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for StoreError {}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Unavailable => "the store is unavailable",
            StoreErrorKind::Failed => "the store failed",
            StoreErrorKind::ValueTooLarge(_) => "the value is too large for the store",
        })
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

impl From<StoreErrorKind> for Error {
    fn from(kind: StoreErrorKind) -> Self {
        match kind {
            StoreErrorKind::Unavailable => Self::Unavailable,
            StoreErrorKind::Failed => Self::OperationFailed,
            StoreErrorKind::ValueTooLarge(limit) => Self::ValueTooLarge(limit),
        }
    }
}
