//! Health and counts of a cache.

use spakky_cache_core::{Cache, Error};

use crate::{
    Answer, Detail, Details, Endpoint, HealthProbe, InfoContributor, InfoGroup, InfoSection,
    Outcome, Status, error,
};

/// A required probe that is healthy if the cache's store answers a ping.
///
/// It answers for health and readiness. A cache that is down is no reason to
/// restart its users, so it does not answer for liveness.
#[derive(Debug)]
pub struct CacheProbe {
    name: String,
    cache: Cache,
    details: Details,
}

impl CacheProbe {
    /// Creates a probe of `cache`, which reports as `name` and always shows
    /// `details`.
    pub fn new(name: impl Into<String>, cache: Cache, details: Details) -> Self {
        Self { name: name.into(), cache, details }
    }
}

impl HealthProbe for CacheProbe {
    fn name(&self) -> &str {
        &self.name
    }

    fn required(&self) -> bool {
        true
    }

    fn answers_for(&self, endpoint: Endpoint) -> bool {
        endpoint != Endpoint::Liveness
    }

    fn check(&self) -> Answer<'_, Outcome> {
        Box::pin(async {
            let mut details = self.details.clone();
            let status = match self.cache.ping().await {
                Ok(()) => Status::Healthy,
                Err(failure) => {
                    let kind = match failure {
                        Error::Unavailable => "unavailable",
                        _ => "operation-failed",
                    };
                    details.push(error(kind));
                    Status::Unhealthy
                }
            };
            Outcome { status, details }
        })
    }
}

/// Contributes a cache's counts as one section with one group.
#[derive(Debug)]
pub struct CacheMetrics {
    section: String,
    group: String,
    cache: Cache,
}

impl CacheMetrics {
    /// Creates a contributor of the counts of `cache`.
    pub fn new(section: impl Into<String>, group: impl Into<String>, cache: Cache) -> Self {
        Self { section: section.into(), group: group.into(), cache }
    }
}

impl InfoContributor for CacheMetrics {
    fn name(&self) -> &str {
        &self.section
    }

    fn contribute(&self) -> Answer<'_, Option<InfoSection>> {
        let count = |(name, count): (&str, u64)| {
            (name.to_owned(), Detail::Integer(i64::try_from(count).unwrap_or(i64::MAX)))
        };
        let entries = self.cache.metrics().counts().map(count).collect();
        let group = InfoGroup { name: self.group.clone(), entries };
        let section = InfoSection { name: self.section.clone(), groups: vec![group] };
        Box::pin(async { Some(section) })
    }
}
