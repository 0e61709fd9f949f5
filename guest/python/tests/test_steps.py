"""What a load asks for, step by step. The test answers what the host and the loader would."""

from typing import Any

import pytest

from spakky_cache import (
    CacheError,
    CacheInvalidTtlError,
    CacheSerializationError,
    CacheUnavailableError,
    CacheValueTooLargeError,
    Loaded,
    NotStored,
    Source,
    _log,
    _steps,
    raw,
)
from spakky_cache._arguments import options
from spakky_cache._codec import Codec

FAILURE = OSError("origin down")
UNAVAILABLE = CacheUnavailableError()
TOO_LARGE = CacheValueTooLargeError(8)
ONE, TWO, TEXT = b"\x01", b"\x02", b"\x61a"
PASS = ("pass_", 60_000)


class Asked:
    """In the place of the contract and of a lease: what is called is what is asked for, with
    the options that are not as usual."""

    closed = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def ask(*given: Any, **named: Any) -> Any:
            unusual = {option: value for option, value in named.items() if value}
            return (name, *given, *([unusual] if unusual else []))

        return ask

    def __enter__(self) -> "Asked":
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


class Play:
    """A load of an int, played with answers."""

    def __init__(self, **chosen: Any) -> None:
        self.lease: Any = Asked()
        self._steps = _steps.load(
            Asked(), Codec(int), "k", lambda: ("load",), options(**{**USUAL, **chosen})
        )
        self._answer: Any = None

    def asks(self, *expected: Any, then: Any = None) -> "Play":
        """Checks what is asked for next. It is answered with `then`, or if that is an
        exception, it is raised."""
        assert self._next() == expected
        self._answer = then
        return self

    def ends(
        self, value: Any, source: Source, *, stored: bool = False, error: Any = None
    ) -> "Play":
        """Checks the outcome."""
        with pytest.raises(StopIteration) as end:
            self._next()
        outcome = end.value.value
        assert (outcome.value, outcome.source, outcome.stored) == (value, source, stored)
        assert outcome.error is error or isinstance(outcome.error, error)
        of_entry = source in (Source.HIT, Source.STALE)
        assert [outcome.version is not None, outcome.age is not None] == [of_entry] * 2
        return self

    def raises(self, error: BaseException) -> "Play":
        with pytest.raises(type(error)) as raised:
            self._next()
        assert raised.value is error
        return self

    def _next(self) -> Any:
        if isinstance(self._answer, BaseException):
            return self._steps.throw(self._answer)
        return self._steps.send(self._answer)


USUAL: dict[str, Any] = {"ttl": None, "fresh_for": None, "tags": ()}


def hit(data: bytes, version: int = 5) -> raw.Hit:
    return raw.Hit(data, version, 20)


def stale(play: Play, data: bytes, *, fresh: bool = False) -> raw.Stale:
    return raw.Stale(data, play.lease, fresh, 5, 20)


def miss(play: Play) -> raw.Miss:
    return raw.Miss(play.lease)


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has logged nothing yet."""
    monkeypatch.setattr(_log, "_told", set())


def test_a_hit_needs_one_call() -> None:
    Play().asks("lookup", "k", then=hit(ONE)).ends(1, Source.HIT)


def test_the_options_reach_the_host() -> None:
    play = Play(ttl=60, fresh_for=5, tags=["t"], max_wait=1, strict=True)
    play.asks("lookup", "k", {"tags": ("t",), "max_wait_ms": 1000, "strict": True}, then=miss(play))
    play.asks("load", then=1)
    commit = {"ttl_ms": 60_000, "fresh_ms": 5_000, "tags": ("t",)}
    play.asks("commit", ONE, commit, then=True).ends(1, Source.LOADED, stored=True)
    assert play.lease.closed


def test_what_was_overtaken_is_returned() -> None:
    play = Play()
    play.asks("lookup", "k", then=miss(play)).asks("load", then=1)
    play.asks("commit", ONE, then=False).ends(1, Source.LOADED)


def test_a_failed_load_gives_up_its_lease_and_raises_what_was_raised() -> None:
    play = Play()
    play.asks("lookup", "k", then=miss(play)).asks("load", then=FAILURE).raises(FAILURE)
    assert play.lease.closed


def test_a_failed_load_is_not_repeated_for_the_time_that_was_chosen() -> None:
    play = Play(retry_after=5)
    play.asks("lookup", "k", then=miss(play)).asks("load", then=FAILURE)
    play.asks("fail", 5_000, then=True).raises(FAILURE)


def test_the_loaders_error_comes_before_one_of_the_cache(caplog: pytest.LogCaptureFixture) -> None:
    play = Play(retry_after=5)
    play.asks("lookup", "k", then=miss(play)).asks("load", then=FAILURE)
    play.asks("fail", 5_000, then=UNAVAILABLE).raises(FAILURE)
    assert len(caplog.messages) == 1


def test_what_does_not_store_is_passed() -> None:
    Play().asks("lookup", "k", then=raw.Pass()).asks("load", then=1).ends(1, Source.PASSED)
    passed = Play().asks("lookup", "k", then=raw.Pass())
    passed.asks("load", then=Loaded(1, ttl=5)).ends(1, Source.PASSED)


def test_an_error_of_the_lookup_or_the_commit_is_raised() -> None:
    Play().asks("lookup", "k", then=UNAVAILABLE).raises(UNAVAILABLE)
    play = Play()
    play.asks("lookup", "k", then=miss(play)).asks("load", then=1)
    play.asks("commit", ONE, then=UNAVAILABLE).raises(UNAVAILABLE)
    assert play.lease.closed


def test_a_stale_entry_that_another_refreshes_is_served() -> None:
    for fresh, source in [(False, Source.STALE), (True, Source.HIT)]:
        found = raw.Stale(ONE, None, fresh, 5, 20)
        Play().asks("lookup", "k", then=found).ends(1, source)


def test_a_failed_refresh_serves_the_entry_and_logs_once(caplog: pytest.LogCaptureFixture) -> None:
    for fresh, source in [(False, Source.STALE), (True, Source.HIT)]:
        play = Play(retry_after=5)
        play.asks("lookup", "k", then=stale(play, ONE, fresh=fresh)).asks("load", then=FAILURE)
        play.asks("fail", 5_000, then=True).ends(1, source, error=FAILURE)
        assert play.lease.closed
    assert len(caplog.messages) == 1
    assert "origin down" in caplog.messages[0]


def test_who_wants_to_hear_of_a_failed_refresh_does_unless_the_entry_is_fresh() -> None:
    play = Play(stale_if_error=False)
    play.asks("lookup", "k", then=stale(play, ONE)).asks("load", then=FAILURE).raises(FAILURE)
    play = Play(stale_if_error=False)
    play.asks("lookup", "k", then=stale(play, ONE, fresh=True)).asks("load", then=FAILURE)
    play.ends(1, Source.HIT, error=FAILURE)


def test_what_ends_a_program_is_no_failed_refresh() -> None:
    play, end = Play(), KeyboardInterrupt()
    play.asks("lookup", "k", then=stale(play, ONE)).asks("load", then=end).raises(end)
    assert play.lease.closed


def test_an_entry_that_cannot_be_decoded_is_refreshed() -> None:
    play = Play()
    play.asks("lookup", "k", then=hit(TEXT))
    play.asks("lookup", "k", {"unless": 5}, then=stale(play, TEXT, fresh=True))
    play.asks("load", then=1).asks("commit", ONE, then=True).ends(1, Source.LOADED, stored=True)


def test_a_refresh_in_hand_is_for_an_entry_that_cannot_be_decoded() -> None:
    play = Play()
    play.asks("lookup", "k", then=stale(play, TEXT)).asks("load", then=1)
    play.asks("commit", ONE, then=True).ends(1, Source.LOADED, stored=True)


def test_an_entry_that_cannot_be_decoded_is_not_served() -> None:
    play = Play()
    play.asks("lookup", "k", then=stale(play, TEXT, fresh=True)).asks("load", then=FAILURE)
    play.raises(FAILURE)


def test_a_lookup_that_waited_for_another_entry_reads_it() -> None:
    play = Play().asks("lookup", "k", then=hit(TEXT))
    play.asks("lookup", "k", {"unless": 5}, then=hit(TWO, version=6)).ends(2, Source.HIT)


def test_an_entry_that_cannot_be_decoded_twice_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for again in (hit(b"\x61b", version=6), raw.Stale(TEXT, None, True, 5, 20)):
        play = Play().asks("lookup", "k", then=hit(TEXT))
        play.asks("lookup", "k", {"unless": 5}, then=again).asks("load", then=1)
        play.ends(1, Source.PASSED, error=CacheSerializationError)
    assert len(caplog.messages) == 1


def test_a_loader_may_choose_how_its_value_is_stored() -> None:
    for made, commit in [
        (Loaded(1, ttl=5), {"ttl_ms": 5_000, "fresh_ms": 5_000, "tags": ("t",)}),
        (Loaded(1, ttl=90), {"ttl_ms": 90_000, "fresh_ms": 20_000, "tags": ("t",)}),
        (Loaded(1, fresh_for=5), {"ttl_ms": 60_000, "fresh_ms": 5_000, "tags": ("t",)}),
        (Loaded(1, tags=iter("u")), {"ttl_ms": 60_000, "fresh_ms": 20_000, "tags": ("u",)}),
        (Loaded(1, tags=[]), {"ttl_ms": 60_000, "fresh_ms": 20_000}),
    ]:
        play = Play(ttl=60, fresh_for=20, tags=["t"])
        play.asks("lookup", "k", {"tags": ("t",)}, then=miss(play)).asks("load", then=made)
        play.asks("commit", ONE, commit, then=True).ends(1, Source.LOADED, stored=True)


def test_what_a_loader_chooses_is_checked() -> None:
    play = Play(ttl=1)
    play.asks("lookup", "k", then=miss(play)).asks("load", then=Loaded(1, fresh_for=2))
    with pytest.raises(CacheInvalidTtlError):
        play.asks()
    assert play.lease.closed
    for wrong in (0, -1, "5", float("nan")):
        with pytest.raises(CacheInvalidTtlError):
            Loaded(1, ttl=wrong)  # type: ignore[arg-type]
        with pytest.raises(CacheInvalidTtlError):
            NotStored(1, pass_for=wrong)  # type: ignore[arg-type]


def test_a_loader_may_choose_not_to_store() -> None:
    play = Play()
    play.asks("lookup", "k", then=miss(play)).asks("load", then=NotStored(1))
    play.ends(1, Source.LOADED)
    assert play.lease.closed
    play = Play()
    play.asks("lookup", "k", then=miss(play)).asks("load", then=NotStored(1, pass_for=5))
    play.asks("pass_", 5_000, then=True).ends(1, Source.LOADED)


@pytest.mark.parametrize("pass_ends", [True, False, UNAVAILABLE])
def test_a_loaded_value_that_cannot_be_stored_is_returned_and_logged_once(
    pass_ends: bool | CacheError, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        play = Play()
        play.asks("lookup", "k", then=miss(play)).asks("load", then="text")
        play.asks(*PASS, then=pass_ends)
        play.ends("text", Source.LOADED, error=CacheSerializationError)
        play = Play()
        play.asks("lookup", "k", then=miss(play)).asks("load", then=1)
        play.asks("commit", ONE, then=TOO_LARGE).asks(*PASS, then=pass_ends)
        play.ends(1, Source.LOADED, error=TOO_LARGE)
        assert play.lease.closed
    of_values = [text for text in caplog.messages if "not stored" in text]
    assert len(of_values) == 2


@pytest.mark.parametrize("found", [raw.Pass(), raw.Miss(Asked())])  # type: ignore[arg-type]
def test_whatever_a_loader_raises_comes_back(found: raw.Lookup) -> None:
    for failure in (
        FAILURE,
        StopIteration(1),
        RuntimeError("x"),
        GeneratorExit(),
        KeyboardInterrupt(),
    ):

        def loader(failure: BaseException = failure) -> Any:
            raise failure

        with pytest.raises(type(failure)) as raised:
            _steps.run(_steps.load(Finds(found), Codec(int), "k", loader, options(**USUAL)))
        assert raised.value is failure
    broken = (next(iter(())) for _ in "x")
    with pytest.raises(RuntimeError, match="generator raised StopIteration"):
        _steps.run(
            _steps.load(Finds(found), Codec(int), "k", lambda: next(broken), options(**USUAL))
        )


class Finds:
    """A contract of lookups that all find the same."""

    def __init__(self, found: raw.Lookup) -> None:
        self._found = found

    def lookup(self, *_: Any, **__: Any) -> raw.Lookup:
        return self._found


def test_calls_that_are_awaited_need_another_driver_alone() -> None:
    async def answer(value: Any) -> Any:
        if isinstance(value, BaseException):
            raise value
        return value

    async def run(steps: _steps.Steps[Any], answers: list[Any]) -> Any:
        send, given = steps.send, None
        try:
            while True:
                send(given)
                try:
                    send, given = steps.send, await answer(answers.pop(0))
                except BaseException as error:
                    send, given = steps.throw, error
        except StopIteration as end:
            return end.value

    lease: Any = Asked()
    steps = _steps.load(Asked(), Codec(int), "k", lambda: None, options(**USUAL, retry_after=1))
    running = run(steps, [raw.Stale(ONE, lease, False, 5, 20), FAILURE, True])
    with pytest.raises(StopIteration) as end:
        running.send(None)
    assert (end.value.value.value, end.value.value.error) == (1, FAILURE)
