from datetime import timedelta

import spakky_cache
from spakky_cache import (
    CacheError,
    CacheInvalidKeyError,
    CacheLoadFailedError,
    CacheUnavailableError,
    CacheValueTooLargeError,
)


def test_every_kind_has_one_class_and_they_have_one_base() -> None:
    classes = [
        member
        for member in vars(spakky_cache).values()
        if isinstance(member, type) and issubclass(member, CacheError) and member is not CacheError
    ]
    assert sorted(member.kind for member in classes) == [
        "denied",
        "invalid-key",
        "invalid-ttl",
        "key-generation",
        "lease-held",
        "load-failed",
        "lock-timeout",
        "operation-failed",
        "quota-exceeded",
        "serialization",
        "unavailable",
        "unsupported",
        "value-too-large",
    ]


def test_an_error_says_what_it_knows() -> None:
    assert str(CacheUnavailableError()) == "the cache cannot be reached"
    assert str(CacheInvalidKeyError("a key is empty")) == "invalid key: a key is empty"
    too_large = CacheValueTooLargeError(8)
    assert (too_large.limit, str(too_large)) == (8, "the value is too large: the limit is 8 bytes")


def test_an_error_of_a_failed_load_says_for_how_long() -> None:
    failed = CacheLoadFailedError(timedelta(milliseconds=59_500))
    assert str(failed) == "the last load of this key failed, and is not repeated for 59.5 s"
    assert failed.left == timedelta(seconds=59.5)


def test_an_error_of_a_write_says_what_had_been_done() -> None:
    error = CacheUnavailableError()
    assert error.after is None
    error.after = "writer"
    assert str(error) == "written, but not cached: the cache cannot be reached"
    error.after = "failed writer"
    error.__cause__ = OSError("disk full")
    assert (
        str(error) == "disk full; and the entry could not be removed: the cache cannot be reached"
    )
