//! Outside WebAssembly: each thread is a session of its own with an embedded store, by the
//! host's own code, so that a test meets the host's rules and limits.
//!
//! Nothing has to be waited for: each step of the store completes when it is first polled,
//! and whoever holds a lease is the only caller.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use spakky_cache_core as core;
use spakky_cache_core::runtime::{Task, TokioRuntime, UnixMillis};
use spakky_cache_core::{Grants, Policy, Runtime, Session};
use spakky_cache_memory::MemoryStore;

use crate::raw::{self, Each, EntryOptions, Found, Lookup, LookupOptions};
use crate::{Config, Endpoint, EntryInfo, Error, HealthReport, HealthStatus, InfoSection, Metrics};

thread_local! {
    static SESSION: Session = session();
    static SKIPPED: Cell<UnixMillis> = const { Cell::new(0) };
    static EARLY_REFRESH: Cell<f64> = const { Cell::new(0.0) }; // a test has one outcome
}

fn session() -> Session {
    let policy = Policy {
        lease: Duration::MAX, // nobody renews it
        early_refresh: EARLY_REFRESH.get(),
        ..Policy::default()
    };
    let runtime = Arc::new(Immediate);
    let store = Arc::new(MemoryStore::new(runtime.clone()));
    core::Cache::with(store, policy, runtime).session(Grants::default())
}

/// Moves the clock of this thread's cache.
#[cfg(test)]
pub(crate) fn advance(time: Duration) {
    SKIPPED.set(SKIPPED.get() + core::entry::whole_millis(time));
}

/// Refreshes each entry of this thread's cache as early as can be. Before the first call.
#[cfg(test)]
pub(crate) fn refresh_early() {
    EARLY_REFRESH.set(1e12);
}

/// Real time and randomness; in the library's own tests, time passes only where they advance
/// it. A task ends at once or not at all.
#[derive(Debug)]
struct Immediate;

impl Runtime for Immediate {
    fn now(&self) -> UnixMillis {
        let still = 1_800_000_000_000; // in the year 2027
        SKIPPED.get() + if cfg!(test) { still } else { TokioRuntime.now() }
    }

    fn monotonic(&self) -> Duration {
        let still = Duration::from_hours(1);
        let now = if cfg!(test) { still } else { TokioRuntime.monotonic() };
        now + Duration::from_millis(SKIPPED.get())
    }

    fn sleep(&self, _: Duration) -> Task {
        Box::pin(pending())
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        TokioRuntime.fill_random(bytes);
    }

    fn spawn(&self, task: Task) {
        // Renewal of a lease waits, and is dropped; giving one up does not wait.
        let _ = poll(task);
    }
}

fn poll<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn completed<T>(call: impl Future<Output = Result<T, core::Error>>) -> Result<T, Error> {
    match poll(call) {
        Poll::Ready(answer) => answer.map_err(Error::from),
        Poll::Pending => unreachable!("a call of the embedded store waits for nobody"),
    }
}

fn call<T>(call: impl AsyncFnOnce(&Session) -> Result<T, core::Error>) -> Result<T, Error> {
    SESSION.with(|session| completed(call(session)))
}

impl From<core::Error> for Error {
    fn from(error: core::Error) -> Self {
        match error {
            core::Error::InvalidTtl(reason) => Self::InvalidTtl(reason),
            core::Error::InvalidKey(reason) => Self::InvalidKey(reason),
            core::Error::ValueTooLarge(limit) => Self::ValueTooLarge { limit },
            core::Error::LockTimeout => Self::LockTimeout,
            core::Error::LeaseHeld => Self::LeaseHeld,
            core::Error::LoadFailed(left) => Self::LoadFailed { retry_after: left },
            core::Error::Unavailable => Self::Unavailable,
            core::Error::Denied => Self::Denied,
            core::Error::QuotaExceeded(quota) => Self::QuotaExceeded(quota),
            core::Error::Unsupported(what) => Self::Unsupported(what),
            _ => Self::OperationFailed,
        }
    }
}

impl From<EntryOptions<'_>> for core::EntryOptions {
    fn from(EntryOptions { ttl, fresh_for, tags }: EntryOptions<'_>) -> Self {
        let [ttl, fresh_for] = [ttl, fresh_for].map(|time| time.map(Duration::from_millis));
        Self { ttl, fresh_for, tags: owned(tags) }
    }
}

fn owned(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

#[derive(Debug)]
pub(crate) struct Lease(RefCell<Option<core::Lease>>);

impl Lease {
    pub(crate) fn commit(&self, value: &[u8], options: EntryOptions<'_>) -> Result<bool, Error> {
        self.held(async |lease| lease.commit(value.to_vec().into(), &options.into()).await)
    }

    pub(crate) fn pass(&self, duration: u64) -> Result<bool, Error> {
        self.held(async |lease| lease.pass(Duration::from_millis(duration)).await)
    }

    pub(crate) fn fail(&self, retry_after: u64) -> Result<bool, Error> {
        self.held(async |lease| lease.fail(Duration::from_millis(retry_after)).await)
    }

    pub(crate) fn release(&self) -> Result<(), Error> {
        self.0.take().map_or(Ok(()), |lease| completed(lease.release()))
    }

    /// A lease that was released answers as a spent one does.
    fn held(
        &self,
        call: impl AsyncFnOnce(&mut core::Lease) -> Result<bool, core::Error>,
    ) -> Result<bool, Error> {
        self.0.borrow_mut().as_mut().map_or(Ok(false), |lease| completed(call(lease)))
    }
}

fn lease(lease: core::Lease) -> raw::Lease {
    raw::Lease(Lease(RefCell::new(Some(lease))))
}

pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(call(async |session| session.get(key).await)?.map(Vec::from))
}

pub(crate) fn get_many(keys: &[&str]) -> Result<Each<Option<Vec<u8>>>, Error> {
    let values = call(async |session| session.get_many(keys.iter().copied()).await)?;
    Ok(each(values, |value| value.map(Vec::from)))
}

pub(crate) fn set(key: &str, value: &[u8], options: EntryOptions<'_>) -> Result<(), Error> {
    set_many(&[(key, value)], options)?.pop().expect("one answer for each entry")
}

pub(crate) fn set_many(
    entries: &[(&str, &[u8])],
    options: EntryOptions<'_>,
) -> Result<Each<()>, Error> {
    let entries = entries.iter().map(|(key, value)| (*key, value.to_vec().into())).collect();
    Ok(each(call(async |session| session.set_many(entries, &options.into()).await)?, |()| ()))
}

pub(crate) fn delete(key: &str) -> Result<bool, Error> {
    call(async |session| session.delete(key).await)
}

pub(crate) fn delete_many(keys: &[&str]) -> Result<Each<bool>, Error> {
    let deleted = call(async |session| session.delete_many(keys.iter().copied()).await)?;
    Ok(each(deleted, |deleted| deleted))
}

fn each<T, U>(answers: Vec<Result<T, core::Error>>, to: fn(T) -> U) -> Each<U> {
    answers.into_iter().map(|answer| answer.map(to).map_err(Error::from)).collect()
}

pub(crate) fn evict_tags(tags: &[&str]) -> Result<(), Error> {
    call(async |session| session.evict_tags(&owned(tags)).await)
}

pub(crate) fn clear() -> Result<(), Error> {
    call(async |session| session.clear().await)
}

pub(crate) fn describe(key: &str) -> Result<Option<EntryInfo>, Error> {
    let described = call(async |session| session.describe(key).await)?;
    Ok(described.map(|entry| EntryInfo {
        version: entry.version,
        age: entry.age,
        fresh_for: entry.fresh_for,
        ttl: entry.ttl,
        tags: entry.tags,
        size: entry.size,
        load_time: entry.load_time,
    }))
}

pub(crate) fn lookup(key: &str, options: LookupOptions<'_>) -> Result<Lookup, Error> {
    let LookupOptions { tags, max_wait, unless, strict } = options;
    let max_wait = max_wait.map(Duration::from_millis);
    let options = core::LookupOptions { tags: owned(tags), max_wait, unless, strict };
    Ok(match call(async |session| session.lookup(key, &options).await)? {
        core::Lookup::Hit(entry) => Lookup::Hit(found(entry)),
        core::Lookup::Stale { entry, fresh, refresh } => {
            Lookup::Stale { entry: found(entry), fresh, refresh: refresh.map(lease) }
        }
        core::Lookup::Miss(taken) => Lookup::Miss(lease(taken)),
        core::Lookup::Pass => Lookup::Pass,
    })
}

fn found(entry: core::Hit) -> Found {
    Found {
        value: entry.value.into(),
        version: entry.version,
        age: core::entry::whole_millis(entry.age),
    }
}

pub(crate) fn begin_write(key: &str, tags: &[&str]) -> Result<raw::Lease, Error> {
    call(async |session| session.begin_write(key, &owned(tags)).await).map(lease)
}

pub(crate) fn metrics() -> Metrics {
    let counts = SESSION.with(|session| session.cache().metrics());
    Metrics {
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

pub(crate) fn config() -> Config {
    Config {
        host: String::new(),
        port: 0,
        db: 0,
        use_ssl: false,
        key_prefix: "spakky:cache:".to_owned(),
        socket_timeout: Duration::from_secs(5),
        scheme: "embedded".to_owned(),
        connection_url: "embedded:".to_owned(),
    }
}

pub(crate) fn health(endpoint: Endpoint) -> HealthReport {
    HealthReport { endpoint, status: HealthStatus::Healthy, components: Vec::new() }
}

pub(crate) fn info() -> Vec<InfoSection> {
    Vec::new()
}
