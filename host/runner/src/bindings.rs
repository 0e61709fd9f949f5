//! Bindings of what components may export, made of `wit/`.

// Generated code.
#![allow(clippy::all, clippy::pedantic, unreachable_pub)]

use spakky_actuator::{Detail, Details, Endpoint, InfoGroup, InfoSection, Status};

use self::spakky::cache::actuator_types as contract;

wasmtime::component::bindgen!({
    path: "../../wit/0.2",
    inline: "
        package spakky:runner;
        world reporter {
            export spakky:cache/health-probe@0.2.0;
            export spakky:cache/info-contributor@0.2.0;
        }
    ",
    exports: { default: async },
    require_store_data_send: true,
});

impl From<contract::Endpoint> for Endpoint {
    fn from(endpoint: contract::Endpoint) -> Self {
        match endpoint {
            contract::Endpoint::Health => Self::Health,
            contract::Endpoint::Readiness => Self::Readiness,
            contract::Endpoint::Liveness => Self::Liveness,
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

impl From<contract::InfoSection> for InfoSection {
    fn from(section: contract::InfoSection) -> Self {
        let group = |group: contract::InfoGroup| InfoGroup {
            name: group.name,
            entries: details(group.entries),
        };
        Self { name: section.name, groups: section.groups.into_iter().map(group).collect() }
    }
}

pub(crate) fn details(details: Vec<(String, contract::Detail)>) -> Details {
    let detail = |detail| match detail {
        contract::Detail::Text(text) => Detail::Text(text),
        contract::Detail::Integer(number) => Detail::Integer(number),
        contract::Detail::Number(number) => Detail::Number(number),
        contract::Detail::Flag(flag) => Detail::Flag(flag),
    };
    details.into_iter().map(|(name, value)| (name, detail(value))).collect()
}
