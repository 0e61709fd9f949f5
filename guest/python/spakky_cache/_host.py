"""The contract, called: what is on the other side of a component."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from . import _errors
from ._errors import CacheError


class _Absent:
    """What answers to nothing: whatever is asked of it is an error that says why."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _errors.CacheUnavailableError(self._why)


if sys.platform == "wasi":
    from componentize_py_types import Err, Result

    from .bindings.imports import actuator, actuator_types, cache, config
    from .bindings.imports import types as words
else:
    # Outside of a component the library can be imported, so that the parts of a program
    # that need no cache can be tested there. Calls have nobody to answer them.
    class Err(Exception):
        value: Any

    Result = Any
    actuator = actuator_types = cache = config = words = _Absent(
        "there is no cache here: this is no component, which its host gives one"
    )

__all__ = [
    "Err",
    "Result",
    "absent",
    "actuator",
    "actuator_types",
    "cache",
    "config",
    "refusal",
    "span",
    "words",
]


@contextmanager
def absent(why: str) -> Iterator[None]:
    """Meanwhile every call of the contract is an error that says why."""
    module = sys.modules[__name__]
    names = ("actuator", "actuator_types", "cache", "config")
    there = {name: getattr(module, name) for name in names}
    for name in names:
        setattr(module, name, _Absent(why))
    try:
        yield
    finally:
        for name, interface in there.items():
            setattr(module, name, interface)


def span(milliseconds: int) -> timedelta:
    """A time of the contract, as far as Python can say it."""
    try:
        return timedelta(0, 0, 0, milliseconds)
    except OverflowError:
        return timedelta.max


def refusal(error: Err[Any]) -> CacheError:
    """The contract's error as an exception."""
    value = error.value
    if isinstance(value, words.Error_InvalidTtl):
        return _errors.CacheInvalidTtlError(value.value)
    if isinstance(value, words.Error_InvalidKey):
        return _errors.CacheInvalidKeyError(value.value)
    if isinstance(value, words.Error_ValueTooLarge):
        return _errors.CacheValueTooLargeError(value.value)
    if isinstance(value, words.Error_LockTimeout):
        return _errors.CacheLockTimeoutError()
    if isinstance(value, words.Error_LeaseHeld):
        return _errors.CacheLeaseHeldError()
    if isinstance(value, words.Error_LoadFailed):
        return _errors.CacheLoadFailedError(span(value.value))
    if isinstance(value, words.Error_Unavailable):
        return _errors.CacheUnavailableError()
    if isinstance(value, words.Error_OperationFailed):
        return _errors.CacheOperationFailedError()
    if isinstance(value, words.Error_Denied):
        return _errors.CacheDeniedError()
    if isinstance(value, words.Error_QuotaExceeded):
        return _errors.CacheQuotaExceededError(value.value)
    if isinstance(value, words.Error_Unsupported):
        return _errors.CacheUnsupportedError(value.value)
    raise error
