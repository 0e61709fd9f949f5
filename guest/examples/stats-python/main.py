"""Statistics of the text files below some directories, as a component. What it counts,
it keeps in the cache, so a file is counted once for everyone who asks, in however many
hosts, and again when its content has changed."""

import hashlib
import sys
import time
from datetime import timedelta

from arguments import HELP, Arguments, WrongUse, parse
from files import File, below, text
from report import Directory, Summary, written
from spakky_cache import Cache, CacheError, evict_tags, key, metrics
from stats import FileStats, count

CACHE = Cache(FileStats)
TTL = timedelta(hours=24)
"""A content is counted the same for ever; this is how long it is worth keeping."""


def main() -> int:
    try:
        arguments = parse(sys.argv[1:])
        if arguments is None:
            sys.stdout.write(HELP)
        else:
            Run(arguments).report()
    except WrongUse as error:
        return failed(f"{error}\nTry --help.")
    except (OSError, CacheError) as error:
        return failed(str(error))
    return 0


def failed(message: str) -> int:
    """The exit code has but one value: a component tells its host no more than that it
    failed."""
    print(f"stats-python: {message}", file=sys.stderr)
    return 1


class Run:
    """One run of the program."""

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        self._loads = 0

    def report(self) -> None:
        start, before = time.monotonic(), metrics()
        if self._arguments.evict:
            evict_tags(tags(self._arguments.evict))

        for path in self._arguments.directories:
            directory = Directory(path)
            for file in below(path):
                content = text(file)
                if content is not None:
                    directory.add(file.path, self._stats_of(file, content))
            sys.stdout.write(written(directory))
        if self._arguments.summary_json:
            duration = time.monotonic() - start
            print(Summary(before, metrics(), self._loads, duration).to_json())

    def _stats_of(self, file: File, content: str) -> FileStats:
        """A file's statistics: out of the cache, or counted here."""

        def load() -> FileStats:
            self._loads += 1
            time.sleep(self._arguments.load_delay)
            return count(content)

        # The content is part of the key, so an entry is never out of date.
        digest = hashlib.sha256(content.encode()).hexdigest()
        name = key("stats:{path}:{digest}", path=file.path, digest=digest)
        return CACHE.get_or_load(name, load, ttl=TTL, tags=tags(file.directories))


def tags(directories: list[str]) -> list[str]:
    """The tags of everything below some directories."""
    return [key("directory:{directory}", directory=directory) for directory in directories]
