"""The cache, for values of one type."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Generic, TypeVar, final, overload

from . import _steps, raw
from ._arguments import Options, Time, options, pairs
from ._codec import Codec
from ._host import span
from ._lookup import EntryInfo, Hit, Lease, Lookup, Miss, Pass, Stale, entry_info
from ._steps import Loaded, NotStored, Outcome

if TYPE_CHECKING:
    from typing_extensions import TypeVar as _TypeVar

    T = _TypeVar("T", default=Any)
else:
    T = TypeVar("T")
D = TypeVar("D")
R = TypeVar("R")


class _Typed(GenericAlias):
    """`Cache[T]`. Called, it is the type that it says."""

    def __call__(self, *of: object) -> Any:
        return Cache(*(of or self.__args__))


@final
class Cache(Generic[T]):
    """The cache, for values of type `T`: `Cache(str)`, `Cache(list[int])`,
    `Cache(Profile)` for a dataclass, or `Cache()` for whatever CBOR has. `Cache[T]()` is
    `Cache(T)`.

    A handle without state: make one wherever it is needed, or keep one in a module.
    All handles read and write the same cache, and a key belongs to whoever uses it:
    reading an entry of another type is a `CacheSerializationError`.

        greetings = Cache(str)
        greetings.set("greeting:en", "hello", ttl=60)
        greetings.get("greeting:en")  # "hello"
        greetings.get("greeting:eo")  # None
    """

    __slots__ = ("_codec",)

    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(self, of: type[T]) -> None: ...
    @overload
    def __init__(self: "Cache[Any]", of: object) -> None: ...
    def __init__(self, of: object = Any) -> None:
        """A handle. A type whose values have no form in the cache is refused here."""
        self._codec = Codec(of)

    if not TYPE_CHECKING:

        def __class_getitem__(cls, of: object) -> GenericAlias:
            return _Typed(cls, of)

    def __init_subclass__(cls) -> None:
        raise TypeError("`Cache` cannot be subclassed: keep a handle instead")

    @overload
    def get(self, key: str) -> T | None: ...
    @overload
    def get(self, key: str, default: D) -> T | D: ...
    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or `default`. Never waits for a loader.

        None can be a value like any other: where that matters, give a default that
        cannot be one.
        """
        data = raw.get(key)
        return default if data is None else self._codec.decode(data)

    @overload
    def get_many(self, keys: Iterable[str]) -> list[T | None]: ...
    @overload
    def get_many(self, keys: Iterable[str], default: D) -> list[T | D]: ...
    def get_many(self, keys: Iterable[str], default: Any = None) -> Any:
        """The values of `keys`, in their order, in one round trip. One entry that is
        no `T` makes the whole a `CacheSerializationError`."""
        entries = raw.get_many(keys)
        return [default if data is None else self._codec.decode(data) for data in entries]

    def set(
        self,
        key: str,
        value: T,
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
    ) -> None:
        """Stores an entry. A load of the same key that is under way can no longer be
        stored.

        `ttl` is how long the entry lives: a `timedelta` or seconds; without it, until
        something removes it. `fresh_for` is how long it is served as fresh within that
        time: past it, one caller at a time is asked to refresh the entry while the
        others go on reading it. `tags` evict it.
        """
        checked = options(ttl, fresh_for, tags)
        raw.set(
            key,
            self._codec.encode(value),
            ttl_ms=checked.ttl,
            fresh_ms=checked.fresh_for,
            tags=checked.tags,
        )

    def set_many(
        self,
        entries: Mapping[str, T] | Iterable[tuple[str, T]],
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
    ) -> None:
        """Stores entries that share their options, in one round trip. All of them are
        checked before any is written. Of a key named twice, the last stays."""
        checked = options(ttl, fresh_for, tags)
        encoded = [(key, self._codec.encode(value)) for key, value in pairs(entries)]
        raw.set_many(encoded, ttl_ms=checked.ttl, fresh_ms=checked.fresh_for, tags=checked.tags)

    def delete(self, key: str) -> bool:
        """Removes an entry; says whether there was one."""
        return raw.delete(key)

    def delete_many(self, keys: Iterable[str]) -> int:
        """Removes entries, in one round trip; says how many there were."""
        return raw.delete_many(keys)

    def describe(self, key: str) -> EntryInfo | None:
        """What is known of the entry of `key` without its value; none for a miss. Not
        counted as a read."""
        found = raw.describe(key)
        return None if found is None else entry_info(found)

    def lookup(
        self,
        key: str,
        *,
        tags: Iterable[str] = (),
        max_wait: Time | None = None,
        unless: int | None = None,
        strict: bool = False,
    ) -> Lookup[T]:
        """Finds `key`, or makes this caller its one loader in the whole fleet, or
        waits until the loader is done: what `get_or_load` is made of.

        `tags` are those that the entry will have, as far as they are known. `max_wait`
        is the longest wait for another's load; zero: none; without it, as long as the
        host allows, which is also the longest. An entry of the version `unless` will not
        do: one caller is chosen to refresh it, and those with the same `unless` wait for
        that. With `strict` the backend is asked, even where the host may answer from
        copies.

            with cache.lookup("answer") as found:
                match found:
                    case Hit(answer) | Stale(answer, None):
                        pass
                    case Stale(_, Lease() as lease) | Miss(lease):
                        answer = 42
                        lease.commit(answer, ttl=60)
                    case Pass():
                        answer = 42
        """
        checked = options(None, None, tags, max_wait, strict=strict)
        found = raw.lookup(
            key,
            tags=checked.tags,
            max_wait_ms=checked.max_wait,
            unless=unless,
            strict=checked.strict,
        )
        if isinstance(found, raw.Miss):
            return Miss(Lease(found.lease, self._codec))
        if isinstance(found, raw.Pass):
            return Pass()
        age = span(found.age_ms)
        if isinstance(found, raw.Hit):
            return Hit(self._codec.decode(found.value), found.version, age)
        try:
            value = self._codec.decode(found.value)
        except BaseException:
            if found.lease is not None:
                found.lease.close()
            raise
        lease: Lease[T] | None = None
        if found.lease is not None:
            lease = Lease(found.lease, self._codec)
        return Stale(value, lease, found.fresh, found.version, age)

    def get_or_load(
        self,
        key: str,
        loader: Callable[[], T | Loaded[T] | NotStored[T]],
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
        max_wait: Time | None = None,
        stale_if_error: bool = True,
        retry_after: Time | None = None,
        strict: bool = False,
    ) -> T:
        """The value of `key`; if there is none, or it is due to be refreshed, what
        `loader` returns, which is then stored. While the loader runs, no other caller
        in the whole fleet loads this key: the others wait for its value (at most
        `max_wait`), or go on reading the stale one. The loader may return a `Loaded`,
        which says how its value is stored, or a `NotStored`.

        What the loader raises comes back unchanged; nothing is stored then, and the
        next caller loads. With `retry_after` nobody does for so long: meanwhile calls
        are a `CacheLoadFailedError`. A refresh that fails gives its caller the stale
        entry; with `stale_if_error=False`, what the loader raised, unless the entry is
        still fresh.

        An entry that cannot be decoded as a `T` is loaded anew. A value that was loaded
        and cannot be stored is returned, and a warning logged: it is too large or is no
        `T`, or its key was deleted, set or evicted meanwhile (without a warning).
        """
        _check_callable(loader)
        checked = options(ttl, fresh_for, tags, max_wait, stale_if_error, retry_after, strict)
        return self._load(key, loader, checked).value

    def get_or_load_outcome(
        self,
        key: str,
        loader: Callable[[], T | Loaded[T] | NotStored[T]],
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
        max_wait: Time | None = None,
        stale_if_error: bool = True,
        retry_after: Time | None = None,
        strict: bool = False,
    ) -> Outcome[T]:
        """As `get_or_load`, and says where the value is from, whether it was stored, and
        what went wrong without being raised."""
        _check_callable(loader)
        checked = options(ttl, fresh_for, tags, max_wait, stale_if_error, retry_after, strict)
        return self._load(key, loader, checked)

    def _load(self, key: str, loader: Callable[[], Any], checked: Options) -> Outcome[T]:
        return _steps.run(_steps.load(raw, self._codec, key, loader, checked))

    def write_through(
        self,
        key: str,
        value: T,
        writer: Callable[[T], R],
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
    ) -> R:
        """Writes a value to its origin and to the cache: `writer` stores it in the
        origin, and while it does, readers of `key` miss and wait. If it succeeds, the
        value is cached (unless another write overtook this one), and its result comes
        back. What it raises comes back unchanged, and the key is a miss.

        An error of the cache's says in `after` whether the writer had succeeded.
        """
        _check_callable(writer)
        checked = options(ttl, fresh_for, tags)
        # Before anything changes: a value that cannot be cached is not written.
        data = self._codec.encode(value)
        steps = _steps.write_through(raw, key, data, partial(writer, value), checked)
        result: R = _steps.run(steps)
        return result

    def write_behind(
        self,
        key: str,
        value: T,
        writer: Callable[[T], R],
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
    ) -> R:
        """Caches a value, then writes it to its origin: readers see it before `writer`
        has stored it. If the writer raises, the entry is removed, and what it raised
        comes back unchanged. If then the cache fails, too, its error comes back, with
        the writer's as its cause and `after` saying so.

        A component that dies in the writer leaves the entry until its time to live
        ends. `write_through` has no such gap.
        """
        _check_callable(writer)
        checked = options(ttl, fresh_for, tags)
        data = self._codec.encode(value)
        steps = _steps.write_behind(raw, key, data, partial(writer, value), checked)
        result: R = _steps.run(steps)
        return result


def evict_tags(tags: Iterable[str]) -> None:
    """Evicts every entry that has one of `tags`, at once and however many there are.
    Once this returns, no caller anywhere reads an entry whose load began before the
    call."""
    raw.evict_tags(tags)


def clear() -> None:
    """Evicts every entry of this component's cache, as `evict_tags` does."""
    raw.clear()


def _check_callable(function: object) -> None:
    """Before anything changes, not once the lease is taken."""
    if not callable(function):
        raise TypeError(f"{function!r:.80} cannot be called")
