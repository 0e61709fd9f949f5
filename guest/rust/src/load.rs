//! How a value is loaded: once, for callers that are suspended while they wait and for those
//! that await.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::loaded::Keep;
use crate::options::{PAUSE, milliseconds};
use crate::raw::{self, EntryOptions, Found, Lookup, LookupOptions};
use crate::{Error, LoadError, Loaded, Options, Outcome, Source, cbor, log_once};

/// For how long nobody waits for a value that could not be stored: the next ones are likely
/// to be no smaller.
const PASS_MILLISECONDS: u64 = 60_000;

/// What a load calls of the contract.
pub(crate) trait Contract {
    /// Gives the key up when it is dropped.
    type Lease;

    async fn lookup(
        &self,
        key: &str,
        options: LookupOptions<'_>,
    ) -> Result<Lookup<Self::Lease>, Error>;

    async fn commit(
        &self,
        lease: &Self::Lease,
        value: &[u8],
        options: EntryOptions<'_>,
    ) -> Result<bool, Error>;

    async fn pass(&self, lease: &Self::Lease, milliseconds: u64) -> Result<bool, Error>;

    async fn fail(&self, lease: &Self::Lease, milliseconds: u64) -> Result<bool, Error>;
}

/// The contract of plain functions, which return when they are done.
pub(crate) struct Plain;

impl Contract for Plain {
    type Lease = raw::Lease;

    async fn lookup(&self, key: &str, options: LookupOptions<'_>) -> Result<Lookup, Error> {
        raw::lookup(key, options)
    }

    async fn commit(
        &self,
        lease: &raw::Lease,
        value: &[u8],
        options: EntryOptions<'_>,
    ) -> Result<bool, Error> {
        lease.commit(value, options)
    }

    async fn pass(&self, lease: &raw::Lease, milliseconds: u64) -> Result<bool, Error> {
        lease.pass(milliseconds)
    }

    async fn fail(&self, lease: &raw::Lease, milliseconds: u64) -> Result<bool, Error> {
        lease.fail(milliseconds)
    }
}

/// What a future over [`Plain`] comes to: it has nothing to wait for.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("a plain function returns when it is done"),
    }
}

/// Why a load has no value.
pub(crate) enum Failure<T, E> {
    /// The cache failed, and the loader did not run.
    Before(Error),
    /// The loader failed.
    Loader(E),
    /// The cache failed to store what the loader returned.
    After(Error, T),
}

impl<T, E> From<Error> for Failure<T, E> {
    fn from(error: Error) -> Self {
        Self::Before(error)
    }
}

impl<T, E> From<Failure<T, E>> for LoadError<E> {
    fn from(failure: Failure<T, E>) -> Self {
        match failure {
            Failure::Before(error) | Failure::After(error, _) => Self::Cache(error),
            Failure::Loader(error) => Self::Loader(error),
        }
    }
}

/// An entry that was found, as a `T`.
struct Usable<T> {
    value: T,
    fresh: bool,
    version: u64,
    age: Duration,
}

impl<T> Usable<T> {
    fn outcome<E>(self, error: Option<LoadError<E>>) -> Outcome<T, E> {
        Outcome {
            value: self.value,
            source: if self.fresh { Source::Hit } else { Source::Stale },
            stored: false,
            error,
            version: Some(self.version),
            age: Some(self.age),
        }
    }
}

/// An entry that will not do.
struct Unusable {
    version: u64,
    /// None: the caller said so.
    error: Option<Error>,
}

fn check<T: Serialize + DeserializeOwned>(
    found: &Found,
    fresh: bool,
    unless: Option<u64>,
) -> Result<Usable<T>, Unusable> {
    let Found { version, age, .. } = *found;
    if unless == Some(version) {
        // Why a library named it is known by now, and why a caller did is its own affair.
        let error = cbor::decode::<T>(&found.value).err();
        return Err(Unusable { version, error });
    }
    let value = cbor::decode(&found.value);
    let value = value.map_err(|error| Unusable { version, error: Some(error) })?;
    Ok(Usable { value, fresh, version, age: Duration::from_millis(age) })
}

/// The value of `key`, or what `loader` returns.
pub(crate) async fn load<C: Contract, T: Serialize + DeserializeOwned, E>(
    contract: &C,
    key: &str,
    options: &Options,
    loader: impl AsyncFnOnce() -> Result<Loaded<T>, E>,
) -> Result<Outcome<T, E>, Failure<T, E>> {
    let checked = options.check()?;
    let mut lookup = checked.lookup();
    let mut looked_again = false;
    // Every way out of here drops the lease, and so frees the key.
    let (lease, found, error) = loop {
        let (entry, lease) = match contract.lookup(key, lookup).await? {
            Lookup::Hit(entry) => (Some((entry, true)), None),
            Lookup::Stale { entry, fresh, refresh } => (Some((entry, fresh)), refresh),
            Lookup::Miss(lease) => (None, Some(lease)),
            Lookup::Pass => (None, None),
        };
        let found = entry.map(|(entry, fresh)| check::<T>(&entry, fresh, lookup.unless));
        match (found.transpose(), lease) {
            (Ok(Some(found)), None) => return Ok(found.outcome(None)),
            (Ok(found), lease) => break (lease, found, None),
            (Err(_), Some(lease)) => break (Some(lease), None, None),
            (Err(Unusable { version, error }), None) => {
                if looked_again {
                    break (None, None, error);
                }
                looked_again = true;
                lookup.unless = Some(version);
            }
        }
    };
    if let Some(error) = &error {
        log_once::undecodable(key, error);
    }

    let new = match loader().await {
        Ok(new) => new,
        Err(error) => {
            if let (Some(lease), Some(pause)) = (&lease, checked.retry_after) {
                // If this fails, the key is given up without a pause.
                let _ = contract.fail(lease, pause).await;
            }
            return match found {
                Some(found) if found.fresh || checked.stale_if_error => {
                    Ok(found.outcome(Some(LoadError::Loader(error))))
                }
                _ => Err(Failure::Loader(error)),
            };
        }
    };

    let source = if lease.is_some() { Source::Loaded } else { Source::Passed };
    let stored = match lease {
        Some(lease) => store(contract, key, &lease, options, &new).await,
        None => Ok(Stored::No(error)),
    };
    let (stored, error) = match (stored, found) {
        (Ok(Stored::Yes), _) => (true, None),
        (Ok(Stored::No(error)), _) => (false, error),
        (Err(error), Some(found)) if found.fresh || checked.stale_if_error => {
            return Ok(found.outcome(Some(LoadError::Cache(error))));
        }
        (Err(error), _) => return Err(Failure::After(error, new.value)),
    };
    let error = error.map(LoadError::Cache);
    Ok(Outcome { value: new.value, source, stored, error, version: None, age: None })
}

/// What became of a loaded value.
enum Stored {
    Yes,
    /// With the reason, unless it was the loader's wish or it was overtaken.
    No(Option<Error>),
}

async fn store<C: Contract, T: Serialize + DeserializeOwned>(
    contract: &C,
    key: &str,
    lease: &C::Lease,
    options: &Options,
    loaded: &Loaded<T>,
) -> Result<Stored, Error> {
    let chosen;
    let checked = match &loaded.keep {
        Keep::Discard => return Ok(Stored::No(None)),
        Keep::Pass(time) => {
            contract.pass(lease, milliseconds(PAUSE, *time)?).await?;
            return Ok(Stored::No(None));
        }
        Keep::Store(choice) => {
            chosen = options.choose(choice);
            chosen.check()?
        }
    };
    let stored = match cbor::encode(&loaded.value) {
        Ok(bytes) => contract.commit(lease, &bytes, checked.entry()).await,
        Err(error) => Err(error),
    };
    match stored {
        Ok(true) => Ok(Stored::Yes),
        Ok(false) => Ok(Stored::No(None)),
        Err(error @ (Error::Serialization(_) | Error::ValueTooLarge { .. })) => {
            log_once::unstored(key, &error);
            // If this fails, those who wait load one after another.
            let _ = contract.pass(lease, PASS_MILLISECONDS).await;
            Ok(Stored::No(Some(error)))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
