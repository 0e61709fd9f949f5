"""Plays steps, and answers each."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO

from spakky_cache import Cache, CacheError, Loaded, NotStored, Time, clear, evict_tags, key

from . import answers, cached, misuse, reports
from .answers import Failure
from .values import from_json, to_json

_CACHE: Cache[Any] = Cache()
_NONE = object()

Step = dict[str, Any]


class Player:
    """Plays steps. Loaders and writers play steps, too, while an outer step is under
    way."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target

    def play_input(self) -> None:
        """Plays the lines of the input until it ends, or a pause does."""
        while line := self._source.readline():
            if self.play_line(line):
                return

    def play_line(self, line: bytes) -> bool:
        """Plays a line; says whether it ended a pause."""
        step = json.loads(line)
        self._play(step)
        return bool(step["op"] == "resume")

    def _play(self, step: Step) -> None:
        try:
            answer = answers.success(self._perform(step))
        except (Failure, CacheError) as error:
            answer = answers.failure(error)
        self._target.write(answer)
        self._target.flush()

    def _perform(self, step: Step) -> Any:
        match step["op"]:
            case "get":
                return _found(_CACHE.get(step["key"], _NONE))
            case "get_many":
                return [_found(value) for value in _CACHE.get_many(step["keys"], _NONE)]
            case "set":
                return _CACHE.set(step["key"], from_json(step["value"]), **_entry(step))
            case "set_many":
                entries = [(key, from_json(value)) for key, value in step["entries"]]
                return _CACHE.set_many(entries, **_entry(step))
            case "describe":
                return reports.describe(_CACHE.describe(step["key"]))
            case "delete":
                return _CACHE.delete(step["key"])
            case "delete_many":
                return _CACHE.delete_many(step["keys"])
            case "evict_tags":
                return evict_tags(step["tags"])
            case "clear":
                return clear()
            case "metrics":
                return reports.metrics()
            case "config":
                return reports.config()
            case "health":
                return reports.health(step["endpoint"])
            case "info":
                return reports.info()
            case "get_or_load" | "get_or_load_outcome":
                return self._get_or_load(step)
            case "write_through" | "write_behind":
                return self._write(step)
            case "cacheable":
                return cached.load(**_arguments(step))
            case "cacheable_default":
                return cached.by_default(step["id"], step["part"])
            case "cache_evict":
                return cached.evict(**_arguments(step))
            case "key":
                return key("k:{value}", value=from_json(step["value"]))
            case "abandon":
                return misuse.abandon(step["key"], step["how"])
            case "misuse":
                return misuse.not_refused()
            case "hits":
                found = (_CACHE.get(step["key"], _NONE) for _ in range(step["times"]))
                return sum(value is not _NONE for value in found)
            case "pause":
                return self.play_input()
            case "resume":
                return None
            case other:
                raise Failure("protocol", f"only the player in Rust plays `{other}`")

    def _get_or_load(self, step: Step) -> Any:
        work, options = step["loader"], _load(step)
        value, failure = from_json(work.get("value")), Failure("loader", work.get("fail", ""))
        ran = False

        def load() -> Any:
            nonlocal ran
            ran = True
            self._work(work, failure)
            return _chosen(value, work)

        with _unchanged(failure):
            if step["op"] == "get_or_load":
                found = _CACHE.get_or_load(step["key"], load, **options)
                return {"value": to_json(found), "loaded": ran}
            return reports.outcome(_CACHE.get_or_load_outcome(step["key"], load, **options))

    def _write(self, step: Step) -> None:
        work, value, options = step.get("writer", {}), from_json(step["value"]), _entry(step)
        failure = Failure("writer", work.get("fail", ""))
        policy = _CACHE.write_through if step["op"] == "write_through" else _CACHE.write_behind
        with _unchanged(failure):
            policy(step["key"], value, lambda _: self._work(work, failure), **options)

    def _work(self, work: Step, failure: Failure) -> None:
        """What a loader or writer does."""
        for step in work.get("then", []):
            self._play(step)
        if "fail" in work:
            raise failure


@contextmanager
def _unchanged(failure: Failure) -> Iterator[None]:
    """Checks that the exception of a loader or writer comes back as the same object."""
    try:
        yield
    except Failure as error:
        if error is not failure:
            raise Failure("protocol", "another exception came back") from None
        raise


def _arguments(step: Step) -> Step:
    given = {name: value for name, value in step.items() if name != "op"}
    return {"id": "", "part": "", "fail": None} | given


def _chosen(value: Any, work: Step) -> Any:
    """What a loader returns that may choose how its value is stored."""
    if "pass_ms" in work or not work.get("store", True):
        return NotStored(value, pass_for=_span(work.get("pass_ms")))
    if work.keys() & {"ttl_ms", "fresh_ms", "tags"}:
        ttl, fresh_for = _span(work.get("ttl_ms")), _span(work.get("fresh_ms"))
        return Loaded(value, ttl=ttl, fresh_for=fresh_for, tags=work.get("tags"))
    return value


def _found(value: Any) -> Any:
    return {"hit": False} if value is _NONE else {"hit": True, "value": to_json(value)}


def _load(step: Step) -> Step:
    """The options of a load."""
    options = step.get("options", {})
    flags = {name: options[name] for name in ("stale_if_error", "strict") if name in options}
    return (
        _entry(step)
        | flags
        | {
            "max_wait": _span(options.get("max_wait_ms")),
            "retry_after": _span(options.get("retry_after_ms")),
        }
    )


def _entry(step: Step) -> Step:
    """The options of an entry."""
    options = step.get("options", {})
    seconds = from_json(options.get("ttl_s"))
    return {
        "ttl": _span(options.get("ttl_ms")) if seconds is None else seconds,
        "fresh_for": _span(options.get("fresh_ms")),
        "tags": options.get("tags", []),
    }


def _span(milliseconds: int | None) -> Time | None:
    return None if milliseconds is None else timedelta(milliseconds=milliseconds)
