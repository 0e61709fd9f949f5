//! The contract's `config`, for one instance.

use crate::bindings::spakky::cache::config::{CacheConfig, Host};
use crate::context::CacheCtx;

impl Host for CacheCtx {
    async fn get(&mut self) -> wasmtime::Result<CacheConfig> {
        Ok((&*self.settings).into())
    }
}
