"""What the host tells, as JSON."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import spakky_cache

from .values import to_json


def metrics() -> Any:
    return asdict(spakky_cache.metrics())


def config() -> Any:
    settings = asdict(spakky_cache.config())
    timeout = settings.pop("socket_timeout")
    return settings | {"socket_timeout_ms": timeout // timedelta(milliseconds=1)}


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
