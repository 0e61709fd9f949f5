//! How a function of the contract reaches the context of its caller, in both versions.
//!
//! A plain function suspends the whole `Store` while it waits. An `async func` leaves it
//! to others, and borrows it for a moment only.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use spakky_cache_core::Session;
use wasmtime::component::{Accessor, HasSelf};
use wasmtime::{AsContextMut, StoreContextMut};

use crate::context::CacheCtx;

/// How the data of a store leads to its context.
pub(crate) type Get<T> = fn(&mut T) -> &mut CacheCtx;

/// The context of the caller of a function.
pub(crate) trait Access: Send {
    /// Borrows the context.
    fn with<R>(&mut self, f: impl FnOnce(&mut CacheCtx) -> R) -> R;

    /// Identifies the caller: the task of the guest that began with a call from the
    /// host. An instance has several at once only where the engine supports concurrency.
    fn caller(&mut self) -> wasmtime::Result<u64>;

    /// The session of the instance.
    fn session(&mut self) -> Session {
        self.with(|context| context.session.clone())
    }

    /// The session, for this caller.
    fn callers_session(&mut self) -> wasmtime::Result<Session> {
        let caller = self.caller()?;
        Ok(self.with(|context| context.session.caller(caller)))
    }
}

/// The caller of a plain function.
pub(crate) struct Plain<'a, T: 'static> {
    pub(crate) store: StoreContextMut<'a, T>,
    pub(crate) get: Get<T>,
}

impl<T: Send + 'static> Access for Plain<'_, T> {
    fn with<R>(&mut self, f: impl FnOnce(&mut CacheCtx) -> R) -> R {
        f((self.get)(self.store.data_mut()))
    }

    fn caller(&mut self) -> wasmtime::Result<u64> {
        root_task(self.store.as_context_mut())
    }
}

/// The caller of an `async func`.
pub(crate) struct Concurrent<'a, T: Send + 'static> {
    pub(crate) accessor: &'a Accessor<T, HasSelf<T>>,
    pub(crate) get: Get<T>,
}

impl<T: Send + 'static> Access for Concurrent<'_, T> {
    fn with<R>(&mut self, f: impl FnOnce(&mut CacheCtx) -> R) -> R {
        self.accessor.with(|mut access| f((self.get)(access.data_mut())))
    }

    fn caller(&mut self) -> wasmtime::Result<u64> {
        self.accessor.with(|mut access| root_task(access.as_context_mut()))
    }
}

fn root_task<T: Send>(mut store: StoreContextMut<'_, T>) -> wasmtime::Result<u64> {
    if !store.engine().get_concurrency_support() {
        return Ok(0);
    }
    let root = store.async_call_stack()?.last();
    // The identity is opaque. Its hash is as good, with the same keys for every call.
    Ok(BuildHasherDefault::<DefaultHasher>::default().hash_one(root))
}
