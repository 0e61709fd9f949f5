"""Shapes: how values of a type are written as plain values, and read back.

What is read is the value that was written, and of the same type. So a value is exactly of
its type, not of a subclass, and a union is refused unless what is stored tells its members
apart.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

from ._cbor import DEEPEST, encode

_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "text",
    bytes: "bytes",
    list: "array",
    tuple: "array",
    dict: "map",
    datetime: "timestamp",
    UUID: "UUID",
    Decimal: "decimal",
    set: "set",
    frozenset: "set",
}
"""What a decoded value is in CBOR. Arrays in keys and sets are tuples, and sets frozen."""

Wire = Mapping[str, frozenset[bytes] | None]
"""What a type is in CBOR: by kind, these encodings, or None for all of that kind."""
ARRAY: Wire = {"array": None}
MAP: Wire = {"map": None}
SET: Wire = {"set": None}
_FLOAT: Wire = {"float": None, "integer": None}
_INTEGER: Wire = {"integer": None}
_NOTHING: Wire = {}
_NO_TAGS: Mapping[str, frozenset[bytes]] = {}
_ANY: Wire = dict.fromkeys(_KINDS.values())


class Mismatch(Exception):
    """A value, or what is stored, is not of its type."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self._pieces: list[str] = []

    def at(self, piece: str) -> "Mismatch":
        """Itself, told where it is, from the inside out."""
        self._pieces.append(piece)
        return self

    @property
    def path(self) -> str:
        """Where it is, below the whole: `.lines[3].price`."""
        return "".join(reversed(self._pieces))


class Shape:
    """How values of one type are written and read. Both raise `Mismatch`."""

    name: str
    """The type, for people."""
    wire = _NOTHING
    """What it is in CBOR."""
    tags = _NO_TAGS
    """What some keys of a map always hold."""
    plain = False
    """Whether values are stored as themselves: it does not matter which of two such types
    reads one."""

    def takes(self, value: Any) -> bool:
        """Whether a value looks as if it were of this type: what is in it is not looked at."""
        raise NotImplementedError

    def keyable(self) -> bool:
        """Whether values can be keys of a map, in Python and in the cache."""
        return True

    def pack(self, value: Any) -> Any:
        """Makes a plain value of it."""
        raise NotImplementedError

    def unpack(self, value: Any) -> Any:
        """Makes it of a plain value."""
        raise NotImplementedError

    def wrong(self, value: Any) -> Mismatch:
        """The error for a value that is of another type."""
        return Mismatch(f"is {kind_of(value)}, not {self.name}")


class Exact(Shape):
    """A type that CBOR has, too."""

    plain = True

    def __init__(self, kind: type) -> None:
        self.name = type_name(kind)
        self.wire = {_KINDS[kind]: None}
        self._kind = kind

    def takes(self, value: Any) -> bool:
        return type(value) is self._kind

    def pack(self, value: Any) -> Any:
        if type(value) is not self._kind:
            raise self.wrong(value)
        return value

    unpack = pack


class Timestamp(Exact):
    """A `datetime`, which is an instant: it comes back in UTC."""

    def __init__(self) -> None:
        super().__init__(datetime)

    def pack(self, value: Any) -> Any:
        if type(value) is datetime and value.utcoffset() is None:
            raise Mismatch("is a time without a zone: give it one, such as `tzinfo=UTC`")
        return super().pack(value)


class Float(Shape):
    """Integers are floats to Python's types, and whole floats are integers to some
    languages: taken, unless the number would change."""

    name = "float"
    wire = _FLOAT
    plain = True

    def takes(self, value: Any) -> bool:
        return type(value) is float or type(value) is int

    def pack(self, value: Any) -> Any:
        if type(value) is float:
            return value
        if type(value) is int:
            try:
                if (exact := float(value)) == value:
                    return exact
            except OverflowError:
                pass
            raise Mismatch("is an integer that no float is")
        raise self.wrong(value)

    unpack = pack


class Anything(Shape):
    """Whatever the cache has: None, bool, int, float, str, bytes, datetime, UUID, Decimal,
    lists, dicts and sets."""

    name = "a plain value"
    wire = _ANY
    plain = True

    def __init__(self, of_keys: bool = False) -> None:
        self._of_keys = of_keys

    def takes(self, value: Any) -> bool:
        return True

    def pack(self, value: Any) -> Any:
        _check_key(value) if self._of_keys else _check_plain(value, 0)
        return value

    def unpack(self, value: Any) -> Any:
        return value


_SCALARS = frozenset((type(None), bool, int, float, str, bytes, datetime, UUID, Decimal))


def _check_plain(value: Any, depth: int) -> None:
    """Refuses what would come back as another type. What is nested too deeply, the
    encoder refuses."""
    if type(value) in _SCALARS or depth > DEEPEST:
        return
    place = ""
    try:
        if type(value) is list:
            for index, item in enumerate(value):
                if type(item) not in _SCALARS:
                    place = f"[{index}]"
                    _check_plain(item, depth + 1)
        elif type(value) is dict:
            for key, item in value.items():
                place = f"[{key!r:.40}]"
                _check_key(key)
                _check_plain(item, depth + 1)
        elif type(value) is set:
            for item in value:
                _check_key(item)
        else:
            raise Mismatch(f"is {kind_of(value)}, which only comes back as one if it is annotated")
    except Mismatch as wrong:
        wrong.at(place)
        raise


def _check_key(key: Any) -> None:
    if type(key) is tuple or type(key) is frozenset:
        for item in key:
            _check_key(item)
    elif type(key) not in _SCALARS:
        what = f"has a key or an element {kind_of(key)}"
        raise Mismatch(f"{what}, which only comes back as one if it is annotated")


class Choice(Shape):
    """One of a few values: of a `Literal`, or of an `Enum`."""

    def __init__(self, name: str, pairs: Iterable[tuple[Any, Any]]) -> None:
        """Values, each with what is written for it."""
        self.name = name
        # With their types: 1 and True are equal.
        self._written = {(type(value), value): written for value, written in pairs}
        self._read: dict[bytes, Any] = {}
        self.plain = True
        wire: dict[str, set[bytes]] = {}
        for (_, value), written in self._written.items():
            encoded = encode(written)
            if encoded in self._read:
                raise Mismatch(f"has two values that are both stored as {written!r}")
            self._read[encoded] = value
            self.plain &= value is written
            wire.setdefault(_KINDS[type(written)], set()).add(encoded)
        self.wire = {kind: frozenset(encodings) for kind, encodings in wire.items()}

    def takes(self, value: Any) -> bool:
        try:
            return (type(value), value) in self._written
        except TypeError:
            return False

    def pack(self, value: Any) -> Any:
        if not self.takes(value):
            raise self.wrong(value)
        return self._written[type(value), value]

    def unpack(self, value: Any) -> Any:
        encoded = encode(value)
        if encoded not in self._read:
            raise self.wrong(value)
        return self._read[encoded]

    def wrong(self, value: Any) -> Mismatch:
        return Mismatch(f"is {value!r:.80}, not {self.name}")


class Flags(Shape):
    """Members of an `enum.Flag`, and what they combine to."""

    wire = _INTEGER

    def __init__(self, of: type[enum.Flag]) -> None:
        self.name = type_name(of)
        self._of = of

    def takes(self, value: Any) -> bool:
        return type(value) is self._of

    def pack(self, value: Any) -> Any:
        if type(value) is not self._of:
            raise self.wrong(value)
        return value.value

    def unpack(self, value: Any) -> Any:
        try:
            flags = self._of(value)
        except ValueError:
            raise self.wrong(value) from None
        if type(value) is not int or flags.value != value:
            raise self.wrong(value)
        return flags


class Formed(Shape):
    """What a `Form` stores as another type."""

    def __init__(
        self,
        classes: tuple[type, ...],
        inner: Shape,
        encode: Callable[[Any], Any],
        decode: Callable[[Any], Any],
        name: str,
    ) -> None:
        self.name = name
        self._classes, self._inner = classes, inner
        self._encode, self._decode = encode, decode

    @property
    def wire(self) -> Wire:  # type: ignore[override]
        return self._inner.wire

    @property
    def tags(self) -> Mapping[str, frozenset[bytes]]:  # type: ignore[override]
        return self._inner.tags

    def takes(self, value: Any) -> bool:
        return isinstance(value, self._classes)

    def keyable(self) -> bool:
        return self._inner.keyable() and all(kind.__hash__ for kind in self._classes)

    def pack(self, value: Any) -> Any:
        if not self.takes(value):
            raise self.wrong(value)
        return self._inner.pack(self._call(self._encode, value))

    def unpack(self, value: Any) -> Any:
        made = self._call(self._decode, self._inner.unpack(value))
        if not self.takes(made):
            raise Mismatch(f"is {self.name}, but its `decode` returned what is {kind_of(made)}")
        return made

    def _call(self, function: Callable[[Any], Any], value: Any) -> Any:
        try:
            return function(value)
        except Exception as error:
            what = "encode" if function is self._encode else "decode"
            raise Mismatch(
                f"is {self.name}, whose `{what}` raised {type(error).__name__}: {error}"
            ) from error


class OneOf(Shape):
    """One of several types, as far as what is stored tells which."""

    def __init__(self, members: Sequence[Shape], name: str) -> None:
        self.name = name
        self.given = members
        self.members: list[Shape] = []
        self._readers: dict[str, list[Shape]] = {}

    def complete(self) -> tuple[Shape, Shape, str] | None:
        """Once all its members are complete, too. Returns two that cannot be told apart,
        if there are such, and the kind that both have."""
        # An integer is one, in a union with floats.
        self.members = sorted(_flat(self, []), key=lambda member: isinstance(member, Float))
        for index, member in enumerate(self.members):
            for other in self.members[:index]:
                for kind in member.wire.keys() & other.wire.keys():
                    if not (member.plain and other.plain) and _overlap(member, other, kind):
                        return other, member, kind
            for kind in member.wire:
                self._readers.setdefault(kind, []).append(member)
        self.wire = {kind: _all_of(readers, kind) for kind, readers in self._readers.items()}
        return None

    def takes(self, value: Any) -> bool:
        return any(member.takes(value) for member in self.members)

    def keyable(self) -> bool:
        return all(member.keyable() for member in self.members)

    def pack(self, value: Any) -> Any:
        for member in self.members:
            if member.takes(value):
                return member.pack(value)
        raise self.wrong(value)

    def unpack(self, value: Any) -> Any:
        kind = _KINDS[type(value)]
        readers = self._readers.get(kind, [])
        for member in readers:
            if len(readers) == 1 or _may_be(member, kind, value):
                return member.unpack(value)
        raise self.wrong(value)


def _flat(union: OneOf, seen: list[OneOf]) -> Iterator[Shape]:
    """The members of a union, and of the unions that are its members."""
    seen.append(union)
    for member in union.given:
        if not isinstance(member, OneOf):
            yield member
        elif member not in seen:
            yield from _flat(member, seen)


def _all_of(members: list[Shape], kind: str) -> frozenset[bytes] | None:
    found: set[bytes] = set()
    for member in members:
        encodings = member.wire[kind]
        if encodings is None:
            return None
        found |= encodings
    return frozenset(found)


def _overlap(one: Shape, other: Shape, kind: str) -> bool:
    """Whether something of this kind may be either."""
    these, those = one.wire[kind], other.wire[kind]
    if these is not None and those is not None:
        return not these.isdisjoint(those)
    if kind == "map":
        common = one.tags.keys() & other.tags.keys()
        return all(not one.tags[tag].isdisjoint(other.tags[tag]) for tag in common)
    return True


def _may_be(member: Shape, kind: str, value: Any) -> bool:
    encodings = member.wire[kind]
    if encodings is not None:
        return encode(value) in encodings
    return kind != "map" or all(
        tag in value and encode(value[tag]) in encodings for tag, encodings in member.tags.items()
    )


def kind_of(value: object) -> str:
    """What a value is, for people."""
    return "None" if value is None else f"of type {type_name(type(value))}"


def type_name(of: Any) -> str:
    """A type, for people."""
    return of.__qualname__ if isinstance(of, type) and not get_args(of) else repr(of)
