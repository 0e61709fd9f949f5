"""What a load and the write policies do, step by step, for calls that answer at once and
for calls that are awaited.

Each is a generator. It yields what a call of the contract, a loader or a writer returns,
and is sent the answer: `run` sends what was yielded, and a driver for `async` would send
what that awaits, or throw in what it raises.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from . import _log, raw
from ._arguments import Options, Time, chosen, pause, time_to_live
from ._codec import Codec
from ._errors import CacheError, CacheSerializationError, CacheValueTooLargeError
from ._host import span

T = TypeVar("T")
R = TypeVar("R")

Steps = Generator[Any, Any, R]


class Loaded(Generic[T]):
    """What a loader may return in place of a value: the value, and how it is stored. What is
    not given here comes from the options of the load."""

    __slots__ = ("fresh_for", "tags", "ttl", "value")

    def __init__(
        self,
        value: T,
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] | None = None,
    ) -> None:
        self.value = value
        self.ttl = None if ttl is None else time_to_live(ttl)
        self.fresh_for = None if fresh_for is None else time_to_live(fresh_for)
        self.tags = tags


class NotStored(Generic[T]):
    """What a loader may return in place of a value: the value, which is not to be stored.
    With `pass_for`, nobody waits for another's load of the key for so long, and an entry
    that was being refreshed is removed. Without it, the next caller loads."""

    __slots__ = ("pass_for", "value")

    def __init__(self, value: T, *, pass_for: Time | None = None) -> None:
        self.value = value
        self.pass_for = None if pass_for is None else pause(pass_for)


class Source(StrEnum):
    """Where a value is from."""

    HIT = "hit"
    """An entry that is fresh."""
    STALE = "stale"
    """An entry past its fresh time, which another caller refreshes, or could not be
    refreshed."""
    LOADED = "loaded"
    """The loader of this call, which held the key's lease."""
    PASSED = "passed"
    """The loader of this call, without a lease: what it returned is not stored."""


@dataclass(slots=True)
class Outcome(Generic[T]):
    """A value, and how a load came by it."""

    value: T
    source: Source
    """Where the value is from."""
    stored: bool = False
    """Whether this call stored it."""
    error: Exception | None = None
    """What went wrong and was not raised: why a loaded value could not be stored, or why an
    entry was not refreshed."""
    version: int | None = None
    """Of a value that is from an entry: identifies it among all that its key ever held."""
    age: timedelta | None = None
    """Of a value that is from an entry: how long ago it was stored."""


_FOUND = (raw.Hit, raw.Stale)
_WITHOUT_LEASE = (raw.Hit, raw.Pass)
_CHOSEN = (Loaded, NotStored)
_PASS_MS = 60_000
"""For how long nobody waits for a value that cannot be stored."""


def run(steps: Steps[R]) -> R:
    """Runs steps whose calls have answered when they return."""
    answer: Any = None
    try:
        while True:
            answer = steps.send(answer)
    except StopIteration as end:
        result: R = end.value
        return result
    except RuntimeError as error:
        stop, trace = error.__cause__, error.__traceback__
        if isinstance(stop, StopIteration) and trace and trace.tb_next is None:
            # A loader has raised it, and no generator can.
            raise stop from None
        raise


def load(
    contract: Any, codec: Codec, key: str, loader: Callable[[], Any], options: Options
) -> Steps[Outcome[Any]]:
    """`get_or_load`."""
    unless: int | None = None
    value: Any = None
    while True:
        found = yield contract.lookup(
            key,
            tags=options.tags,
            max_wait_ms=options.max_wait,
            unless=unless,
            strict=options.strict,
        )
        undecodable: CacheSerializationError | None = None
        lease: raw.Lease | None = None
        if isinstance(found, _FOUND):
            try:
                value = codec.decode(found.value)
            except CacheSerializationError as error:
                undecodable = error
        if not isinstance(found, _WITHOUT_LEASE):
            lease = found.lease
        if undecodable is None or unless is not None or lease is not None:
            break
        # Once a call: two types that do not read each other's entries would go on for ever.
        unless = found.version

    if lease is None:
        if isinstance(found, raw.Pass) or undecodable is not None:
            made = yield loader()
            if undecodable is not None:
                text = "an entry was loaded and left alone: %s"
                _log.once(("decode", codec.name), text, undecodable)
            value = made.value if isinstance(made, _CHOSEN) else made
            return Outcome(value, Source.PASSED, error=undecodable)
        return _entry(found, value)
    with lease:
        try:
            made = yield loader()
        except Exception as failure:
            if options.retry_after is not None:
                yield from _quietly(lease.fail, options.retry_after)
            if isinstance(found, raw.Miss) or undecodable is not None:
                raise
            if not (options.stale_if_error or found.fresh):
                raise
            cause = type(failure).__qualname__
            _log.once(("refresh", cause), "a refresh failed, so the entry is served: %r", failure)
            return _entry(found, value, failure)
        return (yield from _store(codec, lease, made, options))


def _store(codec: Codec, lease: Any, made: Any, options: Options) -> Steps[Outcome[Any]]:
    if isinstance(made, NotStored):
        if made.pass_for is not None:
            yield lease.pass_(made.pass_for)
        return Outcome(made.value, Source.LOADED)
    if isinstance(made, Loaded):
        options, made = chosen(options, made.ttl, made.fresh_for, made.tags), made.value
    try:
        stored = yield commit(lease, codec.encode(made), options)
    except (CacheSerializationError, CacheValueTooLargeError) as error:
        # Those who wait would load one after another.
        yield from _quietly(lease.pass_, _PASS_MS)
        _log.once((error.kind, codec.name), "a loaded value was not stored: %s", error)
        return Outcome(made, Source.LOADED, error=error)
    return Outcome(made, Source.LOADED, stored)


def commit(lease: Any, data: bytes, options: Options) -> Any:
    """Commits with options that were checked."""
    return lease.commit(data, ttl_ms=options.ttl, fresh_ms=options.fresh_for, tags=options.tags)


def _quietly(call: Callable[[int], Any], milliseconds: int) -> Steps[None]:
    """Tells the host what others may go by: what came before is what the caller hears of."""
    try:
        yield call(milliseconds)
    except CacheError as error:
        _log.once(("quietly", error.kind), "a lease could only be given up: %s", error)


def _entry(
    found: raw.Hit | raw.Stale, value: Any, failure: Exception | None = None
) -> Outcome[Any]:
    fresh = isinstance(found, raw.Hit) or found.fresh
    source = Source.HIT if fresh else Source.STALE
    return Outcome(value, source, False, failure, found.version, span(found.age_ms))


def write_through(
    contract: Any, key: str, data: bytes, writer: Callable[[], Any], options: Options
) -> Steps[Any]:
    """The origin while readers wait, then the cache."""
    lease = yield contract.begin_write(key, options.tags)
    with lease:
        result = yield writer()
        try:
            yield commit(lease, data, options)
        except CacheError as error:
            error.after = "writer"
            raise
    return result


def write_behind(
    contract: Any, key: str, data: bytes, writer: Callable[[], Any], options: Options
) -> Steps[Any]:
    """The cache, then the origin."""
    yield contract.set(key, data, ttl_ms=options.ttl, fresh_ms=options.fresh_for, tags=options.tags)
    try:
        return (yield writer())
    except BaseException as failure:
        try:
            yield contract.delete(key)
        except CacheError as error:
            error.after = "failed writer"
            raise error from failure
        raise
