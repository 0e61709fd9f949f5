import enum
import math
import random
import re
import struct
from collections import OrderedDict
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

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


def test_everything_outside_the_profile_is_refused() -> None:
    for data, *_ in [[""], *vectors("refused")]:
        with pytest.raises(CacheSerializationError):
            decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("hexadecimal", "reason"),
    [
        ("18", "truncated"), ("0101", "1 bytes follow"), ("ff", "break"), ("f7", "undefined"),
        ("1c", "reserved"), ("9fff", "indefinite"), ("62c328", "UTF-8"), ("c24105", "tag"),
        ("a2010201f6", "equal in Python"), ("a20102f93c0003", "equal in Python"),
        ("a20102f503", "equal in Python"), ("a1a0f6", "map is the key"), ("a181a0f6", "map is the key"),
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
        2**64, -(2**64) - 1, 1j, {1}, frozenset({1}), object(), len, datetime(2000, 1, 1), Fraction(1, 2),
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
    kind = chance.randrange(8 if depth else 6)
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
    members = [any_value(chance, depth - 1) for _ in range(chance.choice([0, 1, 5, 24]))]
    if kind == 6:
        return members
    return {chance.choice([n, str(n), -n - 1]): member for n, member in enumerate(members)}


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
    return bool(left == right)
