"""The answers: one object for each step."""

import json
from typing import Any

from spakky_cache import CacheError, CacheValueTooLargeError


class Failure(Exception):
    """The object under `error`. Tests compare its `kind`, and its `limit` and `after`
    where there are some; the message is for people."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class ProtocolFailure(Failure):
    """The step cannot be played as it is written."""

    def __init__(self, message: str) -> None:
        super().__init__("protocol", message)


def success(result: Any) -> bytes:
    """The line of a step that went well."""
    return _line({"ok": result})


def failure(error: Failure | CacheError) -> bytes:
    """The line of a step that did not."""
    told: dict[str, Any] = {"kind": error.kind, "message": str(error)}
    if isinstance(error, CacheValueTooLargeError):
        told["limit"] = error.limit
    if isinstance(error, CacheError) and error.after is not None:
        told["after"] = error.after
    return _line({"error": told})


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False).encode() + b"\n"
