"""Values of one type as bytes."""

from typing import Any

from . import _cbor
from ._errors import CacheSerializationError
from ._shape import Mismatch
from ._types import shape


class Codec:
    """Makes bytes of the values of a type, and values of bytes."""

    __slots__ = ("_shape",)

    def __init__(self, of: object) -> None:
        """A type whose values have no form in the cache is refused here."""
        try:
            self._shape = shape(of)
        except NameError as error:
            raise CacheSerializationError(
                f"{of} needs a name that is not defined in its module (yet): {error}"
            ) from error

    @property
    def name(self) -> str:
        """The type, for people."""
        return self._shape.name

    def encode(self, value: Any) -> bytes:
        """The bytes of a value, which is of the type."""
        try:
            return _cbor.encode(self._shape.pack(value))
        except (Mismatch, RecursionError) as wrong:
            raise self._serialization("the value", wrong) from wrong.__cause__

    def decode(self, data: bytes) -> Any:
        """The value, if the bytes are those of one of this type."""
        plain = _cbor.decode(data)
        try:
            return self._shape.unpack(plain)
        except (Mismatch, RecursionError) as wrong:
            raise self._serialization("the entry", wrong) from wrong.__cause__

    def _serialization(self, what: str, wrong: Exception) -> CacheSerializationError:
        if not isinstance(wrong, Mismatch):
            return CacheSerializationError(f"{what} is nested too deeply, or contains itself")
        if wrong.path:
            name = self.name
            what = f"`{name if name.isidentifier() else 'value'}{wrong.path}`"
        return CacheSerializationError(f"{what} {wrong.reason}")
