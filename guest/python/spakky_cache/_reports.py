"""What the host tells: counts, settings, health, info."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from . import _host

Detail = str | int | float | bool
"""One value of a report."""


class Endpoint(StrEnum):
    """What is asked about."""

    HEALTH = "health"
    """Is all well?"""
    READINESS = "readiness"
    """Can it serve now?"""
    LIVENESS = "liveness"
    """Is it alive, or should it be restarted?"""


class HealthStatus(StrEnum):
    """The answer."""

    HEALTHY = "healthy"
    """As it should be."""
    UNHEALTHY = "unhealthy"
    """Not so; the details say what."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Counts since the host started, for this component's cache."""

    hits: int
    """Reads answered with a value."""
    misses: int
    """Reads answered with none: one for a load, however long it takes."""
    writes: int
    """Entries stored."""
    deletes: int
    """Deletes that found an entry."""
    clears: int
    """Calls of `clear`."""
    tag_evictions: int
    """Calls of `evict_tags` that named a tag."""
    stampede_waits: int
    """Lookups that waited for another caller's load."""
    rejections: int
    """Lookups that met the entry that their `unless` named."""


@dataclass(frozen=True, slots=True)
class Config:
    """What a component may know of how its cache is set up. Never a credential."""

    host: str
    """Name or address of the backend; empty where the store is in the host."""
    port: int
    """Port of the backend; 0 where the store is in the host."""
    db: int
    """Number of the database."""
    use_ssl: bool
    """Whether the connection is encrypted."""
    key_prefix: str
    """What every key of this cache begins with, in the backend."""
    socket_timeout: timedelta
    """The longest that one operation of the backend may take."""
    scheme: str
    """`redis` or `rediss`; `embedded` where the store is in the host."""
    connection_url: str
    """Scheme, host, port and database, without credentials."""


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """What one component reports of itself."""

    name: str
    """Unique in a report."""
    status: HealthStatus
    """Its answer."""
    required: bool
    """Whether this component being unhealthy makes the whole unhealthy."""
    details: dict[str, Detail]
    """More about it, by name."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The whole, and its parts."""

    endpoint: Endpoint
    """What was asked about."""
    status: HealthStatus
    """Unhealthy if a required component is; healthy if there is none."""
    components: list[ComponentHealth]
    """Sorted by name."""


@dataclass(frozen=True, slots=True)
class InfoGroup:
    """Values that belong together, such as `redis_cache`."""

    name: str
    """Unique in its section."""
    entries: dict[str, Detail]
    """The values, by name."""


@dataclass(frozen=True, slots=True)
class InfoSection:
    """What one contributor adds to the info, such as `redis-cache-metrics`."""

    name: str
    """Unique in the info."""
    groups: list[InfoGroup]
    """Its groups."""


def metrics() -> Metrics:
    """The counts as they stand."""
    counts = _host.cache.metrics()
    return Metrics(
        counts.hits,
        counts.misses,
        counts.writes,
        counts.deletes,
        counts.clears,
        counts.tag_evictions,
        counts.stampede_waits,
        counts.rejections,
    )


def config() -> Config:
    """The settings in force."""
    settings = _host.config.get()
    return Config(
        settings.host,
        settings.port,
        settings.db,
        settings.use_ssl,
        settings.key_prefix,
        _host.span(settings.socket_timeout),
        settings.scheme,
        settings.connection_url,
    )


def health(endpoint: Endpoint | str = Endpoint.HEALTH) -> HealthReport:
    """The health of the host, its cache, and every component that it loaded."""
    asked = Endpoint(endpoint)
    report = _host.actuator.health(_host.actuator_types.Endpoint[asked.name])
    return HealthReport(
        Endpoint[report.endpoint.name],
        HealthStatus[report.status.name],
        [
            ComponentHealth(
                component.name,
                HealthStatus[component.status.name],
                component.required,
                _details(component.details),
            )
            for component in report.components
        ],
    )


def info() -> list[InfoSection]:
    """What the host, its cache and its components say of themselves, sorted by name."""
    return [
        InfoSection(
            section.name,
            [InfoGroup(group.name, _details(group.entries)) for group in section.groups],
        )
        for section in _host.actuator.info()
    ]


def _details(details: list[tuple[str, _host.actuator_types.Detail]]) -> dict[str, Detail]:
    return {name: detail.value for name, detail in details}
