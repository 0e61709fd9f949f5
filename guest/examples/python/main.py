"""Runs the example that its argument names. One component holds all of them, since each
component of Python takes long to build."""

import sys

import decorator
import get_or_load
import stale_while_revalidate
import tags
import write_through

EXAMPLES = {
    "decorator": decorator.main,
    "get-or-load": get_or_load.main,
    "stale-while-revalidate": stale_while_revalidate.main,
    "tags": tags.main,
    "write-through": write_through.main,
}


def main() -> None:
    example = EXAMPLES.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if example is None:
        sys.exit(f"name an example: {', '.join(EXAMPLES)}")
    example()
