"""The cache, for values of one type."""

from collections.abc import Callable, Iterable, Mapping
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Generic, TypeVar, final, overload

from . import _cbor, raw
from ._arguments import Options, Time, options, pairs
from ._errors import CacheError, CacheSerializationError
from ._host import span
from ._lookup import Hit, Lease, Lookup, Miss, Pass, Stale, commit
from ._shape import Mismatch
from ._types import shape

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

    __slots__ = ("_shape",)

    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(self, of: type[T]) -> None: ...
    @overload
    def __init__(self: "Cache[Any]", of: object) -> None: ...
    def __init__(self, of: object = Any) -> None:
        """A handle. A type whose values have no form in the cache is refused here."""
        try:
            self._shape = shape(of)
        except NameError as error:
            raise CacheSerializationError(
                f"{of} needs a name that is not defined in its module (yet): {error}"
            ) from error

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
        return default if data is None else self._decode(data)

    @overload
    def get_many(self, keys: Iterable[str]) -> list[T | None]: ...
    @overload
    def get_many(self, keys: Iterable[str], default: D) -> list[T | D]: ...
    def get_many(self, keys: Iterable[str], default: Any = None) -> Any:
        """The values of `keys`, in their order, in one round trip. One entry that is
        no `T` makes the whole a `CacheSerializationError`."""
        entries = raw.get_many(keys)
        return [default if data is None else self._decode(data) for data in entries]

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
        self._set(key, value, options(ttl, fresh_for, tags))

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
        encoded = [(key, self._encode(value)) for key, value in pairs(entries)]
        raw.set_many(encoded, ttl_ms=checked.ttl, fresh_ms=checked.fresh_for, tags=checked.tags)

    def delete(self, key: str) -> bool:
        """Removes an entry; says whether there was one."""
        return raw.delete(key)

    def delete_many(self, keys: Iterable[str]) -> int:
        """Removes entries, in one round trip; says how many there were."""
        return raw.delete_many(keys)

    def lookup(
        self, key: str, *, tags: Iterable[str] = (), max_wait: Time | None = None
    ) -> Lookup[T]:
        """Finds `key`, or makes this caller its one loader in the whole fleet, or
        waits until the loader is done: what `get_or_load` is made of.

        `tags` are those that the entry will have, as far as they are known. `max_wait`
        is the longest wait for another's load; zero: none; without it, as long as the
        host allows, which is also the longest.

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
        checked = options(None, None, tags, max_wait)
        found = raw.lookup(key, tags=checked.tags, max_wait_ms=checked.max_wait)
        if isinstance(found, raw.Miss):
            return Miss(Lease(found.lease, self._encode))
        if isinstance(found, raw.Pass):
            return Pass()
        age = span(found.age_ms)
        if isinstance(found, raw.Hit):
            return Hit(self._decode(found.value), found.version, age)
        try:
            value = self._decode(found.value)
        except BaseException:
            if found.lease is not None:
                found.lease.close()
            raise
        lease: Lease[T] | None = None
        if found.lease is not None:
            lease = Lease(found.lease, self._encode)
        return Stale(value, lease, found.fresh, found.version, age)

    def get_or_load(
        self,
        key: str,
        loader: Callable[[], T],
        *,
        ttl: Time | None = None,
        fresh_for: Time | None = None,
        tags: Iterable[str] = (),
        max_wait: Time | None = None,
    ) -> T:
        """The value of `key`; if there is none, or it is due to be refreshed, what
        `loader` returns, which is then stored. While the loader runs, no other caller
        in the whole fleet loads this key: the others wait for its value (at most
        `max_wait`), or go on reading the stale one.

        What the loader raises comes back unchanged; nothing is stored then, and the
        next caller loads. A value that was loaded while its key was deleted, set or
        evicted is returned but not stored.
        """
        _check_callable(loader)
        return self._load(key, loader, options(ttl, fresh_for, tags, max_wait))

    def _load(self, key: str, loader: Callable[[], T], checked: Options) -> T:
        found = raw.lookup(key, tags=checked.tags, max_wait_ms=checked.max_wait)
        if isinstance(found, raw.Pass):
            return loader()
        if isinstance(found, raw.Hit) or found.lease is None:
            return self._decode(found.value)
        with found.lease as lease:
            value = loader()
            commit(lease, checked, lambda: self._encode(value))
        return value

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
        data = self._encode(value)
        with raw.begin_write(key, checked.tags) as lease:
            result = writer(value)
            try:
                lease.commit(
                    data, ttl_ms=checked.ttl, fresh_ms=checked.fresh_for, tags=checked.tags
                )
            except CacheError as error:
                error.after = "writer"
                raise
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
        self._set(key, value, options(ttl, fresh_for, tags))
        try:
            return writer(value)
        except BaseException as failure:
            try:
                raw.delete(key)
            except CacheError as error:
                error.after = "failed writer"
                raise error from failure
            raise

    def _set(self, key: str, value: T, checked: Options) -> None:
        raw.set(
            key,
            self._encode(value),
            ttl_ms=checked.ttl,
            fresh_ms=checked.fresh_for,
            tags=checked.tags,
        )

    def _encode(self, value: T) -> bytes:
        try:
            return _cbor.encode(self._shape.pack(value))
        except (Mismatch, RecursionError) as wrong:
            raise self._serialization("the value", wrong) from wrong.__cause__

    def _decode(self, data: bytes) -> T:
        plain = _cbor.decode(data)
        try:
            value: T = self._shape.unpack(plain)
        except (Mismatch, RecursionError) as wrong:
            raise self._serialization("the entry", wrong) from wrong.__cause__
        return value

    def _serialization(self, what: str, wrong: Exception) -> CacheSerializationError:
        if not isinstance(wrong, Mismatch):
            return CacheSerializationError(f"{what} is nested too deeply, or contains itself")
        if wrong.path:
            name = self._shape.name
            what = f"`{name if name.isidentifier() else 'value'}{wrong.path}`"
        return CacheSerializationError(f"{what} {wrong.reason}")


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
