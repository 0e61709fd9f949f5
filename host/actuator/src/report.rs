//! What reports are made of, and their JSON.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

/// The question that a health report answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// Is everything well?
    Health,
    /// Can the host serve requests now?
    Readiness,
    /// Is the host alive, or should it be restarted?
    Liveness,
}

/// The health of a component or of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Healthy.
    Healthy,
    /// Unhealthy. The details say why.
    Unhealthy,
}

/// One value of a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// A boolean.
    Flag(bool),
}

/// Values and their names.
pub type Details = Vec<(String, Detail)>;

/// The result of a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The health found.
    pub status: Status,
    /// More about it.
    pub details: Details,
}

impl Outcome {
    /// Unhealthy, for a reason of this kind, such as `timeout`.
    pub fn unhealthy(kind: &str) -> Self {
        Self { status: Status::Unhealthy, details: vec![error(kind)] }
    }
}

/// The detail that names why a component is unhealthy.
pub fn error(kind: &str) -> (String, Detail) {
    ("error".into(), Detail::Text(kind.into()))
}

/// The health of one component.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComponentHealth {
    /// The component's name, unique in the report.
    pub name: String,
    /// The component's health.
    pub status: Status,
    /// Whether the whole report is unhealthy if this component is.
    pub required: bool,
    /// More about it; empty if the actuator does not show details.
    #[serde(serialize_with = "as_object")]
    pub details: Details,
}

/// The health of a host. Its JSON is `{endpoint, status, components}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HealthReport {
    /// The question asked.
    pub endpoint: Endpoint,
    /// Unhealthy if a required component is; healthy without components.
    pub status: Status,
    /// The components, sorted by name.
    pub components: Vec<ComponentHealth>,
}

/// Values that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoGroup {
    /// The group's name, unique in the info.
    pub name: String,
    /// The values.
    pub entries: Details,
}

/// What one contributor adds to the info.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoSection {
    /// The section's name, unique in the info.
    pub name: String,
    /// The groups of this section.
    pub groups: Vec<InfoGroup>,
}

/// The sections of an info. Its JSON is `{info: {group: {name: value}}}`, with
/// the groups of all sections together.
#[derive(Clone, Copy, Debug)]
pub struct Info<'a>(pub &'a [InfoSection]);

impl Serialize for Info<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<'a> {
            info: Groups<'a>,
        }
        Object { info: Groups(self.0) }.serialize(serializer)
    }
}

struct Groups<'a>(&'a [InfoSection]);

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = self.0.iter().flat_map(|section| &section.groups);
        serializer.collect_map(groups.map(|group| (&group.name, Entries(&group.entries))))
    }
}

struct Entries<'a>(&'a [(String, Detail)]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_object(self.0, serializer)
    }
}

fn as_object<S: Serializer>(
    details: &[(String, Detail)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(details.len()))?;
    for (name, detail) in details {
        object.serialize_entry(name, detail)?;
    }
    object.end()
}
