//! The contract's `actuator`, and its types as those of the actuator.

use std::sync::Arc;

use spakky_actuator as actuator;
use spakky_actuator::{Actuator, Status};
use wasmtime::component::{ComponentType, Lift, Linker, Lower};

use crate::access::{Access, Concurrent, Get, Plain};

/// The contract's `endpoint`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "values come from guests only")]
enum Endpoint {
    #[component(name = "health")]
    Health,
    #[component(name = "readiness")]
    Readiness,
    #[component(name = "liveness")]
    Liveness,
}

/// The contract's `health-status`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
enum HealthStatus {
    #[component(name = "healthy")]
    Healthy,
    #[component(name = "unhealthy")]
    Unhealthy,
}

/// The contract's `detail`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum Detail {
    #[component(name = "text")]
    Text(String),
    #[component(name = "integer")]
    Integer(i64),
    #[component(name = "number")]
    Number(f64),
    #[component(name = "flag")]
    Flag(bool),
}

/// The contract's `component-health`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct ComponentHealth {
    name: String,
    status: HealthStatus,
    required: bool,
    details: Vec<(String, Detail)>,
}

/// The contract's `health-report`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct HealthReport {
    endpoint: Endpoint,
    status: HealthStatus,
    components: Vec<ComponentHealth>,
}

/// The contract's `info-group`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct InfoGroup {
    name: String,
    entries: Vec<(String, Detail)>,
}

/// The contract's `info-section`.
#[derive(ComponentType, Lower)]
#[component(record)]
struct InfoSection {
    name: String,
    groups: Vec<InfoGroup>,
}

/// Links the version of plain functions.
pub(crate) fn add_plain<T: Send + 'static>(
    linker: &mut Linker<T>,
    name: &str,
    get: Get<T>,
) -> wasmtime::Result<()> {
    let mut instance = linker.instance(name)?;
    instance.func_wrap_async("health", move |store, (endpoint,): (Endpoint,)| {
        Box::new(async move { Ok((health(Plain { store, get }, endpoint).await,)) })
    })?;
    instance.func_wrap_async("info", move |store, (): ()| {
        Box::new(async move { Ok((info(Plain { store, get }).await,)) })
    })
}

/// Links the version of `async func`.
pub(crate) fn add_concurrent<T: Send + 'static>(
    linker: &mut Linker<T>,
    name: &str,
    get: Get<T>,
) -> wasmtime::Result<()> {
    let mut instance = linker.instance(name)?;
    instance.func_wrap_concurrent("health", move |accessor, (endpoint,): (Endpoint,)| {
        Box::pin(async move { Ok((health(Concurrent { accessor, get }, endpoint).await,)) })
    })?;
    instance.func_wrap_concurrent("info", move |accessor, (): ()| {
        Box::pin(async move { Ok((info(Concurrent { accessor, get }).await,)) })
    })
}

fn actuator_of(caller: &mut impl Access) -> Option<Arc<Actuator>> {
    caller.with(|context| context.actuator.clone())
}

async fn health(mut caller: impl Access, endpoint: Endpoint) -> HealthReport {
    let report = match actuator_of(&mut caller) {
        Some(actuator) => actuator.health(endpoint.into()).await,
        None => Actuator::default().health(endpoint.into()).await,
    };
    let components = report.components.into_iter().map(Into::into).collect();
    HealthReport { endpoint, status: report.status.into(), components }
}

async fn info(mut caller: impl Access) -> Vec<InfoSection> {
    let Some(actuator) = actuator_of(&mut caller) else { return vec![] };
    actuator.info().await.into_iter().map(Into::into).collect()
}

impl From<Endpoint> for actuator::Endpoint {
    fn from(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Health => Self::Health,
            Endpoint::Readiness => Self::Readiness,
            Endpoint::Liveness => Self::Liveness,
        }
    }
}

impl From<Status> for HealthStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Healthy => Self::Healthy,
            Status::Unhealthy => Self::Unhealthy,
        }
    }
}

impl From<actuator::ComponentHealth> for ComponentHealth {
    fn from(component: actuator::ComponentHealth) -> Self {
        Self {
            name: component.name,
            status: component.status.into(),
            required: component.required,
            details: to_contract(component.details),
        }
    }
}

impl From<actuator::InfoSection> for InfoSection {
    fn from(section: actuator::InfoSection) -> Self {
        let group = |group: actuator::InfoGroup| InfoGroup {
            name: group.name,
            entries: to_contract(group.entries),
        };
        Self { name: section.name, groups: section.groups.into_iter().map(group).collect() }
    }
}

fn to_contract(details: actuator::Details) -> Vec<(String, Detail)> {
    let detail = |detail| match detail {
        actuator::Detail::Text(text) => Detail::Text(text),
        actuator::Detail::Integer(number) => Detail::Integer(number),
        actuator::Detail::Number(number) => Detail::Number(number),
        actuator::Detail::Flag(flag) => Detail::Flag(flag),
    };
    details.into_iter().map(|(name, value)| (name, detail(value))).collect()
}
