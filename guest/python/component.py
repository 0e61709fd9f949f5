"""What a component is made of: the module `main` of a program, as `wasi:cli/run`.

tools/build-python gives it to componentize-py. What is imported here runs at the build,
and is there, as it is then, whenever the component runs.
"""

import linecache
import sys
from importlib.machinery import SourceFileLoader
from types import CodeType

# Where componentize-py mounts what tools/build-python names, in its order.
_MOUNTS = {"/1/": "", "/2/": "", "/3/": "packages/"}


def _get_code(loader: SourceFileLoader, name: str) -> CodeType:
    """Compiles a module under the name that its author knows it by, which is then in
    every traceback, warning and log. What was compiled before has another."""
    path = loader.get_filename(name)
    data = loader.get_data(path)
    mount = path[:3]
    if mount in _MOUNTS:
        path = _MOUNTS[mount] + path.removeprefix(mount)
    if mount == "/1/":
        # The file is not there when the component runs, and its lines are told.
        lines = data.decode("utf-8", "replace").splitlines(keepends=True)
        linecache.cache[path] = (len(data), None, lines, path)
    return loader.source_to_code(data, path)


SourceFileLoader.get_code = _get_code  # type: ignore[method-assign]

from spakky_cache.program import building, program  # noqa: E402

with building():
    import main
if "socket" in sys.modules:
    # Names of hosts need them, and Python would import them later.
    import encodings.idna
    import encodings.punycode  # noqa: F401

Run = program(main.main)
