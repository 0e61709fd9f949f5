use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Options, cbor, raw};

/// What a caller that is ready to load finds.
#[derive(Debug)]
pub enum Lookup<T> {
    /// A fresh entry.
    Hit(T),
    /// An entry past its fresh time, or so close to it that this caller was chosen
    /// to refresh it early.
    Stale {
        /// The value as it was stored: it may be served.
        value: T,
        /// The right to refresh the entry; none: another caller has it.
        refresh: Option<Lease<T>>,
    },
    /// No entry, and this caller is the one to load it.
    Miss(Lease<T>),
}

/// The right, and the duty, to fill one key with a value of type `T`.
///
/// The host keeps it alive while the component holds it. Dropping it unfilled, or a
/// trap of the component, gives it up at once, and one waiting caller takes over.
#[must_use = "a lease that is dropped at once loads nothing"]
pub struct Lease<T> {
    raw: raw::Lease,
    value: PhantomData<fn(&T)>,
}

impl<T> Lease<T> {
    pub(crate) fn new(raw: raw::Lease) -> Self {
        Self { raw, value: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned> Lease<T> {
    /// Stores the loaded value and wakes the callers that wait for it. False:
    /// something removed or replaced the key since the load began, so the value was
    /// not stored; it may still be used, once.
    ///
    /// Whatever the outcome, the lease is over: after an error the next caller
    /// loads.
    pub fn commit(self, value: &T, options: impl Borrow<Options>) -> Result<bool, Error> {
        let options = options.borrow().check()?;
        self.raw.commit(&cbor::encode(value)?, options.entry())
    }
}

impl<T> fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}
