"""Types and values, made at random: a value comes back as it was, of the same type, or its
type is refused when the handle is made."""

import dataclasses
import enum
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, TypedDict, Union
from uuid import UUID

import hypothesis.strategies as st
from hypothesis import HealthCheck, event, given, settings

from spakky_cache import Cache, CacheSerializationError, Form

Case = tuple[Any, st.SearchStrategy[Any]]
"""A type, and its values."""

NAMES = st.sampled_from(["name", "kind", "a", "b", "größe"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
INTEGERS = st.integers(-(2**64), 2**64 - 1)
PLAIN: list[Case] = [
    (type(None), st.none()),
    (bool, st.booleans()),
    (int, INTEGERS),
    (float, st.floats(allow_nan=False)),
    (str, TEXTS),
    (bytes, st.binary(max_size=5)),
    (datetime, st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(fold=0))),
    (UUID, st.uuids()),
    (
        Decimal,
        st.decimals(allow_nan=False, allow_infinity=False, places=2).filter(lambda d: d != 0),
    ),
]
RATIO = Annotated[Fraction, Form(str, encode=str, decode=Fraction)]
WORDS = ["red", "dark", "cat", "1", ""]
CONSTANTS = st.one_of(st.sampled_from(WORDS), st.integers(-1, 2), st.booleans(), st.none())


def exact(value: Any) -> Any:
    """What tells a value from any other: 1 from True and 1.0, 0.0 from -0.0."""
    kind = type(value)
    if dataclasses.is_dataclass(value):
        return kind, [exact(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, list | tuple):
        return kind, [exact(item) for item in value]
    if isinstance(value, set | frozenset):
        return kind, sorted(map(exact, value), key=repr)
    if isinstance(value, dict):
        return kind, sorted(((exact(k), exact(v)) for k, v in value.items()), key=repr)
    return kind, repr(value)


@st.composite
def enums(draw: st.DrawFn) -> Case:
    base = draw(st.sampled_from(["Enum", "StrEnum", "IntEnum", "IntFlag", "tuples"]))
    values: list[Any]
    if base == "StrEnum":
        values = draw(st.lists(st.sampled_from(WORDS), min_size=1, unique=True))
    elif base == "IntEnum":
        values = draw(st.lists(st.integers(-1, 2), min_size=1, unique=True))
    elif base == "IntFlag":
        values = [1, 2]
    elif base == "tuples":
        values = draw(st.lists(st.tuples(CONSTANTS, CONSTANTS), min_size=1, unique=True))
    else:
        values = draw(st.lists(CONSTANTS, min_size=1, unique=True))
    cls: Any = getattr(enum, base if base != "tuples" else "Enum")
    made: Any = cls("Made", {f"M{index}": value for index, value in enumerate(values)})
    return made, st.sampled_from(list(made))


@st.composite
def literals(draw: st.DrawFn) -> Case:
    values = draw(st.lists(CONSTANTS, min_size=1, max_size=3, unique_by=lambda v: (type(v), v)))
    return Literal[tuple(values)], st.sampled_from(values)


@st.composite
def dataclass_cases(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    members = draw(st.dictionaries(NAMES, inner, max_size=3))
    late = draw(st.sets(st.sampled_from(sorted(members)))) if members else set()
    options: dict[str, Any] = draw(
        st.fixed_dictionaries({name: st.booleans() for name in ("frozen", "slots", "kw_only")})
    )
    fields = [
        (name, of, dataclasses.field(init=name not in late)) for name, (of, _) in members.items()
    ]
    bases: tuple[type, ...] = ()
    if not options["frozen"] and draw(st.booleans()):
        bases = (BASE,)
        members = {"name": (str, TEXTS), **members}
    made: Any = dataclasses.make_dataclass("Made", fields, bases=bases, **options)

    def build(values: dict[str, Any]) -> Any:
        value = made(**{name: item for name, item in values.items() if name not in late})
        for name in late:
            object.__setattr__(value, name, values[name])
        return value

    return made, st.fixed_dictionaries({name: values for name, (_, values) in members.items()}).map(
        build
    )


BASE = dataclasses.make_dataclass("BASE", [("name", str)], kw_only=True)


@st.composite
def typed_dict_cases(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    needed = draw(st.dictionaries(NAMES, inner, max_size=2))
    optional = draw(st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2))
    types = {name: of for name, (of, _) in needed.items()}
    types |= {name: NotRequired[of] for name, (of, _) in optional.items()}
    made: Any = TypedDict("Made", types)  # type: ignore[misc]
    return made, st.fixed_dictionaries(
        {name: values for name, (_, values) in needed.items()},
        optional={name: values for name, (_, values) in optional.items()},
    )


@st.composite
def named_tuple_cases(draw: st.DrawFn, inner: st.SearchStrategy[Case]) -> Case:
    members = draw(st.lists(inner, max_size=3))
    fields = [(f"f{index}", of) for index, (of, _) in enumerate(members)]
    made: Any = NamedTuple("Made", fields)  # type: ignore[misc]
    return made, st.tuples(*(values for _, values in members)).map(lambda values: made(*values))


def containers(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    keys = st.one_of(st.sampled_from(PLAIN), literals(), enums())
    return st.one_of(
        inner.map(lambda case: (list.__class_getitem__(case[0]), st.lists(case[1], max_size=3))),
        inner.map(lambda case: (of_any_length(case[0]), st.lists(case[1], max_size=3).map(tuple))),
        st.lists(inner, max_size=3).map(pairs),
        st.tuples(keys, inner).map(mapping),
        keys.map(lambda case: (set.__class_getitem__(case[0]), st.sets(case[1], max_size=3))),
        keys.map(
            lambda case: (frozenset.__class_getitem__(case[0]), st.frozensets(case[1], max_size=3))
        ),
        dataclass_cases(inner),
        typed_dict_cases(inner),
        named_tuple_cases(inner),
        inner.map(lambda case: (Annotated[case[0], "a note"], case[1])),
        inner.map(lambda case: (new_type(case[0]), case[1])),
    )


def of_any_length(of: Any) -> Any:
    return tuple.__class_getitem__((of, ...))


def pairs(cases: list[Case]) -> Case:
    of = tuple.__class_getitem__(tuple(of for of, _ in cases))
    return of, st.tuples(*(values for _, values in cases))


def mapping(two: tuple[Case, Case]) -> Case:
    (key, keys), (item, items) = two
    return dict.__class_getitem__((key, item)), st.dictionaries(keys, items, max_size=3)


def new_type(of: Any) -> Any:
    made: Any = NewType
    return made("New", of)


def unions(inner: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return st.lists(inner, min_size=2, max_size=3).map(
        lambda cases: (
            Union[tuple(of for of, _ in cases)],
            st.one_of([values for _, values in cases]),
        )
    )


LEAVES = st.one_of(st.sampled_from(PLAIN), literals(), enums(), st.just((RATIO, st.fractions())))
WITHOUT_UNIONS = st.recursive(LEAVES, containers, max_leaves=6)
CASES = st.recursive(
    LEAVES, lambda inner: st.one_of(containers(inner), unions(inner)), max_leaves=6
)
PROFILE = settings(
    max_examples=150, deadline=None, database=None, derandomize=False, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def check(handle: Cache[Any], value: Any) -> None:
    assert exact(handle._codec.decode(handle._codec.encode(value))) == exact(value)


@PROFILE
@given(CASES, st.data())
def test_a_value_of_any_type_comes_back_as_it_was_or_its_type_is_refused(
    case: Case, data: st.DataObject
) -> None:
    of, values = case
    try:
        handle: Cache[Any] = Cache(of)
    except CacheSerializationError:
        event("refused")
        return
    event("taken")
    check(handle, data.draw(values))


@PROFILE
@given(WITHOUT_UNIONS, st.data())
def test_a_type_without_unions_is_never_refused(case: Case, data: st.DataObject) -> None:
    of, values = case
    check(Cache(of), data.draw(values))
