"""Why an operation of the cache failed."""

from datetime import timedelta
from typing import ClassVar, Literal


class CacheError(Exception):
    """The base of every failure of the cache. A miss is an answer, never an error.

    What is raised is always one of the classes below. A loader's or writer's own
    exception is none of them: it comes back as it was raised.
    """

    kind: ClassVar[str]
    """The contract's name for this kind of failure, such as `lock-timeout`: for logs
    and for other languages."""

    after: Literal["writer", "failed writer"] | None = None
    """What a write policy had done when the cache failed, for a writer that must not
    run twice. `writer`: it succeeded, so the origin is written, and readers load it
    from there. `failed writer`: it failed (`__cause__` is its exception), and the
    entry could not be removed, so readers may see a value that was never written.
    None: it did not run, or none was given."""

    _text: ClassVar[str] = ""

    def __init__(self, text: str | None = None) -> None:
        super().__init__(self._text if text is None else text)

    def __str__(self) -> str:
        text = super().__str__()
        if self.after == "writer":
            return f"written, but not cached: {text}"
        if self.after == "failed writer":
            return f"{self.__cause__}; and the entry could not be removed: {text}"
        return text


class CacheSerializationError(CacheError):
    """The value cannot be encoded as CBOR, or what is stored is not of this type.
    Nothing was stored."""

    kind = "serialization"

    def __init__(self, reason: str) -> None:
        super().__init__(f"serialization failed: {reason}")


class CacheKeyGenerationError(CacheError):
    """A template cannot make a key of these arguments, or of any."""

    kind = "key-generation"


class CacheInvalidTtlError(CacheError):
    """A time is none, a time to live, a fresh time or a pause is zero, shorter than a
    millisecond or longer than the host allows, or the entry would be fresh for longer
    than it lives; says which."""

    kind = "invalid-ttl"

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid time: {reason}")
        self.reason = reason


class CacheInvalidKeyError(CacheError):
    """A key, a tag, or their number is outside the limits, or is no text; says which.
    Nothing was read or written."""

    kind = "invalid-key"

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid key: {reason}")
        self.reason = reason


class CacheValueTooLargeError(CacheError):
    """The value is larger than the `limit` of the host, in bytes."""

    kind = "value-too-large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the value is too large: the limit is {limit} bytes")
        self.limit = limit


class CacheLockTimeoutError(CacheError):
    """Another caller held the key's lease for longer than the wait allowed."""

    kind = "lock-timeout"
    _text = "another caller is still loading this key"


class CacheLeaseHeldError(CacheError):
    """This caller holds the key's lease itself: waiting would never end."""

    kind = "lease-held"
    _text = "this caller holds the lease of this key itself"


class CacheLoadFailedError(CacheError):
    """The last load of the key failed, and its caller asked with `retry_after` that nobody
    tries again for `left`."""

    kind = "load-failed"

    def __init__(self, left: timedelta) -> None:
        seconds = left.total_seconds()
        super().__init__(f"the last load of this key failed, and is not repeated for {seconds:g} s")
        self.left = left


class CacheUnavailableError(CacheError):
    """The backend cannot be reached, or did not answer in time."""

    kind = "unavailable"
    _text = "the cache cannot be reached"


class CacheOperationFailedError(CacheError):
    """The backend answered, and the answer was a failure. The host's log has more."""

    kind = "operation-failed"
    _text = "the cache's backend answered with a failure"


class CacheDeniedError(CacheError):
    """The component was not granted this operation."""

    kind = "denied"
    _text = "this operation was not granted to the component"


class CacheQuotaExceededError(CacheError):
    """The component has used up something that it was granted a limit of; says which."""

    kind = "quota-exceeded"

    def __init__(self, reason: str) -> None:
        super().__init__(f"a quota of the component is used up: {reason}")
        self.reason = reason


class CacheUnsupportedError(CacheError):
    """This host does not offer what was asked for; says what."""

    kind = "unsupported"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this host does not offer it: {reason}")
        self.reason = reason
