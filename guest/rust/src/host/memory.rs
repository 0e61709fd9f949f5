//! A cache of each thread's own, in place of a host, for tests outside
//! WebAssembly. One caller sees of it what the contract promises; what needs a
//! second caller (waiting, quotas, a backend that fails) it does not have.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::raw::{self, EntryOptions, Lookup, LookupOptions};
use crate::{Config, Endpoint, Error, HealthReport, HealthStatus, InfoSection, Metrics};

// The contract's defaults.
const LONGEST_NAME: usize = 1024;
const MOST_TAGS: usize = 64;
const MOST_KEYS: usize = 1024;
const LARGEST_VALUE: usize = 8 * 1024 * 1024;
const LONGEST_TTL_MS: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

thread_local! {
    static CACHE: RefCell<Memory> = RefCell::default();
    static SKIPPED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

#[derive(Default)]
struct Memory {
    slots: HashMap<String, Slot>,
    /// When each tag was last evicted, on the clock of `ticks`.
    evicted: HashMap<String, u64>,
    cleared: u64,
    ticks: u64,
    metrics: Metrics,
}

enum Slot {
    Entry(Entry),
    /// Somebody is loading, and will name these tags.
    Loading {
        since: u64,
        tags: Vec<String>,
    },
}

struct Entry {
    value: Vec<u8>,
    id: u64,
    dies: Option<Instant>,
    stales: Option<Instant>,
    tags: Vec<String>,
    /// When the load of this value began: an eviction since then has killed it.
    since: u64,
    /// The lease, by when it was taken, that refreshes this entry.
    refresher: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Purpose {
    Load,
    Refresh { entry: u64 },
    Write,
}

#[derive(Debug)]
pub(crate) struct Lease {
    key: String,
    since: u64,
    purpose: Purpose,
    spent: Cell<bool>,
}

impl Lease {
    pub(crate) fn commit(&self, value: &[u8], options: EntryOptions<'_>) -> Result<bool, Error> {
        check_entry(&self.key, value, options)?;
        if self.spent.replace(true) {
            return Ok(false);
        }
        with_cache(|cache| {
            let owned = cache.is_owned_by(self);
            let evicted = options.tags.iter().any(|tag| cache.evicted_since(tag, self.since))
                || cache.cleared > self.since;
            if owned && !evicted {
                cache.store(&self.key, value, options, self.since);
                return Ok(true);
            }
            if owned || self.purpose == Purpose::Write {
                // After a refused write nobody knows what the origin holds.
                cache.slots.remove(&self.key);
            }
            Ok(false)
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.spent.get() {
            return;
        }
        // The thread may be ending, and its cache be gone already.
        let _ = CACHE.try_with(|cache| {
            let cache = &mut *cache.borrow_mut();
            if !cache.is_owned_by(self) {
                return;
            }
            match cache.slots.get_mut(&self.key) {
                Some(Slot::Entry(entry)) => entry.refresher = None,
                _ => drop(cache.slots.remove(&self.key)),
            }
        });
    }
}

impl Memory {
    fn tick(&mut self) -> u64 {
        self.ticks += 1;
        self.ticks
    }

    fn evicted_since(&self, tag: &str, tick: u64) -> bool {
        self.evicted.get(tag).is_some_and(|evicted| *evicted > tick)
    }

    fn is_dead(&self, since: u64, tags: &[String]) -> bool {
        self.cleared > since || tags.iter().any(|tag| self.evicted_since(tag, since))
    }

    fn is_owned_by(&self, lease: &Lease) -> bool {
        match (self.slots.get(&lease.key), lease.purpose) {
            (Some(Slot::Loading { since, .. }), _) => *since == lease.since,
            (Some(Slot::Entry(found)), Purpose::Refresh { entry }) => {
                found.id == entry && found.refresher == Some(lease.since)
            }
            _ => false,
        }
    }

    /// Forgets what has expired or was evicted.
    fn bury(&mut self, key: &str) {
        let dead = match self.slots.get(key) {
            Some(Slot::Entry(entry)) => {
                entry.dies.is_some_and(|dies| dies <= now())
                    || self.is_dead(entry.since, &entry.tags)
            }
            Some(Slot::Loading { since, tags }) => self.is_dead(*since, tags),
            None => false,
        };
        if dead {
            self.slots.remove(key);
        }
    }

    fn read(&mut self, key: &str) -> Option<Vec<u8>> {
        self.bury(key);
        if let Some(Slot::Entry(entry)) = self.slots.get(key) {
            self.metrics.hits += 1;
            Some(entry.value.clone())
        } else {
            self.metrics.misses += 1;
            None
        }
    }

    fn store(&mut self, key: &str, value: &[u8], options: EntryOptions<'_>, since: u64) {
        let after = |ms| now().checked_add(Duration::from_millis(ms));
        let entry = Entry {
            value: value.to_vec(),
            id: self.tick(),
            dies: options.ttl.and_then(after),
            stales: options.fresh_for.and_then(after),
            tags: owned(options.tags),
            since,
            refresher: None,
        };
        self.slots.insert(key.to_owned(), Slot::Entry(entry));
        self.metrics.writes += 1;
    }

    fn remove(&mut self, key: &str) -> bool {
        self.bury(key);
        let was_entry = matches!(self.slots.remove(key), Some(Slot::Entry(_)));
        self.metrics.deletes += u64::from(was_entry);
        was_entry
    }

    fn lease(&mut self, key: &str, tags: &[&str], purpose: Purpose) -> raw::Lease {
        let since = self.tick();
        if let (Purpose::Refresh { .. }, Some(Slot::Entry(entry))) =
            (purpose, self.slots.get_mut(key))
        {
            entry.refresher = Some(since);
        } else {
            self.slots.insert(key.to_owned(), Slot::Loading { since, tags: owned(tags) });
        }
        raw::Lease(Lease { key: key.to_owned(), since, purpose, spent: Cell::new(false) })
    }
}

pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    check_name("key", key)?;
    with_cache(|cache| Ok(cache.read(key)))
}

pub(crate) fn get_many(keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, Error> {
    check_keys(keys.iter().copied())?;
    with_cache(|cache| Ok(keys.iter().map(|key| cache.read(key)).collect()))
}

pub(crate) fn set(key: &str, value: &[u8], options: EntryOptions<'_>) -> Result<(), Error> {
    set_many(&[(key, value)], options)
}

pub(crate) fn set_many(entries: &[(&str, &[u8])], options: EntryOptions<'_>) -> Result<(), Error> {
    check_keys(entries.iter().map(|(key, _)| *key))?;
    for (key, value) in entries {
        check_entry(key, value, options)?;
    }
    with_cache(|cache| {
        for (key, value) in entries {
            let since = cache.tick();
            cache.store(key, value, options, since);
        }
        Ok(())
    })
}

pub(crate) fn delete(key: &str) -> Result<bool, Error> {
    check_name("key", key)?;
    with_cache(|cache| Ok(cache.remove(key)))
}

pub(crate) fn delete_many(keys: &[&str]) -> Result<u64, Error> {
    check_keys(keys.iter().copied())?;
    with_cache(|cache| Ok(keys.iter().map(|key| u64::from(cache.remove(key))).sum()))
}

pub(crate) fn evict_tags(tags: &[&str]) -> Result<(), Error> {
    check_tags(tags)?;
    with_cache(|cache| {
        let now = cache.tick();
        cache.evicted.extend(tags.iter().map(|tag| ((*tag).to_owned(), now)));
        cache.metrics.tag_evictions += u64::from(!tags.is_empty());
        Ok(())
    })
}

pub(crate) fn clear() -> Result<(), Error> {
    with_cache(|cache| {
        cache.cleared = cache.tick();
        cache.metrics.clears += 1;
        Ok(())
    })
}

pub(crate) fn lookup(key: &str, options: LookupOptions<'_>) -> Result<Lookup, Error> {
    check_name("key", key)?;
    check_tags(options.tags)?;
    with_cache(|cache| {
        cache.bury(key);
        let (entry, value) = match cache.slots.get(key) {
            None => {
                cache.metrics.misses += 1;
                return Ok(Lookup::Miss(cache.lease(key, options.tags, Purpose::Load)));
            }
            // Only this thread can be the loader.
            Some(Slot::Loading { .. }) => return Err(Error::LeaseHeld),
            Some(Slot::Entry(entry)) => (entry, entry.value.clone()),
        };
        let fresh = entry.stales.is_none_or(|stales| now() < stales);
        let refresh = entry.refresher.is_none().then_some(Purpose::Refresh { entry: entry.id });
        cache.metrics.hits += 1;
        if fresh {
            return Ok(Lookup::Hit(value));
        }
        let refresh = refresh.map(|purpose| cache.lease(key, options.tags, purpose));
        Ok(Lookup::Stale { value, refresh })
    })
}

pub(crate) fn begin_write(key: &str, tags: &[&str]) -> Result<raw::Lease, Error> {
    check_name("key", key)?;
    check_tags(tags)?;
    with_cache(|cache| Ok(cache.lease(key, tags, Purpose::Write)))
}

pub(crate) fn metrics() -> Metrics {
    with_cache(|cache| cache.metrics)
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

/// Lets time pass for this thread's cache.
#[cfg(test)]
pub(crate) fn advance(time: Duration) {
    SKIPPED.set(SKIPPED.get() + time);
}

fn now() -> Instant {
    Instant::now() + SKIPPED.get()
}

fn with_cache<R>(call: impl FnOnce(&mut Memory) -> R) -> R {
    CACHE.with_borrow_mut(call)
}

fn owned(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

fn check_entry(key: &str, value: &[u8], options: EntryOptions<'_>) -> Result<(), Error> {
    let possible = 1..=LONGEST_TTL_MS;
    let times = [options.ttl, options.fresh_for];
    let longer = |(fresh, ttl)| fresh > ttl;
    if times.into_iter().flatten().any(|time| !possible.contains(&time))
        || options.fresh_for.zip(options.ttl).is_some_and(longer)
    {
        return Err(Error::InvalidTtl);
    }
    check_name("key", key)?;
    check_tags(options.tags)?;
    if value.len() > LARGEST_VALUE {
        return Err(Error::ValueTooLarge { limit: LARGEST_VALUE as u64 });
    }
    Ok(())
}

fn check_keys<'a>(keys: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Error> {
    if keys.len() > MOST_KEYS {
        return Err(Error::InvalidKey(format!("a batch has at most {MOST_KEYS} keys")));
    }
    keys.into_iter().try_for_each(|key| check_name("key", key))
}

fn check_tags(tags: &[&str]) -> Result<(), Error> {
    if tags.len() > MOST_TAGS {
        return Err(Error::InvalidKey(format!("an entry has at most {MOST_TAGS} tags")));
    }
    tags.iter().try_for_each(|tag| check_name("tag", tag))
}

fn check_name(what: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err(Error::InvalidKey(format!("a {what} has 1 to {LONGEST_NAME} bytes")));
    }
    Ok(())
}
