"""The command line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from files import normal

HELP = """\
Statistics of the text files below directories, counted once and then cached.

Usage: stats-python [OPTIONS] DIR...

Every DIR must be one that the component was granted, or lie below one. What is
named target, .git or node_modules is passed over, and so are files that are not
UTF-8 text.

Options:
  --evict DIR       First forget what is cached of the files below DIR
  --load-delay MS   Take so much longer to count a file (to watch hosts share the work)
  --summary-json    End with a line of JSON: hits, misses, writes, loads, waits, duration_ms
  --help            Print this

Exit code: 0 if all went well; 1 if the command line is wrong, something could not be
read, or the cache failed, and standard error says which.
"""


class WrongUse(Exception):
    """The command line is wrong, and says why."""


@dataclass
class Arguments:
    """What is to be done."""

    directories: list[str] = field(default_factory=list)
    evict: list[str] = field(default_factory=list)
    load_delay: float = 0.0
    """In seconds."""
    summary_json: bool = False


def parse(arguments: list[str]) -> Arguments | None:
    """None: only help is wanted."""
    parsed = Arguments()
    rest = iter(arguments)
    for argument in rest:
        match argument:
            case "--help" | "-h":
                return None
            case "--summary-json":
                parsed.summary_json = True
            case "--evict":
                parsed.evict.append(normal(_value(rest, argument, "a directory")))
            case "--load-delay":
                delay = _value(rest, argument, "a number of milliseconds")
                parsed.load_delay = _milliseconds(delay) / 1000
            case _ if argument.startswith("-"):
                raise WrongUse(f"unknown option `{argument}`")
            case _:
                parsed.directories.append(normal(argument))
    if not parsed.directories:
        raise WrongUse("no directory to look at")
    return parsed


def _value(rest: Iterator[str], option: str, what: str) -> str:
    value = next(rest, None)
    if value is None:
        raise WrongUse(f"{option} is followed by {what}")
    return value


def _milliseconds(text: str) -> int:
    if not re.fullmatch(r"\+?[0-9]+", text) or int(text) >= 2**64:
        raise WrongUse(f"--load-delay takes a whole number of milliseconds, not `{text}`")
    return int(text)
