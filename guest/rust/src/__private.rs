//! What the macros expand to. Not part of the interface: it changes with them.

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::template::Template;
use crate::{Cache, Error, Options, raw};

/// What a function under one of the attributes returns: a `Result`, under whatever
/// alias. A trait only for the sake of the message.
#[diagnostic::on_unimplemented(
    message = "a cached function returns a `Result`, and this one a `{Self}`",
    label = "the cache can fail, and the caller has to hear of it",
    note = "return `Result<{Self}, E>`, where `E` is `spakky_cache::Error` or made from it"
)]
pub trait Outcome {
    /// Of `Ok`.
    type Value;
    /// Of `Err`.
    type Failure;
    /// Out of the alias.
    fn into_result(self) -> Result<Self::Value, Self::Failure>;
    /// And back into it.
    fn from_result(result: Result<Self::Value, Self::Failure>) -> Self;
}

impl<T, E> Outcome for Result<T, E> {
    type Value = T;
    type Failure = E;

    fn into_result(self) -> Self {
        self
    }

    fn from_result(result: Self) -> Self {
        result
    }
}

/// A function under `#[cacheable]`.
pub fn cacheable<R>(call: Result<(String, Options), Error>, body: impl FnOnce() -> R) -> R
where
    R: Outcome<Value: Serialize + DeserializeOwned, Failure: From<Error>>,
{
    R::from_result(call.map_err(Into::into).and_then(|(key, options)| {
        Cache::<R::Value>::new().fetch(&key, options, || body().into_result())
    }))
}

/// What a function under `#[cache_evict]` evicts once it has succeeded.
#[derive(Debug)]
pub enum Evict {
    /// Everything.
    All,
    /// An entry, and the entries of some tags.
    Some {
        /// The entry's key.
        key: Option<String>,
        /// The tags.
        tags: Vec<String>,
    },
}

/// A function under `#[cache_evict]`.
pub fn cache_evict<R>(call: Result<Evict, Error>, body: impl FnOnce() -> R) -> R
where
    R: Outcome<Failure: From<Error>>,
{
    R::from_result(call.map_err(Into::into).and_then(|evict| {
        let value = body().into_result()?;
        evict.run()?;
        Ok(value)
    }))
}

impl Evict {
    fn run(&self) -> Result<(), Error> {
        let Self::Some { key, tags } = self else { return raw::clear() };
        if let Some(key) = key {
            raw::delete(key)?;
        }
        if !tags.is_empty() {
            crate::evict_tags(tags)?;
        }
        Ok(())
    }
}
