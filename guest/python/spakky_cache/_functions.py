"""Functions whose results are cached, and functions that evict."""

import inspect
import types
from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import wraps
from typing import (
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    overload,
)

from . import _annotations, _steps, raw
from ._arguments import Time, options, texts
from ._cache import Cache
from ._errors import CacheKeyGenerationError, CacheSerializationError
from ._steps import Loaded, NotStored
from ._template import Template, binder, default

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
S = TypeVar("S")
R_co = TypeVar("R_co", covariant=True)


class Decorated(Generic[P, R_co]):
    """What a type checker takes a decorated function for. It is a function still: it is
    called as before, and `__wrapped__` is what was decorated."""

    __name__: str
    __qualname__: str
    __wrapped__: Callable[P, R_co]

    @abstractmethod
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    # A method of a class, and one of an object, are called without it; a static one as it is.
    @overload
    def __get__(  # type: ignore[misc]  # what can be called is a `Callable`
        self: Callable[Concatenate[type[S], Q], R], instance: S | None, owner: type[S], /
    ) -> Callable[Q, R]: ...
    @overload
    def __get__(
        self: Callable[Concatenate[S, Q], R], instance: S, owner: type[S], /
    ) -> Callable[Q, R]: ...
    @overload
    def __get__(self, instance: object, owner: type, /) -> "Decorated[P, R_co]": ...
    @abstractmethod
    def __get__(self, instance: Any, owner: Any, /) -> Any: ...


class Caching(Protocol):
    """The decorator that `cacheable` returns."""

    @overload
    def __call__(self, function: Callable[P, Loaded[R] | NotStored[R]], /) -> Decorated[P, R]: ...
    @overload
    def __call__(
        self, function: Callable[P, Loaded[R] | NotStored[R] | None], /
    ) -> Decorated[P, R | None]: ...
    @overload
    def __call__(
        self, function: Callable[P, R | Loaded[R] | NotStored[R]], /
    ) -> Decorated[P, R]: ...


def cacheable(
    key: str | None = None,
    *,
    ttl: Time | None = None,
    fresh_for: Time | None = None,
    tags: Iterable[str] = (),
    max_wait: Time | None = None,
    stale_if_error: bool = True,
    retry_after: Time | None = None,
    strict: bool = False,
    shared: bool = False,
) -> Caching:
    """Caches what a function returns.

        @cacheable("profile:{user_id}", ttl=timedelta(minutes=5), tags=["profiles"])
        def profile(user_id: int) -> Profile: ...

    `key` and `tags` are templates: what stands in braces is an argument of the
    function by its name or position, or a field of one. `None`, booleans, numbers and texts
    have one text each, the same in every language, and different ones never make the same
    key. Anything else is the text that `str` makes of it. With a conversion or a format
    (`{page:04}`), a value is what `str.format` makes of it. A template that names no argument
    is refused at once. Without a template the key is the function's module, its qualified
    name and all of its arguments: `shop.prices.price:7:eur`.

    The key of a method names something of its object: `{self.name}`. With `shared`, all
    objects share the method's entries.

    The function's return type is the type of the entry: of `Loaded[T]` and `NotStored[T]`,
    which say how a value is stored, it is `T`. Its result, its exceptions and the options are
    those of `Cache.get_or_load`. `__wrapped__` is the function itself.
    """
    given = None if key is None else _template(key)
    tag_templates = [Template(tag) for tag in _sources(tags)]
    checked = options(ttl, fresh_for, (), max_wait, stale_if_error, retry_after, strict)

    def decorate(function: Callable[..., Any]) -> Decorated[..., Any]:
        _check_function(function, "cacheable")
        template = default(function, shared) if given is None else given
        if not shared:
            template.check_object(function)
        bind = binder(function, [template, *tag_templates])
        cache = _cache_of(function)

        @wraps(function)
        def cached(*args: Any, **kwargs: Any) -> Any:
            nonlocal cache
            values = bind(args, kwargs)
            if cache is None:
                # A type that was not there yet when its function was decorated.
                cache = Cache(_returned(function))
            filled = tuple(tag.fill(values) for tag in tag_templates)
            # In few calls, since a function that calls itself has a thousand; and none of them
            # in C (as `partial` makes one), since these end the component's stack before that.
            steps = _steps.load(
                raw,
                cache._codec,
                template.fill(values),
                lambda: function(*args, **kwargs),
                checked._replace(tags=filled),
            )
            return _steps.run(steps).value

        return cast(Decorated[..., Any], cached)

    return cast(Caching, decorate)


def cache_evict(
    key: str | None = None, *, tags: Iterable[str] = (), all: bool = False
) -> Callable[[Callable[P, R]], Decorated[P, R]]:
    """Evicts once a function has succeeded: the entry of `key`, every entry that has
    one of `tags`, or with `all` everything. A function that raises evicts nothing.

        @cache_evict("profile:{user_id}", tags=["friends:{user_id}"])
        def rename(user_id: int, name: str) -> None: ...
    """
    template = None if key is None else _template(key)
    tag_templates = [Template(tag) for tag in _sources(tags)]
    if all and (template or tag_templates):
        raise CacheKeyGenerationError("`all` evicts everything: it goes with no other option")
    if not (all or template or tag_templates):
        raise CacheKeyGenerationError("`cache_evict` needs to know what: a key, `tags` or `all`")

    def decorate(function: Callable[P, R]) -> Decorated[P, R]:
        _check_function(function, "cache_evict")
        bind = binder(function, [*([template] if template else []), *tag_templates])

        @wraps(function)
        def evicting(*args: P.args, **kwargs: P.kwargs) -> R:
            # Before the function can change what its arguments hold.
            values = bind(args, kwargs)
            evicted = None if template is None else template.fill(values)
            evicted_tags = [tag.fill(values) for tag in tag_templates]
            result = function(*args, **kwargs)
            if all:
                raw.clear()
            if evicted is not None:
                raw.delete(evicted)
            if evicted_tags:
                raw.evict_tags(evicted_tags)
            return result

        return cast(Decorated[P, R], evicting)

    return decorate


def _template(key: object) -> Template:
    if callable(key):
        raise CacheKeyGenerationError("the decorator needs its brackets: `@cacheable()`")
    return Template(key)  # type: ignore[arg-type]  # which it checks


def _sources(tags: object) -> list[str]:
    return texts(tags, "a tag")


def _check_function(function: object, decorator: str) -> None:
    if isinstance(function, classmethod | staticmethod | property):
        raise TypeError(f"`{decorator}` goes below `@{type(function).__name__}`, not above it")
    if not callable(function):
        raise TypeError(f"`{decorator}` goes on a function, not on {function!r:.80}")
    if (
        inspect.iscoroutinefunction(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    ):
        raise TypeError(
            f"`{decorator}` goes on an ordinary function: the contract is synchronous, and "
            "what is yet to be computed cannot be cached"
        )


def _cache_of(function: Callable[..., Any]) -> Cache[Any] | None:
    """None: its type has a name that is not defined yet."""
    try:
        return Cache(_returned(function))
    except CacheSerializationError as error:
        if isinstance(error.__cause__, NameError):
            return None
        raise


def _returned(function: Callable[..., Any]) -> Any:
    """The annotated type, of which alone the names have to be defined."""
    name = getattr(function, "__qualname__", repr(function))
    try:
        annotations = _annotations.annotations(function)
        if "return" not in annotations:
            raise CacheSerializationError(
                f"`{name}` does not say what it returns: annotate it, as in `-> list[str]`; "
                "`-> Any` is whatever CBOR has"
            )
        alone = types.SimpleNamespace(
            __annotations__={"return": annotations["return"]},
            __type_params__=getattr(function, "__type_params__", ()),
        )
        hints = get_type_hints(
            alone, globalns=getattr(function, "__globals__", {}), include_extras=True
        )
        return _stored(hints["return"])
    except NameError as error:
        raise CacheSerializationError(
            f"what `{name}` returns has a name that is not defined in its module: {error}"
        ) from error


def _stored(of: Any) -> Any:
    """What is stored of a type that a loader returns."""
    origin = get_origin(of) or of
    if origin is Loaded or origin is NotStored:
        return get_args(of)[0] if get_args(of) else Any
    if origin is Union or origin is types.UnionType:
        return Union[tuple(_stored(member) for member in get_args(of))]  # noqa: UP007
    return of
