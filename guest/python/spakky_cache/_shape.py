"""Types as shapes of plain values: what makes a dataclass a map, and a map a dataclass,
and refuses what is of another type."""

import dataclasses
import enum
import types
import typing
from collections import abc
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ._errors import CacheSerializationError


class Shape:
    """How values of one type are written and read. `pack` makes a plain value of one,
    `unpack` makes it anew; both raise `CacheSerializationError`."""

    __slots__ = ("pack", "unpack")

    def __init__(
        self, pack: Callable[[Any], Any] | None = None, unpack: Callable[[Any], Any] | None = None
    ) -> None:
        # A type may contain itself, so its shape is there before it is complete.
        if pack is not None and unpack is not None:
            self.pack, self.unpack = pack, unpack


def shape(of: object) -> Shape:
    """The shape of a type. Refuses a type that has none."""
    return _shape(of, {})


def _shape(of: Any, known: dict[Any, Shape]) -> Shape:
    if of is Any or of is object or isinstance(of, typing.TypeVar):
        return _ANYTHING
    if of is None:
        of = type(None)
    if of in _PLAIN:
        return _PLAIN[of]
    if of in known:
        return known[of]
    origin, arguments = get_origin(of), get_args(of)
    if origin is Annotated:
        return _shape(arguments[0], known)
    if origin is Union or origin is types.UnionType:
        return _union([_shape(argument, known) for argument in _floats_last(arguments)], of)
    if origin is Literal:
        return _literal(arguments)
    if isinstance(of, typing.NewType):
        return _shape(of.__supertype__, known)
    if hasattr(of, "__value__"):  # `type Name = …`
        return _shape(of.__value__, known)
    kind = origin or of
    if kind in (list, abc.Sequence):
        return _list(_shape(arguments[0] if arguments else Any, known), of)
    if kind is tuple:
        return _tuple(arguments, known, of)
    if kind in (dict, abc.Mapping):
        key, value = arguments or (Any, Any)
        return _dict(_shape(key, known), _shape(value, known), of)
    if isinstance(of, type):
        if dataclasses.is_dataclass(of):
            return _dataclass(of, known)
        if typing.is_typeddict(of):
            return _typed_dict(of, known)
        if issubclass(of, tuple) and hasattr(of, "_fields"):
            return _named_tuple(of, known)
        if issubclass(of, enum.Enum):
            return _enum(of)
    raise CacheSerializationError(f"values of the type {_name(of)} have no form in the cache")


def _simple(kind: type, *others: type) -> Shape:
    def pack(value: Any) -> Any:
        if not isinstance(value, (kind, *others)) or (kind is int and isinstance(value, bool)):
            raise _mismatch(value, kind)
        return value

    return Shape(pack, pack)


def _float() -> Shape:
    """Integers are floats to Python's types, and whole floats are integers to some
    languages: taken, unless the number would change."""

    def check(value: Any) -> float:
        if isinstance(value, float):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            try:
                if (exact := float(value)) == value:
                    return exact
            except OverflowError:
                pass
        raise _mismatch(value, float)

    return Shape(check, check)


def _floats_last(members: tuple[Any, ...]) -> list[Any]:
    """An integer is one, in a union of both."""
    return sorted(members, key=lambda member: member is float)


def _union(shapes: list[Shape], of: Any) -> Shape:
    def attempt(value: Any, way: Literal["pack", "unpack"]) -> Any:
        for member in shapes:
            try:
                return getattr(member, way)(value)
            except CacheSerializationError:
                continue
        raise _mismatch(value, of)

    return Shape(lambda value: attempt(value, "pack"), lambda value: attempt(value, "unpack"))


def _literal(values: tuple[Any, ...]) -> Shape:
    # With their types: 1 and True are equal.
    plain = {(type(v), v): v.value if isinstance(v, enum.Enum) else v for v in values}
    back = {(type(written), written): value for (_, value), written in plain.items()}

    def look(table: dict[Any, Any], value: Any) -> Any:
        try:
            return table[type(value), value]
        except (KeyError, TypeError):
            raise _mismatch(value, Literal[values]) from None

    return Shape(lambda value: look(plain, value), lambda value: look(back, value))


def _list(item: Shape, of: Any) -> Shape:
    def check(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise _mismatch(value, of)
        return value

    return Shape(
        lambda value: [item.pack(member) for member in check(value)],
        lambda value: [item.unpack(member) for member in check(value)],
    )


def _tuple(arguments: tuple[Any, ...], known: dict[Any, Shape], of: Any) -> Shape:
    if not arguments or arguments[-1] is Ellipsis:
        every = _list(_shape(arguments[0] if arguments else Any, known), of)
        return Shape(every.pack, lambda value: tuple(every.unpack(value)))
    members = [_shape(argument, known) for argument in arguments]
    return _members(members, of, tuple)


def _named_tuple(of: Any, known: dict[Any, Shape]) -> Shape:
    hints = get_type_hints(of)
    members = [_shape(hints.get(field, Any), known) for field in of._fields]
    return _members(members, of, lambda values: of(*values))


def _members(members: list[Shape], of: Any, make: Callable[[list[Any]], Any]) -> Shape:
    def check(value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) != len(members):
            raise _mismatch(value, of)
        return value

    return Shape(
        lambda value: [m.pack(item) for m, item in zip(members, check(value), strict=True)],
        lambda value: make([m.unpack(item) for m, item in zip(members, check(value), strict=True)]),
    )


def _dict(key: Shape, item: Shape, of: Any) -> Shape:
    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _mismatch(value, of)
        return value.items()

    return Shape(
        lambda value: {_hashable(key.pack(k)): item.pack(v) for k, v in check(value)},
        lambda value: {key.unpack(k): item.unpack(v) for k, v in check(value)},
    )


def _hashable(key: Any) -> Any:
    """A tuple was made a list, which is no key."""
    return tuple(map(_hashable, key)) if isinstance(key, list) else key


def _dataclass(of: Any, known: dict[Any, Shape]) -> Shape:
    known[of] = made = Shape()
    hints = get_type_hints(of, include_extras=True)
    fields = {field.name: field for field in dataclasses.fields(of) if field.init}
    shapes = {name: _shape(hints[name], known) for name in fields}

    def pack(value: Any) -> dict[str, Any]:
        if type(value) is not of:
            raise _mismatch(value, of)
        return {name: member.pack(getattr(value, name)) for name, member in shapes.items()}

    def unpack(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _mismatch(value, of)
        found = {name: m.unpack(value[name]) for name, m in shapes.items() if name in value}
        for name, field in fields.items():
            if (
                name not in found
                and field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            ):
                raise CacheSerializationError(f"the entry has no `{name}`, so it is no {_name(of)}")
        return of(**found)

    made.pack, made.unpack = pack, unpack
    return made


def _typed_dict(of: Any, known: dict[Any, Shape]) -> Shape:
    known[of] = made = Shape()
    shapes = {name: _shape(hint, known) for name, hint in get_type_hints(of).items()}

    def through(value: Any, way: Literal["pack", "unpack"]) -> dict[str, Any]:
        if not isinstance(value, dict) or not of.__required_keys__ <= value.keys():
            raise _mismatch(value, of)
        return {
            name: getattr(member, way)(value[name])
            for name, member in shapes.items()
            if name in value
        }

    made.pack = lambda value: through(value, "pack")
    made.unpack = lambda value: through(value, "unpack")
    return made


def _enum(of: Any) -> Shape:
    def pack(value: Any) -> Any:
        if not isinstance(value, of):
            raise _mismatch(value, of)
        return value.value

    def unpack(value: Any) -> Any:
        try:
            return of(value)
        except ValueError:
            raise _mismatch(value, of) from None

    return Shape(pack, unpack)


def _mismatch(value: object, of: Any) -> CacheSerializationError:
    return CacheSerializationError(f"a {type(value).__qualname__} is no {_name(of)}")


def _name(of: Any) -> str:
    return of.__qualname__ if isinstance(of, type) and not get_args(of) else repr(of)


_ANYTHING = Shape(lambda value: value, lambda value: value)
_PLAIN: dict[Any, Shape] = {
    type(None): _simple(type(None)),
    bool: _simple(bool),
    int: _simple(int),
    float: _float(),
    str: _simple(str),
    bytes: _simple(bytes, bytearray, memoryview),
    list: _list(_ANYTHING, list),
    tuple: _tuple((), {}, tuple),
    dict: _dict(_ANYTHING, _ANYTHING, dict),
}
