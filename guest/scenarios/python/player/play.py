"""Plays steps, and answers each."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO

from spakky_cache import Cache, CacheError, Time, clear, evict_tags

from . import answers, cached, misuse, reports
from .answers import Failure, ProtocolFailure
from .contract import Contract
from .misbehave import Hoard, overflow, spin, trap
from .steps import Options, Step, Work, read
from .values import from_json, to_float, to_json

_CACHE: Cache[Any] = Cache()
_NONE = object()


class Player:
    """Plays steps. Loaders and writers play steps, too, while an outer step is under
    way."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._contract = Contract()
        self._hoard = Hoard()
        self._pauses = 0

    def play_input(self) -> None:
        """Plays the lines of the input until it ends, or a pause does."""
        while line := self._source.readline():
            if self.play_line(line):
                return

    def play_line(self, line: bytes) -> bool:
        """Plays a line; says whether it ended a pause."""
        if not line.strip():
            return False
        try:
            step = read(line)
        except ProtocolFailure as error:
            self._answer(answers.failure(error))
            return False
        if step.op == "resume" and self._pauses:
            self._answer(answers.success(None))
            return True
        self._play(step)
        return False

    def _play(self, step: Step) -> None:
        try:
            answer = answers.success(self._perform(step))
        except (Failure, CacheError) as error:
            answer = answers.failure(error)
        self._answer(answer)

    def _answer(self, line: bytes) -> None:
        self._target.write(line)
        self._target.flush()

    def _perform(self, step: Step) -> Any:
        match step.op:
            case "get":
                return _found(_CACHE.get(step.key, _NONE))
            case "get_many":
                return [_found(value) for value in _CACHE.get_many(step.keys, _NONE)]
            case "set":
                return _CACHE.set(step.key, from_json(step.value), **_entry(step.options))
            case "set_many":
                entries = [(key, from_json(value)) for key, value in step.entries]
                return _CACHE.set_many(entries, **_entry(step.options))
            case "delete":
                return _CACHE.delete(step.key)
            case "delete_many":
                return _CACHE.delete_many(step.keys)
            case "evict_tags":
                return evict_tags(step.tags)
            case "clear":
                return clear()
            case "metrics":
                return reports.metrics()
            case "config":
                return reports.config()
            case "health":
                return reports.health(step.endpoint)
            case "info":
                return reports.info()
            case "get_or_load":
                return self._get_or_load(step)
            case "write_through" | "write_behind":
                return self._write(step)
            case "cacheable":
                value = cached.profile(step.id, step.part, step.fail)
                return {"value": value, "calls": cached.Calls.count}
            case "cache_evict":
                return cached.evict(step.by, step.id, step.part, step.fail)
            case "abandon":
                return misuse.abandon(step.key, step.how)
            case "misuse":
                return misuse.not_refused()
            case "hits":
                return sum(_CACHE.get(step.key, _NONE) is not _NONE for _ in range(step.times))
            case _:
                return self._perform_more(step)

    def _perform_more(self, step: Step) -> Any:
        """The steps that call the contract without the library, and those that do
        something to the instance."""
        match step.op:
            case "sleep":
                return time.sleep(step.ms / 1000)
            case "pause":
                self._pauses += 1
                self.play_input()
                self._pauses -= 1
                return None
            case "resume":
                raise ProtocolFailure("nothing is paused here")
            case "trap":
                trap()
            case "panic":
                raise RuntimeError("as asked")
            case "loop":
                spin()
            case "overflow":
                return overflow()
            case "eat":
                if not self._hoard.eat(step.mib):
                    raise Failure("memory", "there is no more")
                return None
            case "exit":
                sys.exit(step.code)
            case _:
                return self._contract.perform(step)

    def _get_or_load(self, step: Step) -> Any:
        work: Work = step.loader
        value, options = from_json(work.value), _options(step.options)
        failure = Failure("loader", work.fail or "")
        ran = False

        def load() -> Any:
            nonlocal ran
            ran = True
            self._work(work, failure)
            return value

        with _unchanged(failure):
            found = _CACHE.get_or_load(step.key, load, **options)
        return {"value": to_json(found), "loaded": ran}

    def _write(self, step: Step) -> None:
        value, options = from_json(step.value), _entry(step.options)
        failure = Failure("writer", step.writer.fail or "")
        policy = _CACHE.write_through if step.op == "write_through" else _CACHE.write_behind
        with _unchanged(failure):
            policy(step.key, value, lambda _: self._work(step.writer, failure), **options)

    def _work(self, work: Work, failure: Failure) -> None:
        """What a loader or writer does."""
        for step in work.then:
            self._play(step)
        time.sleep(work.sleep_ms / 1000)
        if work.trap:
            trap()
        if work.fail is not None:
            raise failure


@contextmanager
def _unchanged(failure: Failure) -> Iterator[None]:
    """What a loader or writer raises is to come back: not another like it."""
    try:
        yield
    except Failure as error:
        if error is not failure:
            raise ProtocolFailure("another exception came back") from None
        raise


def _found(value: Any) -> Any:
    return {"hit": False} if value is _NONE else {"hit": True, "value": to_json(value)}


def _options(options: Options) -> dict[str, Any]:
    """The options of a load."""
    wait = options.max_wait_ms
    return _entry(options) | {"max_wait": None if wait is None else _span(wait)}


def _entry(options: Options) -> dict[str, Any]:
    """The options of an entry."""
    if options.ttl_ms is not None and options.ttl_s is not None:
        raise ProtocolFailure("both `ttl_ms` and `ttl_s`")
    ttl: Time | None = None
    if options.ttl_ms is not None:
        ttl = _span(options.ttl_ms)
    elif options.ttl_s is not None:
        ttl = to_float(options.ttl_s)
    fresh = options.fresh_ms
    return {
        "ttl": ttl,
        "fresh_for": None if fresh is None else _span(fresh),
        "tags": options.tags,
    }


def _span(milliseconds: int) -> Time:
    try:
        return timedelta(milliseconds=milliseconds)
    except OverflowError:
        # Whole seconds have no end.
        return -(-milliseconds // 1000)
