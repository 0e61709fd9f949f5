"""What a host has to stand."""

import os
from typing import NoReturn


def trap() -> NoReturn:
    """Traps, as a bug in the interpreter would: `unreachable`."""
    os.abort()


def spin() -> NoReturn:
    """Never returns, and never calls the host."""
    while True:
        pass


def overflow() -> None:
    """Uses up the stack of the interpreter itself, which knows how deep Python is
    nested, but not how deep its own code is."""
    repr(_Endless())


class _Endless:
    def __repr__(self) -> str:
        return repr(self)


class Hoard:
    """Memory that was taken and is not given back."""

    def __init__(self) -> None:
        self._pieces: list[bytearray] = []

    def eat(self, mib: int) -> bool:
        """Takes `mib` MiB more; false if there is not that much."""
        try:
            for _ in range(mib):
                # Written to, so that it is real.
                self._pieces.append(bytearray(b"\x01") * (1 << 20))
        except MemoryError:
            return False
        return True
