"""The answers: one object for each step."""

import json
from datetime import timedelta
from typing import Any

from spakky_cache import CacheError, CacheLoadFailedError, CacheValueTooLargeError


class Failure(Exception):
    """A failure that is not the cache's: what a step asked to fail, or a step that
    cannot be played."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def success(result: Any) -> bytes:
    """The line that answers a step with its result."""
    return _line({"ok": result})


def failure(error: Failure | CacheError) -> bytes:
    """The line that answers a step with an error."""
    told: dict[str, Any] = {"kind": error.kind, "message": str(error)}
    if isinstance(error, CacheValueTooLargeError):
        told["limit"] = error.limit
    if isinstance(error, CacheLoadFailedError):
        told["left_ms"] = error.left // timedelta(milliseconds=1)
    if isinstance(error, CacheError) and error.after is not None:
        told["after"] = error.after
    return _line({"error": told})


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False).encode() + b"\n"
