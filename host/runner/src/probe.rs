//! Probes and contributors that components export.
//!
//! Each call gets an instance of its own: a probe that traps or hangs affects
//! nothing else, and its next answer starts afresh.

use std::fmt;

use spakky_actuator::{Answer, Endpoint, HealthProbe, InfoContributor, InfoSection, Outcome};
use wasmtime::Store;
use wasmtime::component::{ComponentExportIndex, Instance};

use crate::bindings::{self, call, export};
use crate::instance::{InstanceState, NewStore};
use crate::load::LoadedComponent;

/// A component, and the stores for its instances.
struct Callee {
    component: LoadedComponent,
    new_store: NewStore,
}

impl Callee {
    async fn instantiate(&self) -> wasmtime::Result<(Store<InstanceState>, Instance)> {
        let mut store = (self.new_store)(self.component.engine());
        let instance = self.component.pre.instantiate_async(&mut store).await?;
        Ok((store, instance))
    }
}

/// The `health-probe` that a component exports.
pub struct GuestProbe {
    callee: Callee,
    check: ComponentExportIndex,
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
        let exported = |function| export(component.pre.component(), "health-probe", function);
        let (Some(describe), Some(check)) = (exported("describe"), exported("check")) else {
            return Ok(None);
        };
        let callee = Callee { component: component.clone(), new_store };
        let (mut store, instance) = callee.instantiate().await?;
        let probe: bindings::Probe = call(&mut store, &instance, &describe).await?;
        let endpoints = probe.endpoints.into_iter().map(Into::into).collect();
        Ok(Some(Self { callee, check, name: probe.name, required: probe.required, endpoints }))
    }

    async fn call_check(&self) -> wasmtime::Result<Outcome> {
        let (mut store, instance) = self.callee.instantiate().await?;
        let outcome: bindings::Outcome = call(&mut store, &instance, &self.check).await?;
        Ok(outcome.into())
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
    contribute: ComponentExportIndex,
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
        let contribute = export(component.pre.component(), "info-contributor", "contribute")?;
        let callee = Callee { component: component.clone(), new_store };
        Some(Self { callee, contribute, name: component.name() })
    }

    async fn call_contribute(&self) -> wasmtime::Result<InfoSection> {
        let (mut store, instance) = self.callee.instantiate().await?;
        let section: bindings::InfoSection = call(&mut store, &instance, &self.contribute).await?;
        Ok(section.into())
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
