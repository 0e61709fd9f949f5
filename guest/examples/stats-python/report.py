"""What is printed: the same for the same files, wherever the numbers came from."""

from dataclasses import dataclass, field

from spakky_cache import Metrics
from stats import FileStats


@dataclass
class Directory:
    """A directory, and what was counted in it."""

    path: str
    files: list[tuple[str, FileStats]] = field(default_factory=list)
    total: FileStats = field(default_factory=FileStats)

    def add(self, path: str, stats: FileStats) -> None:
        self.total.add(stats)
        self.files.append((path, stats))


def written(directory: Directory) -> str:
    """The part of the report that is about a directory."""
    lines = []
    for path, stats in directory.files:
        lines.append(f"{path}: {_counts(stats)}")
        if stats.frequent:
            words = ", ".join(f"{word} {count}" for word, count in stats.frequent)
            lines.append(f"    {words}")
    lines.append(f"{directory.path}: {len(directory.files)} files, {_counts(directory.total)}")
    return "\n".join(lines) + "\n\n"


def _counts(stats: FileStats) -> str:
    return (
        f"{stats.lines} lines, {stats.words} words, {stats.bytes} bytes, "
        f"longest line {stats.longest_line}"
    )


@dataclass(frozen=True)
class Summary:
    """What it took: the cache's counts from before and after, and the program's own."""

    before: Metrics
    after: Metrics
    loads: int
    """How often the loader ran."""
    duration: float
    """In seconds."""

    def to_json(self) -> str:
        before, after = self.before, self.after
        return (
            f'{{"hits":{after.hits - before.hits},"misses":{after.misses - before.misses},'
            f'"writes":{after.writes - before.writes},"loads":{self.loads},'
            f'"waits":{after.stampede_waits - before.stampede_waits},'
            f'"duration_ms":{int(self.duration * 1000)}}}'
        )
