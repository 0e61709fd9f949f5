"""What a caller that is ready to load finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from . import raw
from ._arguments import Options, Time, options

T = TypeVar("T")


class Lease(Generic[T]):
    """The right, and the duty, to fill one key with a value of type `T`.

    The host keeps it alive while the component holds it. Leaving the `with` block of
    the lookup gives it up unfilled, and one waiting caller takes over.
    """

    __slots__ = ("_encode", "_raw")

    def __init__(self, lease: raw.Lease, encode: Callable[[Any], bytes]) -> None:
        self._raw = lease
        self._encode = encode

    def commit(
        self,
        value: T,
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
    ) -> bool:
        """Stores the loaded value and wakes the callers that wait for it. False:
        something removed or replaced the key since the load began, or the lease is
        over, so the value was not stored; it may still be used, once.

        Whatever the outcome, the lease is over: after an error the next caller loads.
        """
        with self._raw:
            return commit(self._raw, options(ttl, fresh_for, tags), lambda: self._encode(value))

    def close(self) -> None:
        """Gives it up, unless that has happened."""
        self._raw.close()


def commit(lease: raw.Lease, checked: Options, encode: Callable[[], bytes]) -> bool:
    """Options that were checked, and a value that is not."""
    return lease.commit(encode(), ttl_ms=checked.ttl, fresh_ms=checked.fresh_for, tags=checked.tags)


class _Scoped:
    """Gives up the lease at the end of a `with` block."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        lease: Lease[Any] | None = getattr(self, "lease", None)
        if lease is not None:
            lease.close()


@dataclass(frozen=True, slots=True)
class Hit(_Scoped, Generic[T]):
    """A fresh entry."""

    value: T
    version: int
    """Identifies the entry among all that its key ever held."""
    age: timedelta
    """How long ago it was stored."""


@dataclass(frozen=True, slots=True)
class Stale(_Scoped, Generic[T]):
    """An entry past its fresh time, or so close to it that this caller was chosen to
    refresh it early."""

    value: T
    """As it was stored: it may be served."""
    lease: Lease[T] | None
    """The right to refresh the entry; none: another caller has it, or the last refresh
    failed and is not to be repeated yet."""
    fresh: bool
    """Whether it is still fresh. If its refresh fails, it is a hit."""
    version: int
    """Identifies the entry among all that its key ever held."""
    age: timedelta
    """How long ago it was stored."""


@dataclass(frozen=True, slots=True)
class Miss(_Scoped, Generic[T]):
    """No entry, and this caller is the one to load it."""

    lease: Lease[T]


@dataclass(frozen=True, slots=True)
class Pass(_Scoped):
    """No entry, and this caller loads for itself, without a lease: loads of the key are
    not to be stored for now, or waiting for its loader would never end."""


Lookup = Hit[T] | Stale[T] | Miss[T] | Pass
"""What a caller that is ready to load finds. At the end of a `with` block its lease,
if it has one, is given up."""
