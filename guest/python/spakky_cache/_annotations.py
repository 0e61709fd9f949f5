"""Signatures and annotations of functions, whose names need not be defined yet: as Python
3.14 has them by itself, and before it with quotes."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

if sys.version_info >= (3, 14):
    from annotationlib import Format, get_annotations

    def signature(function: Callable[..., Any]) -> inspect.Signature:
        """The parameters of a function."""
        return inspect.signature(function, annotation_format=Format.FORWARDREF)

    def annotations(function: Callable[..., Any]) -> dict[str, Any]:
        """The annotations of a function."""
        return get_annotations(function, format=Format.FORWARDREF)

else:
    signature = inspect.signature
    annotations = inspect.get_annotations
