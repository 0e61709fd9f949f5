//! The contract's `actuator`, and its types as those of the actuator.

use spakky_actuator::{
    Actuator, ComponentHealth, Detail, Details, Endpoint, HealthReport, InfoGroup, InfoSection,
    Status,
};

use crate::bindings::spakky::cache::actuator;
use crate::bindings::spakky::cache::actuator_types as contract;
use crate::context::CacheCtx;

impl contract::Host for CacheCtx {}

impl actuator::Host for CacheCtx {
    async fn health(
        &mut self,
        endpoint: contract::Endpoint,
    ) -> wasmtime::Result<actuator::HealthReport> {
        let HealthReport { status, components, .. } = match &self.actuator {
            Some(actuator) => actuator.health(endpoint.into()).await,
            None => Actuator::default().health(endpoint.into()).await,
        };
        let components = components.into_iter().map(Into::into).collect();
        Ok(actuator::HealthReport { endpoint, status: status.into(), components })
    }

    async fn info(&mut self) -> wasmtime::Result<Vec<contract::InfoSection>> {
        let Some(actuator) = &self.actuator else { return Ok(vec![]) };
        Ok(actuator.info().await.into_iter().map(Into::into).collect())
    }
}

impl From<contract::Endpoint> for Endpoint {
    fn from(endpoint: contract::Endpoint) -> Self {
        match endpoint {
            contract::Endpoint::Health => Self::Health,
            contract::Endpoint::Readiness => Self::Readiness,
            contract::Endpoint::Liveness => Self::Liveness,
        }
    }
}

impl From<Status> for contract::HealthStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Healthy => Self::Healthy,
            Status::Unhealthy => Self::Unhealthy,
        }
    }
}

impl From<ComponentHealth> for contract::ComponentHealth {
    fn from(component: ComponentHealth) -> Self {
        Self {
            name: component.name,
            status: component.status.into(),
            required: component.required,
            details: to_contract(component.details),
        }
    }
}

impl From<InfoSection> for contract::InfoSection {
    fn from(section: InfoSection) -> Self {
        let group = |group: InfoGroup| contract::InfoGroup {
            name: group.name,
            entries: to_contract(group.entries),
        };
        Self { name: section.name, groups: section.groups.into_iter().map(group).collect() }
    }
}

fn to_contract(details: Details) -> Vec<(String, contract::Detail)> {
    let detail = |detail| match detail {
        Detail::Text(text) => contract::Detail::Text(text),
        Detail::Integer(number) => contract::Detail::Integer(number),
        Detail::Number(number) => contract::Detail::Number(number),
        Detail::Flag(flag) => contract::Detail::Flag(flag),
    };
    details.into_iter().map(|(name, value)| (name, detail(value))).collect()
}
