use crate::host;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Is all well?
    Health,
    /// Can it serve now?
    Readiness,
    /// Is it alive, or should it be restarted?
    Liveness,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStatus {
    /// As it should be.
    Healthy,
    /// Not so; the details say what.
    Unhealthy,
}

/// One value of a report.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// Any text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// What one component reports of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentHealth {
    /// Unique in a report.
    pub name: String,
    /// Its answer.
    pub status: HealthStatus,
    /// Whether this component being unhealthy makes the whole unhealthy.
    pub required: bool,
    /// More about it, by name.
    pub details: Vec<(String, Detail)>,
}

/// The whole, and its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthReport {
    /// What was asked about.
    pub endpoint: Endpoint,
    /// Unhealthy if a required component is; healthy if there is none.
    pub status: HealthStatus,
    /// Sorted by name.
    pub components: Vec<ComponentHealth>,
}

/// Values that belong together, such as `redis_cache`.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoGroup {
    /// Unique in its section.
    pub name: String,
    /// The values, by name.
    pub entries: Vec<(String, Detail)>,
}

/// What one contributor adds to the info, such as `redis-cache-metrics`.
#[derive(Clone, Debug, PartialEq)]
pub struct InfoSection {
    /// Unique in the info.
    pub name: String,
    /// Its groups.
    pub groups: Vec<InfoGroup>,
}

/// The health of the host, its cache, and every component that it loaded.
pub fn health(endpoint: Endpoint) -> HealthReport {
    host::health(endpoint)
}

/// What the host, its cache and its components say of themselves, sorted by name.
pub fn info() -> Vec<InfoSection> {
    host::info()
}
