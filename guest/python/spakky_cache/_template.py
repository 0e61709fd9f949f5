"""Templates of keys and tags: text with values in braces."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from string import Formatter
from typing import Any, NamedTuple

from . import _annotations
from ._errors import CacheKeyGenerationError

_FORMATTER = Formatter()


class _Piece(NamedTuple):
    """Text, and the value that follows it."""

    text: str
    field: str | None
    conversion: str | None
    specification: str


class Template:
    """A template whose syntax is right, and that names nothing but `names`, where
    these are known."""

    __slots__ = ("_pieces", "_source")

    def __init__(self, source: str) -> None:
        if not isinstance(source, str):
            raise CacheKeyGenerationError(f"a template is a str, not {source!r:.80}")
        if not source:
            raise CacheKeyGenerationError("an empty template: no key or tag is empty")
        self._source = source
        self._pieces = tuple(_split(source))

    def check(self, names: Iterable[str], function: str) -> None:
        """Refuses a template that names what the function has not."""
        known = list(names)
        for piece in self._pieces:
            if piece.field is not None and (root := _root(piece.field)) not in known:
                has = ", ".join(f"`{name}`" for name in known) or "none"
                raise CacheKeyGenerationError(
                    f"`{root}` in {self._source!r} is no argument of `{function}`: it has {has}"
                )

    def fill(self, values: Mapping[str, Any]) -> str:
        """The key."""
        parts = []
        for text, field, conversion, specification in self._pieces:
            parts.append(text)
            if field is not None:
                try:
                    value, _ = _FORMATTER.get_field(field, (), values)
                    parts.append(_escape(_format(value, conversion, specification)))
                except CacheKeyGenerationError:
                    raise
                except Exception as error:
                    raise CacheKeyGenerationError(
                        f"`{{{field}}}` in {self._source!r} cannot be filled: "
                        f"{type(error).__name__}: {error}"
                    ) from error
        key = "".join(parts)
        try:
            key.encode()
        except UnicodeEncodeError:
            raise CacheKeyGenerationError(
                f"{self._source!r} was filled with what is no valid text: {key!a:.80}"
            ) from None
        return key


@lru_cache(maxsize=256)
def _parsed(template: str) -> Template:
    return Template(template)


def key(template: str, /, **values: object) -> str:
    """A key or tag whose values are escaped, so that different values never make the
    same one: `key("posts:{user}:{page}", user=user, page=2)`."""
    parsed = _parsed(template)
    parsed.check(values, "key")
    return parsed.fill(values)


def binder(
    function: Callable[..., object], templates: Iterable[Template]
) -> Callable[[tuple[Any, ...], dict[str, Any]], Mapping[str, Any]]:
    """What makes the arguments of a call of `function` into values by name. Checks
    the templates against its signature."""
    signature = _annotations.signature(function)
    name = getattr(function, "__qualname__", repr(function))
    for template in templates:
        template.check(signature.parameters, name)

    parameters = signature.parameters.values()
    ordinary = all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)
    names = [parameter.name for parameter in parameters]
    defaults = {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.default is not parameter.empty
    }

    def bind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Mapping[str, Any]:
        if ordinary and len(args) <= len(names):
            # A third of the time of `signature.bind`, which is for every kind of call.
            values = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
            if values.keys() == signature.parameters.keys() and (
                not kwargs or kwargs.keys().isdisjoint(names[: len(args)])
            ):
                return values
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound.arguments

    return bind


def _split(source: str) -> Iterable[_Piece]:
    try:
        pieces = list(_FORMATTER.parse(source))
    except ValueError as error:
        raise CacheKeyGenerationError(f"{source!r} is no template: {error}") from None
    # Values are escaped so that they hold no `:`. With one between any two of them,
    # the template can be read back, so two lists of values never make one key.
    separated = True
    for text, field, specification, conversion in pieces:
        separated = separated or ":" in text
        if field is None:
            yield _Piece(text, None, None, "")
            continue
        if not _root(field).isidentifier():
            raise CacheKeyGenerationError(
                f"`{{{field}}}` in {source!r} names no argument: write its name in the braces"
            )
        try:
            _FORMATTER.get_field(field, (), {_root(field): _Anything()})
        except ValueError as error:
            raise CacheKeyGenerationError(f"`{{{field}}}` in {source!r}: {error}") from None
        if not separated:
            raise CacheKeyGenerationError(
                f"no `:` between `{{{field}}}` and the value before it in {source!r}: "
                "different values could make the same key"
            )
        if "{" in (specification or ""):
            raise CacheKeyGenerationError(
                f"`{{{field}:{specification}}}` in {source!r}: a width or precision is a "
                "number here, not an argument"
            )
        if conversion not in (None, "r", "s", "a"):
            raise CacheKeyGenerationError(
                f"`!{conversion}` in {source!r} is no conversion: there are `!r`, `!s` and `!a`"
            )
        separated = False
        yield _Piece(text, field, conversion, specification or "")


class _Anything:
    """Has every attribute and every item, to try the syntax of a field."""

    def __getattr__(self, _: str) -> "_Anything":
        return self

    def __getitem__(self, _: object) -> "_Anything":
        return self


def _root(field: str) -> str:
    """The name that `user.id` and `user[0]` begin with."""
    return field.partition(".")[0].partition("[")[0]


def _format(value: object, conversion: str | None, specification: str) -> str:
    if _is_nameless(type(value), conversion):
        # `<User object at 0x7f…>` is a key that nobody ever finds again.
        raise CacheKeyGenerationError(f"a {type(value).__qualname__} has no text of its own")
    converted = value if conversion is None else _FORMATTER.convert_field(value, conversion)
    return format(converted, specification)


def _is_nameless(kind: Any, conversion: str | None) -> bool:
    if kind.__repr__ is not object.__repr__:
        return False
    if conversion in ("r", "a"):
        return True
    if kind.__str__ is not object.__str__:
        return False
    return conversion == "s" or kind.__format__ is object.__format__


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")
