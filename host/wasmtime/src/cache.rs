//! The contract's `cache`.
//!
//! Linked by hand: bindings that `bindgen!` generates copy each value that a
//! guest reads into a `Vec` first.

use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core::{EntryOptions, Lease, Lookup};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, ResourceType};

use crate::bindings::spakky::cache::types;
use crate::context::CacheCtx;
use crate::failure::Failure;

type Result<T> = std::result::Result<T, Failure>;

impl types::Host for CacheCtx {}

/// The contract's `lookup-options`.
#[derive(ComponentType, Lift)]
#[component(record)]
struct LookupOptions {
    tags: Vec<String>,
    #[component(name = "max-wait")]
    max_wait: Option<u64>,
}

/// The contract's `lookup-result`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum LookupResult {
    #[component(name = "hit")]
    Hit(Bytes),
    #[component(name = "stale")]
    Stale(StaleEntry),
    #[component(name = "miss")]
    Miss(Resource<Lease>),
}

/// The contract's `stale-entry`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct StaleEntry {
    value: Bytes,
    refresh: Option<Resource<Lease>>,
}

/// The contract's `metrics-snapshot`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct MetricsSnapshot {
    hits: u64,
    misses: u64,
    writes: u64,
    deletes: u64,
    clears: u64,
    #[component(name = "tag-evictions")]
    tag_evictions: u64,
    #[component(name = "stampede-waits")]
    stampede_waits: u64,
}

fn options(options: types::EntryOptions) -> EntryOptions {
    EntryOptions {
        ttl: options.ttl.map(Duration::from_millis),
        fresh_for: options.fresh_for.map(Duration::from_millis),
        tags: options.tags,
    }
}

/// The result of a call as the contract has it, or the trap.
fn to_contract<T>(result: Result<T>) -> wasmtime::Result<(std::result::Result<T, types::Error>,)> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(failure) => Err(failure.into_contract()?),
    },))
}

pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: fn(&mut T) -> &mut CacheCtx,
) -> wasmtime::Result<()> {
    let mut cache = linker.instance("spakky:cache/cache@0.1.0")?;
    cache.resource_async("lease", ResourceType::host::<Lease>(), move |mut store, lease| {
        Box::new(async move { get(store.data_mut()).drop_lease(Resource::new_own(lease)).await })
    })?;
    cache.func_wrap_async("metrics", move |mut store: StoreContextMut<'_, T>, (): ()| {
        Box::new(async move { Ok((get(store.data_mut()).metrics(),)) })
    })?;
    /// Links each function with the method that it calls.
    macro_rules! link {
        ($($function:literal => $method:ident($($argument:ident: $type:ty),*);)*) => { $(
            cache.func_wrap_async(
                $function,
                move |mut store: StoreContextMut<'_, T>, ($($argument,)*): ($($type,)*)| {
                    Box::new(async move {
                        tracing::trace!(function = $function, "called");
                        to_contract(get(store.data_mut()).$method($($argument),*).await)
                    })
                },
            )?;
        )* };
    }
    link! {
        "get" => get(key: String);
        "get-many" => get_many(keys: Vec<String>);
        "set" => set(key: String, value: Bytes, entry: types::EntryOptions);
        "set-many" => set_many(entries: Vec<(String, Bytes)>, entry: types::EntryOptions);
        "delete" => delete(key: String);
        "delete-many" => delete_many(keys: Vec<String>);
        "evict-tags" => evict_tags(tags: Vec<String>);
        "clear" => clear();
        "lookup" => lookup(key: String, wanted: LookupOptions);
        "begin-write" => begin_write(key: String, tags: Vec<String>);
        "[method]lease.commit" =>
            commit(lease: Resource<Lease>, value: Bytes, entry: types::EntryOptions);
    }
    Ok(())
}

impl CacheCtx {
    async fn get(&mut self, key: String) -> Result<Option<Bytes>> {
        Ok(self.session.get(&key).await?)
    }

    async fn get_many(&mut self, keys: Vec<String>) -> Result<Vec<Option<Bytes>>> {
        Ok(self.session.get_many(keys.iter().map(String::as_str)).await?)
    }

    async fn set(&mut self, key: String, value: Bytes, entry: types::EntryOptions) -> Result<()> {
        Ok(self.session.set(&key, value, &options(entry)).await?)
    }

    async fn set_many(
        &mut self,
        entries: Vec<(String, Bytes)>,
        entry: types::EntryOptions,
    ) -> Result<()> {
        let entries = entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
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

    async fn lookup(&mut self, key: String, wanted: LookupOptions) -> Result<LookupResult> {
        let max_wait = wanted.max_wait.map(Duration::from_millis);
        Ok(match self.session.lookup(&key, &wanted.tags, max_wait).await? {
            Lookup::Hit(value) => LookupResult::Hit(value),
            Lookup::Stale { value, refresh } => {
                // If the table has no room for the lease, the guest still gets the
                // value. The lease is dropped, and so given up.
                let refresh = refresh.and_then(|lease| self.leases.push(lease).ok());
                LookupResult::Stale(StaleEntry { value, refresh })
            }
            Lookup::Miss(lease) => LookupResult::Miss(self.leases.push(lease)?),
        })
    }

    async fn begin_write(&mut self, key: String, tags: Vec<String>) -> Result<Resource<Lease>> {
        let lease = self.session.begin_write(&key, &tags).await?;
        Ok(self.leases.push(lease)?)
    }

    async fn commit(
        &mut self,
        lease: Resource<Lease>,
        value: Bytes,
        entry: types::EntryOptions,
    ) -> Result<bool> {
        let lease = self.leases.get_mut(&lease)?;
        Ok(lease.commit(value, &options(entry)).await?)
    }

    async fn drop_lease(&mut self, lease: Resource<Lease>) -> wasmtime::Result<()> {
        self.leases.delete(lease)?.give_up().await;
        Ok(())
    }

    fn metrics(&self) -> MetricsSnapshot {
        let counts = self.session.cache().metrics();
        MetricsSnapshot {
            hits: counts.hits,
            misses: counts.misses,
            writes: counts.writes,
            deletes: counts.deletes,
            clears: counts.clears,
            tag_evictions: counts.tag_evictions,
            stampede_waits: counts.stampede_waits,
        }
    }
}
