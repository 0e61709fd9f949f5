"""Functions under the decorators."""

from datetime import timedelta
from typing import Any

from spakky_cache import cache_evict, cacheable

from .answers import Failure


class Calls:
    """How often the body of the cached function ran."""

    count = 0


def load(id: str, part: str, fail: str | None) -> Any:
    return {"value": _profile(id, part, fail), "calls": Calls.count}


@cacheable("profile:{id}:{part}", ttl=timedelta(minutes=5), tags=["profiles", "profile:{id}"])
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
