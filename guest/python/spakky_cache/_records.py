"""Shapes of what has fields: dataclasses, `TypedDict`, `NamedTuple`."""

import dataclasses
import typing
from collections.abc import Callable
from typing import Any, NotRequired, Required, get_args, get_origin, get_type_hints

from . import _annotations
from ._shape import MAP, Mismatch, Shape

Build = Callable[[Any, str], Shape]
"""Makes the shape of a field's type, which is found at this path."""


class Unfit(Exception):
    """Why a type has no shape."""


class Dataclass(Shape):
    """A map of all fields. One that the entry lacks has its default; one that the class
    lacks is left out, so that fields may come and go."""

    wire = MAP

    def __init__(self, of: type, name: str) -> None:
        if "__dataclass_fields__" not in vars(of):
            raise Unfit("is a subclass of a dataclass, and none itself: decorate it, too")
        self.name = name
        self._of = of
        fields = dataclasses.fields(of)
        self._given = {field.name for field in fields if field.init}
        self._required = {
            field.name
            for field in fields
            if field.init
            and field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING
        }
        self._check_init(of)
        self.fields: dict[str, Shape] = {}

    def _check_init(self, of: type) -> None:
        made_by: Any = of.__init__  # type: ignore[misc]
        parameters = list(_annotations.signature(made_by).parameters.values())[1:]
        others = [
            parameter.name
            for parameter in parameters
            if parameter.name not in self._given
            and parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        if others:
            raise Unfit(f"needs `{others[0]}` to be made again, which is no field of it")
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            missing = self._given - {parameter.name for parameter in parameters}
            if missing:
                raise Unfit(f"cannot be made of its fields: its `__init__` lacks `{min(missing)}`")

    def complete(self, hints: dict[str, Any], build: Build, path: str) -> None:
        for field in dataclasses.fields(self._of):
            self.fields[field.name] = build(hints[field.name], f"{path}.{field.name}")
        self.tags = _tags(self.fields, self._given)

    def takes(self, value: Any) -> bool:
        return type(value) is self._of

    def keyable(self) -> bool:
        return False

    def pack(self, value: Any) -> Any:
        if type(value) is not self._of:
            raise self.wrong(value)
        made = {}
        for name, shape in self.fields.items():
            try:
                made[name] = shape.pack(getattr(value, name))
            except Mismatch as wrong:
                wrong.at(f".{name}")
                raise
            except AttributeError:
                # What `__init__` does not set may never have been.
                if name in self._given:
                    raise Mismatch("has no value").at(f".{name}") from None
        return made

    def unpack(self, value: Any) -> Any:
        found = _read(self, value)
        if lacking := self._required - found.keys():
            raise Mismatch(f"the entry has no `{min(lacking)}`, so it is no {self.name}")
        try:
            made = self._of(**{name: item for name, item in found.items() if name in self._given})
        except Exception as error:
            raise Mismatch(
                f"no {self.name} can be made of the entry: {type(error).__name__}: {error}"
            ) from error
        # As they were, whatever `__post_init__` made of them, once more.
        for name, item in found.items():
            object.__setattr__(made, name, item)
        return made


class Dictionary(Shape):
    """A `TypedDict`."""

    wire = MAP

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: dict[str, Shape] = {}

    def complete(
        self, hints: dict[str, Any], required: frozenset[str], build: Build, path: str
    ) -> None:
        needed = set(required)
        for name, hint in hints.items():
            # In annotations that are texts, Python overlooks these.
            while (origin := get_origin(hint)) in _QUALIFIERS:
                if origin is Required:
                    needed.add(name)
                elif origin is NotRequired:
                    needed.discard(name)
                (hint,) = get_args(hint)
            self.fields[name] = build(hint, f"{path}.{name}")
        self._required = needed
        self.tags = _tags(self.fields, needed)

    def takes(self, value: Any) -> bool:
        # In a union, others are dicts, too.
        return type(value) is dict and all(
            tag in value and self.fields[tag].takes(value[tag]) for tag in self.tags
        )

    def keyable(self) -> bool:
        return False

    def pack(self, value: Any) -> Any:
        if type(value) is not dict:
            raise self.wrong(value)
        if extra := value.keys() - self.fields.keys():
            raise Mismatch(f"has the key {extra.pop()!r:.40}, which {self.name} has not")
        self._check(value)
        made = {}
        for name, item in value.items():
            try:
                made[name] = self.fields[name].pack(item)
            except Mismatch as wrong:
                wrong.at(f".{name}")
                raise
        return made

    def unpack(self, value: Any) -> Any:
        found = _read(self, value)
        self._check(found)
        return found

    def _check(self, value: dict[str, Any]) -> None:
        if lacking := self._required - value.keys():
            raise Mismatch(f"has no `{min(lacking)}`, so it is no {self.name}")


_QUALIFIERS = {Required, NotRequired, getattr(typing, "ReadOnly", Required)}


def _read(shape: Dataclass | Dictionary, value: Any) -> dict[str, Any]:
    """The fields that the entry has."""
    if type(value) is not dict:
        raise shape.wrong(value)
    found = {}
    for name, field in shape.fields.items():
        if name in value:
            try:
                found[name] = field.unpack(value[name])
            except Mismatch as wrong:
                wrong.at(f".{name}")
                raise
    return found


def _tags(fields: dict[str, Shape], always: set[str]) -> dict[str, frozenset[bytes]]:
    """The fields of few values that are always there."""
    found = {}
    for name in fields.keys() & always:
        values = list(fields[name].wire.values())
        if values and None not in values:
            found[name] = frozenset[bytes]().union(*(few for few in values if few is not None))
    return found


def hints_of(of: Any) -> dict[str, Any]:
    """The types of the fields of a class, with what a generic one was given."""
    bound = _bound(of)
    hints = get_type_hints(get_origin(of) or of, include_extras=True)
    return {name: substitute(hint, bound) for name, hint in hints.items()}


def _bound(of: Any) -> dict[Any, Any]:
    cls, arguments = get_origin(of) or of, get_args(of)
    bound = dict(zip(cls.__parameters__, arguments, strict=True)) if arguments else {}
    for base in vars(cls).get("__orig_bases__", cls.__bases__):
        origin = get_origin(base) or base
        if isinstance(origin, type) and origin not in (typing.Generic, typing.Protocol, object):
            for variable, argument in _bound(base).items():
                meant = substitute(argument, bound)
                if bound.setdefault(variable, meant) != meant:
                    raise Unfit(f"has two types for its {variable}: give one another name")
    return bound


def substitute(hint: Any, bound: dict[Any, Any]) -> Any:
    """A type with others for its variables."""
    if isinstance(hint, typing.TypeVar):
        return bound.get(hint, hint)
    if get_origin(hint) is None or not (variables := getattr(hint, "__parameters__", ())):
        return hint
    return hint[tuple(bound.get(variable, variable) for variable in variables)]
