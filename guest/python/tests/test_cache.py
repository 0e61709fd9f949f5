"""Outside of a component nobody answers: whatever gets as far as the host is
unavailable. So the order of checks shows."""

from collections.abc import Callable
from typing import Any

import pytest

import spakky_cache
from spakky_cache import (
    Cache,
    CacheError,
    CacheInvalidKeyError,
    CacheInvalidTtlError,
    CacheSerializationError,
    CacheUnavailableError,
    Endpoint,
    raw,
)

CACHE: Cache[Any] = Cache()


def never(*_: Any) -> Any:
    raise AssertionError("it must not be called")


@pytest.mark.parametrize(
    "call",
    [
        lambda: CACHE.get("k"),
        lambda: CACHE.get_many(["k"]),
        lambda: CACHE.set("k", 1, ttl=1),
        lambda: CACHE.set_many({"k": 1}),
        lambda: CACHE.delete("k"),
        lambda: CACHE.delete_many(["k"]),
        lambda: CACHE.lookup("k"),
        lambda: CACHE.describe("k"),
        lambda: CACHE.get_or_load("k", never),
        lambda: CACHE.get_or_load_outcome("k", never),
        lambda: CACHE.write_through("k", 1, never),
        lambda: CACHE.write_behind("k", 1, never),
        lambda: spakky_cache.evict_tags([]),
        spakky_cache.clear,
        spakky_cache.metrics,
        spakky_cache.config,
        lambda: spakky_cache.health(Endpoint.LIVENESS),
        spakky_cache.info,
        lambda: raw.get("k"),
        lambda: raw.set("k", b""),
        lambda: raw.lookup("k"),
        lambda: raw.begin_write("k"),
    ],
)
def test_outside_of_a_component_there_is_no_cache(call: Callable[[], Any]) -> None:
    with pytest.raises(CacheUnavailableError, match="no component"):
        call()


@pytest.mark.parametrize(
    ("call", "error"),
    [
        # Options come first, then the value, then the host.
        (lambda: CACHE.set("k", object(), ttl=0), CacheInvalidTtlError),
        (lambda: CACHE.set("k", object()), CacheSerializationError),
        (lambda: CACHE.set("k", 1, ttl=1, fresh_for=2), CacheInvalidTtlError),
        (lambda: CACHE.set("k", 1, tags="tag"), CacheInvalidKeyError),
        (lambda: CACHE.set_many([("k", 1), ("l", object())], ttl=0), CacheInvalidTtlError),
        (lambda: CACHE.set_many([("k", 1), ("l", object())]), CacheSerializationError),
        (lambda: CACHE.get_or_load("k", never, ttl=0), CacheInvalidTtlError),
        (lambda: CACHE.get_or_load("k", never, max_wait=-1), CacheInvalidTtlError),
        (lambda: CACHE.get_or_load("k", never, retry_after=0), CacheInvalidTtlError),
        (lambda: CACHE.write_through("k", object(), never, ttl=0), CacheInvalidTtlError),
        (lambda: CACHE.write_through("k", object(), never), CacheSerializationError),
        (lambda: CACHE.write_behind("k", object(), never, ttl=0), CacheInvalidTtlError),
        (lambda: CACHE.write_behind("k", object(), never), CacheSerializationError),
        (lambda: CACHE.lookup("k", max_wait=float("nan")), CacheInvalidTtlError),
        (lambda: Cache(str).set("k", 5), CacheSerializationError),  # type: ignore[arg-type]
    ],
)
def test_what_no_host_would_take_is_refused_first(
    call: Callable[[], Any], error: type[CacheError]
) -> None:
    with pytest.raises(error):
        call()


def test_a_loader_is_called_so_it_has_to_be_callable() -> None:
    wrong: Any = None
    with pytest.raises(TypeError, match="cannot be called"):
        CACHE.get_or_load("k", wrong)
    with pytest.raises(TypeError, match="cannot be called"):
        CACHE.get_or_load_outcome("k", wrong)
    with pytest.raises(TypeError, match="cannot be called"):
        CACHE.write_through("k", 1, wrong)
    with pytest.raises(TypeError, match="cannot be called"):
        CACHE.write_behind("k", 1, wrong)


def test_options_that_are_true_or_false_are_nothing_else() -> None:
    wrong: Any = "no"
    with pytest.raises(TypeError, match="`strict` is True or False"):
        CACHE.lookup("k", strict=wrong)
    with pytest.raises(TypeError, match="`stale_if_error` is True or False"):
        CACHE.get_or_load("k", never, stale_if_error=wrong)
    with pytest.raises(TypeError, match="a version is an int"):
        CACHE.lookup("k", unless=wrong)


def test_an_endpoint_may_be_named() -> None:
    with pytest.raises(CacheUnavailableError):
        spakky_cache.health("liveness")
    with pytest.raises(ValueError, match="elsewhere"):
        spakky_cache.health("elsewhere")
