//! What components may export, in either version of the contract.

use spakky_actuator::{self as actuator, Details, Status};
use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, Instance, Lift, Lower, TypedFunc,
};

use crate::instance::InstanceState;

/// The versions of the contract. A component exports an interface in one of them.
const VERSIONS: [&str; 2] = ["0.3.0", "0.2.0"];

/// The export of a function of an interface of the contract, if `component` has it.
pub(crate) fn export(
    component: &Component,
    interface: &str,
    function: &str,
) -> Option<ComponentExportIndex> {
    VERSIONS.iter().find_map(|version| {
        let name = format!("spakky:cache/{interface}@{version}");
        let interface = component.get_export_index(None, &*name)?;
        component.get_export_index(Some(&interface), function)
    })
}

/// Calls an exported function without parameters.
pub(crate) async fn call<R>(
    store: &mut Store<InstanceState>,
    instance: &Instance,
    export: &ComponentExportIndex,
) -> wasmtime::Result<R>
where
    R: ComponentType + Lift + Send + Sync + 'static,
{
    let function: TypedFunc<(), (R,)> = instance.get_typed_func(&mut *store, export)?;
    let (answer,) = function.call_async(store, ()).await?;
    Ok(answer)
}

/// The contract's `endpoint`.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "values come from guests only")]
pub(crate) enum Endpoint {
    #[component(name = "health")]
    Health,
    #[component(name = "readiness")]
    Readiness,
    #[component(name = "liveness")]
    Liveness,
}

/// The contract's `health-status`.
#[derive(Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "values come from guests only")]
pub(crate) enum HealthStatus {
    #[component(name = "healthy")]
    Healthy,
    #[component(name = "unhealthy")]
    Unhealthy,
}

/// The contract's `detail`.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Detail {
    #[component(name = "text")]
    Text(String),
    #[component(name = "integer")]
    Integer(i64),
    #[component(name = "number")]
    Number(f64),
    #[component(name = "flag")]
    Flag(bool),
}

/// The contract's `probe`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Probe {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// The contract's `outcome`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Outcome {
    status: HealthStatus,
    details: Vec<(String, Detail)>,
}

/// The contract's `info-group`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct InfoGroup {
    name: String,
    entries: Vec<(String, Detail)>,
}

/// The contract's `info-section`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct InfoSection {
    name: String,
    groups: Vec<InfoGroup>,
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

impl From<HealthStatus> for Status {
    fn from(status: HealthStatus) -> Self {
        match status {
            HealthStatus::Healthy => Self::Healthy,
            HealthStatus::Unhealthy => Self::Unhealthy,
        }
    }
}

impl From<Outcome> for actuator::Outcome {
    fn from(outcome: Outcome) -> Self {
        Self { status: outcome.status.into(), details: details(outcome.details) }
    }
}

impl From<InfoSection> for actuator::InfoSection {
    fn from(section: InfoSection) -> Self {
        let group = |group: InfoGroup| actuator::InfoGroup {
            name: group.name,
            entries: details(group.entries),
        };
        Self { name: section.name, groups: section.groups.into_iter().map(group).collect() }
    }
}

fn details(details: Vec<(String, Detail)>) -> Details {
    let detail = |detail| match detail {
        Detail::Text(text) => actuator::Detail::Text(text),
        Detail::Integer(number) => actuator::Detail::Integer(number),
        Detail::Number(number) => actuator::Detail::Number(number),
        Detail::Flag(flag) => actuator::Detail::Flag(flag),
    };
    details.into_iter().map(|(name, value)| (name, detail(value))).collect()
}
