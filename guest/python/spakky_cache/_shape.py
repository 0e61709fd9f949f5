"""Shapes: how values of a type are written as plain values, and read back.

What is read is the value that was written, and of the same type. So a value is exactly of
its type, not of a subclass, and a union is refused unless what is stored tells its members
apart.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

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
}
"""What a decoded value is in CBOR. Arrays in keys are tuples."""

Wire = Mapping[str, frozenset[bytes] | None]
"""What a type is in CBOR: by kind, these encodings, or None for all of that kind."""
ARRAY: Wire = {"array": None}
MAP: Wire = {"map": None}
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
    """Whatever CBOR has: None, bool, int, float, str, bytes, lists and dicts."""

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


_SCALARS = frozenset((type(None), bool, int, float, str, bytes))


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
        else:
            raise Mismatch(f"is {kind_of(value)}, which only comes back as one if it is annotated")
    except Mismatch as wrong:
        wrong.at(place)
        raise


def _check_key(key: Any) -> None:
    if type(key) is tuple:
        for item in key:
            _check_key(item)
    elif type(key) not in _SCALARS:
        raise Mismatch(f"has a key {kind_of(key)}, which only comes back as one if it is annotated")


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


class List(Shape):
    wire = ARRAY

    def __init__(self, item: Shape, name: str) -> None:
        self.name = name
        self._item = item

    def takes(self, value: Any) -> bool:
        return type(value) is list

    def keyable(self) -> bool:
        return False

    def pack(self, value: Any) -> Any:
        if type(value) is not list:
            raise self.wrong(value)
        return _each(self._item.pack, value)

    def unpack(self, value: Any) -> Any:
        if type(value) is not list:
            raise self.wrong(value)
        return _each(self._item.unpack, value)


def _each(convert: Callable[[Any], Any], values: Iterable[Any]) -> list[Any]:
    made: list[Any] = []
    try:
        made.extend(map(convert, values))
    except Mismatch as wrong:
        # Those before it are there.
        wrong.at(f"[{len(made)}]")
        raise
    return made


class Items(Shape):
    """A tuple of any length."""

    wire = ARRAY

    def __init__(self, item: Shape, name: str) -> None:
        self.name = name
        self._item = item

    def takes(self, value: Any) -> bool:
        return type(value) is tuple

    def keyable(self) -> bool:
        return self._item.keyable()

    def pack(self, value: Any) -> Any:
        if type(value) is not tuple:
            raise self.wrong(value)
        return _each(self._item.pack, value)

    def unpack(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise self.wrong(value)
        return tuple(_each(self._item.unpack, value))


class Members(Shape):
    """A tuple with a type for each place, or a named one."""

    wire = ARRAY

    def __init__(self, of: type[tuple[Any, ...]], members: Sequence[Shape], name: str) -> None:
        self.name = name
        self.members = members
        self._of = of

    def takes(self, value: Any) -> bool:
        return type(value) is self._of

    def keyable(self) -> bool:
        return all(member.keyable() for member in self.members)

    def pack(self, value: Any) -> Any:
        if type(value) is not self._of:
            raise self.wrong(value)
        return self._convert([member.pack for member in self.members], value)

    def unpack(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise self.wrong(value)
        made = self._convert([member.unpack for member in self.members], value)
        # As it was, without what its own `__new__` would do.
        return tuple.__new__(self._of, made)

    def _convert(self, ways: list[Callable[[Any], Any]], values: Sequence[Any]) -> list[Any]:
        if len(values) != len(ways):
            raise Mismatch(f"has {len(values)} values, not the {len(ways)} of {self.name}")
        pairs = zip(ways, values, strict=True)
        return _each(lambda pair: pair[0](pair[1]), pairs)


class Dict(Shape):
    wire = MAP

    def __init__(self, key: Shape, item: Shape, name: str) -> None:
        self.name = name
        self.key = key
        self._item = item

    def takes(self, value: Any) -> bool:
        return type(value) is dict

    def keyable(self) -> bool:
        return False

    def pack(self, value: Any) -> Any:
        return self._convert(value, lambda key: _hashable(self.key.pack(key)), self._item.pack)

    def unpack(self, value: Any) -> Any:
        return self._convert(value, self.key.unpack, self._item.unpack)

    def _convert(
        self, value: Any, of_key: Callable[[Any], Any], of_item: Callable[[Any], Any]
    ) -> dict[Any, Any]:
        if type(value) is not dict:
            raise self.wrong(value)
        made = {}
        for key, item in value.items():
            try:
                made[of_key(key)] = of_item(item)
            except Mismatch as wrong:
                wrong.at(f"[{key!r:.40}]")
                raise
        if len(made) < len(value):
            raise Mismatch("has two keys that are the same in Python or in the cache")
        return made


def _hashable(key: Any) -> Any:
    """A tuple was made a list, which is no key."""
    return tuple(map(_hashable, key)) if isinstance(key, list) else key


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
