"""Calls that Python allows and the library has to refuse."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Literal

import spakky_cache
from spakky_cache import Cache, CacheError, CacheLeaseHeldError, Miss, raw

_CACHE: Any = Cache()
_RAW: Any = raw
_KEY = "misuse"


class _Thrown(BaseException):
    """Not an `Exception`: a scope gives up its lease whatever is raised."""


def not_refused() -> list[str]:
    """The names of the calls that the library did not refuse."""
    return [name for name, call in _calls().items() if not _is_refused(call)]


def _is_refused(call: Callable[[], Any]) -> bool:
    try:
        call()
    except (CacheError, TypeError):
        return True
    return False


def _calls() -> dict[str, Callable[[], Any]]:
    calls: dict[str, Callable[[], Any]] = {
        "raw.set of a str": lambda: _RAW.set(_KEY, "text"),
        "raw.set of None": lambda: _RAW.set(_KEY, None),
        "raw.set of a list": lambda: _RAW.set(_KEY, [1, 2]),
        "raw.set_many of a str": lambda: _RAW.set_many([(_KEY, "text")]),
        "raw.set_many of no pairs": lambda: _RAW.set_many([_KEY]),
        "raw.set_many of None": lambda: _RAW.set_many(None),
        "raw.lookup with a negative wait": lambda: _RAW.lookup(_KEY, max_wait_ms=-1),
        "raw.begin_write with tags of None": lambda: _RAW.begin_write(_KEY, None),
        "set_many of None": lambda: _CACHE.set_many(None),
        "set_many of keys": lambda: _CACHE.set_many(["ab"]),
        "set_many with a key of None": lambda: _CACHE.set_many({None: 1}),
        "get_or_load without a loader": lambda: _CACHE.get_or_load(_KEY, None),
        "write_through without a writer": lambda: _CACHE.write_through(_KEY, 1, None),
        "write_behind without a writer": lambda: _CACHE.write_behind(_KEY, 1, None),
        "set with an unknown option": lambda: _CACHE.set(_KEY, 1, tll=5),
        "a commit of no bytes": _commit_text,
        "a lookup with a version that is none": lambda: _CACHE.lookup(_KEY, unless="5"),
        "a lookup that is strict by a text": lambda: _CACHE.lookup(_KEY, strict="no"),
        "raw.lookup with a negative version": lambda: _RAW.lookup(_KEY, unless=-1),
        "raw.lookup that is strict by a number": lambda: _RAW.lookup(_KEY, strict=1),
        "a load that is not told what to do": lambda: _CACHE.get_or_load(
            _KEY, lambda: 1, stale_if_error=None
        ),
        "a value of another type": lambda: Cache(str).set(_KEY, _RAW),
    }
    for kind, name in _NAMES.items():
        calls |= _named(kind, name)
    for kind, time in _TIMES.items():
        calls |= _timed(kind, time)
    for kind, value in _values().items():
        calls[f"set of {kind}"] = partial(_CACHE.set, _KEY, value)
        calls[f"set of {kind} in a list"] = partial(_CACHE.set, _KEY, [value])
    for kind, one in {"None": None, "an int": 1, "a str": "k", "bytes": b"k"}.items():
        calls |= _alone(kind, one)
    return calls


_NAMES = {
    "None": None,
    "an int": 1,
    "bytes": b"k",
    "a list": ["k"],
    "half a character": "\ud83e",
}
_TIMES = {
    "a negative number": -1,
    "a str": "5",
    "NaN": float("nan"),
    "infinity": float("inf"),
    "True": True,
    "bytes": b"5",
    "2**80": 2**80,
    "a negative timedelta": timedelta(-1),
    "a date": date(2000, 1, 1),
}


def _values() -> dict[str, Any]:
    """Values that CBOR cannot encode."""
    cycle: list[Any] = []
    cycle.append(cycle)
    deep: list[Any] = []
    for _ in range(1_000):
        deep = [deep]
    return {
        "an object": object(),
        "a function": _values,
        "a set of objects": {object()},
        "a frozenset": frozenset({1}),
        "a date": date(2000, 1, 1),
        "a time without a zone": datetime(2000, 1, 1),
        "a decimal that is none": Decimal("NaN"),
        "2**64": 2**64,
        "-2**64 - 1": -(2**64) - 1,
        "a complex number": 1j,
        "half a character": "\ud83e",
        "a list in itself": cycle,
        "1,000 lists in each other": deep,
    }


def _named(kind: str, name: Any) -> dict[str, Callable[[], Any]]:
    """Calls with an invalid key or tag."""
    return {
        f"get of {kind}": lambda: _CACHE.get(name),
        f"get_many of {kind}": lambda: _CACHE.get_many([name]),
        f"set of the key {kind}": lambda: _CACHE.set(name, 1),
        f"set with the tag {kind}": lambda: _CACHE.set(_KEY, 1, tags=[name]),
        f"set_many of the key {kind}": lambda: _CACHE.set_many([(name, 1)]),
        f"describe of {kind}": lambda: _CACHE.describe(name),
        f"delete of {kind}": lambda: _CACHE.delete(name),
        f"delete_many of {kind}": lambda: _CACHE.delete_many([name]),
        f"evict_tags of {kind}": lambda: spakky_cache.evict_tags([name]),
        f"lookup of {kind}": lambda: _CACHE.lookup(name),
        f"lookup with the tag {kind}": lambda: _CACHE.lookup(_KEY, tags=[name]),
        f"get_or_load of {kind}": lambda: _CACHE.get_or_load(name, lambda: 1),
        f"write_through of {kind}": lambda: _CACHE.write_through(name, 1, lambda _: None),
        f"write_behind of {kind}": lambda: _CACHE.write_behind(name, 1, lambda _: None),
        f"raw.get of {kind}": lambda: _RAW.get(name),
        f"raw.get_many of {kind}": lambda: _RAW.get_many([name]),
        f"raw.set of the key {kind}": lambda: _RAW.set(name, b""),
        f"raw.set with the tag {kind}": lambda: _RAW.set(_KEY, b"", tags=[name]),
        f"raw.set_many of the key {kind}": lambda: _RAW.set_many([(name, b"")]),
        f"raw.delete of {kind}": lambda: _RAW.delete(name),
        f"raw.evict_tags of {kind}": lambda: _RAW.evict_tags([name]),
        f"raw.lookup of {kind}": lambda: _RAW.lookup(name),
        f"raw.begin_write of {kind}": lambda: _RAW.begin_write(name),
        f"a key of {kind}": lambda: spakky_cache.key(name, name=name),
        f"a tag template of {kind}": lambda: spakky_cache.cache_evict(tags=[name])(_values),
    }


def _alone(kind: str, one: Any) -> dict[str, Callable[[], Any]]:
    """Calls with one value where the library takes several."""
    return {
        f"get_many of {kind} alone": lambda: _CACHE.get_many(one),
        f"delete_many of {kind} alone": lambda: _CACHE.delete_many(one),
        f"evict_tags of {kind} alone": lambda: spakky_cache.evict_tags(one),
        f"set_many of {kind} alone": lambda: _CACHE.set_many(one),
        f"set with {kind} for tags": lambda: _CACHE.set(_KEY, 1, tags=one),
        f"lookup with {kind} for tags": lambda: _CACHE.lookup(_KEY, tags=one),
        f"cacheable with {kind} for tags": lambda: spakky_cache.cacheable("key", tags=one),
        f"raw.set with {kind} for tags": lambda: _RAW.set(_KEY, b"", tags=one),
    }


def _timed(kind: str, time: Any) -> dict[str, Callable[[], Any]]:
    """Calls with an invalid time."""
    calls: dict[str, Callable[[], Any]] = {
        f"set for {kind}": lambda: _CACHE.set(_KEY, 1, ttl=time),
        f"set fresh for {kind}": lambda: _CACHE.set(_KEY, 1, fresh_for=time),
        f"set_many for {kind}": lambda: _CACHE.set_many([], ttl=time),
        f"get_or_load for {kind}": lambda: _CACHE.get_or_load(_KEY, lambda: 1, ttl=time),
        f"write_through for {kind}": lambda: _CACHE.write_through(_KEY, 1, lambda _: 1, ttl=time),
        f"write_behind for {kind}": lambda: _CACHE.write_behind(_KEY, 1, lambda _: 1, ttl=time),
        f"a load that chooses {kind}": lambda: _CACHE.get_or_load(
            _KEY, lambda: spakky_cache.Loaded(1, ttl=time)
        ),
        f"cacheable for {kind}": lambda: spakky_cache.cacheable("key", ttl=time),
        f"raw.set for {kind}": lambda: _RAW.set(_KEY, b"", ttl_ms=time),
        f"raw.set fresh for {kind}": lambda: _RAW.set(_KEY, b"", fresh_ms=time),
    }
    if kind not in ("infinity", "2**80"):
        # As a wait or a pause, these mean "as long as the host allows".
        calls |= {
            f"lookup that waits for {kind}": lambda: _CACHE.lookup(_KEY, max_wait=time),
            f"retry after {kind}": lambda: _CACHE.get_or_load(_KEY, lambda: 1, retry_after=time),
            f"pass for {kind}": lambda: spakky_cache.NotStored(1, pass_for=time),
        }
    return calls


def _commit_text() -> None:
    with _RAW.lookup("misuse: a lease").lease as lease:
        lease.commit("text")


def abandon(key: str, how: Literal["return", "throw", "release"]) -> None:
    """Takes the lease of `key`, and leaves its scope without a commit, or releases it."""
    with suppress(_Thrown):
        _scope(key, how)


def _scope(key: str, how: Literal["return", "throw", "release"]) -> None:
    with Cache().lookup(key) as found:
        # A debugger or a cycle may keep a reference: the end of the scope has to give up
        # the lease.
        _KEPT.append(found)
        if not isinstance(found, Miss):
            raise CacheLeaseHeldError
        if how == "release":
            found.lease.release()
        if how != "throw":
            return
        raise _Thrown


_KEPT: list[Any] = []
