"""Which shape a type has, and which types have none."""

import dataclasses
import enum
import types
import typing
from collections import abc
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin
from uuid import UUID

from . import _containers, _records, _shape
from ._errors import CacheSerializationError
from ._records import Unfit
from ._shape import Mismatch, Shape, type_name

V = TypeVar("V")
P = TypeVar("P")


class Form(Generic[V, P]):
    """How a type that has no form in the cache is stored: as one that has.

        Day = Annotated[date, Form(str, encode=date.isoformat, decode=date.fromisoformat)]

    `Day` stands wherever a type does: `Cache(Day)`, `-> list[Day]`, a field.
    `encode` makes of a value what is stored, which is of the type `stored_as`, and
    `decode` makes the same value of that. What they raise is a
    `CacheSerializationError` with it as its cause.
    """

    __slots__ = ("decode", "encode", "stored_as")

    def __init__(
        self, stored_as: type[P], *, encode: Callable[[V], P], decode: Callable[[P], V]
    ) -> None:
        self.stored_as = stored_as
        self.encode = encode
        self.decode = decode


def shape(of: object) -> Shape:
    """The shape of a type. A type that has none is a `CacheSerializationError`; one that
    names what is not defined yet, a `NameError`."""
    builder = _Builder()
    try:
        made = builder.build(of, "value")
        builder.complete()
    except RecursionError:
        raise _refusal("value", of, "contains itself without an end") from None
    return made


class _Builder:
    def __init__(self) -> None:
        # A type may contain itself, so its shape is known before it is complete.
        self._known: dict[Any, Shape] = {}
        self._unions: list[tuple[_shape.OneOf, str, Any]] = []
        self._keys: list[tuple[Shape, str, Any]] = []
        self._owners: list[type] = []

    def build(self, of: Any, path: str) -> Shape:
        """The shape of the type that is found at a path."""
        if of is Any or of is object:
            return _shape.Anything()
        if of is None or (isinstance(of, type) and of in _EXACT):
            return _shape.Exact(of or type(None))
        if of is float:
            return _shape.Float()
        if of is datetime:
            return _shape.Timestamp()
        if of is typing.Self and self._owners:
            of = self._owners[-1]
        try:
            return self._build(of, path)
        except (Unfit, Mismatch) as reason:
            raise _refusal(path, of, str(reason)) from None

    def _build(self, of: Any, path: str) -> Shape:
        origin, arguments = get_origin(of), get_args(of)
        if origin is Annotated:
            return self._annotated(of, path)
        if origin is typing.Final:
            return self.build(arguments[0], path)
        if origin is typing.Union or origin is types.UnionType:
            return self._union(of, path)
        if origin is Literal:
            values = [v.value if isinstance(v, enum.Enum) else v for v in arguments]
            return _choice(repr(of), zip(arguments, values, strict=True))
        if isinstance(of, typing.NewType):
            return self.build(of.__supertype__, path)
        if isinstance(of, typing.TypeVar):
            raise Unfit("is a type variable that nothing is known of: name a type")
        if isinstance(of, str | typing.ForwardRef):
            raise Unfit("is only a name here: give the type itself")
        if getattr(of, "__unpacked__", False):
            raise Unfit("is unpacked: a tuple has one type for each place, or one for all")
        if hasattr(origin or of, "__value__"):
            return self._alias(of, path)
        return self._class(of, origin or of, path)

    def _class(self, of: Any, cls: Any, path: str) -> Shape:
        arguments = get_args(of)
        if cls is list:
            return _containers.List(self._item(arguments, 0, f"{path}[]"), type_name(of))
        if cls is tuple:
            return self._tuple(of, path)
        if cls is dict:
            return self._dict(of, path)
        if cls is set or cls is frozenset:
            path = f"{path}{{}}"
            of_item = self._key(arguments[0] if arguments else Any, path)
            return _containers.Set(cls, of_item, type_name(of))
        if isinstance(cls, type) and not issubclass(cls, _shape.Shape):
            if dataclasses.is_dataclass(cls) or typing.is_typeddict(cls):
                return self._record(of, cls, path)
            if issubclass(cls, tuple) and hasattr(cls, "_fields"):
                hints = _records.hints_of(of)
                members = [
                    self.build(hints.get(name, Any), f"{_root(path, cls)}.{name}")
                    for name in cls._fields
                ]
                return _containers.Members(cls, members, type_name(of))
            if issubclass(cls, enum.Flag):
                return _shape.Flags(cls)
            if issubclass(cls, enum.Enum):
                return _choice(type_name(cls), ((member, member.value) for member in cls))
        raise Unfit(f"has no form in the cache: {_cure(cls)}")

    def _item(self, arguments: tuple[Any, ...], index: int, path: str) -> Shape:
        return self.build(arguments[index] if arguments else Any, path)

    def _annotated(self, of: Any, path: str) -> Shape:
        annotated, *notes = get_args(of)
        for note in notes:
            if isinstance(note, Form):
                inner = self.build(note.stored_as, path)
                classes = tuple(_classes(annotated))
                return _shape.Formed(classes, inner, note.encode, note.decode, type_name(annotated))
        return self.build(annotated, path)

    def _union(self, of: Any, path: str) -> Shape:
        made = _shape.OneOf([self.build(member, path) for member in get_args(of)], type_name(of))
        self._unions.append((made, path, of))
        return made

    def _alias(self, of: Any, path: str) -> Shape:
        """`type Name = …`, which may contain itself: only a union can make sense of that."""
        if of in self._known:
            return self._known[of]
        self._known[of] = made = _shape.OneOf([], type_name(of))
        alias = get_origin(of) or of
        bound = dict(zip(alias.__type_params__, get_args(of), strict=False))
        made.given = [self.build(_records.substitute(alias.__value__, bound), path)]
        self._unions.append((made, path, of))
        return made

    def _tuple(self, of: Any, path: str) -> Shape:
        arguments = get_args(of)
        if get_origin(of) is None or arguments[-1:] == (...,):
            return _containers.Items(self._item(arguments, 0, f"{path}[]"), type_name(of))
        members = [self.build(member, f"{path}[{i}]") for i, member in enumerate(arguments)]
        return _containers.Members(tuple, members, type_name(of))

    def _dict(self, of: Any, path: str) -> Shape:
        key, item = get_args(of) or (Any, Any)
        of_key = self._key(key, f"{path}.keys()[]")
        return _containers.Dict(of_key, self.build(item, f"{path}[]"), type_name(of))

    def _key(self, of: Any, path: str) -> Shape:
        """Of keys, and of the elements of sets."""
        if of is Any or of is object:
            return _shape.Anything(of_keys=True)
        made = self.build(of, path)
        self._keys.append((made, path, of))
        return made

    def _record(self, of: Any, cls: Any, path: str) -> Shape:
        if of in self._known:
            return self._known[of]
        path = _root(path, cls)
        self._owners.append(cls)
        if typing.is_typeddict(cls):
            self._known[of] = typed = _records.Dictionary(type_name(of))
            required: frozenset[str] = cls.__required_keys__
            typed.complete(_records.hints_of(of), required, self.build, path)
        else:
            self._known[of] = made = _records.Dataclass(cls, type_name(of))
            made.complete(_records.hints_of(of), self.build, path)
        self._owners.pop()
        return self._known[of]

    def complete(self) -> None:
        """Checks what needs the whole."""
        for union, path, of in self._unions:
            if found := union.complete():
                one, other, kind = found
                what = f"both {one.name} and {other.name} are {_ARTICLES[kind]} in the cache"
                cure = _CURES.get(kind, "give each a field of its own")
                raise _refusal(path, of, f"cannot be read back: {what}. {cure}")
        for made, path, of in self._keys:
            if not made.keyable():
                raise _refusal(path, of, "cannot be a key or in a set in the cache")


_EXACT = (bool, int, str, bytes, type(None), UUID, Decimal)


def _choice(name: str, pairs: typing.Iterable[tuple[Any, Any]]) -> Shape:
    try:
        return _shape.Choice(name, pairs)
    except CacheSerializationError as error:
        raise Unfit(f"has a value that cannot be stored: {error}") from None


def _root(path: str, cls: type) -> str:
    """The path begins anew at the outermost class."""
    return cls.__name__ if path.startswith("value") else path


def _classes(of: Any) -> typing.Iterator[type]:
    """What `isinstance` takes for a type."""
    origin = get_origin(of) or of
    if origin is typing.Union or origin is types.UnionType:
        for member in get_args(of):
            yield from _classes(member)
    else:
        yield origin if isinstance(origin, type) else type(None) if of is None else object


def _refusal(path: str, of: Any, reason: str) -> CacheSerializationError:
    return CacheSerializationError(f"`{path}`: {type_name(of)} {reason}")


_ARTICLES = {
    "null": "null",
    "boolean": "booleans",
    "integer": "integers",
    "float": "floats",
    "text": "text",
    "bytes": "bytes",
    "array": "arrays",
    "map": "maps",
    "timestamp": "timestamps",
    "UUID": "UUIDs",
    "decimal": "decimals",
    "set": "sets",
}
_CURES = {
    "map": 'Give each class a field such as `kind: Literal["a"] = "a"`, with a value of its own',
    "array": "Make it one list of a union, or give each a class of its own",
}


def _cure(cls: Any) -> str:
    if cls in _ABSTRACT:
        return f"it does not say which type comes back, as `{_ABSTRACT[cls]}` does"
    name = getattr(cls, "__name__", "…")
    stored, encode, decode = _FORMS.get(name, ("str", "…", "…"))
    form = f"Form({stored}, encode={encode}, decode={decode})"
    return f"say how it is stored: `Annotated[{name}, {form}]`"


_ABSTRACT = {
    abc.Sequence: "list[T]` or `tuple[T, ...]",
    abc.MutableSequence: "list[T]",
    abc.Iterable: "list[T]` or `tuple[T, ...]",
    abc.Collection: "list[T]` or `tuple[T, ...]",
    abc.Mapping: "dict[K, V]",
    abc.MutableMapping: "dict[K, V]",
    abc.Set: "frozenset[T]` or `set[T]",
    abc.MutableSet: "set[T]",
}
_FORMS = {
    "deque": ("list[T]", "list", "deque"),
    "bytearray": ("bytes", "bytes", "bytearray"),
    "date": ("str", "date.isoformat", "date.fromisoformat"),
    "time": ("str", "time.isoformat", "time.fromisoformat"),
}
