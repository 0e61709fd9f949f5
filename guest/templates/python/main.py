"""Asks twice, and works once."""

from datetime import timedelta

from spakky_cache import cacheable

loaded: list[str] = []


@cacheable("greeting:{name}", ttl=timedelta(minutes=5), tags=["greetings"])
def greeting(name: str) -> str:
    # In place of whatever takes long: it runs once in the whole fleet.
    loaded.append(name)
    return f"hello, {name}: {6 * 7}"


def main() -> None:
    for _ in range(2):
        loaded.clear()
        text = greeting("@NAME@")
        print(f"{text} ({'loaded' if loaded else 'cached'})")
