"""A program that keeps what it computes in the cache."""

from datetime import timedelta

from spakky_cache import cacheable

computed: list[str] = []


# One caller in the whole fleet computes it; everybody else reads it for five minutes.
@cacheable("answer:{name}", ttl=timedelta(minutes=5), tags=["answers"])
def answer(name: str) -> int:
    computed.append(name)
    return 42


def main() -> None:
    for _ in range(2):
        computed.clear()
        value = answer("@NAME@")
        print(f"hello, @NAME@: {value} ({'loaded' if computed else 'cached'})")
