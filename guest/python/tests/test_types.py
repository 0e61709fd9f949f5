"""What a type checker makes of the library. The functions are checked, not called."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, assert_type

from spakky_cache import (
    Cache,
    Form,
    Hit,
    Lease,
    Loaded,
    Miss,
    NotStored,
    Outcome,
    Pass,
    Stale,
    cache_evict,
    cacheable,
)


@dataclass
class Profile:
    name: str


@cacheable("profile:{user_id}:{page}", ttl=timedelta(minutes=5), tags=["profiles"])
def profile(user_id: int, page: int = 1) -> Profile:
    return Profile(f"{user_id} {page}")


@cache_evict("profile:{user_id}:1", tags=["profile:{user_id}"])
def rename(user_id: int, *, name: str) -> bool:
    return bool(name)


@cacheable()
def chosen(user_id: int) -> Loaded[Profile] | NotStored[Profile]:
    profile = Profile("ann")
    return Loaded(profile, ttl=1) if user_id else NotStored(profile, pass_for=1)


@cacheable("{0}", stale_if_error=False, retry_after=timedelta(seconds=5), strict=True)
def either(user_id: int) -> Profile | NotStored[Profile]:
    return NotStored(Profile("ann")) if user_id else Profile("bob")


@cacheable()
def perhaps(user_id: int) -> Loaded[Profile] | None:
    return Loaded(Profile("ann")) if user_id else None


def loaders_may_choose() -> None:
    assert_type(perhaps(7), Profile | None)
    assert_type(chosen(7), Profile)
    assert_type(either(7), Profile)
    profiles = Cache(Profile)
    assert_type(profiles.get_or_load("k", lambda: Loaded(Profile("ann"), tags=["t"])), Profile)
    outcome = profiles.get_or_load_outcome("k", lambda: NotStored(Profile("ann")))
    assert_type(outcome, Outcome[Profile])
    assert_type(outcome.value, Profile)
    profiles.get_or_load("k", lambda: Loaded(1))  # type: ignore[arg-type]


def handles_are_of_a_type() -> None:
    profiles = Cache(Profile)
    assert_type(profiles, Cache[Profile])
    assert_type(profiles.get("k"), Profile | None)
    assert_type(profiles.get("k", 0), Profile | int)
    assert_type(profiles.get_many(["k"], ""), list[Profile | str])
    assert_type(profiles.get_or_load("k", lambda: Profile("ann")), Profile)
    assert_type(profiles.write_through("k", Profile("ann"), lambda value: value.name), str)
    assert_type(profiles.write_behind("k", Profile("ann"), lambda value: 1.5), float)
    profiles.set("k", 1)  # type: ignore[arg-type]
    profiles.set_many({"k": Profile("ann")}, ttl=1)
    profiles.set_many([("k", 1)])  # type: ignore[list-item]
    assert_type(Cache(list[int]).get("k"), list[int] | None)
    assert_type(Cache(), Cache[Any])
    assert_type(Cache[Profile](), Cache[Profile])
    optional: Cache[str | None] = Cache(str | None)
    assert_type(optional.get("k", 0), str | None | int)


def a_lookup_is_taken_apart() -> None:
    with Cache(str).lookup("k", tags=["t"], max_wait=0) as found:
        match found:
            case Hit(value) | Stale(value, None):
                assert_type(value, str)
            case Stale(_, Lease() as lease) | Miss(lease):
                assert_type(lease.commit("value", ttl=60), bool)
            case Pass() as passed:
                assert_type(passed, Pass)


def functions_keep_their_signatures() -> None:
    same: Callable[[int], Profile] = profile
    assert_type(same(7), Profile)
    assert_type(profile(7, page=2), Profile)
    assert_type(profile.__wrapped__(7, page=2), Profile)
    assert_type(rename(7, name="ann"), bool)
    assert_type(rename.__wrapped__(7, name="ann"), bool)
    assert_type(profile.__name__, str)
    profile("7")  # type: ignore[arg-type]
    rename(7, "ann")  # type: ignore[call-arg]
    profile.__wrapped__("7")  # type: ignore[arg-type]


class Shop:
    @cacheable("{self}:{item}")
    def price(self, item: str) -> int:
        return len(item)

    @classmethod
    @cacheable("{cls}:{item}")
    def of_class(cls, item: str) -> int:
        return len(item)

    @staticmethod
    @cache_evict("{item}")
    def static(item: str) -> int:
        return len(item)


def methods_keep_their_signatures(shop: Shop) -> None:
    assert_type(shop.price("x"), int)
    assert_type(shop.of_class("x"), int)
    assert_type(shop.static("x"), int)
    assert_type(Shop.of_class("x"), int)
    assert_type(Shop.static("x"), int)
    assert_type(Shop.price(shop, "x"), int)
    assert_type(Shop.price.__wrapped__(shop, "x"), int)
    shop.price(1)  # type: ignore[arg-type]
    shop.price()  # type: ignore[call-arg]


Price = Annotated[Decimal, Form(str, encode=str, decode=Decimal)]


def a_form_has_its_types() -> None:
    assert_type(Form(str, encode=Decimal.to_eng_string, decode=Decimal), Form[Decimal, str])
    prices: Cache[Price] = Cache(Price)
    assert_type(prices.get("k"), Decimal | None)
    Form(str, encode=Decimal.to_eng_string, decode=abs)  # type: ignore[arg-type]


def test_what_is_checked_is_there() -> None:
    assert callable(loaders_may_choose)
    assert callable(handles_are_of_a_type)
    assert callable(a_lookup_is_taken_apart)
    assert callable(functions_keep_their_signatures)
    assert callable(methods_keep_their_signatures)
    assert callable(a_form_has_its_types)
