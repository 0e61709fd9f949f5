"""The steps, as they are written: read strictly, so that a mistake in a scenario is
an answer and not a step that does something else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .answers import ProtocolFailure

ABSENT: Any = object()
"""In place of a field that was left out where null would be a value."""

_LARGEST = 2**64 - 1


@dataclass(frozen=True)
class Options:
    """The library's options, and those of the contract, which have fewer."""

    ttl_ms: int | None = None
    ttl_s: Any = None
    """A number, or `{"$float": "NaN"}` and the like."""
    fresh_ms: int | None = None
    tags: list[str] = field(default_factory=list)
    max_wait_ms: int | None = None


@dataclass(frozen=True)
class Work:
    """What a loader or writer does: the steps of `then`, sleep, and then trap, fail or
    return."""

    value: Any = None
    fail: str | None = None
    trap: bool = False
    sleep_ms: int = 0
    then: "list[Step]" = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One step: its `op`, and the fields that it may have, with what they are when
    they are left out."""

    op: str
    fields: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None


Check = Callable[[Any], Any]


def read(line: bytes) -> Step:
    """The step that a line is."""
    try:
        written = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ProtocolFailure(f"no JSON: {error}") from None
    return _step(written)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _step(written: Any) -> Step:
    if not isinstance(written, dict) or not isinstance(written.get("op"), str):
        raise ProtocolFailure("a step is an object with an `op`")
    op = written["op"]
    if op not in _STEPS:
        raise ProtocolFailure(f"there is no `{op}`")
    rest = {name: value for name, value in written.items() if name != "op"}
    return Step(op, _fields(f"`{op}`", rest, _STEPS[op]))


def _fields(what: str, written: Any, known: Mapping[str, Check | tuple[Check, Any]]) -> Any:
    """What an object holds, each of its fields checked. A field that may be left out
    is known with what stands in its place."""
    if not isinstance(written, dict):
        raise ProtocolFailure(f"{what} is an object")
    if unknown := written.keys() - known.keys():
        raise ProtocolFailure(f"{what} has no field {sorted(unknown)}")
    found = {}
    for name, check in known.items():
        check, absent = check if isinstance(check, tuple) else (check, _MUST)
        if name in written:
            try:
                found[name] = check(written[name])
            except ValueError as error:
                raise ProtocolFailure(f"`{name}` of {what} is {error}") from None
        elif absent is _MUST:
            raise ProtocolFailure(f"{what} needs the field `{name}`")
        else:
            found[name] = absent() if isinstance(absent, type) else absent
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise ValueError("a whole number of 64 bits")
    return value


def _code(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number")
    return value


def _anything(value: Any) -> Any:
    return value


def _optional(check: Check) -> tuple[Check, None]:
    return (lambda value: None if value is None else check(value)), None


def _list(check: Check) -> Check:
    def checked(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError("a list")
        return [check(item) for item in value]

    return checked


def _entry(value: Any) -> tuple[str, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("a list of pairs")
    return _text(value[0]), value[1]


def _one_of(*names: str) -> Check:
    def checked(value: Any) -> str:
        if value not in names:
            raise ValueError(f"one of {names}")
        return str(value)

    return checked


def _options(value: Any) -> Options:
    return Options(**_fields("`options`", value, {**_RAW_OPTIONS, **_MORE_OPTIONS}))


def _raw_options(value: Any) -> Options:
    return Options(**_fields("`options`", value, _RAW_OPTIONS))


def _work(value: Any) -> Work:
    return Work(**_fields("a loader or writer", value, _WORK))


_MUST = object()
_TEXTS = _list(_text)
_TAGS = (_TEXTS, list)
_NUMBER = _optional(_count)
_RAW_OPTIONS: dict[str, Any] = {"ttl_ms": _NUMBER, "fresh_ms": _NUMBER, "tags": _TAGS}
_MORE_OPTIONS: dict[str, Any] = {"ttl_s": (_anything, None), "max_wait_ms": _NUMBER}
_WORK: dict[str, Any] = {
    "value": (_anything, None),
    "fail": _optional(_text),
    "trap": (_flag, False),
    "sleep_ms": (_count, 0),
    "then": (_list(_step), list),
}
_OPTIONS: dict[str, Any] = {"options": (_options, Options)}
_WRITE: dict[str, Any] = {
    "key": _text,
    "value": _anything,
    **_OPTIONS,
    "writer": (_work, Work),
}
_CONTENT: dict[str, Any] = {
    "value": (_anything, ABSENT),
    "hex": _optional(_text),
    "bytes": _NUMBER,
    "options": (_raw_options, Options),
}
_CALL: dict[str, Any] = {"part": (_text, ""), "fail": _optional(_text)}

_STEPS: dict[str, dict[str, Any]] = {
    # The library.
    "get": {"key": _text},
    "get_many": {"keys": _TEXTS},
    "set": {"key": _text, "value": _anything, **_OPTIONS},
    "set_many": {"entries": _list(_entry), **_OPTIONS},
    "delete": {"key": _text},
    "delete_many": {"keys": _TEXTS},
    "evict_tags": {"tags": _TEXTS},
    "clear": {},
    "metrics": {},
    "config": {},
    "health": {"endpoint": _one_of("health", "readiness", "liveness")},
    "info": {},
    "get_or_load": {"key": _text, **_OPTIONS, "loader": _work},
    "write_through": _WRITE,
    "write_behind": _WRITE,
    "cacheable": {"id": _text, **_CALL},
    "cache_evict": {"by": _one_of("key", "tags", "all"), "id": (_text, ""), **_CALL},
    # What the library is for.
    "abandon": {"key": _text, "how": _one_of("return", "throw")},
    "misuse": {},
    "hits": {"key": _text, "times": _count},
    # The contract.
    "lookup": {"key": _text, "tags": _TAGS, "max_wait_ms": _NUMBER, "lease": _optional(_text)},
    "begin_write": {"key": _text, "tags": _TAGS, "lease": _optional(_text)},
    "commit": {"lease": _text, **_CONTENT},
    "drop": {"lease": _text},
    "leak": {"lease": _text},
    "raw_get": {"key": _text},
    "raw_set": {"key": _text, **_CONTENT},
    # The instance.
    "sleep": {"ms": _count},
    "pause": {},
    "resume": {},
    "trap": {},
    "panic": {},
    "loop": {},
    "overflow": {},
    "eat": {"mib": _count},
    "exit": {"code": _code},
}
