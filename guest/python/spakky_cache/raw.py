"""The contract as it is: text, bytes and milliseconds. For encodings of your own;
everything else is more pleasant through `Cache`.

Nothing is checked before the host is called but what the contract has no way to say:
types, text that is none, numbers beyond 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from . import _host
from ._arguments import content, flag, milliseconds, pairs, some_milliseconds, text, texts, version
from ._host import Err, refusal

__all__ = [
    "EntryInfo",
    "Hit",
    "Lease",
    "Lookup",
    "Miss",
    "Pass",
    "Stale",
    "begin_write",
    "clear",
    "delete",
    "delete_many",
    "describe",
    "evict_tags",
    "get",
    "get_many",
    "lookup",
    "set",
    "set_many",
]

R = TypeVar("R")


class Lease:
    """The right, and the duty, to fill one key.

    The host keeps it alive while the component holds it. `close`, the end of a `with`
    block, and the end of the component give it up, and one waiting caller takes over.

    A lease is spent by the first of its functions that takes effect, and further ones
    answer false. One refused for its arguments spends nothing.
    """

    __slots__ = ("_handle",)

    def __init__(self, handle: _host.cache.Lease) -> None:
        self._handle: _host.cache.Lease | None = handle

    def commit(
        self,
        value: bytes,
        *,
        ttl_ms: int | None = None,
        fresh_ms: int | None = None,
        tags: Iterable[str] = (),
    ) -> bool:
        """Stores the loaded value and wakes the callers that wait for it. False:
        something removed or replaced the key since the load began, so the value was not
        stored."""
        data, options = content(value), _entry_options(ttl_ms, fresh_ms, tags)
        return self._spend(lambda handle: handle.commit(data, options))

    def pass_(self, duration_ms: int) -> bool:
        """Stores no value, and lets everyone load without a lease for this long. An
        entry that was being refreshed is removed."""
        duration = some_milliseconds(duration_ms)
        return self._spend(lambda handle: handle.pass_(duration))

    def fail(self, retry_after_ms: int) -> bool:
        """Says that the load failed, and that nobody should try again for this long."""
        pause = some_milliseconds(retry_after_ms)
        return self._spend(lambda handle: handle.fail(pause))

    def release(self) -> None:
        """Gives it up, and returns once that is done."""
        handle = self._handle
        if handle is not None:
            try:
                handle.release()
            except Err as error:
                raise refusal(error) from None

    def close(self) -> None:
        """Gives it up, unless that has happened."""
        handle, self._handle = self._handle, None
        if handle is not None:
            # Told to the host now, whatever still refers to the handle.
            handle.__exit__(None, None, None)

    def _spend(self, call: Callable[[_host.cache.Lease], bool]) -> bool:
        if self._handle is None:
            return False
        try:
            return call(self._handle)
        except Err as error:
            raise refusal(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(slots=True)
class Hit:
    """A fresh entry."""

    value: bytes
    version: int
    """Identifies the entry among all that its key ever held."""
    age_ms: int
    """How long ago it was stored."""


@dataclass(slots=True)
class Stale:
    """An entry that may be served, and should be loaded anew."""

    value: bytes
    lease: Lease | None
    """The right to refresh it; none: another caller has it, or the last refresh failed
    and is not to be repeated yet."""
    fresh: bool
    """Whether it is still fresh. If its refresh fails, it is a hit."""
    version: int
    """Identifies the entry among all that its key ever held."""
    age_ms: int
    """How long ago it was stored."""


@dataclass(slots=True)
class Miss:
    """No entry, and this caller is the one to load it."""

    lease: Lease


@dataclass(slots=True)
class Pass:
    """No entry, and this caller loads for itself, without a lease: what it loads is not
    stored."""


Lookup = Hit | Stale | Miss | Pass
"""What a caller that is ready to load finds."""


@dataclass(frozen=True, slots=True)
class EntryInfo:
    """What is known of an entry without its value."""

    version: int
    """Identifies the entry among all that its key ever held."""
    age_ms: int
    """How long ago it was stored."""
    fresh_ms: int | None
    """How much longer it is fresh; zero: it is stale; none: for as long as it lives."""
    ttl_ms: int | None
    """How much longer it lives; none: until something removes it."""
    tags: list[str]
    """The tags that evict it."""
    size: int
    """The bytes of its value."""
    load_ms: int
    """How long its load took; zero if it was stored without one."""


def get(key: str) -> bytes | None:
    """The value of `key`, or none. Never waits for a loader."""
    key = text(key, "a key")
    try:
        return _host.cache.get(key)
    except Err as error:
        raise refusal(error) from None


def get_many(keys: Iterable[str]) -> list[bytes | None]:
    """The values of `keys`, in their order, in one round trip. If one cannot be read, its
    error is raised."""
    names = texts(keys, "a key")
    try:
        return _answers(_host.cache.get_many(names))
    except Err as error:
        raise refusal(error) from None


def set(
    key: str,
    value: bytes,
    *,
    ttl_ms: int | None = None,
    fresh_ms: int | None = None,
    tags: Iterable[str] = (),
) -> None:
    """Stores an entry. A load of the same key that is under way can no longer be
    stored."""
    key, data, options = text(key, "a key"), content(value), _entry_options(ttl_ms, fresh_ms, tags)
    try:
        _host.cache.set(key, data, options)
    except Err as error:
        raise refusal(error) from None


def set_many(
    entries: Iterable[tuple[str, bytes]],
    *,
    ttl_ms: int | None = None,
    fresh_ms: int | None = None,
    tags: Iterable[str] = (),
) -> None:
    """Stores entries that share their options, in one round trip. All of them are
    checked before any is written. Of a key named twice, the last stays. If one cannot be
    stored, its error is raised, and others may have been."""
    checked = [(key, content(value)) for key, value in pairs(entries)]
    options = _entry_options(ttl_ms, fresh_ms, tags)
    try:
        _answers(_host.cache.set_many(checked, options))
    except Err as error:
        raise refusal(error) from None


def delete(key: str) -> bool:
    """Removes an entry; says whether there was one."""
    key = text(key, "a key")
    try:
        return _host.cache.delete(key)
    except Err as error:
        raise refusal(error) from None


def delete_many(keys: Iterable[str]) -> int:
    """Removes entries; says how many there were. If one cannot be removed, its error is
    raised, and others may have been."""
    names = texts(keys, "a key")
    try:
        return sum(_answers(_host.cache.delete_many(names)))
    except Err as error:
        raise refusal(error) from None


def evict_tags(tags: Iterable[str]) -> None:
    """Evicts every entry that has one of `tags`."""
    names = texts(tags, "a tag")
    try:
        _host.cache.evict_tags(names)
    except Err as error:
        raise refusal(error) from None


def clear() -> None:
    """Evicts every entry of this cache."""
    try:
        _host.cache.clear()
    except Err as error:
        raise refusal(error) from None


def describe(key: str) -> EntryInfo | None:
    """What is known of the entry of `key`; none for a miss. Not counted as a read."""
    key = text(key, "a key")
    try:
        found = _host.cache.describe(key)
    except Err as error:
        raise refusal(error) from None
    if found is None:
        return None
    return EntryInfo(
        found.version,
        found.age,
        found.fresh_for,
        found.ttl,
        found.tags,
        found.size,
        found.load_time,
    )


def lookup(
    key: str,
    *,
    tags: Iterable[str] = (),
    max_wait_ms: int | None = None,
    unless: int | None = None,
    strict: bool = False,
) -> Lookup:
    """Finds `key`, or makes this caller its one loader in the whole fleet, or waits
    until the loader is done. An entry of the version `unless` will not do. With `strict`
    the backend is asked, even where the host has copies."""
    key, names, wait = text(key, "a key"), texts(tags, "a tag"), milliseconds(max_wait_ms)
    other, asks = version(unless), flag(strict, "strict")
    options = _host.cache.LookupOptions(names, wait, other, asks)
    try:
        found = _host.cache.lookup(key, options)
    except Err as error:
        raise refusal(error) from None
    if isinstance(found, _host.cache.LookupResult_Hit):
        entry = found.value
        return Hit(entry.value, entry.version, entry.age)
    if isinstance(found, _host.cache.LookupResult_Miss):
        return Miss(Lease(found.value))
    if isinstance(found, _host.cache.LookupResult_Pass):
        return Pass()
    entry, refresh = found.value.entry, found.value.refresh
    lease = None if refresh is None else Lease(refresh)
    return Stale(entry.value, lease, found.value.fresh, entry.version, entry.age)


def begin_write(key: str, tags: Iterable[str] = ()) -> Lease:
    """Removes `key` and takes its lease from whoever holds it: the first step of a
    write to the origin. Readers miss, and wait, until it is committed or closed."""
    key, names = text(key, "a key"), texts(tags, "a tag")
    try:
        return Lease(_host.cache.begin_write(key, names))
    except Err as error:
        raise refusal(error) from None


def _entry_options(
    ttl_ms: int | None, fresh_ms: int | None, tags: Iterable[str]
) -> _host.words.EntryOptions:
    return _host.words.EntryOptions(
        milliseconds(ttl_ms), milliseconds(fresh_ms), texts(tags, "a tag")
    )


def _answers(results: list[_host.Result[R, _host.words.Error]]) -> list[R]:
    """The answers of a batch, or the first error in it."""
    answers = []
    for result in results:
        if isinstance(result, Err):
            raise refusal(result)
        answers.append(result.value)
    return answers
