"""What is counted."""

import re
from collections import Counter
from dataclasses import dataclass, field

_MOST_FREQUENT = 10
_WORD = re.compile("[0-9a-z_\x80-\U0010ffff]+")
"""A run of ASCII letters and digits, underscores and whatever is not ASCII: simple, so
that it is the same in every language in which this program exists."""


@dataclass
class FileStats:
    """Statistics of one file: the value in the cache."""

    lines: int = 0
    words: int = 0
    bytes: int = 0
    longest_line: int = 0
    """In characters."""
    frequent: list[tuple[str, int]] = field(default_factory=list)
    """The most frequent words, and how often each occurs: the most frequent first, and
    in the order of the alphabet among equals."""

    def add(self, other: "FileStats") -> None:
        """Adds up what adds up; frequencies do not."""
        self.lines += other.lines
        self.words += other.words
        self.bytes += other.bytes
        self.longest_line = max(self.longest_line, other.longest_line)


def count(text: str) -> FileStats:
    """Counts."""
    content = text.encode()
    # Of bytes, only ASCII letters have a small form.
    frequencies = Counter(_WORD.findall(content.lower().decode()))
    frequent = sorted(frequencies.items(), key=lambda item: (-item[1], item[0]))
    lines = _lines(text)
    return FileStats(
        lines=len(lines),
        words=frequencies.total(),
        bytes=len(content),
        longest_line=max(map(len, lines), default=0),
        frequent=frequent[:_MOST_FREQUENT],
    )


def _lines(text: str) -> list[str]:
    """`str.splitlines` knows more ends of lines than other languages do."""
    *lines, last = text.split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    return [*lines, last] if last else lines
