//! The cache and the components that report of themselves, for the actuator.

use std::sync::Arc;
use std::time::Duration;

use spakky_cache_core::actuator::{
    Actuator, Answer, Endpoint, HealthProbe, Outcome, Status, error,
};
use spakky_cache_wasmtime::{GuestContributor, GuestProbe, NewStore};

use crate::component::Loaded;
use crate::guest::{Guest, Guests, Talk};
use crate::plugin::Plugin;

/// Those that the actuator asks: the cache, and components that are added.
pub(crate) struct Reporters {
    actuator: Actuator,
    new_store: NewStore<Guest>,
    time_limit: Duration,
}

impl Reporters {
    /// The cache alone, so far. It waits for `time_limit` until a component has
    /// described itself.
    ///
    /// Components that are asked see an actuator of the cache alone: one that
    /// asked them, too, would never come to an end.
    pub(crate) fn new(plugin: &Plugin, guests: &Guests, time_limit: Duration) -> Self {
        let (of_cache, guests) = (Arc::new(plugin.actuator()), guests.clone());
        let new_store = Arc::new(move || guests.store(&of_cache, &Talk::Asked));
        Self { actuator: plugin.actuator(), new_store, time_limit }
    }

    /// Adds the probes of `components`.
    pub(crate) async fn probes(mut self, components: &[Loaded]) -> Self {
        for component in components {
            if let Some(probe) = self.probe_of(component).await {
                self.actuator = self.actuator.probe(probe);
            } else {
                tracing::debug!(component = component.name(), "exports no health-probe");
            }
        }
        self
    }

    /// The probe of a component, if it has one; one that cannot even say what
    /// it is called is unhealthy.
    async fn probe_of(&self, component: &Loaded) -> Option<Arc<dyn HealthProbe>> {
        let name = component.name();
        let described = GuestProbe::of(&component.pre, self.new_store.clone());
        let kind = match tokio::time::timeout(self.time_limit, described).await {
            Ok(Ok(probe)) => return probe.map(|probe| Arc::new(probe) as Arc<dyn HealthProbe>),
            Ok(Err(failure)) => {
                let reason = failure.root_cause();
                tracing::warn!(component = name, %reason, "a probe trapped");
                tracing::debug!(?failure);
                "trap"
            }
            Err(_) => {
                tracing::warn!(component = name, limit = ?self.time_limit, "a probe was too late");
                "timeout"
            }
        };
        Some(Arc::new(Nameless { name, kind }))
    }

    /// Adds the contributors of `components`.
    pub(crate) fn contributors(mut self, components: &[Loaded]) -> Self {
        for component in components {
            let (name, new_store) = (component.name(), self.new_store.clone());
            if let Some(contributor) = GuestContributor::of(&component.pre, new_store, &name) {
                self.actuator = self.actuator.contributor(Arc::new(contributor));
            } else {
                tracing::debug!(component = name, "exports no info-contributor");
            }
        }
        self
    }

    /// Who asks all of them.
    pub(crate) fn actuator(self) -> Arc<Actuator> {
        Arc::new(self.actuator)
    }
}

/// A probe that could not describe itself. The component's name stands for
/// its own, and it counts, whatever it is asked about.
struct Nameless {
    name: String,
    kind: &'static str,
}

impl HealthProbe for Nameless {
    fn name(&self) -> &str {
        &self.name
    }

    fn required(&self) -> bool {
        true
    }

    fn answers_for(&self, _: Endpoint) -> bool {
        true
    }

    fn check(&self) -> Answer<'_, Outcome> {
        let outcome = Outcome { status: Status::Unhealthy, details: vec![error(self.kind)] };
        Box::pin(async { outcome })
    }
}
