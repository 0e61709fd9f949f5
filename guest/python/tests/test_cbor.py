import enum
import math
import random
import struct
from collections import OrderedDict
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

import cbor2
import pytest

from spakky_cache import CacheSerializationError
from spakky_cache._cbor import DEEPEST, decode, encode

# Of appendix A of RFC 8949, what all languages share.
RFC = [
    (0, "00"), (1, "01"), (10, "0a"), (23, "17"), (24, "1818"), (25, "1819"), (100, "1864"),
    (1000, "1903e8"), (1000000, "1a000f4240"), (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"), (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7"),
    (0.0, "f90000"), (-0.0, "f98000"), (1.0, "f93c00"), (1.1, "fb3ff199999999999a"),
    (1.5, "f93e00"), (65504.0, "f97bff"), (100000.0, "fa47c35000"),
    (3.4028234663852886e38, "fa7f7fffff"), (1.0e300, "fb7e37e43c8800759c"),
    (5.960464477539063e-8, "f90001"), (0.00006103515625, "f90400"), (-4.0, "f9c400"),
    (-4.1, "fbc010666666666666"), (math.inf, "f97c00"), (-math.inf, "f9fc00"),
    (False, "f4"), (True, "f5"), (None, "f6"),
    (b"", "40"), (b"\x01\x02\x03\x04", "4401020304"), ("", "60"), ("a", "6161"), ("IETF", "6449455446"),
    ('"\\', "62225c"), ("\u00fc", "62c3bc"), ("\u6c34", "63e6b0b4"), ("\U00010151", "64f0908591"),
    ([], "80"), ([1, 2, 3], "83010203"), ([1, [2, 3], [4, 5]], "8301820203820405"),
    (list(range(1, 26)), "98190102030405060708090a0b0c0d0e0f101112131415161718181819"),
    ({}, "a0"), ({1: 2, 3: 4}, "a201020304"), ({"a": 1, "b": [2, 3]}, "a26161016162820203"),
    (["a", {"b": "c"}], "826161a161626163"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "hexadecimal"), RFC)
def test_the_encoding_is_that_of_the_rfc(value: Any, hexadecimal: str) -> None:
    data = bytes.fromhex(hexadecimal)
    assert encode(value) == data
    assert is_same(decode(data), value)


def test_not_a_number_has_one_encoding() -> None:
    for nan in (math.nan, -math.nan, struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0]):
        assert encode(nan) == b"\xf9\x7e\x00"
    assert all(math.isnan(decode(bytes.fromhex(h))) for h in ("f97e00", "fa7fc00000"))


@pytest.mark.parametrize(
    ("hexadecimal", "value"),
    [
        ("1800", 0), ("190017", 23), ("1b0000000000000001", 1), ("3b0000000000000000", -1),
        ("fa3fc00000", 1.5), ("fb3ff8000000000000", 1.5), ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("5fff", b""), ("7f657374726561646d696e67ff", "streaming"), ("9fff", []),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]), ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("bfff", {}), ("580100", b"\x00"), ("780161", "a"), ("980101", [1]), ("b8010203", {2: 3}),
        ("a1820102f6", {(1, 2): None}), ("a18201820203f6", {(1, (2, 3)): None}), ("a19f01fff6", {(1,): None}),
    ],
)  # fmt: skip
def test_what_other_encoders_write_is_read(hexadecimal: str, value: Any) -> None:
    assert is_same(decode(bytes.fromhex(hexadecimal)), value)


@pytest.mark.parametrize(
    ("hexadecimal", "reason"),
    [
        ("", "cut off"), ("18", "cut off"), ("19ff", "cut off"), ("6261", "cut off"), ("8201", "cut off"),
        ("9b7fffffffffffffff", "cut off"), ("bb7fffffffffffffff", "cut off"), ("5bffffffffffffffff", "cut off"),
        ("9f01", "cut off"), ("5f4100", "cut off"), ("a101", "cut off"), ("f97e", "cut off"),
        ("0101", "1 bytes too many"), ("f600", "too many"), ("ff", "break"), ("81ff", "break"), ("a1ff01", "break"),
        ("a101ff", "break"), ("bf01ff", "break"), ("f7", "undefined"), ("e0", "simple"), ("f0", "simple"),
        ("f820", "simple"), ("fc", "simple"), ("1c", "does not exist"), ("1f", "does not exist"),
        ("3f", "does not exist"), ("5c", "does not exist"), ("9e", "does not exist"), ("62c328", "UTF-8"),
        ("63eda0bd", "UTF-8"), ("7f61c361bcff", "UTF-8"), ("7f4161ff", "something else"),
        ("5f5f4100ffff", "something else"), ("c074323031332d30332d32315432303a30343a30305a", "tag"),
        ("c249010000000000000000", "tag"), ("c24105", "tag"), ("d9d9f700", "tag"), ("d81c80", "tag"),
        ("a2010201f6", "same in Python"), ("a20102f93c0003", "same in Python"), ("a20102f503", "same in Python"),
        ("a1a0f6", "map is the key"), ("a181a0f6", "map is the key"),
    ],
)  # fmt: skip
def test_anything_else_is_an_error(hexadecimal: str, reason: str) -> None:
    with pytest.raises(CacheSerializationError, match=reason):
        decode(bytes.fromhex(hexadecimal))


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


def test_what_is_like_a_plain_value_is_written_as_one() -> None:
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
def test_what_has_no_encoding_is_refused_wherever_it_stands(value: Any) -> None:
    for inside in (value, [value], (1, value), {"key": value}):
        with pytest.raises(CacheSerializationError) as refused:
            encode(inside)
        assert refused.value.kind == "serialization"


def test_nesting_has_an_end() -> None:
    deep: Any = 1
    for _ in range(DEEPEST):
        deep = [deep]
    assert decode(encode(deep)) == deep
    with pytest.raises(CacheSerializationError, match="nested"):
        encode([deep])
    for first in (0x81, 0x9F):
        with pytest.raises(CacheSerializationError, match="nested"):
            decode(bytes([first]) * 100_000)
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
