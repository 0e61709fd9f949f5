//! Health and info of a host, its cache and the components that it runs.
//!
//! An [`Actuator`] asks all of its probes or contributors at the same time, each
//! within a time limit: one that hangs delays a report but never withholds it.
//!
//! ```
//! use std::sync::Arc;
//! use spakky_actuator::{Actuator, CacheMetrics, CacheProbe, Endpoint, Status};
//! # use spakky_cache_core::{Cache, TokioRuntime};
//! # use spakky_cache_memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let cache = Cache::new(Arc::new(MemoryStore::new(Arc::new(TokioRuntime))));
//! let actuator = Actuator::default()
//!     .probe(Arc::new(CacheProbe::new("orders-cache", cache.clone(), vec![])))
//!     .contributor(Arc::new(CacheMetrics::new("orders-cache-metrics", "orders_cache", cache)));
//! let report = actuator.health(Endpoint::Health).await;
//! assert_eq!(report.status, Status::Healthy);
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test fails by a panic"))]

mod cache;
mod names;
mod report;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

pub use cache::{CacheMetrics, CacheProbe};
use names::Names;
pub use report::{
    ComponentHealth, Detail, Details, Endpoint, HealthReport, Info, InfoGroup, InfoSection,
    Outcome, Status, error,
};

/// The future of a probe's or a contributor's answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something whose health can be checked.
pub trait HealthProbe: Send + Sync {
    /// The name to report under, unless it is taken.
    fn name(&self) -> &str;

    /// Whether the whole report is unhealthy if this is.
    fn required(&self) -> bool;

    /// Whether this probe takes part in reports on `endpoint`.
    fn answers_for(&self, endpoint: Endpoint) -> bool;

    /// Checks the health. Called once for each report; the [`Actuator`] limits
    /// the time.
    fn check(&self) -> Answer<'_, Outcome>;
}

/// Something that adds a section to the info.
pub trait InfoContributor: Send + Sync {
    /// The contributor's name in the log, and in names that have to be told
    /// apart.
    fn name(&self) -> &str;

    /// Returns the section, or `None` if it cannot be had. Called once for each
    /// report; the [`Actuator`] limits the time.
    fn contribute(&self) -> Answer<'_, Option<InfoSection>>;
}

/// Asks probes for their health, and contributors for their info.
///
/// Names in reports are unique. The first to register a name keeps it, so add the
/// host's own probes and contributors before those of components.
pub struct Actuator {
    time_limit: Duration,
    include_details: bool,
    names: Names,
    probes: Vec<(String, Arc<dyn HealthProbe>)>,
    contributors: Vec<Arc<dyn InfoContributor>>,
}

impl Default for Actuator {
    /// An actuator without probes and contributors, which gives each of them 5
    /// seconds and shows details.
    fn default() -> Self {
        Self {
            time_limit: Duration::from_secs(5),
            include_details: true,
            names: Names::default(),
            probes: vec![],
            contributors: vec![],
        }
    }
}

impl fmt::Debug for Actuator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let probes: Vec<_> = self.probes.iter().map(|(name, _)| name).collect();
        f.debug_struct("Actuator").field("probes", &probes).finish_non_exhaustive()
    }
}

impl Actuator {
    /// Sets how long each probe and contributor may take.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sets whether health reports show details.
    #[must_use]
    pub fn include_details(mut self, include: bool) -> Self {
        self.include_details = include;
        self
    }

    /// Adds a probe of the host's.
    #[must_use]
    pub fn probe(mut self, probe: Arc<dyn HealthProbe>) -> Self {
        let name = self.names.claim(probe.name(), None);
        self.probes.push((name, probe));
        self
    }

    /// Adds a probe that `component` exports. If its name is taken, it is
    /// reported as `component/name`.
    #[must_use]
    pub fn component_probe(mut self, component: &str, probe: Arc<dyn HealthProbe>) -> Self {
        let name = self.names.claim(probe.name(), Some(component));
        self.probes.push((name, probe));
        self
    }

    /// Adds a contributor.
    #[must_use]
    pub fn contributor(mut self, contributor: Arc<dyn InfoContributor>) -> Self {
        self.contributors.push(contributor);
        self
    }

    /// Asks the probes that answer for `endpoint`.
    pub async fn health(&self, endpoint: Endpoint) -> HealthReport {
        let asked = self.probes.iter().filter(|(_, probe)| probe.answers_for(endpoint));
        let checks = asked.map(|(name, probe)| self.check(name, &**probe));
        let mut components = join_all(checks).await;
        components.sort_by(|a, b| a.name.cmp(&b.name));
        let failed = |component: &ComponentHealth| {
            component.required && component.status == Status::Unhealthy
        };
        let status =
            if components.iter().any(failed) { Status::Unhealthy } else { Status::Healthy };
        HealthReport { endpoint, status, components }
    }

    async fn check(&self, name: &str, probe: &dyn HealthProbe) -> ComponentHealth {
        let outcome = self.within_limit(probe.check()).await;
        let outcome = outcome.unwrap_or_else(|| Outcome::unhealthy("timeout"));
        ComponentHealth {
            name: name.to_owned(),
            status: outcome.status,
            required: probe.required(),
            details: if self.include_details { outcome.details } else { vec![] },
        }
    }

    /// Asks the contributors. The sections are sorted by name.
    ///
    /// A section or a group whose name an earlier contributor uses is renamed to
    /// `contributor/name`.
    pub async fn info(&self) -> Vec<InfoSection> {
        let asked = self.contributors.iter().map(async |contributor| {
            let section = self.within_limit(contributor.contribute()).await.flatten();
            if section.is_none() {
                tracing::warn!(contributor = contributor.name(), "no info, or not in time");
            }
            Some((contributor.name(), section?))
        });
        let (mut sections, mut groups) = (Names::default(), Names::default());
        let unique = |(contributor, mut section): (&str, InfoSection)| {
            section.name = sections.claim(&section.name, Some(contributor));
            for group in &mut section.groups {
                group.name = groups.claim(&group.name, Some(contributor));
            }
            section
        };
        let mut info: Vec<_> = join_all(asked).await.into_iter().flatten().map(unique).collect();
        info.sort_by(|a, b| a.name.cmp(&b.name));
        info
    }

    async fn within_limit<T>(&self, answer: Answer<'_, T>) -> Option<T> {
        tokio::time::timeout(self.time_limit, answer).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed {
        name: &'static str,
        status: Status,
    }

    impl HealthProbe for Fixed {
        fn name(&self) -> &str {
            self.name
        }

        fn required(&self) -> bool {
            true
        }

        fn answers_for(&self, endpoint: Endpoint) -> bool {
            endpoint == Endpoint::Health
        }

        fn check(&self) -> Answer<'_, Outcome> {
            Box::pin(async { Outcome { status: self.status, details: vec![] } })
        }
    }

    impl InfoContributor for Fixed {
        fn name(&self) -> &str {
            self.name
        }

        fn contribute(&self) -> Answer<'_, Option<InfoSection>> {
            let entries = vec![("from".to_owned(), Detail::Text(self.name.to_owned()))];
            let group = InfoGroup { name: "counts".into(), entries };
            let section = InfoSection { name: "metrics".into(), groups: vec![group] };
            Box::pin(async { Some(section) })
        }
    }

    fn fixed(name: &'static str, status: Status) -> Arc<Fixed> {
        Arc::new(Fixed { name, status })
    }

    #[tokio::test]
    async fn a_name_that_is_taken_cannot_be_taken_again() {
        let actuator = Actuator::default()
            .probe(fixed("cache", Status::Unhealthy))
            .component_probe("a.wasm", fixed("cache", Status::Healthy))
            .component_probe("a.wasm", fixed("cache", Status::Healthy));
        let report = actuator.health(Endpoint::Health).await;
        let found: Vec<_> = report.components.iter().map(|it| (&*it.name, it.status)).collect();
        assert_eq!(
            found,
            [
                ("a.wasm/cache", Status::Healthy),
                ("a.wasm/cache#2", Status::Healthy),
                ("cache", Status::Unhealthy),
            ]
        );
        assert_eq!(report.status, Status::Unhealthy);
    }

    #[tokio::test]
    async fn the_first_contributor_of_a_group_keeps_its_name() {
        let actuator = Actuator::default()
            .contributor(fixed("host", Status::Healthy))
            .contributor(fixed("a.wasm", Status::Healthy));
        let info = actuator.info().await;
        let names: Vec<_> = info.iter().map(|section| &*section.name).collect();
        assert_eq!(names, ["a.wasm/metrics", "metrics"]);
        assert_eq!(
            serde_json::to_value(Info(&info)).unwrap(),
            serde_json::json!({ "info": {
                "counts": { "from": "host" },
                "a.wasm/counts": { "from": "a.wasm" },
            } })
        );
    }

    #[tokio::test]
    async fn without_probes_all_is_well() {
        let report = Actuator::default().health(Endpoint::Liveness).await;
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            serde_json::json!({ "endpoint": "liveness", "status": "healthy", "components": [] })
        );
    }
}
