import enum
import math
import random
import re
import struct
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import cbor2
import pytest

from spakky_cache import CacheSerializationError
from spakky_cache._cbor import DEEPEST, decode, encode

VALUES = (Path(__file__).parents[3] / "wit" / "VALUES.md").read_text()


def vectors(block: str) -> list[list[str]]:
    """The lines of the blocks with this name."""
    blocks = re.findall(rf"```{block}\n(.*?)```", VALUES, re.DOTALL)
    return [line.split(" ") for text in blocks for line in text.splitlines()]


def test_a_value_has_one_encoding() -> None:
    for data, *_ in vectors("written"):
        assert encode(decode(bytes.fromhex(data))).hex() == data


def test_an_encoding_that_is_longer_than_necessary_is_read() -> None:
    for data, shortest, *_ in vectors("read"):
        assert encode(decode(bytes.fromhex(data))).hex() == shortest


def test_times_are_as_fine_as_a_datetime() -> None:
    for data, digits, *_ in vectors("fine"):
        if int(digits) <= 6:
            assert encode(decode(bytes.fromhex(data))).hex() == data
        else:
            with pytest.raises(CacheSerializationError, match="finer than the microseconds"):
                decode(bytes.fromhex(data))
    for data, _, shortest, *_ in vectors("read-fine"):
        assert encode(decode(bytes.fromhex(data))).hex() == shortest


@pytest.mark.parametrize(
    ("hexadecimal", "value"),
    [
        ("c074323031332d30332d32315432303a30343a30305a", datetime(2013, 3, 21, 20, 4, tzinfo=UTC)),
        ("c1fb41d452d9ec200000", datetime(2013, 3, 21, 20, 4, 0, 500_000, UTC)),
        ("d825506ba7b8109dad11d180b400c04fd430c8", UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
        ("c48221186e", Decimal("1.10")), ("c4820026", Decimal(-7)), ("c48219177009", Decimal("9E+6000")),
        ("d90102820102", {1, 2}), ("d9010281820102", {(1, 2)}), ("d9010281d9010280", {frozenset()}),
        ("a1d901028101f6", {frozenset({1}): None}),
    ],
)  # fmt: skip
def test_what_has_a_tag_is_a_value_of_pythons_own(hexadecimal: str, value: Any) -> None:
    read = decode(bytes.fromhex(hexadecimal))
    assert read == value
    assert repr(read) == repr(value)


def test_a_time_is_written_in_utc() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert encode(datetime(2013, 3, 22, 1, 34, tzinfo=east)) == encode(
        datetime(2013, 3, 21, 20, 4, tzinfo=UTC)
    )


def test_everything_outside_the_profile_is_refused() -> None:
    for data, *_ in [[""], *vectors("refused")]:
        with pytest.raises(CacheSerializationError):
            decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("hexadecimal", "reason"),
    [
        ("18", "truncated"), ("0101", "1 bytes follow"), ("ff", "break"), ("f7", "undefined"),
        ("1c", "reserved"), ("9fff", "indefinite"), ("62c328", "UTF-8"), ("c24105", "the tag 2,"), ("d82501", "the tag 37 on"), ("c0", "truncated"),
        ("a2010201f6", "equal in Python"), ("a20102f93c0003", "equal in Python"),
        ("a20102f503", "equal in Python"), ("a1a0f6", "map is a key"), ("a181a0f6", "map is a key"),
        ("d9010281a0", "in a set"), ("d90102820a f9 4900", "equal in Python"), ("d9010282f97e00f97e01", "equal in Python"),
        ("a2f97e0001f97e0002", "equal in Python"), ("d8254100", "16"), ("c06130", "no timestamp"),
    ],
)  # fmt: skip
def test_a_refusal_has_a_reason(hexadecimal: str, reason: str) -> None:
    with pytest.raises(CacheSerializationError, match=reason):
        decode(bytes.fromhex(hexadecimal))


def test_a_key_is_hashable() -> None:
    assert decode(bytes.fromhex("a1820102f6")) == {(1, 2): None}
    assert decode(bytes.fromhex("a18201820203f6")) == {(1, (2, 3)): None}


def test_not_a_number_has_one_encoding() -> None:
    for nan in (math.nan, -math.nan, struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0]):
        assert encode(nan) == b"\xf9\x7e\x00"
    assert all(math.isnan(decode(bytes.fromhex(h))) for h in ("f97e00", "fa7fc00000"))


class Color(enum.IntEnum):
    RED = 1


class Word(str):
    def encode(self, *_: Any) -> bytes:
        return b"something else"

    def __str__(self) -> str:
        return "something else"


class Pair(NamedTuple):
    x: int
    y: str


def test_a_subclass_is_written_as_its_base() -> None:
    for value, plain in [
        (Color.RED, 1), (Word("word"), "word"), (Pair(1, "a"), [1, "a"]), ((1, 2), [1, 2]),
        (bytearray(b"ab"), b"ab"), (memoryview(b"abcd")[::2], b"ac"), (OrderedDict(a=1), {"a": 1}),
        ({(1, 2): 3}, {(1, 2): 3}),
    ]:  # fmt: skip
        assert decode(encode(value)) == plain


def cycle() -> list[Any]:
    items: list[Any] = []
    items.append({"again": items})
    return items


@pytest.mark.parametrize(
    "value",
    [
        2**64, -(2**64) - 1, 1j, object(), len, datetime(2000, 1, 1), Fraction(1, 2), date(2000, 1, 1),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=1))), {math.nan, float("nan")}, {1j}, {(1, Decimal("-0"))},
        Decimal("NaN"), Decimal("-Infinity"), Decimal("-0.0"), Decimal(2**64), Decimal("1e-5000") + 10**6000,
        "\ud83e", {"\ud83e": 1}, {math.nan: 1, float("nan"): 2}, range(3), iter([]), Ellipsis, int, cycle(),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_without_an_encoding_is_refused_at_any_depth(value: Any) -> None:
    for inside in (value, [value], (1, value), {"key": value}):
        with pytest.raises(CacheSerializationError) as refused:
            encode(inside)
        assert refused.value.kind == "serialization"


def test_nesting_has_a_limit() -> None:
    deep: Any = 1
    for _ in range(DEEPEST):
        deep = [deep]
    assert decode(encode(deep)) == deep
    with pytest.raises(CacheSerializationError, match="nested"):
        encode([deep])
    with pytest.raises(CacheSerializationError, match="nested"):
        decode(b"\x81" * 100_000)
    with pytest.raises(CacheSerializationError, match="nested"):
        decode(b"\xa1\x01" * 100_000)


def test_the_same_map_has_the_same_bytes() -> None:
    assert encode({"bb": 1, "a": 2, 10: 3, -1: 4}).hex() == "a40a032004616102626262" + "01"
    assert encode({"a": 1, "b": 2}) == encode({"b": 2, "a": 1})


def test_it_agrees_with_another_encoder() -> None:
    chance = random.Random(8949)
    for _ in range(2_000):
        value = any_value(chance, 4)
        data = encode(value)
        assert is_same(decode(data), value)
        assert is_same(cbor2.loads(data), value)
        assert is_same(decode(cbor2.dumps(value)), value)


def test_garbage_is_an_error_or_a_value() -> None:
    chance = random.Random(1)
    values = 0
    for _ in range(5_000):
        data = bytearray(encode(any_value(chance, 3)))
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            value = decode(bytes(data))
        except CacheSerializationError:
            continue
        values += 1
        assert is_same(decode(encode(value)), value)
    assert 0 < values < 5_000


def any_value(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(10 if depth else 8)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind == 1:
        return chance.randrange(-(2**64), 2**64) >> chance.randrange(65)
    if kind == 2:
        return struct.unpack(">e", chance.randbytes(2))[0]
    if kind == 3:
        return struct.unpack(">d", chance.randbytes(8))[0]
    if kind == 4:
        return chance.randbytes(chance.choice([0, 1, 23, 24, 300]))
    if kind == 5:
        return "".join(chance.choices("aé水\U0001f980\x00", k=chance.choice([0, 3, 24, 300])))
    if kind == 6:
        return chance.choice(
            [any_time(chance), UUID(int=chance.getrandbits(128)), any_decimal(chance)]
        )
    if kind == 7:
        return {(n, any_time(chance)) for n in range(chance.choice([0, 1, 5, 24]))}
    members = [any_value(chance, depth - 1) for _ in range(chance.choice([0, 1, 5, 24]))]
    if kind == 8:
        return members
    return {chance.choice([n, str(n), -n - 1]): member for n, member in enumerate(members)}


def any_time(chance: random.Random) -> datetime:
    return datetime(1, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randrange(3 * 10**17))


def any_decimal(chance: random.Random) -> Decimal:
    mantissa = chance.randrange(-(2**64), 2**64) >> chance.randrange(64)
    return Decimal(mantissa).scaleb(chance.randrange(-30, 30))


def is_same(left: Any, right: Any) -> bool:
    """Equal, and of the same types."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack(">d", left) == struct.pack(">d", right) or (
            left != left and right != right
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, Decimal):
        return bool(left.as_tuple() == right.as_tuple())
    return bool(left == right)
