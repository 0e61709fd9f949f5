//! The contract's `cache`.
//!
//! Linked by hand: bindings that `bindgen!` generates copy each value that a
//! guest reads into a `Vec` first. Each function is written once, for both versions of
//! the contract.

use std::time::Duration;

use bytes::Bytes;
use spakky_cache_core as cache_core;
use spakky_cache_core::{Conclusion, EntryOptions, Lease, Lookup};
use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, ResourceType};

use crate::access::{Access, Concurrent, Get, Plain};
use crate::types::{ContractError, ContractOptions, Failure, millis, to_contract};

type Result<T> = std::result::Result<T, Failure>;

/// The results of a batch, one for each key.
type Results<T> = Vec<std::result::Result<T, ContractError>>;

/// The contract's `lookup-options`.
#[derive(ComponentType, Lift)]
#[component(record)]
struct LookupOptions {
    tags: Vec<String>,
    #[component(name = "max-wait")]
    max_wait: Option<u64>,
    unless: Option<u64>,
    strict: bool,
}

impl From<LookupOptions> for cache_core::LookupOptions {
    fn from(options: LookupOptions) -> Self {
        Self {
            tags: options.tags,
            max_wait: options.max_wait.map(Duration::from_millis),
            unless: options.unless,
            strict: options.strict,
        }
    }
}

/// The contract's `found`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct Found {
    value: Bytes,
    version: u64,
    age: u64,
}

impl From<cache_core::Hit> for Found {
    fn from(hit: cache_core::Hit) -> Self {
        Self { value: hit.value, version: hit.version, age: millis(hit.age) }
    }
}

/// The contract's `lookup-result`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum LookupResult {
    #[component(name = "hit")]
    Hit(Found),
    #[component(name = "stale")]
    Stale(StaleEntry),
    #[component(name = "miss")]
    Miss(Resource<Lease>),
    #[component(name = "pass")]
    Pass,
}

/// The contract's `stale-entry`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct StaleEntry {
    entry: Found,
    fresh: bool,
    refresh: Option<Resource<Lease>>,
}

/// The contract's `entry-info`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct EntryInfo {
    version: u64,
    age: u64,
    #[component(name = "fresh-for")]
    fresh_for: Option<u64>,
    ttl: Option<u64>,
    tags: Vec<String>,
    size: u64,
    #[component(name = "load-time")]
    load_time: u64,
}

impl From<cache_core::Description> for EntryInfo {
    fn from(description: cache_core::Description) -> Self {
        Self {
            version: description.version,
            age: millis(description.age),
            fresh_for: description.fresh_for.map(millis),
            ttl: description.ttl.map(millis),
            tags: description.tags,
            size: description.size,
            load_time: millis(description.load_time),
        }
    }
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
    rejections: u64,
}

/// Calls `$link!` with each function that may ask the store, its parameters, and what
/// it calls.
macro_rules! functions {
    ($link:ident) => {
        $link! {
            "get" => get(key: String);
            "get-many" => get_many(keys: Vec<String>);
            "set" => set(key: String, value: Bytes, options: ContractOptions);
            "set-many" => set_many(entries: Vec<(String, Bytes)>, options: ContractOptions);
            "delete" => delete(key: String);
            "delete-many" => delete_many(keys: Vec<String>);
            "evict-tags" => evict_tags(tags: Vec<String>);
            "clear" => clear();
            "describe" => describe(key: String);
            "lookup" => lookup(key: String, options: LookupOptions);
            "begin-write" => begin_write(key: String, tags: Vec<String>);
            "[method]lease.commit" =>
                commit(lease: Resource<Lease>, value: Bytes, options: ContractOptions);
            "[method]lease.pass" => pass(lease: Resource<Lease>, duration: u64);
            "[method]lease.fail" => fail(lease: Resource<Lease>, retry_after: u64);
            "[method]lease.release" => release(lease: Resource<Lease>);
        }
    };
}

/// Links the version of plain functions.
pub(crate) fn add_plain<T: Send + 'static>(
    linker: &mut Linker<T>,
    name: &str,
    get_context: Get<T>,
) -> wasmtime::Result<()> {
    let mut cache = linker.instance(name)?;
    cache.resource_async("lease", ResourceType::host::<Lease>(), move |store, lease| {
        Box::new(async move {
            let mut caller = Plain { store, get: get_context };
            let lease = caller.with(|ctx| ctx.leases.delete(Resource::<Lease>::new_own(lease)))?;
            // If it fails, the lease ends by its time limit.
            let _ = lease.release().await;
            Ok(())
        })
    })?;
    cache.func_wrap("metrics", move |store, (): ()| {
        Ok((metrics(Plain { store, get: get_context }),))
    })?;
    macro_rules! link {
        ($($name:literal => $function:ident($($argument:ident: $type:ty),*);)*) => { $(
            cache.func_wrap_async($name, move |store, ($($argument,)*): ($($type,)*)| {
                Box::new(async move {
                    tracing::trace!(function = $name, "called");
                    let caller = Plain { store, get: get_context };
                    to_contract($function(caller, $($argument),*).await)
                })
            })?;
        )* };
    }
    functions!(link);
    Ok(())
}

/// Links the version of `async func`.
pub(crate) fn add_concurrent<T: Send + 'static>(
    linker: &mut Linker<T>,
    name: &str,
    get_context: Get<T>,
) -> wasmtime::Result<()> {
    let mut cache = linker.instance(name)?;
    cache.resource("lease", ResourceType::host::<Lease>(), move |store, lease| {
        let mut caller = Plain { store, get: get_context };
        // Its release begins.
        caller.with(|ctx| ctx.leases.delete(Resource::<Lease>::new_own(lease)))?;
        Ok(())
    })?;
    cache.func_wrap("metrics", move |store, (): ()| {
        Ok((metrics(Plain { store, get: get_context }),))
    })?;
    macro_rules! link {
        ($($name:literal => $function:ident($($argument:ident: $type:ty),*);)*) => { $(
            cache.func_wrap_concurrent($name, move |accessor, ($($argument,)*): ($($type,)*)| {
                Box::pin(async move {
                    tracing::trace!(function = $name, "called");
                    let caller = Concurrent { accessor, get: get_context };
                    to_contract($function(caller, $($argument),*).await)
                })
            })?;
        )* };
    }
    functions!(link);
    Ok(())
}

async fn get(mut caller: impl Access, key: String) -> Result<Option<Bytes>> {
    Ok(caller.session().get(&key).await?)
}

async fn get_many(mut caller: impl Access, keys: Vec<String>) -> Result<Results<Option<Bytes>>> {
    Ok(results(caller.session().get_many(keys.iter().map(String::as_str)).await?))
}

async fn set(
    mut caller: impl Access,
    key: String,
    value: Bytes,
    options: ContractOptions,
) -> Result<()> {
    Ok(caller.session().set(&key, value, &options.into()).await?)
}

async fn set_many(
    mut caller: impl Access,
    entries: Vec<(String, Bytes)>,
    options: ContractOptions,
) -> Result<Results<()>> {
    let entries = entries.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    Ok(results(caller.session().set_many(entries, &options.into()).await?))
}

async fn delete(mut caller: impl Access, key: String) -> Result<bool> {
    Ok(caller.session().delete(&key).await?)
}

async fn delete_many(mut caller: impl Access, keys: Vec<String>) -> Result<Results<bool>> {
    Ok(results(caller.session().delete_many(keys.iter().map(String::as_str)).await?))
}

fn results<T>(results: Vec<std::result::Result<T, cache_core::Error>>) -> Results<T> {
    results.into_iter().map(|result| result.map_err(Into::into)).collect()
}

async fn evict_tags(mut caller: impl Access, tags: Vec<String>) -> Result<()> {
    Ok(caller.session().evict_tags(&tags).await?)
}

async fn clear(mut caller: impl Access) -> Result<()> {
    Ok(caller.session().clear().await?)
}

async fn describe(mut caller: impl Access, key: String) -> Result<Option<EntryInfo>> {
    Ok(caller.session().describe(&key).await?.map(Into::into))
}

async fn lookup(
    mut caller: impl Access,
    key: String,
    options: LookupOptions,
) -> Result<LookupResult> {
    let found = caller.callers_session()?.lookup(&key, &options.into()).await?;
    Ok(match found {
        Lookup::Hit(hit) => LookupResult::Hit(hit.into()),
        Lookup::Stale { entry, fresh, refresh } => {
            // If the table has no room for the lease, the guest still gets the
            // value. The lease is dropped, and so given up.
            let refresh =
                refresh.and_then(|lease| caller.with(|context| context.leases.push(lease)).ok());
            LookupResult::Stale(StaleEntry { entry: entry.into(), fresh, refresh })
        }
        Lookup::Miss(lease) => {
            LookupResult::Miss(caller.with(|context| context.leases.push(lease))?)
        }
        Lookup::Pass => LookupResult::Pass,
    })
}

async fn begin_write(
    mut caller: impl Access,
    key: String,
    tags: Vec<String>,
) -> Result<Resource<Lease>> {
    let lease = caller.callers_session()?.begin_write(&key, &tags).await?;
    Ok(caller.with(|context| context.leases.push(lease))?)
}

async fn commit(
    caller: impl Access,
    lease: Resource<Lease>,
    value: Bytes,
    options: ContractOptions,
) -> Result<bool> {
    conclude(caller, lease, Conclusion::Commit(value, EntryOptions::from(options))).await
}

async fn pass(caller: impl Access, lease: Resource<Lease>, duration: u64) -> Result<bool> {
    conclude(caller, lease, Conclusion::Pass(Duration::from_millis(duration))).await
}

async fn fail(caller: impl Access, lease: Resource<Lease>, retry_after: u64) -> Result<bool> {
    conclude(caller, lease, Conclusion::Fail(Duration::from_millis(retry_after))).await
}

async fn release(caller: impl Access, lease: Resource<Lease>) -> Result<()> {
    conclude(caller, lease, Conclusion::Release).await.map(drop)
}

async fn conclude(
    mut caller: impl Access,
    lease: Resource<Lease>,
    conclusion: Conclusion,
) -> Result<bool> {
    // The lease is spent before anything is awaited: others may use it meanwhile.
    let concluded = caller.with(|context| {
        let lease = context.leases.get_mut(&lease)?;
        Ok::<_, Failure>(lease.conclude(conclusion)?)
    })?;
    Ok(concluded.await?)
}

fn metrics(mut caller: impl Access) -> MetricsSnapshot {
    let counts = caller.with(|context| context.session.cache().metrics());
    MetricsSnapshot {
        hits: counts.hits,
        misses: counts.misses,
        writes: counts.writes,
        deletes: counts.deletes,
        clears: counts.clears,
        tag_evictions: counts.tag_evictions,
        stampede_waits: counts.stampede_waits,
        rejections: counts.rejections,
    }
}
