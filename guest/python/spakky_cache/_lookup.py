"""What a caller that is ready to load finds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from . import raw
from ._arguments import Time, options, pause
from ._codec import Codec
from ._host import span
from ._steps import commit

T = TypeVar("T")


class Lease(Generic[T]):
    """The right, and the duty, to fill one key with a value of type `T`.

    The host keeps it alive while the component holds it. Leaving the `with` block of
    the lookup gives it up unfilled, and one waiting caller takes over.
    """

    __slots__ = ("_codec", "_raw")

    def __init__(self, lease: raw.Lease, codec: Codec) -> None:
        self._raw = lease
        self._codec = codec

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
        The same holds for the other ways to end it.
        """
        with self._raw:
            checked = options(ttl, fresh_for, tags)
            return bool(commit(self._raw, self._codec.encode(value), checked))

    def pass_(self, duration: Time) -> bool:
        """Stores no value, and says that the next ones will not be stored either: for so
        long nobody waits for another's load of the key. An entry that was being refreshed
        is removed. False: as `commit` says it."""
        with self._raw:
            return self._raw.pass_(pause(duration))

    def fail(self, retry_after: Time) -> bool:
        """Says that the load failed, and that nobody should try again for so long, or for
        the longest time that the host allows. Meanwhile an entry that was being refreshed
        is served, and other lookups of the key are a `CacheLoadFailedError`. False: as
        `commit` says it."""
        with self._raw:
            return self._raw.fail(pause(retry_after))

    def release(self) -> None:
        """Gives it up, and returns once that is done."""
        with self._raw:
            self._raw.release()

    def close(self) -> None:
        """Gives it up, unless that has happened."""
        self._raw.close()


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


@dataclass(frozen=True, slots=True)
class EntryInfo:
    """What is known of an entry without its value."""

    version: int
    """Identifies the entry among all that its key ever held."""
    age: timedelta
    """How long ago it was stored."""
    fresh_for: timedelta | None
    """How much longer it is fresh; zero: it is stale; None: for as long as it lives."""
    ttl: timedelta | None
    """How much longer it lives; None: until something removes it."""
    tags: list[str]
    """The tags that evict it."""
    size: int
    """The bytes of its value."""
    load_time: timedelta
    """How long its load took; zero if it was stored without one."""


def entry_info(found: raw.EntryInfo) -> EntryInfo:
    """What the contract says of an entry."""
    return EntryInfo(
        found.version,
        span(found.age_ms),
        None if found.fresh_ms is None else span(found.fresh_ms),
        None if found.ttl_ms is None else span(found.ttl_ms),
        found.tags,
        found.size,
        span(found.load_ms),
    )
