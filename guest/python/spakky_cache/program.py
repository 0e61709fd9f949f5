"""Makes a component's `wasi:cli/run` of a plain function, so that a program for a
component looks like any other."""

import io
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from . import _host


def program(main: Callable[[], object]) -> type:
    """A class to be called `Run` that runs `main` once. What it returns is the exit
    code, as `sys.exit` takes it; what it raises is told on standard error, and the code
    is 1."""

    class Run:
        def run(self) -> None:
            sys.stdin = _reader(sys.stdin)
            sys.stdout, sys.stderr = _writer(sys.stdout), _writer(sys.stderr)
            if random := sys.modules.get("random"):
                # Seeded at the build: every run would draw the same.
                random.seed()
            try:
                status = main()
            except SystemExit:
                raise
            except BaseException as error:
                if note := _note(error):
                    error.add_note(note)
                # As an interpreter tells it, from `main` on.
                below = error.__traceback__ and error.__traceback__.tb_next
                traceback.print_exception(error.with_traceback(below))
                status = 1
            sys.stdout.flush()
            sys.stderr.flush()
            if status is not None and status != 0:
                sys.exit(status)  # type: ignore[arg-type]  # which takes anything

    return Run


@contextmanager
def building() -> Iterator[None]:
    """Around what runs when a component is built: a call of the cache, which would end the
    build with a panic, is an error that says so."""
    with _host.absent(
        "there is no cache while a component is built, which is when what stands outside of "
        "functions runs: call it in a function"
    ):
        yield


def _note(error: BaseException) -> str | None:
    """What to do about an error that has to do with being in a component."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ImportError) or "unknown encoding" in str(seen):
            return (
                "A component has what was imported when it was built: "
                "import this at the top of a module."
            )
        # Of a socket, an error names no file.
        if isinstance(seen, FileNotFoundError) or (
            isinstance(seen, PermissionError) and seen.filename is not None
        ):
            return (
                "A component has the directories that its host grants: "
                "`spakky-redis run --dir HOST::GUEST`, or --dir-ro to read only."
            )
        if isinstance(seen, PermissionError) or type(seen).__name__ == "gaierror":
            return (
                "A component has no network unless its host grants it, "
                "and `spakky-redis run` has no option for it."
            )
        if isinstance(seen, KeyError) and seen.args and _is_variable(seen):
            return (
                "A component has the variables that its host grants: "
                "`spakky-redis run --env NAME=VALUE`."
            )
        seen = seen.__cause__ or seen.__context__
    return None


def _is_variable(error: KeyError) -> bool:
    """Whether `os.environ` has raised it."""
    frames = list(traceback.walk_tb(error.__traceback__))
    return bool(frames) and frames[-1][0].f_globals.get("__name__") == "os"


# The streams that a component starts with are not buffered: of what is written at
# once, 64 KiB arrive and the rest is lost, and what is read line by line is read byte
# by byte.


def _reader(stream: TextIO) -> TextIO:
    raw = stream.buffer
    if not isinstance(raw, io.RawIOBase):
        return stream
    return io.TextIOWrapper(io.BufferedReader(raw, 64 * 1024), "utf-8", stream.errors)


def _writer(stream: TextIO) -> TextIO:
    raw = stream.buffer
    if not isinstance(raw, io.RawIOBase):
        return stream
    # By lines, so that a trap takes nothing with it that was printed before.
    return io.TextIOWrapper(
        io.BufferedWriter(raw, 64 * 1024), "utf-8", stream.errors, line_buffering=True
    )
