//! The contract's `cache`, for one instance.

use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Lease, Lookup};
use wasmtime::component::Resource;

use crate::bindings::spakky::cache::{cache, types};
use crate::context::CacheCtx;
use crate::failure::Failure;

type Result<T> = std::result::Result<T, Failure>;

fn options(options: types::EntryOptions) -> EntryOptions {
    EntryOptions {
        ttl: options.ttl.map(Duration::from_millis),
        fresh_for: options.fresh_for.map(Duration::from_millis),
        tags: options.tags,
    }
}

impl types::Host for CacheCtx {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<types::Error> {
        failure.into_contract()
    }
}

impl cache::Host for CacheCtx {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>> {
        Ok(self.session.get(&key).await?.map(Vec::from))
    }

    async fn get_many(&mut self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>> {
        let values = self.session.get_many(keys.iter().map(String::as_str)).await?;
        Ok(values.into_iter().map(|value| value.map(Vec::from)).collect())
    }

    async fn set(&mut self, key: String, value: Vec<u8>, entry: types::EntryOptions) -> Result<()> {
        Ok(self.session.set(&key, value.into(), &options(entry)).await?)
    }

    async fn set_many(
        &mut self,
        entries: Vec<(String, Vec<u8>)>,
        entry: types::EntryOptions,
    ) -> Result<()> {
        let (keys, values): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let values = values.into_iter().map(Bytes::from);
        let entries = keys.iter().map(String::as_str).zip(values).collect();
        Ok(self.session.set_many(entries, &options(entry)).await?)
    }

    async fn delete(&mut self, key: String) -> Result<bool> {
        Ok(self.session.delete(&key).await?)
    }

    async fn delete_many(&mut self, keys: Vec<String>) -> Result<u64> {
        Ok(self.session.delete_many(keys.iter().map(String::as_str)).await?)
    }

    async fn evict_tags(&mut self, tags: Vec<String>) -> Result<()> {
        Ok(self.session.evict_tags(&tags).await?)
    }

    async fn clear(&mut self) -> Result<()> {
        Ok(self.session.clear().await?)
    }

    async fn lookup(
        &mut self,
        key: String,
        wanted: cache::LookupOptions,
    ) -> Result<cache::LookupResult> {
        let max_wait = wanted.max_wait.map(Duration::from_millis);
        Ok(match self.session.lookup(&key, &wanted.tags, max_wait).await? {
            Lookup::Hit(value) => cache::LookupResult::Hit(value.into()),
            Lookup::Stale { value, refresh } => {
                // Without room for the right to refresh, there is still the value;
                // the lease is dropped, and so given up.
                let refresh = refresh.and_then(|lease| self.leases.push(lease).ok());
                cache::LookupResult::Stale(cache::StaleEntry { value: value.into(), refresh })
            }
            Lookup::Miss(lease) => cache::LookupResult::Miss(self.leases.push(lease)?),
        })
    }

    async fn begin_write(&mut self, key: String, tags: Vec<String>) -> Result<Resource<Lease>> {
        let lease = self.session.begin_write(&key, &tags).await?;
        Ok(self.leases.push(lease)?)
    }

    async fn metrics(&mut self) -> wasmtime::Result<cache::MetricsSnapshot> {
        let counts = self.session.cache().metrics();
        Ok(cache::MetricsSnapshot {
            hits: counts.hits,
            misses: counts.misses,
            writes: counts.writes,
            deletes: counts.deletes,
            clears: counts.clears,
            tag_evictions: counts.tag_evictions,
            stampede_waits: counts.stampede_waits,
        })
    }
}

impl cache::HostLease for CacheCtx {
    async fn commit(
        &mut self,
        lease: Resource<Lease>,
        value: Vec<u8>,
        entry: types::EntryOptions,
    ) -> Result<bool> {
        let lease = self.leases.get_mut(&lease)?;
        Ok(lease.commit(value.into(), &options(entry)).await?)
    }

    async fn drop(&mut self, lease: Resource<Lease>) -> wasmtime::Result<()> {
        self.leases.delete(lease)?.give_up().await;
        Ok(())
    }
}
