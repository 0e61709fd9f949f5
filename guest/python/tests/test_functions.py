"""What a decorator refuses when it decorates, and what it does before the host is
called: here, nobody answers that."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from spakky_cache import (
    CacheInvalidKeyError,
    CacheInvalidTtlError,
    CacheKeyGenerationError,
    CacheSerializationError,
    CacheUnavailableError,
    Loaded,
    NotStored,
    cache_evict,
    cacheable,
    key,
    raw,
)


def test_a_function_is_still_itself() -> None:
    @cacheable("profile:{user_id}", ttl=timedelta(minutes=5), tags=["profiles"])
    def profile(user_id: int, name: str = "ann") -> str:
        """A profile."""
        return f"{user_id} {name}"

    assert (profile.__name__, profile.__doc__) == ("profile", "A profile.")
    assert profile.__wrapped__(7) == "7 ann"
    with pytest.raises(CacheUnavailableError):
        profile(7)
    with pytest.raises(TypeError, match="user_id"):
        profile()  # type: ignore[call-arg]


class Shop:
    name = "shop"

    @cacheable("{self.name}:{item}")
    def price(self, item: str) -> int:
        return len(item)

    @cacheable("{self.name}")
    def later(self) -> "Later":
        return Later("x")

    @classmethod
    @cacheable("{cls.name}")
    def of_class(cls) -> str | None:
        return None

    @staticmethod
    @cache_evict("{item}")
    def static(item: str) -> str:
        return item


@dataclass
class Later:
    """A type that is not there yet when a function is decorated that returns it."""

    name: str


def test_methods_of_every_kind_can_be_cached() -> None:
    shop = Shop()
    for call in (lambda: shop.price("x"), shop.later, Shop.of_class, lambda: Shop.static("x")):
        with pytest.raises(CacheUnavailableError):
            call()


def test_a_method_names_what_tells_its_objects_apart() -> None:
    def method(self: Shop, item: str) -> int:
        raise AssertionError("it must not be called")

    def of_class(cls: type[Shop]) -> int:
        raise AssertionError("it must not be called")

    with pytest.raises(CacheKeyGenerationError, match=r"`\{self\.name\}`.*`shared=True`"):
        cacheable("price:{item}", tags=["{self.name}"])(method)
    with pytest.raises(CacheKeyGenerationError, match=r"`\{cls\.__name__\}`.*`shared=True`"):
        cacheable("price")(of_class)
    with pytest.raises(CacheKeyGenerationError, match=r"bound to an object.*`shared=True`"):
        cacheable("price:{item}")(Shop().price)
    for function in (
        cacheable("price:{item}", shared=True)(method),
        cacheable("price:{item}", shared=True)(Shop().price),
        cacheable("price:{item}:{self.name}")(method),
        cacheable("price")(Shop.of_class),
        cache_evict("price:{item}")(method),
    ):
        assert callable(function)


@pytest.mark.parametrize(
    "key", ["{usr}", "{user_id}{name}", "{2}", "{0}{1}", "{}", "", "{user_id", 7]
)
def test_a_wrong_template_is_refused_at_decoration(key: Any) -> None:
    def function(user_id: int, name: str) -> None: ...

    with pytest.raises(CacheKeyGenerationError):
        cacheable(key)(function)
    with pytest.raises(CacheKeyGenerationError):
        cache_evict(key)(function)
    if isinstance(key, str):
        with pytest.raises(CacheKeyGenerationError):
            cacheable("right", tags=[key])(function)
        with pytest.raises(CacheKeyGenerationError):
            cache_evict(tags=[key])(function)


def test_a_decorator_without_its_brackets_is_refused() -> None:
    function: Any = len
    with pytest.raises(CacheKeyGenerationError, match="needs its brackets"):
        cacheable(function)
    with pytest.raises(CacheKeyGenerationError, match="needs its brackets"):
        cache_evict(function)


def test_wrong_options_are_refused_at_decoration() -> None:
    for ttl in (0, -1, "5m"):
        with pytest.raises(CacheInvalidTtlError):
            cacheable("key", ttl=ttl)  # type: ignore[arg-type]
    with pytest.raises(CacheInvalidTtlError):
        cacheable("key", ttl=1, fresh_for=2)
    with pytest.raises(CacheInvalidKeyError):
        cacheable("key", tags="tag")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that the host is asked for."""
    keys: list[str] = []

    def lookup(key: str, **_: Any) -> raw.Lookup:
        keys.append(key)
        return raw.Pass()

    monkeypatch.setattr(raw, "lookup", lookup)
    return keys


def price(sku: int, currency: str = "eur", *, net: bool | None = None) -> str:
    return f"{sku} {currency}"


def test_without_a_template_the_key_is_the_name_and_all_arguments(asked: list[str]) -> None:
    cached = cacheable()(price)
    assert cached(7) == cached(sku=7, net=None) == "7 eur"
    cached("7", "true", net=True)  # type: ignore[arg-type]
    cached("a:b", "%", net=False)  # type: ignore[arg-type]
    prefix = f"{__name__}.price"
    assert asked == [
        f"{prefix}:7:eur:null",
        f"{prefix}:7:eur:null",
        f"{prefix}:%37:%74rue:true",
        f"{prefix}:a%3Ab:%25:false",
    ]


class Counter:
    @cacheable(shared=True)
    def count(self, name: str) -> int:
        return len(name)

    @staticmethod
    @cacheable()
    def size(name: str) -> int:
        return len(name)


def test_a_method_without_a_template_is_of_all_objects(asked: list[str]) -> None:
    assert (Counter().count("abc"), Counter.size("ab")) == (3, 2)
    assert asked == [f"{__name__}.Counter.count:abc", f"{__name__}.Counter.size:ab"]


def test_where_a_name_does_not_say_enough_a_template_is_asked_for() -> None:
    def local() -> int:
        raise AssertionError("it must not be called")

    def several(*names: str) -> int:
        raise AssertionError("it must not be called")

    def named(**names: str) -> int:
        raise AssertionError("it must not be called")

    several.__qualname__, named.__qualname__ = "several", "named"
    for function, reason in [
        (local, "no name of its own"),
        (lambda: 1, "no name of its own"),
        (several, r"`several` takes any number of arguments \(`names`\)"),
        (named, r"`named` takes any number of arguments"),
        (Counter.count.__wrapped__, "is a method.*`shared=True`"),
    ]:
        with pytest.raises(CacheKeyGenerationError, match=f"{reason}.*"):
            cacheable()(function)  # type: ignore[call-overload]


def test_a_template_may_name_arguments_by_position(asked: list[str]) -> None:
    cached = cacheable("{1}:{0}:{net}")(price)
    cached(7)
    cached(currency="usd", sku=8, net=True)
    assert asked == ["eur:7:null", "usd:8:true"]
    assert key("{0}:{name}:{1.real}", "a", 2, name="b") == "a:b:2"
    with pytest.raises(CacheKeyGenerationError, match="has 1 arguments"):
        key("{1}", 1)


def test_the_type_of_a_choice_is_that_of_its_value(asked: list[str]) -> None:
    def chosen(number: int) -> Loaded[int] | NotStored[int] | None:
        return (Loaded(1), NotStored(2), None)[number]

    cached = cacheable("{number}")(chosen)
    assert [cached(0), cached(1), cached(2)] == [1, 2, None]
    for wrong in (Loaded[complex], NotStored[complex] | int):
        with pytest.raises(CacheSerializationError, match="complex has no form"):
            cacheable("key")(returning(wrong))


def returning(of: Any) -> Any:
    def function() -> None: ...

    function.__annotations__["return"] = of
    return function


def test_an_eviction_says_what() -> None:
    with pytest.raises(CacheKeyGenerationError):
        cache_evict()
    with pytest.raises(CacheKeyGenerationError):
        cache_evict("key", all=True)
    with pytest.raises(CacheKeyGenerationError):
        cache_evict(tags=["tag"], all=True)


def test_only_what_returns_a_value_can_be_cached() -> None:
    async def later() -> int:
        return 1

    def several() -> Any:
        yield 1

    with pytest.raises(TypeError, match="synchronous"):
        cacheable("key")(later)
    with pytest.raises(TypeError, match="synchronous"):
        cache_evict("key")(several)
    with pytest.raises(TypeError, match="goes below"):
        cacheable("key")(classmethod(len))  # type: ignore[arg-type, call-overload]

    def imaginary() -> complex:
        return 1j

    with pytest.raises(CacheSerializationError, match="no form"):
        cacheable("key")(imaginary)


@dataclass
class Line:
    price: complex


@dataclass
class Order:
    lines: list[Line]


def test_what_cannot_be_stored_is_refused_at_decoration() -> None:
    def order() -> Order:
        raise AssertionError("it must not be called")

    with pytest.raises(CacheSerializationError, match=r"`Order\.lines\[\]\.price`: complex"):
        cacheable("key")(order)


def test_a_function_says_what_it_returns() -> None:
    def silent():  # type: ignore[no-untyped-def]
        raise AssertionError("it must not be called")

    def anything() -> Any:
        return 1

    with pytest.raises(CacheSerializationError, match="`-> Any` is whatever CBOR has"):
        cacheable("key")(silent)
    with pytest.raises(CacheSerializationError, match="does not say what it returns"):
        cacheable("key")(lambda: 1)
    assert cacheable("key")(anything).__wrapped__() == 1
    # What is evicted has no type.
    assert cache_evict("key")(silent).__name__ == "silent"


def test_a_type_that_is_never_defined_is_an_error_before_the_function_runs() -> None:
    @cacheable("key")
    def lost() -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821
        raise AssertionError("it must not be called")

    with pytest.raises(CacheSerializationError, match="Nowhere"):
        lost()


def test_a_later_type_that_cannot_be_stored_is_an_error_before_the_function_runs() -> None:
    with pytest.raises(CacheSerializationError, match=r"`Strange\.members\{\}`: complex"):
        strange()


@cacheable("key")
def strange() -> "Strange":
    raise AssertionError("it must not be called")


@dataclass
class Strange:
    members: set[complex]


def test_only_the_names_in_the_type_of_the_result_have_to_be_defined() -> None:
    @cacheable("key:{number}")
    def given(number: "Nowhere") -> int:  # type: ignore[name-defined]  # noqa: F821
        return 1

    # As far as the host, which there is none of here.
    with pytest.raises(CacheUnavailableError):
        given(1)


def test_a_function_that_fails_evicts_nothing() -> None:
    failure = OSError("not saved")

    @cache_evict("key", tags=["tag"])
    def save(fails: bool) -> None:
        if fails:
            raise failure

    with pytest.raises(OSError, match="not saved") as raised:
        save(True)
    assert raised.value is failure
    with pytest.raises(CacheUnavailableError):
        save(False)


def test_a_key_that_cannot_be_made_is_found_out_before_the_function_runs() -> None:
    @cache_evict("{user.id}")
    def save(user: Any) -> None:
        raise AssertionError("it must not be called")

    with pytest.raises(CacheKeyGenerationError):
        save(object())
