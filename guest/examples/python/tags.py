"""Evicts entries by a tag that they share. Run: ./just example python tags"""

from datetime import timedelta
from functools import partial

from spakky_cache import Cache, evict_tags

articles = Cache(str)


def load(name: str) -> str:
    print(f"loading {name}")
    return f"the {name} article"


def main() -> None:
    for name, tag in {"first": "news", "second": "sports"}.items():
        articles.get_or_load(
            f"example:article:{name}",
            partial(load, name),
            ttl=timedelta(minutes=5),
            tags=[tag],
        )

    evict_tags(["news"])
    print("evicted: news")
    for name in ("first", "second"):
        found = articles.get(f"example:article:{name}")
        print(f"{name}: {'gone' if found is None else 'cached'}")
