"""What types make of values. Values are encoded and decoded by a handle, as they are on
their way to the cache and back."""

import dataclasses
import enum
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NotRequired,
    Required,
    Self,
    TypedDict,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest

from spakky_cache import Cache, CacheSerializationError
from spakky_cache._cbor import encode

T = TypeVar("T")
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
ID = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
WRONG: Any = 5
UserId = NewType("UserId", int)


class Color(enum.Enum):
    RED = "red"


class Shade(enum.StrEnum):
    DARK = "dark"


class Level(enum.IntEnum):
    LOW = 1


class Planet(enum.Enum):
    EARTH = (5.976e24, 6.37814e6)
    MARS = (6.421e23, 3.3972e6)


class Truth(enum.Enum):
    YES = True
    NO = "no"


class Perm(enum.Flag):
    READ = 1
    WRITE = 2


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


@dataclass
class Base:
    name: str


@dataclass
class Kid(Base):
    age: int = 3


@dataclass
class Cat:
    name: str
    kind: Literal["cat"] = "cat"


@dataclass
class Dog:
    name: str
    age: int
    kind: Literal["dog"] = "dog"


@dataclass(slots=True, kw_only=True)
class Slotted:
    first: int
    second: str = "x"


@dataclass
class Doubled:
    total: int

    def __post_init__(self) -> None:
        self.total *= 2


@dataclass
class Node:
    name: str
    next: Self | None = None


@dataclass
class Box(Generic[T]):
    value: T
    more: "list[Box[T]]" = field(default_factory=list)


@dataclass
class IntBox(Box[int]):
    label: str = ""


class Point(NamedTuple):
    x: float
    y: int


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Late(TypedDict):
    title: "str"
    year: "NotRequired[int]"


class Partial(TypedDict, total=False):
    title: "Required[str]"
    year: int


class Square(TypedDict):
    kind: Literal["square"]
    side: float


class Circle(TypedDict):
    kind: Literal["circle"]
    radius: float


def there_and_back(of: Any, value: Any) -> Any:
    handle: Cache[Any] = Cache(of)
    return handle._codec.decode(handle._codec.encode(value))


def labelled(user: User, label: str) -> User:
    object.__setattr__(user, "label", label)
    return user


SAME: list[tuple[Any, Any]] = [
    (Any, {"a": [1, None]}), (object, "text"), (None, None), (bool, True), (int, -5), (float, 1.5),
    (str, "text"), (bytes, b"bytes"), (list, [1, "a"]), (list[int], [1, 2]), (tuple, (1, "a")),
    (tuple[int, ...], (1, 2, 3)), (tuple[int, str], (1, "a")), (tuple[()], ()), (dict, {1: 2}),
    (dict[int, list[str]], {1: ["a"]}), (dict[tuple[int, int], str], {(1, 2): "a"}), (dict[Any, int], {(1, "a"): 2}),
    (dict[Color | None, int], {Color.RED: 1, None: 2}), (dict[Point, str], {Point(0.5, 1): "a"}),
    (Union[int, None], None), (int | None, 5), (int | str, "5"), (float | int, 5), (float | int, 5.0),
    (bool | int, True), (bool | int, 1), (int | Literal["x"], "x"), (str | Literal["x"], "x"), (float | Literal[1], 1),
    (Literal["a", 1], 1), (Literal[True, 1], True), (Literal[True, 1], 1), (Annotated[int, "x"], 5), (UserId, UserId(5)),
    (Color, Color.RED), (Literal[Color.RED], Color.RED), (Shade, Shade.DARK), (Level, Level.LOW), (Planet, Planet.MARS),
    (Truth, Truth.YES), (Truth, Truth.NO), (Perm, Perm.READ | Perm.WRITE), (Perm, Perm(0)), (Color | Shade, Shade.DARK),
    (Color | int | None, Color.RED), (Literal[Color.RED, "dark"], Color.RED), (list[Color | None], [None, Color.RED]),
    (Point, Point(1.5, 2)), (Movie, {"title": "M", "year": 1931}), (Movie, {"title": "M"}), (Late, {"title": "M"}),
    (Partial, {"title": "M"}), (Square | Circle, {"kind": "circle", "radius": 1.5}),
    (Address, Address("Main", 5, ["x"])), (User, User("ann", None, (User("bob", Address("Side")),))),
    (User, labelled(User("ann", None), "set later")), (Slotted, Slotted(first=1)), (Doubled, Doubled(2)),
    (Node, Node("a", Node("b"))), (Box[int], Box(1, [Box(2)])), (Box[Color], Box(Color.RED)), (IntBox, IntBox(1, [Box(2)], "x")),
    (Cat | Dog, Dog("rex", 3)), (Cat | Dog, Cat("tom")), (Cat | Dog | None, None), (list[Cat | Dog], [Dog("rex", 3), Cat("tom")]),
    (datetime, NOON), (UUID, ID), (Decimal, Decimal("1.10")), (set, {1, "a"}), (set[int], {1, 2}), (frozenset[str], frozenset({"a"})),
    (set[tuple[int, str]], {(1, "a")}), (set[frozenset[UUID]], {frozenset({ID})}), (set[Color], {Color.RED}), (set[Any], {1, (2, frozenset({3}))}),
    (dict[frozenset[int], UUID], {frozenset({1}): ID}), (dict[Decimal, datetime], {Decimal("0.5"): NOON}),
    (Any, {"at": NOON, "id": ID, "price": Decimal("1.10"), "tags": {"a", (1, frozenset())}}),
    (datetime | UUID | Decimal | str | float, Decimal(1)), (set[int] | list[int] | dict[str, int], {1}), (datetime | None, None),
    (Base | None, Base("ann")), (Kid, Kid("bob")), (dict[str, list[User | None]], {"a": [User("ann", None), None]}),
]  # fmt: skip


@pytest.mark.parametrize(("of", "value"), SAME, ids=repr)
def test_a_value_comes_back_as_it_was(of: Any, value: Any) -> None:
    back = there_and_back(of, value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "of",
    [
        Base | Kid, Kid | Base, list[Base | Kid], dict[str, Base | Kid | None], Cat | Base, Cat | dict[str, str],
        Color | str, Shade | str, Level | int, Level | float, Literal[Color.RED] | str, Literal[Color.RED, "red"],
        Perm | int, Perm | Level, Movie | Late, Movie | Base, list[int] | tuple[int, ...], list[int] | list[str],
        Point | list[float], dict[str, int] | dict[str, str], Base | Any, Square | Movie, set[int] | frozenset[int],
        set[int] | set[str],
    ],
    ids=repr,
)  # fmt: skip
def test_a_union_whose_members_the_cache_cannot_tell_apart_is_refused(of: Any) -> None:
    with pytest.raises(CacheSerializationError):
        Cache(of)


def test_a_refused_union_says_which_members_and_what_would_tell_them_apart() -> None:
    @dataclass
    class Owner:
        pets: list[Base | Kid]

    with pytest.raises(CacheSerializationError) as refused:
        Cache(Owner)
    text = str(refused.value)
    assert "`Owner.pets[]`" in text
    assert "both Base and Kid are maps" in text
    assert "`kind: Literal[" in text


class Sub(str):
    pass


@pytest.mark.parametrize(
    ("of", "value"),
    [
        (str, 5), (int, True), (list[int], [None]), (Address, {"street": "Main"}), (Address, User("ann", None)),
        (User, User(WRONG, None)), (Color, "red"), (Movie, {}), (tuple[int, str], (1, 2)), (float, 2**53 + 1),
        # These would come back as another type, or with less.
        (Base, Kid("bob")), (str, Shade.DARK), (str, Sub("x")), (int, Level.LOW), (Any, Shade.DARK), (Any, (1, 2)),
        (Any, [{"a": (1, 2)}]), (Any, Point(0.5, 1)), (Any, {Shade.DARK: 1}), (Any, bytearray(b"x")), (Any, Base("x")),
        (list, [(1, 2)]), (list[int], (1, 2)), (tuple[int, ...], [1, 2]), (tuple[float, int], Point(0.5, 1)),
        (Point, (0.5, 1)), (dict, OrderedDict(a=1)), (dict[str, int], Counter("a")), (dict[str, int], defaultdict(int)),
        (dict[str, Any], {Sub("x"): 1}), (bytes, bytearray(b"x")), (Movie, {"title": "M", "extra": 1}),
        (Literal[1], True), (Literal["dark"], Shade.DARK), (float, True), (set[int], frozenset({1})), (frozenset[int], {1}),
        (set[int], {True}), (Any, frozenset({1})), (Any, [frozenset({1})]), (set, {Shade.DARK}), (datetime, NOON.replace(tzinfo=None)),
        (Any, NOON.replace(tzinfo=None)), (datetime, "2026-11-29T12:00:00Z"), (Decimal, 1), (Decimal, Decimal("NaN")), (str, ID),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_that_would_come_back_as_another_is_an_error(of: Any, value: Any) -> None:
    with pytest.raises(CacheSerializationError):
        Cache(of)._codec.encode(value)


@pytest.mark.parametrize(
    ("of", "stored"),
    [
        (None, 0), (bool, 1), (int, True), (int, 1.0), (int, "1"), (float, "1.0"), (float, True),
        (float, 2**53 + 1), (float, 2**64 - 1), (str, b"text"), (str, None), (bytes, "bytes"), (list[int], [1, "a"]),
        (list[int], {}), (list, "abc"), (tuple[int, str], [1]), (tuple[int, str], [1, 2]), (dict[str, int], {1: 1}),
        (dict, []), (int | None, "5"), (Literal["a", 1], True), (Literal["a", 1], []), (Color, "blue"), (Color, []),
        (Point, [1.5]), (Movie, {"year": 1931}), (Movie, {"title": 5}), (Movie, []), (Address, {"number": 1}),
        (Address, {"street": 5}), (Address, ["Main"]), (User, {"name": "ann"}), (Perm, 8), (Perm, True), (Truth, 1),
        (datetime, "2026-11-29T12:00:00Z"), (datetime, 0), (str, NOON), (UUID, ID.bytes), (Decimal, 1), (float, Decimal(1)),
        (set[int], [1]), (set[int], {"a"}), (list[int], {1}), (frozenset[float], {"a"}),
        (Cat | Dog, {"name": "rex", "kind": "cow"}), (Cat | Dog, {"name": "rex"}), (Color | int, "blue"),
    ],
    ids=repr,
)  # fmt: skip
def test_an_entry_of_another_type_is_an_error(of: Any, stored: Any) -> None:
    with pytest.raises(CacheSerializationError):
        Cache(of)._codec.decode(encode(stored))


@dataclass
class Strict:
    name: str

    def __post_init__(self) -> None:
        if not self.name.isupper():
            raise ValueError("it is not loud")


def test_an_entry_that_a_class_refuses_is_of_another_type() -> None:
    with pytest.raises(CacheSerializationError, match="ValueError: it is not loud") as raised:
        Cache(Strict)._codec.decode(encode({"name": "ann"}))
    assert isinstance(raised.value.__cause__, ValueError)


def test_whole_numbers_are_floats_where_floats_are_meant() -> None:
    # As JavaScript writes 1.0.
    read = Cache(list[float])._codec.decode(encode([1, 2.5]))
    assert read == [1.0, 2.5]
    assert [type(number) for number in read] == [float, float]


def test_fields_may_come_and_go() -> None:
    assert Cache(Address)._codec.decode(encode({"street": "Main", "gone": 1})) == Address("Main")
    assert Cache(Movie)._codec.decode(encode({"title": "M", "gone": 1})) == {"title": "M"}
    assert Cache(User)._codec.decode(encode({"name": "a", "address": None})).label == ""


def test_an_error_names_the_field() -> None:
    wrong = User("ann", Address("Main", notes=["a", WRONG]))
    with pytest.raises(
        CacheSerializationError, match=r"`User\.address\.notes\[1\]` is of type int, not str"
    ):
        Cache(User)._codec.encode(wrong)
    with pytest.raises(CacheSerializationError, match=r"`value\['a'\]\[0\]` is of type tuple"):
        Cache()._codec.encode({"a": [(1, 2)]})
    with pytest.raises(CacheSerializationError, match=r"`Movie\.title` is of type int, not str"):
        Cache(Movie)._codec.decode(encode({"title": 5}))


def test_what_contains_itself_is_an_error() -> None:
    node = Node("a")
    node.next = node
    around: list[Any] = []
    around.append(around)
    for of, value in ((Node, node), (Any, around), (list, around)):
        with pytest.raises(CacheSerializationError, match="contains itself"):
            Cache(of)._codec.encode(value)


class Ordinary:
    pass


class Undecorated(Base):
    extra: int = 0


@dataclass
class Needy:
    name: str
    scale: InitVar[int]

    def __post_init__(self, scale: int) -> None: ...


@dataclass
class Handmade:
    name: str

    def __init__(self, row: dict[str, str]) -> None:
        self.name = row["name"]


class Unstorable(enum.Enum):
    THING = object()


class Huge(enum.IntEnum):
    HUGE = 2**70


NestT = TypeVar("NestT")


@dataclass
class Endless(Generic[NestT]):
    inner: "Endless[list[NestT]] | None" = None


@pytest.mark.parametrize(
    "of",
    [
        complex, type, list[complex], set[complex], frozenset[Base], set[list[int]], set[set[int]], AbstractSet[int], bytearray, defaultdict, Counter[str], range,
        Sequence[int], Mapping[str, int], MutableMapping[str, int], Iterator[int], Ordinary, Undecorated, Needy, Handmade,
        Unstorable, Huge, Endless[int], T, list[T], Box, Box[T], "Address", list["Address"], 5, len,  # type: ignore[valid-type]
        dict[Base, int], dict[Movie, int], dict[set[int], int], dict[list[int], int], dict[tuple[list[int], int], str],
        tuple[int, *tuple[str, ...]],
    ],
    ids=repr,
)  # fmt: skip
def test_a_type_without_a_form_is_refused_when_the_cache_is_made(of: Any) -> None:
    with pytest.raises(CacheSerializationError):
        Cache(of)


@dataclass
class Line:
    price: complex
    tags: set[str]


def test_a_refusal_names_the_path_the_type_and_the_cure() -> None:
    for bad, told in [
        (Line, "`Line.price`: complex has no form in the cache: say how it is stored: `Annotated[complex, Form("),
        (deque, "`value`: deque has no form in the cache: say how it is stored: `Annotated[deque, Form(list[T], encode=list, decode=deque)]`"),
        (list[set[Base]], "`value[]{}`: Base cannot be a key or in a set"),
        (Sequence[int], "it does not say which type comes back, as `list[T]` or `tuple[T, ...]` does"),
        (list[Line], "`Line.price`"),
        (tuple[int, dict[str, complex]], "`value[1][]`: complex"),
        (dict[complex, int], "`value.keys()[]`: complex"),
    ]:  # fmt: skip
        with pytest.raises(CacheSerializationError) as refused:
            Cache(bad)
        assert told in str(refused.value)

    order = dataclasses.make_dataclass("Order", [("lines", list[Line])])
    with pytest.raises(CacheSerializationError, match=r"`Order\.lines\[\]\.price`: complex"):
        Cache(order)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="it has no `type`")
def test_an_alias_is_what_it_names_and_may_contain_itself() -> None:
    names: dict[str, Any] = {}
    exec(
        "type Json = None | bool | int | float | str | list[Json] | dict[str, Json]\n"
        "type Pair[T] = tuple[T, T]\n",
        names,
    )
    value = {"a": [1, 2.5, None, {"b": True}]}
    assert there_and_back(names["Json"], value) == value
    assert there_and_back(names["Pair"][int], (1, 2)) == (1, 2)


def test_a_handle_may_be_given_its_type_in_brackets() -> None:
    handle = Cache[Address]()
    assert handle._codec.decode(handle._codec.encode(Address("Main"))) == Address("Main")
    with pytest.raises(CacheSerializationError):
        Cache[set[complex]]()
    with pytest.raises(TypeError, match="keep a handle"):
        type("Addresses", (Cache,), {})
