import sys

import pytest

from spakky_cache.program import program


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
