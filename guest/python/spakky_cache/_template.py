"""Templates of keys and tags: text with values in braces. wit/KEYS.md says what a value
is there."""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from string import Formatter
from typing import Any, NamedTuple

from . import _annotations
from ._errors import CacheKeyGenerationError

_FORMATTER = Formatter()
_SPELLS_ANOTHER_TYPE = re.compile(r"null|true|false|(?!-0$)-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")


class _Piece(NamedTuple):
    """Text, and the value that follows it."""

    text: str
    field: str | None
    conversion: str | None
    specification: str


class Template:
    """A template whose syntax is right, and that names nothing but `names`, where
    these are known."""

    __slots__ = ("_pieces", "_source", "positional")

    def __init__(self, source: str) -> None:
        if not isinstance(source, str):
            raise CacheKeyGenerationError(f"a template is a str, not {source!r:.80}")
        if not source:
            raise CacheKeyGenerationError("an empty template: no key or tag is empty")
        self._source = source
        self._pieces = tuple(_split(source))
        self.positional = any(root.isdigit() for root in self._roots())

    def check(self, names: Iterable[str], function: str, count: int | None = None) -> None:
        """Refuses a template that names what the function has not: an argument by its name,
        or by its position among so many."""
        known = list(names)
        count = len(known) if count is None else count
        for root in self._roots():
            if root.isdigit():
                if int(root) >= count:
                    raise CacheKeyGenerationError(
                        f"`{{{root}}}` in {self._source!r}: `{function}` has {count} arguments, "
                        "which are counted from 0"
                    )
            elif root not in known:
                has = ", ".join(f"`{name}`" for name in known) or "none"
                raise CacheKeyGenerationError(
                    f"`{root}` in {self._source!r} is no argument of `{function}`: it has {has}"
                )

    def check_object(self, function: Callable[..., object]) -> None:
        """Refuses a method whose objects would share an entry."""
        name = getattr(function, "__qualname__", repr(function))
        if inspect.ismethod(function) and not isinstance(function.__self__, type):
            raise CacheKeyGenerationError(
                f"`{name}` is bound to an object, which {self._source!r} cannot name: decorate "
                "the method in its class, or say `shared=True` if all objects share its entries"
            )
        first = next(iter(_annotations.signature(function).parameters), None)
        if first in ("self", "cls") and first not in self._roots():
            apart = "self.name" if first == "self" else "cls.__name__"
            raise CacheKeyGenerationError(
                f"`{name}` is a method, and {self._source!r} names nothing of `{first}`: name "
                f"what tells its objects apart, such as `{{{apart}}}`, or say `shared=True` "
                "if all of them share its entries"
            )

    def _roots(self) -> list[str]:
        return [_root(piece.field) for piece in self._pieces if piece.field is not None]

    def fill(self, values: Mapping[str, Any], positions: Sequence[Any] | None = None) -> str:
        """The key. Without positions, they are those of the values."""
        if positions is None:
            positions = tuple(values.values()) if self.positional else ()
        parts = []
        for text, field, conversion, specification in self._pieces:
            parts.append(text)
            if field is not None:
                try:
                    value, _ = _FORMATTER.get_field(field, positions, values)
                    parts.append(_written(value, conversion, specification))
                except (CacheKeyGenerationError, RecursionError):
                    # The latter says nothing of the value.
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


def key(template: str, /, *positions: object, **values: object) -> str:
    """A key or tag whose values are escaped, so that different values never make the
    same one: `key("posts:{user}:{page}", user=user, page=2)`, or by their positions
    `key("posts:{0}:{1}", user, 2)`. The values are those of `cacheable`."""
    parsed = _parsed(template)
    parsed.check(values, "key", len(positions))
    return parsed.fill(values, positions)


def default(function: Callable[..., object], shared: bool) -> Template:
    """The template of a function that is given none: module, qualified name, and all of its
    arguments."""
    name = getattr(function, "__qualname__", "")
    module = getattr(function, "__module__", "")
    if not name or not module or "<" in name:
        # Functions in functions and lambdas share a name, and may hold what is no argument.
        raise CacheKeyGenerationError(
            f"`{name or function!r}` has no name of its own in a module: give it a template, "
            'such as `"profile:{user_id}"`'
        )
    names = []
    for index, (argument, parameter) in enumerate(
        _annotations.signature(function).parameters.items()
    ):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise CacheKeyGenerationError(
                f"`{name}` takes any number of arguments (`{argument}`): give it a template that "
                "names what tells its values apart"
            )
        if index == 0 and argument in ("self", "cls"):
            if not shared:
                raise CacheKeyGenerationError(
                    f"`{name}` is a method: give it a template that names what tells its objects "
                    "apart, or say `shared=True` if all of them share its entries"
                )
            continue
        names.append(argument)
    return Template(":".join([f"{module}.{name}", *(f"{{{argument}}}" for argument in names)]))


def binder(
    function: Callable[..., object], templates: Sequence[Template]
) -> Callable[[tuple[Any, ...], dict[str, Any]], Mapping[str, Any]]:
    """What makes the arguments of a call of `function` into values by name. Checks
    the templates against its signature."""
    signature = _annotations.signature(function)
    name = getattr(function, "__qualname__", repr(function))
    for template in templates:
        template.check(signature.parameters, name)

    positional = any(template.positional for template in templates)
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
                return {name: values[name] for name in names} if positional else values
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
        root = _root(field)
        if not root.isidentifier() and not (root.isascii() and root.isdigit()):
            raise CacheKeyGenerationError(
                f"`{{{field}}}` in {source!r} names no argument: write its name or its position "
                "in the braces"
            )
        try:
            # As a name, whatever it is.
            _FORMATTER.get_field(f"a{field}", (), {f"a{root}": _Anything()})
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


def _written(value: object, conversion: str | None, specification: str) -> str:
    if conversion is None and not specification:
        return _canonical(value)
    if conversion and _is_nameless(type(value), conversion):
        raise _nameless(value)
    converted = value if conversion is None else _FORMATTER.convert_field(value, conversion)
    return _escape(format(converted, specification))


def _canonical(value: object) -> str:
    """The one text that a value has in every language."""
    match value:
        case str():
            return _text(str.__str__(value))
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return int.__repr__(value)
        case float():
            return _number(value)
    if isinstance(value, bytes | bytearray) or _is_nameless(type(value), None):
        raise _nameless(value)
    return _text(format(value))


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise CacheKeyGenerationError(f"{value!r} has no place in a key")
    if value.is_integer():
        return repr(int(value))
    return format(Decimal(float.__repr__(value)), "f")


def _text(text: str) -> str:
    if _SPELLS_ANOTHER_TYPE.fullmatch(text):
        return f"%{ord(text[0]):02X}{text[1:]}"
    return _escape(text)


def _is_nameless(kind: Any, conversion: str | None) -> bool:
    """Whether a type says nothing of its values: `<User object at 0x7f…>` is a key that
    nobody ever finds again."""
    if conversion is None:
        # A `repr` alone is for its author, and other languages do not make it.
        return kind.__str__ is object.__str__ and kind.__format__ is object.__format__
    has_str = conversion == "s" and kind.__str__ is not object.__str__
    return not has_str and kind.__repr__ is object.__repr__


def _nameless(value: object) -> CacheKeyGenerationError:
    return CacheKeyGenerationError(
        f"a {type(value).__qualname__} has no text of its own: name what tells it apart, such "
        "as `{user.id}`, or format it, such as `{user!r}`"
    )


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace(":", "%3A")
