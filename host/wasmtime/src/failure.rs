//! How a failed call reaches the guest: as the contract's error, or as a trap.

use spakky_cache_core::Error;
use wasmtime::component::ResourceTableError;

use crate::bindings::spakky::cache::types;

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error for the guest to handle.
    Error(Error),
    /// A forged handle, or a bug of the host.
    Trap(wasmtime::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => Self::Error(Error::QuotaExceeded),
            error => Self::Trap(error.into()),
        }
    }
}

impl Failure {
    pub(crate) fn into_contract(self) -> wasmtime::Result<types::Error> {
        Ok(match self {
            Self::Trap(error) => return Err(error),
            Self::Error(error) => match error {
                Error::InvalidTtl => types::Error::InvalidTtl,
                Error::InvalidKey(why) => types::Error::InvalidKey(why),
                Error::ValueTooLarge(limit) => types::Error::ValueTooLarge(limit),
                Error::LockTimeout => types::Error::LockTimeout,
                Error::LeaseHeld => types::Error::LeaseHeld,
                Error::Unavailable => types::Error::Unavailable,
                Error::Denied => types::Error::Denied,
                Error::QuotaExceeded => types::Error::QuotaExceeded,
                // The enum may gain a case before the contract does.
                _ => types::Error::OperationFailed,
            },
        })
    }
}
