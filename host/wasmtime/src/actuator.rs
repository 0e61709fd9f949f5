//! The contract's `actuator`, for one instance, and its words as core's.

use spakky_cache_core::actuator::{
    ComponentHealth, Detail, Details, Endpoint, InfoGroup, InfoSection, Status,
};

use crate::bindings::spakky::cache::actuator::{HealthReport, Host};
use crate::bindings::spakky::cache::actuator_types as contract;
use crate::context::CacheCtx;

impl contract::Host for CacheCtx {}

impl Host for CacheCtx {
    async fn health(&mut self, endpoint: contract::Endpoint) -> wasmtime::Result<HealthReport> {
        let report = self.actuator.health(endpoint.into()).await;
        Ok(HealthReport {
            endpoint,
            status: report.status.into(),
            components: report.components.into_iter().map(Into::into).collect(),
        })
    }

    async fn info(&mut self) -> wasmtime::Result<Vec<contract::InfoSection>> {
        Ok(self.actuator.info().await.into_iter().map(Into::into).collect())
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

impl From<contract::HealthStatus> for Status {
    fn from(status: contract::HealthStatus) -> Self {
        match status {
            contract::HealthStatus::Healthy => Self::Healthy,
            contract::HealthStatus::Unhealthy => Self::Unhealthy,
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

impl From<contract::InfoSection> for InfoSection {
    fn from(section: contract::InfoSection) -> Self {
        let group = |group: contract::InfoGroup| InfoGroup {
            name: group.name,
            entries: from_contract(group.entries),
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

pub(crate) fn from_contract(details: Vec<(String, contract::Detail)>) -> Details {
    let detail = |detail| match detail {
        contract::Detail::Text(text) => Detail::Text(text),
        contract::Detail::Integer(number) => Detail::Integer(number),
        contract::Detail::Number(number) => Detail::Number(number),
        contract::Detail::Flag(flag) => Detail::Flag(flag),
    };
    details.into_iter().map(|(name, value)| (name, detail(value))).collect()
}
