"""The contract as it is: text, bytes and milliseconds. For encodings of your own;
everything else is more pleasant through `Cache`.

Nothing is checked before the host is called but what the contract has no way to say:
types, text that is none, numbers beyond 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from . import _host
from ._arguments import content, milliseconds, pairs, text, texts
from ._host import Err, refusal

__all__ = [
    "Hit",
    "Lease",
    "Lookup",
    "Miss",
    "Stale",
    "begin_write",
    "clear",
    "delete",
    "delete_many",
    "evict_tags",
    "get",
    "get_many",
    "lookup",
    "set",
    "set_many",
]


class Lease:
    """The right, and the duty, to fill one key.

    The host keeps it alive while the component holds it. `close`, the end of a `with`
    block, and the end of the component give it up, and one waiting caller takes over.
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
        """Stores the loaded value. False: something removed or replaced the key since
        the load began, so the value was not stored.

        A lease is spent by its first commit, and further ones answer false. A commit
        refused for its arguments spends nothing.
        """
        data, options = content(value), _entry_options(ttl_ms, fresh_ms, tags)
        if self._handle is None:
            return False
        try:
            return self._handle.commit(data, options)
        except Err as error:
            raise refusal(error) from None

    def close(self) -> None:
        """Gives it up, unless that has happened."""
        handle, self._handle = self._handle, None
        if handle is not None:
            # Told to the host now, whatever still refers to the handle.
            handle.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Hit:
    """A fresh entry."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Stale:
    """An entry that may be served, and should be loaded anew."""

    value: bytes
    lease: Lease | None
    """The right to refresh it; none: another caller has it."""


@dataclass(frozen=True, slots=True)
class Miss:
    """No entry, and this caller is the one to load it."""

    lease: Lease


Lookup = Hit | Stale | Miss
"""What a caller that is ready to load finds."""


def get(key: str) -> bytes | None:
    """The value of `key`, or none. Never waits for a loader."""
    key = text(key, "a key")
    try:
        return _host.cache.get(key)
    except Err as error:
        raise refusal(error) from None


def get_many(keys: Iterable[str]) -> list[bytes | None]:
    """The values of `keys`, in their order, in one round trip."""
    names = texts(keys, "a key")
    try:
        return _host.cache.get_many(names)
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
    checked before any is written. Of a key named twice, the last stays."""
    checked = [(key, content(value)) for key, value in pairs(entries)]
    options = _entry_options(ttl_ms, fresh_ms, tags)
    try:
        _host.cache.set_many(checked, options)
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
    """Removes entries; says how many there were."""
    names = texts(keys, "a key")
    try:
        return _host.cache.delete_many(names)
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


def lookup(key: str, *, tags: Iterable[str] = (), max_wait_ms: int | None = None) -> Lookup:
    """Finds `key`, or makes this caller its one loader in the whole fleet, or waits
    until the loader is done."""
    key, names, wait = text(key, "a key"), texts(tags, "a tag"), milliseconds(max_wait_ms)
    try:
        found = _host.cache.lookup(key, _host.cache.LookupOptions(names, wait))
    except Err as error:
        raise refusal(error) from None
    if isinstance(found, _host.cache.LookupResult_Hit):
        return Hit(found.value)
    if isinstance(found, _host.cache.LookupResult_Miss):
        return Miss(Lease(found.value))
    refresh = found.value.refresh
    return Stale(found.value.value, None if refresh is None else Lease(refresh))


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
