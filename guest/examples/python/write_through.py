"""Writes a value to its origin and to the cache. Run: ./just example python write-through"""

from datetime import timedelta

from spakky_cache import Cache

visits = Cache(int)


def store(count: int) -> None:
    print(f"database: {count}")


def main() -> None:
    before = visits.get("example:visits")
    print(f"cached: {'nothing' if before is None else before}")

    # While the writer runs, reads miss and loads wait. If it fails, the key stays a miss.
    count = (before or 0) + 1
    visits.write_through("example:visits", count, store, ttl=timedelta(minutes=5))

    print(f"cached: {visits.get('example:visits')}")
