from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from spakky_cache import CacheKeyGenerationError, key
from spakky_cache._template import Template, binder


@dataclass
class User:
    id: int
    names: list[str]
    by_kind: dict[str, str]


ANN = User(7, ["ann", "a:n"], {"nick": "100%"})


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
        ("{none}:{flag}", "None:True"),
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
        ("{0}", "names no argument"),
        ("{0.id}", "names no argument"),
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


def test_a_value_with_a_text_of_its_own_makes_one() -> None:
    assert key("{x}:{x!s}", x=Named()) == "named:named"


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(CacheKeyGenerationError, match="`page`"):
        key("{user}:{page}", user=1)
