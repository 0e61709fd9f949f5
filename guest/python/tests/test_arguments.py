from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from spakky_cache import CacheInvalidKeyError, CacheInvalidTtlError, CacheSerializationError
from spakky_cache._arguments import LARGEST, content, milliseconds, options, pairs, text, texts


class Text(str):
    def __str__(self) -> str:
        return "another"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (None, None),
        (1, 1_000),
        (60, 60_000),
        (0.001, 1),
        (0.25, 250),
        (1.5, 1_500),
        (0.0015, 2),
        (0.1, 100),
        (1e9, 1_000_000_000_000),
        (timedelta(milliseconds=1), 1),
        (timedelta(microseconds=1_001), 2),
        (timedelta(minutes=5), 300_000),
        (LARGEST // 1_000, LARGEST // 1_000 * 1_000),
    ],
)
def test_a_time_is_counted_in_milliseconds_and_rounded_up(time: Any, expected: int | None) -> None:
    assert options(time, None, ()).ttl == expected
    assert options(None, time, ()).fresh_for == expected


@pytest.mark.parametrize(
    "time",
    [
        0, -1, 0.0, -0.0, -0.5, 0.0001, 1e300, 2**80, LARGEST, float("nan"), float("inf"), float("-inf"),
        timedelta(0), timedelta(microseconds=999), timedelta(-1), True, False, "60", b"60", [60],
        object(), 1j,
    ],
)  # fmt: skip
def test_impossible_times_are_refused(time: Any) -> None:
    with pytest.raises(CacheInvalidTtlError):
        options(time, None, ())
    with pytest.raises(CacheInvalidTtlError):
        options(None, time, ())


def test_an_entry_is_not_fresh_for_longer_than_it_lives() -> None:
    assert options(1, 1, ()).fresh_for == 1_000
    with pytest.raises(CacheInvalidTtlError):
        options(1, 1.001, ())


@pytest.mark.parametrize(
    ("wait", "expected"),
    [
        (None, None),
        (0, 0),
        (-0.0, 0),
        (0.0001, 1),
        (timedelta(0), 0),
        (30, 30_000),
        (timedelta.max, timedelta.max // timedelta(milliseconds=1) + 1),
        (1e300, LARGEST),
        (2**80, LARGEST),
        (float("inf"), LARGEST),
    ],
)
def test_a_wait_may_be_zero_and_is_never_too_long(wait: Any, expected: int | None) -> None:
    assert options(None, None, (), wait).max_wait == expected


@pytest.mark.parametrize("wait", [-1, -0.001, float("nan"), float("-inf"), "1", True])
def test_a_wait_is_a_time(wait: Any) -> None:
    with pytest.raises(CacheInvalidTtlError):
        options(None, None, (), wait)


def test_a_key_is_text() -> None:
    assert text("日本 \x00", "a key") == "日本 \x00"
    plain = text(Text("key"), "a key")
    assert (plain, type(plain)) == ("key", str)
    for wrong in (None, 1, b"key", ["key"], "\ud83e"):
        with pytest.raises(CacheInvalidKeyError) as refused:
            text(wrong, "a key")
        assert refused.value.reason.startswith("a key is ")


def test_several_are_not_one() -> None:
    assert texts(iter(["a", "b"]), "a tag") == ["a", "b"]
    assert texts({"a": 1}, "a tag") == ["a"]
    for wrong in (None, 1, "tags", b"tags", ["a", None]):
        with pytest.raises(CacheInvalidKeyError):
            texts(wrong, "a tag")


def test_entries_are_a_mapping_or_pairs() -> None:
    assert pairs({"a": 1}) == pairs([("a", 1)]) == pairs(iter([["a", 1]])) == [("a", 1)]
    for wrong in (None, 1, "ab", ["ab"], [("a",)], [("a", 1, 2)], [(1, "a")]):
        with pytest.raises(CacheInvalidKeyError):
            pairs(wrong)


def test_content_is_bytes() -> None:
    makers: list[Callable[[bytes], Any]] = [bytes, bytearray, memoryview]
    for make in makers:
        checked = content(make(b"\x00\xff"))
        assert (checked, type(checked)) == (b"\x00\xff", bytes)
    for wrong in (None, "text", [1], 5):
        with pytest.raises(CacheSerializationError):
            content(wrong)


def test_milliseconds_have_64_bits() -> None:
    assert [milliseconds(value) for value in (None, 0, LARGEST)] == [None, 0, LARGEST]
    for wrong in (-1, LARGEST + 1, 1.0, "1", True):
        with pytest.raises(CacheInvalidTtlError):
            milliseconds(wrong)
