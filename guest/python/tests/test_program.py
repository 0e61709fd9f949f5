import os
import random
import socket
import sys
from collections.abc import Callable

import pytest

import spakky_cache
from spakky_cache import Cache, CacheUnavailableError
from spakky_cache.program import building, program


@pytest.fixture(autouse=True)
def _streams(capsys: pytest.CaptureFixture[str]) -> None:
    """Streams that are buffered, so that the program leaves them as they are."""


@pytest.mark.parametrize("status", [None, 0, False])
def test_a_program_that_goes_well_returns(status: object) -> None:
    assert program(lambda: status)().run() is None


@pytest.mark.parametrize("status", [1, 3, "a message"])
def test_a_program_that_does_not_exits(status: int | str) -> None:
    with pytest.raises(SystemExit) as left:
        program(lambda: status)().run()
    assert left.value.code == status
    with pytest.raises(SystemExit) as left:
        program(lambda: sys.exit(status))().run()
    assert left.value.code == status


def test_what_nobody_catches_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        print("before")
        raise ValueError("as asked")

    with pytest.raises(SystemExit) as left:
        program(main)().run()
    assert left.value.code == 1
    output, errors = capsys.readouterr()
    assert output == "before\n"
    assert errors.startswith("Traceback")
    assert errors.endswith("ValueError: as asked\n")
    assert "in run" not in errors


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (lambda: __import__("nothing_there"), "import this at the top of a module"),
        (lambda: "a".encode("nowhere"), "import this at the top of a module"),
        (lambda: open("/nowhere/file").close(), "--dir HOST::GUEST"),
        (lambda: os.environ["SPAKKY_NOWHERE"], "--env NAME=VALUE"),
        (lambda: refused(PermissionError(2, "Permission denied")), "no network"),
        (lambda: refused(socket.gaierror(-3, "Temporary failure")), "no network"),
        (lambda: wrapped(PermissionError(2, "Permission denied")), "no network"),
    ],
)
def test_what_a_component_has_not_is_told_with_the_option_that_grants_it(
    failure: Callable[[], object], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        program(failure)().run()
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "failure", [lambda: dict[str, int]()["x"], lambda: int("x"), lambda: 1 / 0]
)
def test_other_errors_are_told_as_they_are(
    failure: Callable[[], object], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        program(failure)().run()
    assert "A component has" not in capsys.readouterr().err


def refused(error: OSError) -> None:
    raise error


def wrapped(error: OSError) -> None:
    """As clients for HTTP do."""
    try:
        raise error
    except OSError:
        raise RuntimeError("cannot connect") from error


def test_the_cache_is_an_error_that_says_so_while_a_component_is_built() -> None:
    with building(), pytest.raises(CacheUnavailableError, match="call it in a function"):
        Cache(str).get("k")
    with building(), pytest.raises(CacheUnavailableError, match="while a component is built"):
        spakky_cache.metrics()
    with pytest.raises(CacheUnavailableError, match="no component"):
        Cache(str).get("k")


def test_chance_is_new_in_each_run() -> None:
    drawn: list[float] = []
    for _ in range(2):
        random.seed(1)
        program(lambda: drawn.append(random.random()))().run()
    assert drawn[0] != drawn[1]
