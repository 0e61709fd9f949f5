"""What the host and the library tell, as JSON."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import spakky_cache
from spakky_cache import CacheError, EntryInfo, Outcome

from .answers import Failure
from .values import to_json


def metrics() -> Any:
    return asdict(spakky_cache.metrics())


def config() -> Any:
    settings = asdict(spakky_cache.config())
    return settings | {"socket_timeout_ms": _milliseconds(settings.pop("socket_timeout"))}


def health(endpoint: str) -> Any:
    report = spakky_cache.health(endpoint)
    return {
        "endpoint": report.endpoint,
        "status": report.status,
        "components": [
            asdict(component) | {"details": to_json(component.details)}
            for component in report.components
        ],
    }


def info() -> Any:
    return [
        {
            "name": section.name,
            "groups": [
                {"name": group.name, "entries": to_json(group.entries)} for group in section.groups
            ],
        }
        for section in spakky_cache.info()
    ]


def describe(found: EntryInfo | None) -> Any:
    if found is None:
        return None
    return {
        "version": found.version,
        "age_ms": _milliseconds(found.age),
        "fresh_ms": None if found.fresh_for is None else _milliseconds(found.fresh_for),
        "ttl_ms": None if found.ttl is None else _milliseconds(found.ttl),
        "tags": found.tags,
        "size": found.size,
        "load_ms": _milliseconds(found.load_time),
    }


def outcome(found: Outcome[Any]) -> Any:
    error = found.error
    return {
        "value": to_json(found.value),
        "source": found.source,
        "stored": found.stored,
        "error": error.kind if isinstance(error, CacheError | Failure) else error and repr(error),
        "entry": found.version is not None and found.age is not None,
    }


def _milliseconds(time: timedelta) -> int:
    return time // timedelta(milliseconds=1)
