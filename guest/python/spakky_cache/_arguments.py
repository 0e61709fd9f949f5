"""What a caller gives, checked: the contract traps on anything of another type, and
with it the whole component."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from ._errors import CacheInvalidKeyError, CacheInvalidTtlError, CacheSerializationError

Time = timedelta | float | int
"""A span of time: a `timedelta`, or seconds, whole or with a fraction."""

LARGEST = 2**64 - 1
"""The largest number that the contract takes."""

_MICROSECOND = timedelta(microseconds=1)


class Options(NamedTuple):
    """How long an entry lives, what evicts it, how long a lookup may wait, and what becomes
    of failures, in the contract's terms."""

    ttl: int | None
    fresh_for: int | None
    tags: tuple[str, ...]
    max_wait: int | None = None
    stale_if_error: bool = True
    retry_after: int | None = None
    strict: bool = False


def options(
    ttl: Time | None,
    fresh_for: Time | None,
    tags: Iterable[str],
    max_wait: Time | None = None,
    stale_if_error: bool = True,
    retry_after: Time | None = None,
    strict: bool = False,
) -> Options:
    """Refuses what no host would take."""
    ttl_ms = None if ttl is None else time_to_live(ttl)
    fresh_ms = None if fresh_for is None else time_to_live(fresh_for)
    _check_fresh(ttl_ms, fresh_ms)
    return Options(
        ttl_ms,
        fresh_ms,
        tuple(texts(tags, "a tag")),
        None if max_wait is None else _wait(max_wait),
        stale_if_error is True or flag(stale_if_error, "stale_if_error"),
        None if retry_after is None else pause(retry_after),
        strict is not False and flag(strict, "strict"),
    )


def chosen(
    given: Options, ttl: int | None, fresh_for: int | None, tags: Iterable[str] | None
) -> Options:
    """The options of a load, with what its loader has chosen."""
    if ttl is None:
        ttl = given.ttl
    elif fresh_for is None and given.fresh_for is not None:
        # Who shortens the life of a value does not mean an error.
        fresh_for = min(ttl, given.fresh_for)
    if fresh_for is None:
        fresh_for = given.fresh_for
    _check_fresh(ttl, fresh_for)
    all_tags = given.tags if tags is None else tuple(texts(tags, "a tag"))
    return given._replace(ttl=ttl, fresh_for=fresh_for, tags=all_tags)


def _check_fresh(ttl: int | None, fresh_for: int | None) -> None:
    if ttl is not None and fresh_for is not None and fresh_for > ttl:
        raise CacheInvalidTtlError("the fresh time is longer than the time to live")


def text(value: object, what: str) -> str:
    """A key or a tag, if it is one."""
    if not isinstance(value, str):
        raise CacheInvalidKeyError(f"{what} is a str, not {_kind(value)}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            # Half of a character, as `os.fsdecode` and `"\\ud800"` make them.
            raise CacheInvalidKeyError(f"{what} is no valid text: {value!a:.80}") from None
    # Of a subclass, the contract would not take its own idea of what it is.
    return value if type(value) is str else str.__str__(value)


def texts(values: object, what: str) -> list[str]:
    """Keys or tags. A single one is an iterable of texts, too, but hardly meant."""
    # The usual ones first: to ask whether something is iterable takes its time.
    if type(values) is not tuple and type(values) is not list:
        if isinstance(values, str | bytes | bytearray) or not isinstance(values, Iterable):
            raise CacheInvalidKeyError(f"expected several, each of which is a str: {_kind(values)}")
        values = list(values)
    return [text(value, what) for value in values]


def pairs(entries: object) -> list[tuple[str, Any]]:
    """Keys, and something with each of them."""
    if isinstance(entries, Mapping):
        entries = entries.items()
    if isinstance(entries, str | bytes) or not isinstance(entries, Iterable):
        raise CacheInvalidKeyError(f"expected pairs of a key and a value: {_kind(entries)}")
    checked = []
    for entry in entries:
        if not isinstance(entry, tuple | list) or len(entry) != 2:
            raise CacheInvalidKeyError(f"expected a pair of a key and a value: {_kind(entry)}")
        checked.append((text(entry[0], "a key"), entry[1]))
    return checked


def content(value: object) -> bytes:
    """The bytes of a value."""
    if type(value) is bytes:
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise CacheSerializationError(f"the contract takes bytes, not {_kind(value)}")


def milliseconds(value: object) -> int | None:
    """A time as the contract counts it, or none."""
    return None if value is None else some_milliseconds(value)


def some_milliseconds(value: object) -> int:
    """A time as the contract counts it."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise CacheInvalidTtlError(f"a time is 0 to 2**64 - 1 milliseconds, not {value!r:.40}")
    return int(value)


def version(value: object) -> int | None:
    """The version of an entry, or none."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise TypeError(f"a version is an int, as an entry has it, not {value!r:.40}")
    return int(value)


def flag(value: object, name: str) -> bool:
    """An option that is true or false."""
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` is True or False, not {value!r:.40}")
    return value


def time_to_live(time: object) -> int:
    """Milliseconds, of which there is at least one."""
    nanoseconds = _nanoseconds(time)
    if nanoseconds is not None:
        rounded_up = -(-nanoseconds // 1_000_000)
        if nanoseconds >= 1_000_000 and rounded_up <= LARGEST:
            return rounded_up
    raise CacheInvalidTtlError(
        f"{time!r:.40} is not from 1 ms to 2**64 - 1 ms (to keep an entry, leave `ttl` out)"
    )


def pause(time: object) -> int:
    """Milliseconds, of which there is at least one. The host has a limit of its own."""
    nanoseconds = _nanoseconds(time)
    if nanoseconds is None:
        return LARGEST
    if nanoseconds < 1_000_000:
        raise CacheInvalidTtlError(f"a pause is at least 1 ms, not {time!r:.40}")
    return min(-(-nanoseconds // 1_000_000), LARGEST)


def _wait(time: object) -> int:
    nanoseconds = _nanoseconds(time)
    if nanoseconds is None:
        return LARGEST
    if nanoseconds < 0:
        raise CacheInvalidTtlError("a wait is not negative")
    return min(-(-nanoseconds // 1_000_000), LARGEST)


def _nanoseconds(time: object) -> int | None:
    """None: for ever. A float is rounded to nanoseconds, so that 0.001 is the
    millisecond that was meant and not a little more."""
    if isinstance(time, timedelta):
        return time // _MICROSECOND * 1_000
    if isinstance(time, bool) or not isinstance(time, int | float):
        raise CacheInvalidTtlError(
            f"a time is a timedelta or a number of seconds, not {_kind(time)}"
        )
    if isinstance(time, int):
        return time * 1_000_000_000
    if time != time or time == float("-inf"):
        raise CacheInvalidTtlError(f"{time!r} is none")
    if time == float("inf"):
        return None
    numerator, denominator = time.as_integer_ratio()
    return (numerator * 2_000_000_000 + denominator) // (2 * denominator)


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__qualname__}"
