//! Probes and contributors that components export.
//!
//! Each call gets an instance of its own: a probe that traps or hangs affects
//! nothing else, and its next answer starts afresh.

use std::fmt;

use spakky_actuator::{Answer, Endpoint, HealthProbe, InfoContributor, InfoSection, Outcome};
use wasmtime::Store;
use wasmtime::component::Instance;

use crate::bindings::details;
use crate::bindings::exports::spakky::cache::{health_probe, info_contributor};
use crate::instance::{InstanceState, NewStore};
use crate::load::LoadedComponent;

/// A component, and the stores for its instances.
struct Callee {
    component: LoadedComponent,
    new_store: NewStore,
}

impl Callee {
    async fn instantiate(&self) -> wasmtime::Result<(Store<InstanceState>, Instance)> {
        let mut store = (self.new_store)();
        let instance = self.component.pre.instantiate_async(&mut store).await?;
        Ok((store, instance))
    }
}

/// The `health-probe` that a component exports.
pub struct GuestProbe {
    callee: Callee,
    indices: health_probe::GuestIndices,
    name: String,
    required: bool,
    endpoints: Vec<Endpoint>,
}

impl fmt::Debug for GuestProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestProbe").field("name", &self.name).finish_non_exhaustive()
    }
}

impl GuestProbe {
    /// Asks the probe of `component` to describe itself. Returns `None` if the
    /// component exports no probe. The caller limits the time.
    ///
    /// # Errors
    /// If the component traps.
    pub async fn describe(
        component: &LoadedComponent,
        new_store: NewStore,
    ) -> wasmtime::Result<Option<Self>> {
        let Ok(indices) = health_probe::GuestIndices::new(&component.pre) else {
            return Ok(None);
        };
        let callee = Callee { component: component.clone(), new_store };
        let (mut store, instance) = callee.instantiate().await?;
        let probe = indices.load(&mut store, &instance)?.call_describe(&mut store).await?;
        let endpoints = probe.endpoints.into_iter().map(Into::into).collect();
        Ok(Some(Self { callee, indices, name: probe.name, required: probe.required, endpoints }))
    }

    async fn call_check(&self) -> wasmtime::Result<Outcome> {
        let (mut store, instance) = self.callee.instantiate().await?;
        let outcome = self.indices.load(&mut store, &instance)?.call_check(&mut store).await?;
        Ok(Outcome { status: outcome.status.into(), details: details(outcome.details) })
    }
}

impl HealthProbe for GuestProbe {
    fn name(&self) -> &str {
        &self.name
    }

    fn required(&self) -> bool {
        self.required
    }

    fn answers_for(&self, endpoint: Endpoint) -> bool {
        self.endpoints.contains(&endpoint)
    }

    fn check(&self) -> Answer<'_, Outcome> {
        Box::pin(async {
            self.call_check().await.unwrap_or_else(|failure| {
                tracing::warn!(probe = self.name, ?failure, "a probe trapped");
                Outcome::unhealthy("trap")
            })
        })
    }
}

/// The `info-contributor` that a component exports.
pub struct GuestContributor {
    callee: Callee,
    indices: info_contributor::GuestIndices,
    name: String,
}

impl fmt::Debug for GuestContributor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestContributor").field("of", &self.name).finish_non_exhaustive()
    }
}

impl GuestContributor {
    /// Returns the contributor of `component`, if it exports one.
    pub fn new(component: &LoadedComponent, new_store: NewStore) -> Option<Self> {
        let indices = info_contributor::GuestIndices::new(&component.pre).ok()?;
        let callee = Callee { component: component.clone(), new_store };
        Some(Self { callee, indices, name: component.name() })
    }

    async fn call_contribute(&self) -> wasmtime::Result<InfoSection> {
        let (mut store, instance) = self.callee.instantiate().await?;
        let guest = self.indices.load(&mut store, &instance)?;
        Ok(guest.call_contribute(&mut store).await?.into())
    }
}

impl InfoContributor for GuestContributor {
    fn name(&self) -> &str {
        &self.name
    }

    fn contribute(&self) -> Answer<'_, Option<InfoSection>> {
        Box::pin(async {
            let section = self.call_contribute().await;
            let trapped = |failure: &wasmtime::Error| {
                tracing::warn!(contributor = self.name, ?failure, "a contributor trapped");
            };
            section.inspect_err(trapped).ok()
        })
    }
}
