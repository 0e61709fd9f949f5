//! The contract's `types`, and how a failed call reaches the guest: as the contract's
//! error, or as a trap.
//!
//! The types of both versions of the contract are the same.

use std::time::Duration;

use spakky_cache_core::{EntryOptions, Error};
use wasmtime::component::{ComponentType, Lift, Lower, ResourceTableError};

/// The contract's `error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum ContractError {
    #[component(name = "invalid-ttl")]
    InvalidTtl(String),
    #[component(name = "invalid-key")]
    InvalidKey(String),
    #[component(name = "value-too-large")]
    ValueTooLarge(u64),
    #[component(name = "lock-timeout")]
    LockTimeout,
    #[component(name = "lease-held")]
    LeaseHeld,
    #[component(name = "load-failed")]
    LoadFailed(u64),
    #[component(name = "unavailable")]
    Unavailable,
    #[component(name = "operation-failed")]
    OperationFailed,
    #[component(name = "denied")]
    Denied,
    #[component(name = "quota-exceeded")]
    QuotaExceeded(String),
    #[component(name = "unsupported")]
    Unsupported(String),
}

impl From<Error> for ContractError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidTtl(why) => Self::InvalidTtl(why),
            Error::InvalidKey(why) => Self::InvalidKey(why),
            Error::ValueTooLarge(limit) => Self::ValueTooLarge(limit),
            Error::LockTimeout => Self::LockTimeout,
            Error::LeaseHeld => Self::LeaseHeld,
            Error::LoadFailed(left) => Self::LoadFailed(millis(left)),
            Error::Unavailable => Self::Unavailable,
            Error::Denied => Self::Denied,
            Error::QuotaExceeded(which) => Self::QuotaExceeded(which),
            Error::Unsupported(what) => Self::Unsupported(what),
            // The enum may gain a case before the contract does.
            _ => Self::OperationFailed,
        }
    }
}

/// The contract's `entry-options`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct ContractOptions {
    ttl: Option<u64>,
    #[component(name = "fresh-for")]
    fresh_for: Option<u64>,
    tags: Vec<String>,
}

impl From<ContractOptions> for EntryOptions {
    fn from(options: ContractOptions) -> Self {
        Self {
            ttl: options.ttl.map(Duration::from_millis),
            fresh_for: options.fresh_for.map(Duration::from_millis),
            tags: options.tags,
        }
    }
}

/// The contract's `duration-ms`.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

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

impl From<wasmtime::Error> for Failure {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        match error {
            ResourceTableError::Full => {
                let text = "leases: too many are spent, but not dropped".to_owned();
                Self::Error(Error::QuotaExceeded(text))
            }
            error => Self::Trap(error.into()),
        }
    }
}

/// The answer to a failed call, or the trap.
pub(crate) fn to_contract<T>(
    result: Result<T, Failure>,
) -> wasmtime::Result<(Result<T, ContractError>,)> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(Failure::Error(error)) => Ok((Err(error.into()),)),
        Err(Failure::Trap(error)) => Err(error),
    }
}
