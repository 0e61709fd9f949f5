"""Refreshes a stale value while others read it.
Run: ./just example python stale-while-revalidate"""

from datetime import timedelta

from spakky_cache import Cache

rates = Cache(int)


def load() -> int:
    # One caller in the fleet refreshes a stale value. The others read it meanwhile.
    stale = rates.get("example:rate")
    if stale is not None:
        print(f"loading, while others read {stale}")
    return (stale or 0) + 1


def main() -> None:
    rate = rates.get_or_load(
        "example:rate",
        load,
        ttl=timedelta(hours=1),
        fresh_for=timedelta(milliseconds=1),  # so short that the next run finds a stale value
    )
    print(f"rate: {rate}")
