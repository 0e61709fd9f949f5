"""How a type that has no form in the cache is given one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Any

import pytest

from spakky_cache import Cache, CacheSerializationError, Form

Price = Annotated[Decimal, Form(str, encode=str, decode=Decimal)]
Time = Annotated[datetime, Form(str, encode=datetime.isoformat, decode=datetime.fromisoformat)]
Names = Annotated[frozenset[str], Form(list[str], encode=sorted, decode=frozenset)]
Somewhere = Annotated[PurePath, Form(str, encode=str, decode=PurePosixPath)]

either: Any = int | str
mistaken: Any = float
Number = Annotated[
    Decimal, Form(either, encode=lambda d: int(d) if d == int(d) else str(d), decode=Decimal)
]


@dataclass
class Line:
    price: Price
    at: Time | None = None
    tags: Names = frozenset()


@dataclass
class Order:
    lines: list[Line]


LINE = Line(Decimal("1.10"), datetime(2026, 1, 2, tzinfo=UTC), frozenset({"a", "b"}))


@pytest.mark.parametrize(
    ("of", "value"),
    [
        (Price, Decimal("1.10")),
        (Price | None, None),
        (Price | int, Decimal(1)),
        (Price | Names, frozenset({"a"})),
        (list[Price], [Decimal(1), Decimal("-0.0")]),
        (dict[Price, int], {Decimal(1): 1}),
        (Number | None, Decimal("1.5")),
        (Number | None, None),
        (Order, Order([LINE])),
        (Somewhere, PurePosixPath("/a")),
    ],
    ids=repr,
)
def test_a_type_with_a_form_comes_back_as_it_was(of: Any, value: Any) -> None:
    handle: Cache[Any] = Cache(of)
    back = handle._codec.decode(handle._codec.encode(value))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "of", [Price | str, Number | float, Price | Time, Price | Somewhere, Names | list[int]]
)
def test_a_form_that_looks_like_another_member_of_a_union_is_refused(of: Any) -> None:
    with pytest.raises(CacheSerializationError, match="cannot be read back"):
        Cache(of)


def test_a_form_of_what_has_none_is_refused() -> None:
    with pytest.raises(CacheSerializationError, match="cannot be a key"):
        Cache(dict[Names, int])
    with pytest.raises(CacheSerializationError, match="`value`: complex has no form"):
        Cache(Annotated[Decimal, Form(complex, encode=complex, decode=mistaken)])


def test_what_encode_and_decode_raise_is_an_error_of_the_cache_with_its_cause() -> None:
    numbers: Cache[Any] = Cache(
        dict[str, Annotated[complex, Form(str, encode=mistaken, decode=complex)]]
    )
    with pytest.raises(
        CacheSerializationError, match=r"`value\['a'\]` .* `encode` raised TypeError"
    ) as raised:
        numbers._codec.encode({"a": 1j})
    assert isinstance(raised.value.__cause__, TypeError)
    prices: Cache[Any] = Cache(Price)
    with pytest.raises(CacheSerializationError, match="`decode` raised") as raised:
        prices._codec.decode(Cache(str)._codec.encode("much"))
    assert isinstance(raised.value.__cause__, ArithmeticError)


def test_encode_and_decode_return_what_they_say() -> None:
    wrong: Cache[Any] = Cache(Annotated[Decimal, Form(str, encode=mistaken, decode=mistaken)])
    with pytest.raises(CacheSerializationError, match="is of type float, not str"):
        wrong._codec.encode(Decimal(1))
    with pytest.raises(CacheSerializationError, match="`decode` returned what is of type float"):
        wrong._codec.decode(Cache(str)._codec.encode("1"))
    with pytest.raises(CacheSerializationError, match="is of type int, not Decimal"):
        wrong._codec.encode(1)
