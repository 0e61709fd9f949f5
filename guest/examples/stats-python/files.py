"""The files below a directory."""

import os
from dataclasses import dataclass
from operator import attrgetter

_PASSED_OVER = ("target", ".git", "node_modules")
_MOST_DIRECTORIES = 63
"""An entry has at most 64 tags, and one is left for whoever adds one."""
_SNIFFED = 8 * 1024
"""Enough to tell a picture from a text without reading all of it as one."""


@dataclass(frozen=True)
class File:
    """A file, and the directories that it lies below, the outermost first."""

    path: str
    directories: list[str]


def normal(path: str) -> str:
    """A path in the one form that keys and tags are made of: `./a//b/` is `a/b`."""
    root = "/" if path.startswith("/") else ""
    return root + "/".join(part for part in path.split("/") if part not in ("", ".")) or "."


def below(directory: str) -> list[File]:
    """Every file below a directory, sorted by the bytes of its path, which is the order
    of its characters."""
    files: list[File] = []
    _collect(directory, [], files)
    return sorted(files, key=attrgetter("path"))


def _collect(directory: str, above: list[str], files: list[File]) -> None:
    directories = [*above, directory][:_MOST_DIRECTORIES]
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        raise OSError(
            f"cannot read the directory `{directory}`: {error.strerror} (is it granted?)"
        ) from error
    for entry in entries:
        if entry.name in _PASSED_OVER or not _is_text(entry.name):
            continue
        path = normal(f"{directory}/{entry.name}")
        # Links are not followed: they could lead in a circle.
        if entry.is_dir(follow_symlinks=False):
            _collect(path, directories, files)
        elif entry.is_file(follow_symlinks=False):
            files.append(File(path, directories))


def _is_text(name: str) -> bool:
    """What is not UTF-8 has no place in a key."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def text(file: File) -> str | None:
    """A file's content, unless it is binary."""
    try:
        with open(file.path, "rb") as opened:
            content = opened.read()
    except OSError as error:
        raise OSError(f"cannot read the file `{file.path}`: {error.strerror}") from error
    if b"\0" in content[:_SNIFFED]:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
