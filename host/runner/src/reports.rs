//! Adds what components export to an actuator.

use std::sync::Arc;
use std::time::Duration;

use spakky_actuator::{Actuator, Answer, Endpoint, HealthProbe, Outcome};

use crate::instance::NewStore;
use crate::load::LoadedComponent;
use crate::probe::{GuestContributor, GuestProbe};

/// Adds the probes of `components`, each of which has `time_limit` to describe
/// itself.
///
/// The stores must not use the returned actuator: a component that asks it for
/// health while it is asked itself would never end.
pub async fn add_probes(
    mut actuator: Actuator,
    components: &[LoadedComponent],
    new_store: &NewStore,
    time_limit: Duration,
) -> Actuator {
    for component in components {
        let name = component.name();
        if let Some(probe) = probe_of(component, new_store, time_limit).await {
            actuator = actuator.component_probe(&name, probe);
        } else {
            tracing::debug!(component = name, "exports no health-probe");
        }
    }
    actuator
}

/// The probe of a component, if it exports one. A probe that cannot describe
/// itself is unhealthy.
async fn probe_of(
    component: &LoadedComponent,
    new_store: &NewStore,
    time_limit: Duration,
) -> Option<Arc<dyn HealthProbe>> {
    let name = component.name();
    let described = GuestProbe::describe(component, new_store.clone());
    let error = match tokio::time::timeout(time_limit, described).await {
        Ok(Ok(probe)) => return probe.map(|probe| Arc::new(probe) as Arc<dyn HealthProbe>),
        Ok(Err(failure)) => {
            let reason = failure.root_cause();
            tracing::warn!(component = name, %reason, "a probe trapped");
            tracing::debug!(?failure);
            "trap"
        }
        Err(_) => {
            tracing::warn!(component = name, limit = ?time_limit, "a probe took too long");
            "timeout"
        }
    };
    Some(Arc::new(UndescribedProbe { component: name, error }))
}

/// Adds the contributors of `components`.
pub fn add_contributors(
    mut actuator: Actuator,
    components: &[LoadedComponent],
    new_store: &NewStore,
) -> Actuator {
    for component in components {
        if let Some(contributor) = GuestContributor::new(component, new_store.clone()) {
            actuator = actuator.contributor(Arc::new(contributor));
        } else {
            tracing::debug!(component = component.name(), "exports no info-contributor");
        }
    }
    actuator
}

/// Stands in for a probe that could not describe itself. It is required, and
/// answers for every endpoint, under the component's name.
struct UndescribedProbe {
    component: String,
    error: &'static str,
}

impl HealthProbe for UndescribedProbe {
    fn name(&self) -> &str {
        &self.component
    }

    fn required(&self) -> bool {
        true
    }

    fn answers_for(&self, _: Endpoint) -> bool {
        true
    }

    fn check(&self) -> Answer<'_, Outcome> {
        Box::pin(async { Outcome::unhealthy(self.error) })
    }
}
