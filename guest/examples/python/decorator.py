"""Caches a function with a decorator. Run: ./just example python decorator [rename]"""

import sys
from datetime import timedelta

from spakky_cache import cache_evict, cacheable


@cacheable("example:user:{id}", ttl=timedelta(minutes=5))
def user(id: int) -> str:
    print(f"loading user {id}")
    return f"user {id}"


@cache_evict("example:user:{id}")
def rename(id: int) -> None:
    """Evicts the user once it has returned."""
    print(f"renamed user {id}")


def main() -> None:
    if "rename" in sys.argv:
        rename(7)
    print(user(7))
    print(user(7))
