//! What the macros expand to. Not part of the interface: it changes with them.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use crate::template::Template;
use crate::{Cache, Error, LoadError, Loaded, Options, raw};

/// What a function returns, which decides how it is cached. `kind` is a method of the type
/// for a `Result` of any alias, and of [`Any`] for whatever else.
#[derive(Debug)]
pub struct Returns<R>(PhantomData<fn() -> R>);

impl<R> Returns<R> {
    /// What `body` returns.
    pub fn of(_: &impl FnOnce() -> R) -> Self {
        Self(PhantomData)
    }
}

impl<T, E> Returns<Result<Loaded<T>, E>> {
    /// It can fail, and chooses how its value is stored.
    pub fn kind(&self) -> FallibleChoice {
        FallibleChoice
    }
}

impl<T> Returns<Loaded<T>> {
    /// It cannot fail, and chooses how its value is stored.
    pub fn kind(&self) -> InfallibleChoice {
        InfallibleChoice
    }
}

/// Chosen where [`Returns`] has no `kind` of its own.
pub trait AnyResult {
    /// It can fail, and its caller hears of a failed cache.
    fn kind(&self) -> Fallible {
        Fallible
    }
}

impl<T, E> AnyResult for Returns<Result<T, E>> {}

/// Chosen where there is no other `kind`, since it is one reference further.
pub trait Any {
    /// It cannot fail.
    fn kind(&self) -> Infallible {
        Infallible
    }
}

impl<R> Any for &Returns<R> {}

/// Of a function that returns a `Result` of a [`Loaded`].
#[derive(Debug)]
pub struct FallibleChoice;

impl FallibleChoice {
    /// A function under `#[cacheable]`.
    pub fn cacheable<T, E>(
        self,
        call: Result<(String, Options), Error>,
        body: impl FnOnce() -> Result<Loaded<T>, E>,
    ) -> Result<Loaded<T>, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<Error>,
    {
        let (key, options) = call?;
        let outcome = Cache::new().get_or_load_outcome(&key, options, body);
        outcome.map(|outcome| Loaded::new(outcome.value)).map_err(LoadError::flatten)
    }
}

/// Of a function that returns a [`Loaded`].
#[derive(Debug)]
pub struct InfallibleChoice;

impl InfallibleChoice {
    /// A function under `#[cacheable]`.
    pub fn cacheable<T>(
        self,
        call: Result<(String, Options), Error>,
        body: impl FnOnce() -> Loaded<T>,
    ) -> Loaded<T>
    where
        T: Serialize + DeserializeOwned,
    {
        Loaded::new(Cache::load(call, body))
    }
}

/// Of a function that returns a `Result`.
#[derive(Debug)]
pub struct Fallible;

impl Fallible {
    /// A function under `#[cacheable]`.
    pub fn cacheable<T, E>(
        self,
        call: Result<(String, Options), Error>,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<Error>,
    {
        let (key, options) = call?;
        Cache::new().fetch(&key, options, body)
    }
}

/// Of a function that returns anything else.
#[derive(Debug)]
pub struct Infallible;

impl Infallible {
    /// A function under `#[cacheable]`.
    pub fn cacheable<T>(self, call: Result<(String, Options), Error>, body: impl FnOnce() -> T) -> T
    where
        T: Serialize + DeserializeOwned,
    {
        Cache::load(call, || Loaded::new(body()))
    }
}

/// What a function under `#[cache_evict]` returns: a `Result`, under whatever alias. A trait
/// only for the sake of the message.
#[diagnostic::on_unimplemented(
    message = "a function that evicts returns a `Result`, and this one a `{Self}`",
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
