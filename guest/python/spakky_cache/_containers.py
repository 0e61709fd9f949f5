"""Shapes of what holds values of other types: lists, tuples, sets, dicts."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ._shape import ARRAY, MAP, SET, Mismatch, Shape


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


class Set(Shape):
    """A `set`, or a `frozenset`."""

    wire = SET

    def __init__(self, of: type[set[Any]] | type[frozenset[Any]], item: Shape, name: str) -> None:
        self.name = name
        self.item = item
        self._of = of

    def takes(self, value: Any) -> bool:
        return type(value) is self._of

    def keyable(self) -> bool:
        return self._of is frozenset and self.item.keyable()

    def pack(self, value: Any) -> Any:
        if type(value) is not self._of:
            raise self.wrong(value)
        return self._convert(frozenset, lambda item: _hashable(self.item.pack(item)), value)

    def unpack(self, value: Any) -> Any:
        if not isinstance(value, set | frozenset):
            raise self.wrong(value)
        return self._convert(self._of, self.item.unpack, value)

    def _convert(self, of: Any, convert: Callable[[Any], Any], value: Any) -> Any:
        made = []
        for item in value:
            try:
                made.append(convert(item))
            except Mismatch as wrong:
                wrong.at(f"{{{item!r:.40}}}")
                raise
        found = of(made)
        if len(found) < len(made):
            raise Mismatch("has two elements that are the same in Python or in the cache")
        return found


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
