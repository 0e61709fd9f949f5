//! The contract, called.

use std::time::Duration;

use self::bindings::spakky::cache::{actuator, actuator_types, cache, config as settings, types};
use crate::raw::{self, Each, EntryOptions, Found, Lookup, LookupOptions};
use crate::{
    ComponentHealth, Config, Detail, Endpoint, EntryInfo, Error, HealthReport, HealthStatus,
    InfoGroup, InfoSection, Metrics,
};

#[allow(clippy::pedantic)] // generated
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit/0.2",
        world: "spakky:cache/imports",
        // Arguments are lent to the host, so nothing is copied to call it.
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

#[derive(Debug)]
pub(crate) struct Lease(cache::Lease);

impl Lease {
    pub(crate) fn commit(&self, value: &[u8], options: EntryOptions<'_>) -> Result<bool, Error> {
        Ok(self.0.commit(value, options.into())?)
    }

    pub(crate) fn pass(&self, duration: u64) -> Result<bool, Error> {
        Ok(self.0.pass(duration)?)
    }

    pub(crate) fn fail(&self, retry_after: u64) -> Result<bool, Error> {
        Ok(self.0.fail(retry_after)?)
    }

    pub(crate) fn release(&self) -> Result<(), Error> {
        Ok(self.0.release()?)
    }
}

pub(crate) fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(cache::get(key)?)
}

pub(crate) fn get_many(keys: &[&str]) -> Result<Each<Option<Vec<u8>>>, Error> {
    Ok(each(cache::get_many(keys)?))
}

pub(crate) fn set(key: &str, value: &[u8], options: EntryOptions<'_>) -> Result<(), Error> {
    Ok(cache::set(key, value, options.into())?)
}

pub(crate) fn set_many(
    entries: &[(&str, &[u8])],
    options: EntryOptions<'_>,
) -> Result<Each<()>, Error> {
    Ok(each(cache::set_many(entries, options.into())?))
}

pub(crate) fn delete(key: &str) -> Result<bool, Error> {
    Ok(cache::delete(key)?)
}

pub(crate) fn delete_many(keys: &[&str]) -> Result<Each<bool>, Error> {
    Ok(each(cache::delete_many(keys)?))
}

fn each<T>(answers: Vec<Result<T, types::Error>>) -> Each<T> {
    answers.into_iter().map(|answer| answer.map_err(Error::from)).collect()
}

pub(crate) fn evict_tags(tags: &[&str]) -> Result<(), Error> {
    Ok(cache::evict_tags(tags)?)
}

pub(crate) fn clear() -> Result<(), Error> {
    Ok(cache::clear()?)
}

pub(crate) fn describe(key: &str) -> Result<Option<EntryInfo>, Error> {
    let described = cache::describe(key)?;
    Ok(described.map(|entry| EntryInfo {
        version: entry.version,
        age: Duration::from_millis(entry.age),
        fresh_for: entry.fresh_for.map(Duration::from_millis),
        ttl: entry.ttl.map(Duration::from_millis),
        tags: entry.tags,
        size: entry.size,
        load_time: Duration::from_millis(entry.load_time),
    }))
}

pub(crate) fn lookup(key: &str, options: LookupOptions<'_>) -> Result<Lookup, Error> {
    let LookupOptions { tags, max_wait, unless, strict } = options;
    Ok(match cache::lookup(key, cache::LookupOptions { tags, max_wait, unless, strict })? {
        cache::LookupResult::Hit(entry) => Lookup::Hit(found(entry)),
        cache::LookupResult::Stale(cache::StaleEntry { entry, fresh, refresh }) => {
            Lookup::Stale { entry: found(entry), fresh, refresh: refresh.map(lease) }
        }
        cache::LookupResult::Miss(filler) => Lookup::Miss(lease(filler)),
        cache::LookupResult::Pass => Lookup::Pass,
    })
}

fn found(entry: cache::Found) -> Found {
    Found { value: entry.value, version: entry.version, age: entry.age }
}

pub(crate) fn begin_write(key: &str, tags: &[&str]) -> Result<raw::Lease, Error> {
    Ok(lease(cache::begin_write(key, tags)?))
}

fn lease(lease: cache::Lease) -> raw::Lease {
    raw::Lease(Lease(lease))
}

pub(crate) fn metrics() -> Metrics {
    let counts = cache::metrics();
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
    let config = settings::get();
    Config {
        host: config.host,
        port: config.port,
        db: config.db,
        use_ssl: config.use_ssl,
        key_prefix: config.key_prefix,
        socket_timeout: Duration::from_millis(config.socket_timeout),
        scheme: config.scheme,
        connection_url: config.connection_url,
    }
}

pub(crate) fn health(endpoint: Endpoint) -> HealthReport {
    let report = actuator::health(match endpoint {
        Endpoint::Health => actuator_types::Endpoint::Health,
        Endpoint::Readiness => actuator_types::Endpoint::Readiness,
        Endpoint::Liveness => actuator_types::Endpoint::Liveness,
    });
    HealthReport {
        endpoint: match report.endpoint {
            actuator_types::Endpoint::Health => Endpoint::Health,
            actuator_types::Endpoint::Readiness => Endpoint::Readiness,
            actuator_types::Endpoint::Liveness => Endpoint::Liveness,
        },
        status: status(report.status),
        components: report
            .components
            .into_iter()
            .map(|component| ComponentHealth {
                name: component.name,
                status: status(component.status),
                required: component.required,
                details: details(component.details),
            })
            .collect(),
    }
}

pub(crate) fn info() -> Vec<InfoSection> {
    let group = |group: actuator_types::InfoGroup| InfoGroup {
        name: group.name,
        entries: details(group.entries),
    };
    actuator::info()
        .into_iter()
        .map(|section| InfoSection {
            name: section.name,
            groups: section.groups.into_iter().map(group).collect(),
        })
        .collect()
}

fn status(status: actuator_types::HealthStatus) -> HealthStatus {
    match status {
        actuator_types::HealthStatus::Healthy => HealthStatus::Healthy,
        actuator_types::HealthStatus::Unhealthy => HealthStatus::Unhealthy,
    }
}

fn details(details: Vec<(String, actuator_types::Detail)>) -> Vec<(String, Detail)> {
    let detail = |detail| match detail {
        actuator_types::Detail::Text(value) => Detail::Text(value),
        actuator_types::Detail::Integer(value) => Detail::Integer(value),
        actuator_types::Detail::Number(value) => Detail::Number(value),
        actuator_types::Detail::Flag(value) => Detail::Flag(value),
    };
    details.into_iter().map(|(name, value)| (name, detail(value))).collect()
}

impl<'a> From<EntryOptions<'a>> for types::EntryOptions<'a> {
    fn from(options: EntryOptions<'a>) -> Self {
        Self { ttl: options.ttl, fresh_for: options.fresh_for, tags: options.tags }
    }
}

impl From<types::Error> for Error {
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::InvalidTtl(reason) => Self::InvalidTtl(reason),
            types::Error::InvalidKey(reason) => Self::InvalidKey(reason),
            types::Error::ValueTooLarge(limit) => Self::ValueTooLarge { limit },
            types::Error::LockTimeout => Self::LockTimeout,
            types::Error::LeaseHeld => Self::LeaseHeld,
            types::Error::LoadFailed(left) => {
                Self::LoadFailed { retry_after: Duration::from_millis(left) }
            }
            types::Error::Unavailable => Self::Unavailable,
            types::Error::OperationFailed => Self::OperationFailed,
            types::Error::Denied => Self::Denied,
            types::Error::QuotaExceeded(quota) => Self::QuotaExceeded(quota),
            types::Error::Unsupported(what) => Self::Unsupported(what),
        }
    }
}
