//! The actuator: is all well, and what is there to know?
//!
//! Probes and contributors are asked at the same time, each within a limit, so
//! that one that hangs delays a report but never withholds it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cache::Cache;
use crate::error::Error;
use crate::runtime::Runtime;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// Is all well?
    Health,
    /// Can it serve now?
    Readiness,
    /// Is it alive, or should it be restarted?
    Liveness,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Healthy,
    /// Not so; the details say what.
    Unhealthy,
}

/// One value of a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// Any text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// Values by name.
pub type Details = Vec<(String, Detail)>;

/// What one component reports of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentHealth {
    /// Unique in a report.
    pub name: String,
    /// Its answer.
    pub status: Status,
    /// Whether this component being unhealthy makes the whole unhealthy.
    pub required: bool,
    /// More about it; empty where the operator wants none shown.
    pub details: Details,
}

/// The whole, and its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthReport {
    /// What was asked about.
    pub endpoint: Endpoint,
    /// Unhealthy if a required component is; healthy if there is none.
    pub status: Status,
    /// Sorted by name.
    pub components: Vec<ComponentHealth>,
}

/// Values that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoGroup {
    /// Unique in its section.
    pub name: String,
    /// The values.
    pub entries: Details,
}

/// What one contributor adds.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoSection {
    /// Unique in the info.
    pub name: String,
    /// Its groups.
    pub groups: Vec<InfoGroup>,
}

/// An answer that is being worked on.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a probe found.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// As it stands now.
    pub status: Status,
    /// More about it.
    pub details: Details,
}

/// A component that has a health of its own to report.
pub trait HealthProbe: Send + Sync {
    /// Its name in the report.
    fn name(&self) -> &str;

    /// Whether it being unhealthy makes the whole unhealthy.
    fn required(&self) -> bool;

    /// Whether it is asked for `endpoint`.
    fn answers_for(&self, endpoint: Endpoint) -> bool;

    /// Asked for each report. It need not watch the time.
    fn check(&self) -> Answer<'_, Outcome>;
}

/// A component that has something to add to the info.
pub trait InfoContributor: Send + Sync {
    /// Its name, for the log.
    fn name(&self) -> &str;

    /// Asked for each report; none: it could not say. It need not watch the
    /// time.
    fn contribute(&self) -> Answer<'_, Option<InfoSection>>;
}

/// Asks all that have something to say.
pub struct Actuator {
    runtime: Arc<dyn Runtime>,
    time_limit: Duration,
    include_details: bool,
    probes: Vec<Arc<dyn HealthProbe>>,
    contributors: Vec<Arc<dyn InfoContributor>>,
}

impl fmt::Debug for Actuator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let probes: Vec<_> = self.probes.iter().map(|probe| probe.name()).collect();
        f.debug_struct("Actuator").field("probes", &probes).finish_non_exhaustive()
    }
}

impl Actuator {
    /// An actuator that asks nobody yet, gives each `time_limit` to answer, and
    /// shows details or leaves them out.
    pub fn new(runtime: Arc<dyn Runtime>, time_limit: Duration, include_details: bool) -> Self {
        Self { runtime, time_limit, include_details, probes: vec![], contributors: vec![] }
    }

    /// Asks `probe`, too.
    #[must_use]
    pub fn probe(mut self, probe: Arc<dyn HealthProbe>) -> Self {
        self.probes.push(probe);
        self
    }

    /// Asks `contributor`, too.
    #[must_use]
    pub fn contributor(mut self, contributor: Arc<dyn InfoContributor>) -> Self {
        self.contributors.push(contributor);
        self
    }

    /// The report of those that answer for `endpoint`.
    pub async fn health(&self, endpoint: Endpoint) -> HealthReport {
        let asked = self.probes.iter().filter(|probe| probe.answers_for(endpoint));
        let mut components = join_all(asked.map(|probe| self.check(&**probe))).await;
        components.sort_by(|a, b| a.name.cmp(&b.name));
        let failed = |component: &ComponentHealth| {
            component.required && component.status == Status::Unhealthy
        };
        let status =
            if components.iter().any(failed) { Status::Unhealthy } else { Status::Healthy };
        HealthReport { endpoint, status, components }
    }

    async fn check(&self, probe: &dyn HealthProbe) -> ComponentHealth {
        let late = Outcome { status: Status::Unhealthy, details: vec![error("timeout")] };
        let outcome = self.within_limit(probe.check()).await.unwrap_or(late);
        ComponentHealth {
            name: probe.name().to_owned(),
            status: outcome.status,
            required: probe.required(),
            details: if self.include_details { outcome.details } else { vec![] },
        }
    }

    /// What all contribute, sorted by name.
    pub async fn info(&self) -> Vec<InfoSection> {
        let asked = self.contributors.iter().map(async |contributor| {
            let section = self.within_limit(contributor.contribute()).await.flatten();
            if section.is_none() {
                tracing::warn!(contributor = contributor.name(), "has nothing to say, or too late");
            }
            section
        });
        let mut sections: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
        sections.sort_by(|a, b| a.name.cmp(&b.name));
        sections
    }

    async fn within_limit<T>(&self, answer: Answer<'_, T>) -> Option<T> {
        tokio::select! {
            biased;
            answer = answer => Some(answer),
            () = self.runtime.sleep(self.time_limit) => None,
        }
    }
}

/// The detail that names why a component is unhealthy.
pub fn error(kind: &str) -> (String, Detail) {
    ("error".into(), Detail::Text(kind.into()))
}

impl HealthReport {
    /// `{endpoint, status, components}`.
    pub fn to_json(&self) -> Value {
        let component = |component: &ComponentHealth| {
            json!({
                "name": component.name,
                "status": component.status,
                "required": component.required,
                "details": object(&component.details),
            })
        };
        json!({
            "endpoint": self.endpoint,
            "status": self.status,
            "components": self.components.iter().map(component).collect::<Vec<_>>(),
        })
    }
}

/// `{info: {group: {name: value}}}`, the groups of all sections together. Of a
/// group that several name, the first section's stays.
pub fn info_to_json(sections: &[InfoSection]) -> Value {
    let mut groups = Map::new();
    for group in sections.iter().flat_map(|section| &section.groups) {
        groups.entry(group.name.clone()).or_insert_with(|| object(&group.entries));
    }
    json!({ "info": groups })
}

fn object(details: &Details) -> Value {
    let entry = |(name, detail): &(String, Detail)| (name.clone(), json!(detail));
    Value::Object(details.iter().map(entry).collect())
}

/// The probe `redis-cache`: a cache whose store answers is healthy.
#[derive(Debug)]
pub struct CacheProbe {
    cache: Cache,
    details: Details,
}

impl CacheProbe {
    /// Its name in a report.
    pub const NAME: &str = "redis-cache";

    /// A probe that shows `details` beside what it finds.
    pub fn new(cache: Cache, details: Details) -> Self {
        Self { cache, details }
    }
}

impl HealthProbe for CacheProbe {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn required(&self) -> bool {
        true
    }

    fn answers_for(&self, endpoint: Endpoint) -> bool {
        // A cache that is down is no reason to restart its users.
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

/// The contributor of a cache's counts, `redis-cache-metrics`.
#[derive(Debug)]
pub struct CacheMetrics(pub Cache);

impl CacheMetrics {
    /// The name of its section.
    pub const NAME: &str = "redis-cache-metrics";
}

impl InfoContributor for CacheMetrics {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn contribute(&self) -> Answer<'_, Option<InfoSection>> {
        let count = |(name, count): (&str, u64)| {
            (name.to_owned(), Detail::Integer(i64::try_from(count).unwrap_or(i64::MAX)))
        };
        let entries = self.0.metrics().counts().map(count).collect();
        let group = InfoGroup { name: "redis_cache".into(), entries };
        Box::pin(async { Some(InfoSection { name: Self::NAME.into(), groups: vec![group] }) })
    }
}
