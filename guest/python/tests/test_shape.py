import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, TypedDict, Union

import pytest

from spakky_cache import Cache, CacheSerializationError
from spakky_cache._cbor import decode, encode
from spakky_cache._shape import shape


class Color(enum.Enum):
    RED = "red"


@dataclass
class Address:
    street: str
    number: int = 1
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class User:
    name: str
    address: Address | None
    friends: "tuple[User, ...]" = ()
    label: str = field(default="", init=False)


class Point(NamedTuple):
    x: float
    y: int


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


WRONG: Any = 5
UserId = NewType("UserId", int)


@pytest.mark.parametrize(
    ("of", "value"),
    [
        (Any, {"a": [1, None]}), (object, "text"), (None, None), (bool, True), (int, -5), (float, 1.5),
        (str, "text"), (bytes, b"bytes"), (list, [1, "a"]), (list[int], [1, 2]), (tuple, (1, "a")),
        (tuple[int, ...], (1, 2, 3)), (tuple[int, str], (1, "a")), (tuple[()], ()), (dict, {1: 2}),
        (dict[int, list[str]], {1: ["a"]}), (dict[tuple[int, int], str], {(1, 2): "a"}),
        (Sequence[int], [1, 2]), (Mapping[str, int], {"a": 1}), (Union[int, None], None), (int | None, 5),
        (int | str, "5"), (float | int, 5), (float | int, 5.0), (Literal["a", 1], 1), (Annotated[int, "x"], 5),
        (UserId, UserId(5)), (Color, Color.RED), (Literal[Color.RED], Color.RED), (Point, Point(1.5, 2)),
        (Movie, {"title": "M", "year": 1931}), (Movie, {"title": "M"}), (Address, Address("Main", 5, ["x"])),
        (User, User("ann", None, (User("bob", Address("Side")),))),
        (dict[str, list[User | None]], {"a": [User("ann", None), None]}),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_one_of_its_type(of: Any, value: Any) -> None:
    made = shape(of)
    back = made.unpack(decode(encode(made.pack(value))))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("of", "stored"),
    [
        (None, 0), (bool, 1), (int, True), (int, 1.0), (int, "1"), (float, "1.0"), (float, True),
        (float, 2**53 + 1), (float, 2**64 - 1), (str, b"text"), (str, None), (bytes, "bytes"), (list[int], [1, "a"]),
        (list[int], {}), (list, "abc"), (tuple[int, str], [1]), (tuple[int, str], [1, 2]), (dict[str, int], {1: 1}),
        (dict, []), (int | None, "5"), (Literal["a", 1], True), (Literal["a", 1], []), (Color, "blue"), (Color, []),
        (Point, [1.5]), (Movie, {"year": 1931}), (Movie, {"title": 5}), (Movie, []), (Address, {"number": 1}),
        (Address, {"street": 5}), (Address, ["Main"]), (User, {"name": "ann"}),
    ],
    ids=repr,
)  # fmt: skip
def test_an_entry_of_another_type_is_an_error(of: Any, stored: Any) -> None:
    with pytest.raises(CacheSerializationError):
        shape(of).unpack(stored)


@pytest.mark.parametrize(
    ("of", "value"),
    [
        (str, 5), (int, True), (list[int], [None]), (Address, {"street": "Main"}), (Address, User("ann", None)),
        (User, User(WRONG, None)), (Color, "red"), (Movie, {}), (tuple[int, str], (1, 2)), (float, 2**53 + 1),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_of_another_type_is_an_error(of: Any, value: Any) -> None:
    with pytest.raises(CacheSerializationError):
        shape(of).pack(value)


def test_whole_numbers_are_floats_where_floats_are_meant() -> None:
    # As JavaScript writes 1.0.
    read = shape(list[float]).unpack([1, 2.5])
    assert read == [1.0, 2.5]
    assert [type(number) for number in read] == [float, float]


def test_fields_may_come_and_go() -> None:
    assert shape(Address).unpack({"street": "Main", "gone": 1}) == Address("Main")


@pytest.mark.parametrize("of", [set, set[int], complex, type, list[complex], "Address", 5, len])
def test_a_type_without_a_form_is_refused_when_the_cache_is_made(of: Any) -> None:
    with pytest.raises(CacheSerializationError, match="no form"):
        Cache(of)


def test_a_field_without_a_form_is_refused_when_the_cache_is_made() -> None:
    @dataclass
    class Strange:
        members: set[int]

    with pytest.raises(CacheSerializationError, match="no form"):
        Cache(Strange)
