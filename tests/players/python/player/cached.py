"""Functions under the decorators."""

from datetime import timedelta
from typing import Any

from spakky_cache import cache_evict, cacheable

from .answers import Failure


class Calls:
    """How often the bodies of the cached functions ran."""

    count = 0


def load(id: str, part: str, fail: str | None, by: str = "name") -> Any:
    profile = _by_position if by == "position" else _by_name
    return {"value": profile(id, part, fail), "calls": Calls.count}


def by_default(id: Any, part: Any) -> Any:
    return {"value": _by_default(id, part), "calls": Calls.count}


@cacheable("profile:{id}:{part}", ttl=timedelta(minutes=5), tags=["profiles", "profile:{id}"])
def _by_name(id: str, part: str, fail: str | None) -> str:
    return _profile(id, part, fail)


@cacheable("profile:{0}:{1}", ttl=timedelta(minutes=5), tags=["profiles", "profile:{0}"])
def _by_position(id: str, part: str, fail: str | None) -> str:
    return _profile(id, part, fail)


@cacheable()
def _by_default(id: Any, part: Any) -> Any:
    Calls.count += 1
    return [id, part]


def _profile(id: str, part: str, fail: str | None) -> str:
    Calls.count += 1
    _outcome(fail)
    return f"profile {id} {part}"


@cache_evict("profile:{id}:{part}")
def _evict_key(id: str, part: str, fail: str | None) -> None:
    _outcome(fail)


@cache_evict(tags=["profile:{id}"])
def _evict_tags(id: str, fail: str | None) -> None:
    _outcome(fail)


@cache_evict(all=True)
def _evict_all(fail: str | None) -> None:
    _outcome(fail)


def evict(by: str, id: str, part: str, fail: str | None) -> None:
    if by == "key":
        _evict_key(id, part, fail)
    elif by == "tags":
        _evict_tags(id, fail)
    else:
        _evict_all(fail)


def _outcome(fail: str | None) -> None:
    if fail is not None:
        raise Failure("function", fail)
