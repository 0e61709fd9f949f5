import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from spakky_cache import CacheKeyGenerationError, key
from spakky_cache._template import Template, binder


@dataclass
class User:
    id: int
    names: list[str]
    by_kind: dict[str, str]


ANN = User(7, ["ann", "a:n"], {"nick": "100%"})

KEYS = (Path(__file__).parents[3] / "wit" / "KEYS.md").read_text()


def vectors(name: str) -> Iterator[str]:
    """The lines of the blocks of wit/KEYS.md with this name."""
    for block in KEYS.split("```"):
        if block.startswith(f"{name}\n"):
            yield from block.splitlines()[1:]


def value_of(text: str) -> Any:
    match json.loads(text):
        case {"$int": digits}:
            return int(digits)
        case {"$float": digits}:
            return float(digits)
        case value:
            return value


def test_each_value_makes_its_key() -> None:
    lines = list(vectors("key"))
    assert len(lines) > 50
    for line in lines:
        made, value = line.split(" ", 1)
        assert key("k:{value}", value=value_of(value)) == made, line


def test_what_has_no_key_is_refused() -> None:
    lines = list(vectors("no-key"))
    assert len(lines) > 2
    for line in lines:
        with pytest.raises(CacheKeyGenerationError):
            key("k:{value}", value=value_of(line))


def test_different_values_never_make_one_key() -> None:
    seed = random.randrange(2**32)
    chosen = random.Random(seed)

    def value() -> Any:
        number: Any = chosen.choice([chosen.randrange(-9, 10), chosen.getrandbits(70)])
        fraction = chosen.choice([1, 0.5, 0.1, 1e-9, 1e15, math.pi])
        of_text = "".join(chosen.choices(["%", ":", "-", ".", "0", "7", "e", "%3", "true"], k=3))
        plain = chosen.choice([None, True, False, number, number * fraction, of_text])
        return chosen.choice([plain, str(plain), json.dumps(plain), key("{x}", x=plain)])

    made: dict[str, Any] = {}
    for _ in range(5_000):
        pair = (value(), value())
        other = made.setdefault(key("{a}:{b}", a=pair[0], b=pair[1]), pair)
        for one, another in zip(pair, other, strict=True):
            same = one == another and isinstance(one, bool) == isinstance(another, bool)
            assert same, f"{pair} and {other}, seed {seed}"


def test_values_are_escaped_and_text_is_not() -> None:
    assert key("p:{user}:{page}", user="a:b", page="100%") == "p:a%3Ab:100%25"


def test_different_values_make_different_keys() -> None:
    pairs = [("a", "b:c"), ("a:b", "c"), ("a%3Ab", "c"), ("a%", "3Ab:c"), ("", "a:b:c"), ("a", "")]
    assert len({key("{x}:{y}", x=x, y=y) for x, y in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{u}}:{user.id:04}", "{u}:0007"),
        ("{user.names[0]!r}:{user.names[1]}", "'ann':a%3An"),
        ("{user.by_kind[nick]}", "100%25"),
        ("{price:.2f}:{price!s:>8}", "3.50:   3.500"),
        ("{text!a}", "'\\xe9'"),
        ("no value", "no value"),
        ("{none}:{flag}", "null:true"),
        ("{none!s}:{flag!s:>5}", "None: True"),
        ("{user.id!s}:{price!s}", "7:3.500"),
    ],
)
def test_a_template_follows_the_rules_of_format(template: str, expected: str) -> None:
    values: dict[str, Any] = {
        "user": ANN,
        "price": Decimal("3.500"),
        "text": "é",
        "none": None,
        "flag": True,
    }
    template_ = Template(template)
    template_.check(values, "test")
    assert template_.fill(values) == expected


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("", "empty"),
        ("a{", "no template"),
        ("a}", "no template"),
        ("{}", "names no argument"),
        ("{!r}", "names no argument"),
        ("{-1}", "names no argument"),
        ("{\u0667}", "names no argument"),
        ("{0.}", "Empty attribute"),
        ("{a b}", "names no argument"),
        ("{a.}", "Empty attribute"),
        ("{a[}", "no template"),
        ("{a[]}", "Empty attribute"),
        ("{a!x}", "no conversion"),
        ("{a:{width}}", "width"),
        ("{a}{b}", "no `:` between"),
        ("{a}-{b}", "no `:` between"),
        ("x:{a}:{b}{c}", "no `:` between"),
    ],
)
def test_a_wrong_template_is_refused_when_it_is_made(template: str, reason: str) -> None:
    with pytest.raises(CacheKeyGenerationError, match=reason.replace("[", r"\[")):
        Template(template)


def test_a_template_that_is_no_text_is_refused() -> None:
    for template in (None, 7, b"key"):
        with pytest.raises(CacheKeyGenerationError):
            Template(template)  # type: ignore[arg-type]


def test_a_name_is_an_argument() -> None:
    def profile(user_id: int, /, *parts: str, page: int = 1, **more: str) -> None: ...

    bind = binder(profile, [Template("{user_id}:{parts[0]}:{page}:{more[x]}")])
    values = bind((7, "a"), {"x": "y"})
    template = Template("{user_id}:{parts[0]}:{page}:{more[x]}")
    assert template.fill(values) == "7:a:1:y"
    with pytest.raises(CacheKeyGenerationError, match="is no argument of"):
        binder(profile, [Template("{usr}")])
    with pytest.raises(TypeError, match="user_id"):
        bind((), {})


class Broken:
    def __format__(self, specification: str) -> str:
        raise RuntimeError("no text")


class Nameless:
    pass


class Named(Nameless):
    def __str__(self) -> str:
        return "named"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{x}", Broken()),
        ("{x}", Nameless()),
        ("{x!s}", Nameless()),
        ("{x!r}", Named()),
        ("{x:d}", "seven"),
        ("{x.id}", 7),
        ("{x[0]}", {}),
        ("{x}", "\ud83e"),
    ],
)
def test_a_value_that_does_not_format_makes_no_key(template: str, value: object) -> None:
    with pytest.raises(CacheKeyGenerationError) as refused:
        key(template, x=value)
    assert refused.value.kind == "key-generation"


class Color(Enum):
    RED = "red"


class Word(StrEnum):
    RED = "red"
    SEVEN = "7"


class Digit(IntEnum):
    SEVEN = 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Named(), "named"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (date(2026, 1, 2), "2026-01-02"),
        (Decimal("7"), "%37"),
        (Decimal("7.50"), "7.50"),
        (Fraction(7), "%37"),
        (Color.RED, "Color.RED"),
        (Word.RED, "red"),
        (Word.SEVEN, "%37"),
        (Digit.SEVEN, "7"),
    ],
)
def test_a_value_with_a_text_of_its_own_is_that_text(value: object, expected: str) -> None:
    assert key("{x}", x=value) == expected
    assert key("{x!s}", x=value) == str(value)


@pytest.mark.parametrize("value", [[1], (1,), {1: 2}, {1}, b"a", bytearray(b"a"), ANN, len])
def test_what_has_no_text_of_its_own_is_refused_with_the_cure(value: object) -> None:
    with pytest.raises(CacheKeyGenerationError, match="name what tells it apart"):
        key("{x}", x=value)
    assert key("{x!r}", x=value) == repr(value).replace("%", "%25").replace(":", "%3A")


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(CacheKeyGenerationError, match="`page`"):
        key("{user}:{page}", user=1)


def test_a_recursion_that_ends_in_a_template_is_no_fault_of_the_value() -> None:
    class Deep:
        def __str__(self) -> str:
            return str(self)

    with pytest.raises(RecursionError):
        key("k:{deep}", deep=Deep())
