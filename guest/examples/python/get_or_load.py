"""Loads a value once, then reads it from the cache. Run: ./just example python get-or-load"""

from datetime import timedelta

from spakky_cache import Cache


def total() -> int:
    print("loading")
    return 6 * 7


def main() -> None:
    cache = Cache(int)
    for _ in range(2):
        found = cache.get_or_load("example:total", total, ttl=timedelta(minutes=1))
        print(f"total: {found}")
