//! Why an operation failed: to the caller, and from the store.

/// What a caller may know of a failure: its kind, and nothing of the backend's.
///
/// Each case is one of the contract's `types.error`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A time to live or fresh time is zero, too long, or they contradict.
    #[error("the time to live is zero, too long, or shorter than the fresh time")]
    InvalidTtl,
    /// A key, a tag, or their number is outside the limits.
    #[error("{0}")]
    InvalidKey(String),
    /// The value has more bytes than this limit.
    #[error("the value is larger than {0} bytes")]
    ValueTooLarge(u64),
    /// Another caller held the lease for longer than the wait allowed.
    #[error("another caller is loading this key, and took longer than the wait allowed")]
    LockTimeout,
    /// The caller holds the lease itself.
    #[error("the caller holds this key's lease itself")]
    LeaseHeld,
    /// The store cannot be reached or did not answer in time.
    #[error("the store cannot be reached or did not answer in time")]
    Unavailable,
    /// The store answered, and the answer was a failure.
    #[error("the store failed the operation")]
    OperationFailed,
    /// The caller was not granted this operation.
    #[error("the operation was not granted")]
    Denied,
    /// The caller has used up something that it was granted a limit of.
    #[error("a quota is used up")]
    QuotaExceeded,
}

/// Why a store failed, with what the host's log should say of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No connection, or no answer in time: trying again later may help.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The store answered with an error.
    #[error("failed: {0}")]
    Failed(String),
}

impl From<StoreError> for Error {
    /// Keeps the kind and logs the text, which is not for the caller's eyes.
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "store");
        match error {
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::Failed(_) => Self::OperationFailed,
        }
    }
}
