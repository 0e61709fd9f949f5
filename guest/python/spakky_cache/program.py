"""Makes a component's `wasi:cli/run` of a plain function, so that a program for a
component looks like any other."""

import io
import sys
import traceback
from collections.abc import Callable
from typing import TextIO


def program(main: Callable[[], object]) -> type:
    """A class to be called `Run` that runs `main` once. What it returns is the exit
    code, as `sys.exit` takes it; what it raises is told on standard error, and the code
    is 1."""

    class Run:
        def run(self) -> None:
            sys.stdin = _reader(sys.stdin)
            sys.stdout, sys.stderr = _writer(sys.stdout), _writer(sys.stderr)
            try:
                status = main()
            except SystemExit:
                raise
            except BaseException as error:
                if isinstance(error, ImportError):
                    error.add_note(
                        "A component has what was imported when it was built: "
                        "import this at the top of a module."
                    )
                # As an interpreter tells it, from `main` on.
                below = error.__traceback__ and error.__traceback__.tb_next
                traceback.print_exception(error.with_traceback(below))
                status = 1
            sys.stdout.flush()
            sys.stderr.flush()
            if status is not None and status != 0:
                sys.exit(status)  # type: ignore[arg-type]  # which takes anything

    return Run


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
