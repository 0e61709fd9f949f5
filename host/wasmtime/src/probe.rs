//! Probes and contributors that components export.
//!
//! Each question gets an instance of its own: a probe that traps or hangs takes
//! nothing with it, and its next answer starts afresh.

use std::fmt;
use std::sync::Arc;

use spakky_cache_core::actuator::{
    Answer, Endpoint, HealthProbe, InfoContributor, InfoSection, Outcome, Status, error,
};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

use crate::actuator::from_contract;
use crate::bindings::exports::spakky::cache::{health_probe, info_contributor};

/// Makes the store for one question.
pub type NewStore<T> = Arc<dyn Fn() -> Store<T> + Send + Sync>;

/// A component, ready to be asked.
struct Asked<T: 'static> {
    pre: InstancePre<T>,
    new_store: NewStore<T>,
}

impl<T: Send> Asked<T> {
    async fn instance(&self) -> wasmtime::Result<(Store<T>, Instance)> {
        let mut store = (self.new_store)();
        let instance = self.pre.instantiate_async(&mut store).await?;
        Ok((store, instance))
    }
}

/// The `health-probe` of a component.
pub struct GuestProbe<T: 'static> {
    asked: Asked<T>,
    indices: health_probe::GuestIndices,
    name: String,
    required: bool,
    endpoints: Vec<Endpoint>,
}

impl<T> fmt::Debug for GuestProbe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestProbe").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> GuestProbe<T> {
    /// The probe of the component, once it has described itself; none: it
    /// exports none. Whoever calls this watches the time.
    ///
    /// # Errors
    /// If the component traps.
    pub async fn of(
        pre: &InstancePre<T>,
        new_store: NewStore<T>,
    ) -> wasmtime::Result<Option<Self>> {
        let Ok(indices) = health_probe::GuestIndices::new(pre) else {
            return Ok(None);
        };
        let asked = Asked { pre: pre.clone(), new_store };
        let (mut store, instance) = asked.instance().await?;
        let probe = indices.load(&mut store, &instance)?.call_describe(&mut store).await?;
        let endpoints = probe.endpoints.into_iter().map(Into::into).collect();
        Ok(Some(Self { asked, indices, name: probe.name, required: probe.required, endpoints }))
    }

    async fn ask(&self) -> wasmtime::Result<Outcome> {
        let (mut store, instance) = self.asked.instance().await?;
        let outcome = self.indices.load(&mut store, &instance)?.call_check(&mut store).await?;
        let details = from_contract(outcome.details);
        Ok(Outcome { status: outcome.status.into(), details })
    }
}

impl<T: Send + 'static> HealthProbe for GuestProbe<T> {
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
            self.ask().await.unwrap_or_else(|failure| {
                tracing::warn!(probe = self.name, ?failure, "a probe trapped");
                Outcome { status: Status::Unhealthy, details: vec![error("trap")] }
            })
        })
    }
}

/// The `info-contributor` of a component.
pub struct GuestContributor<T: 'static> {
    asked: Asked<T>,
    indices: info_contributor::GuestIndices,
    component: String,
}

impl<T> fmt::Debug for GuestContributor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestContributor").field("of", &self.component).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> GuestContributor<T> {
    /// The contributor of the component, which the log calls `component`; none:
    /// it exports none.
    pub fn of(pre: &InstancePre<T>, new_store: NewStore<T>, component: &str) -> Option<Self> {
        let indices = info_contributor::GuestIndices::new(pre).ok()?;
        let asked = Asked { pre: pre.clone(), new_store };
        Some(Self { asked, indices, component: component.to_owned() })
    }

    async fn ask(&self) -> wasmtime::Result<InfoSection> {
        let (mut store, instance) = self.asked.instance().await?;
        let guest = self.indices.load(&mut store, &instance)?;
        Ok(guest.call_contribute(&mut store).await?.into())
    }
}

impl<T: Send + 'static> InfoContributor for GuestContributor<T> {
    fn name(&self) -> &str {
        &self.component
    }

    fn contribute(&self) -> Answer<'_, Option<InfoSection>> {
        Box::pin(async {
            self.ask()
                .await
                .inspect_err(|failure| {
                    tracing::warn!(contributor = self.component, ?failure, "it trapped");
                })
                .ok()
        })
    }
}
