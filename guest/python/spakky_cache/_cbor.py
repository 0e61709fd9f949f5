"""The encoding of values: the profile of CBOR (RFC 8949) that wit/VALUES.md defines.

What is written is deterministic: the shortest integers and floats, and maps in the order
of their keys' bytes, sets in that of their elements'. The packages for CBOR read more than
the profile and do not report it (other tags, changed numbers, lost keys), so this module
reads and checks in one pass.
"""

import struct
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from . import _tagged
from ._errors import CacheSerializationError

DEEPEST = 128
"""How deeply arrays and maps may be nested."""

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = (n << 5 for n in range(8))
_INDEFINITE = 31
_TIMESTAMP, _SECONDS, _DECIMAL, _UUID, _SET = 0, 1, 4, 37, 258
_CONTENTS = {
    _TIMESTAMP: (_TEXT,),
    _SECONDS: (_UNSIGNED, _NEGATIVE, _SIMPLE),
    _DECIMAL: (_ARRAY,),
    _UUID: (_BYTES,),
    _SET: (_ARRAY,),
}
"""What may follow a tag."""
_NAN = float("nan")
"""One object: in a dict or a set, it is then the same as itself."""

_HALF, _SINGLE, _DOUBLE = struct.Struct(">e"), struct.Struct(">f"), struct.Struct(">d")
_FLOATS = {25: _HALF, 26: _SINGLE, 27: _DOUBLE}
_U16, _U32, _U64 = struct.Struct(">H"), struct.Struct(">I"), struct.Struct(">Q")


def encode(value: object) -> bytes:
    """Encodes a value."""
    out = bytearray()
    try:
        _write(out, value, 0)
    except RecursionError:
        raise _unencodable("it is nested too deeply for the rest of the stack") from None
    return bytes(out)


def decode(data: bytes) -> Any:
    """Decodes exactly one value."""
    reader = _Reader(data)
    try:
        value = reader.item(0)
    except RecursionError:
        raise _undecodable("it is nested too deeply for the rest of the stack") from None
    if reader.position < len(data):
        raise _undecodable(f"{len(data) - reader.position} bytes follow the value")
    return value


def _unencodable(reason: str) -> CacheSerializationError:
    return CacheSerializationError(f"cannot encode the value: {reason}")


def _undecodable(reason: str) -> CacheSerializationError:
    return CacheSerializationError(f"cannot decode the entry: {reason}")


def _write(out: bytearray, value: object, depth: int) -> None:
    kind = type(value)
    if value is None:
        out.append(0xF6)
    elif kind is bool:
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, str):
        try:
            # A subclass may override `encode`.
            encoded = str.encode(value)
        except UnicodeEncodeError:
            raise _unencodable(f"it is not valid text: {value!a:.80}") from None
        _head(out, _TEXT, len(encoded))
        out += encoded
    elif isinstance(value, int):
        if 0 <= value < 1 << 64:
            _head(out, _UNSIGNED, int(value))
        elif -1 << 64 <= value < 0:
            _head(out, _NEGATIVE, -1 - int(value))
        else:
            raise _unencodable(
                f"an integer of {value.bit_length()} bits is outside -2**64 to 2**64 - 1"
            )
    elif isinstance(value, float):
        out += _float(value)
    elif isinstance(value, bytes | bytearray | memoryview):
        encoded = bytes(value)
        _head(out, _BYTES, len(encoded))
        out += encoded
    elif isinstance(value, list | tuple):
        _check_depth(depth)
        _head(out, _ARRAY, len(value))
        for item in value:
            _write(out, item, depth + 1)
    elif isinstance(value, dict):
        _check_depth(depth)
        _write_map(out, value, depth + 1)
    elif isinstance(value, set | frozenset):
        _check_depth(depth)
        _write_set(out, value, depth + 1)
    else:
        _write_tagged(out, value, depth)


def _write_tagged(out: bytearray, value: object, depth: int) -> None:
    try:
        if isinstance(value, datetime):
            _head(out, _TAG, _TIMESTAMP)
            _write(out, _tagged.timestamp_to_text(value), depth)
        elif isinstance(value, UUID):
            _head(out, _TAG, _UUID)
            _write(out, value.bytes, depth)
        elif isinstance(value, Decimal):
            _head(out, _TAG, _DECIMAL)
            _write(out, _tagged.decimal_to_numbers(value), depth)
        else:
            raise _unencodable(f"a {type(value).__qualname__} has no encoding")
    except ValueError as error:
        raise _unencodable(str(error)) from None


def _write_set(out: bytearray, value: Iterable[object], depth: int) -> None:
    elements = sorted(_alone(item, depth) for item in value)
    if len(set(elements)) < len(elements):
        raise _unencodable("two elements of a set are the same in CBOR")
    _head(out, _TAG, _SET)
    _head(out, _ARRAY, len(elements))
    out += b"".join(elements)


def _alone(value: object, depth: int) -> bytes:
    """The bytes of what is sorted by them."""
    out = bytearray()
    _write(out, value, depth)
    return bytes(out)


def _write_map(out: bytearray, value: dict[object, object], depth: int) -> None:
    pairs = [(_alone(key, depth), item) for key, item in value.items()]
    pairs.sort(key=lambda pair: pair[0])
    _head(out, _MAP, len(pairs))
    before = None
    for key_bytes, item in pairs:
        if key_bytes == before:
            # Two NaNs, or a text and a subclass of str that compares differently.
            raise _unencodable("two keys of a map are the same in CBOR")
        before = key_bytes
        out += key_bytes
        _write(out, item, depth)


def _check_depth(depth: int) -> None:
    if depth >= DEEPEST:
        raise _unencodable(f"it is nested more than {DEEPEST} levels deep, or contains itself")


def _head(out: bytearray, major: int, argument: int) -> None:
    if argument < 24:
        out.append(major | argument)
    elif argument < 1 << 8:
        out += bytes((major | 24, argument))
    elif argument < 1 << 16:
        out.append(major | 25)
        out += _U16.pack(argument)
    elif argument < 1 << 32:
        out.append(major | 26)
        out += _U32.pack(argument)
    else:
        out.append(major | 27)
        out += _U64.pack(argument)


def _float(value: float) -> bytes:
    if value != value:
        return b"\xf9\x7e\x00"
    for first, form in ((b"\xf9", _HALF), (b"\xfa", _SINGLE)):
        try:
            packed = form.pack(value)
        except OverflowError:
            continue
        if form.unpack(packed)[0] == value:
            return first + packed
    return b"\xfb" + _DOUBLE.pack(value)


class _Reader:
    """Reads items and refuses what is outside the profile."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def item(self, depth: int, is_key: bool = False) -> Any:
        first = self._byte()
        major, info = first & 0xE0, first & 0x1F
        if major == _SIMPLE:
            return self._simple(info)
        if info == _INDEFINITE and major > _NEGATIVE:
            raise _undecodable("it has an indefinite length")
        argument = self._argument(info)
        if major == _TEXT:
            return self._text(argument)
        if major == _UNSIGNED:
            return argument
        if major == _NEGATIVE:
            return -1 - argument
        if major == _BYTES:
            return self._take(argument)
        if major == _ARRAY:
            return self._array(argument, depth, is_key)
        if major == _TAG:
            return self._tagged(argument, depth, is_key)
        return self._map(argument, depth, is_key)

    def _tagged(self, tag: int, depth: int, is_key: bool) -> Any:
        if tag not in _CONTENTS:
            raise _undecodable(f"it has the tag {tag}, which no value has here")
        if self.position < len(self.data) and self.data[self.position] & 0xE0 not in _CONTENTS[tag]:
            raise _undecodable(f"it has the tag {tag} on another kind of value")
        # The elements of a set must be hashable.
        content = self.item(depth, tag == _SET)
        try:
            if tag == _TIMESTAMP:
                return _tagged.timestamp_of_text(content)
            if tag == _SECONDS:
                return _tagged.timestamp_of_number(content)
            if tag == _DECIMAL:
                return _tagged.decimal_of_numbers(content)
            if tag == _UUID:
                return UUID(bytes=content)
        except ValueError as error:
            raise _undecodable(str(error)) from None
        found = frozenset(content) if is_key else set(content)
        if len(found) < len(content):
            raise _undecodable("a set has elements that are equal in Python")
        return found

    def _array(self, length: int, depth: int, is_key: bool) -> Any:
        self._check_depth(depth)
        self._check_rest(length)
        items = [self.item(depth + 1, is_key) for _ in range(length)]
        # A key must be hashable.
        return tuple(items) if is_key else items

    def _map(self, length: int, depth: int, is_key: bool) -> dict[Any, Any]:
        self._check_depth(depth)
        self._check_rest(2 * length)
        if is_key:
            raise _undecodable("a map is a key or in a set, which Python does not support")
        found: dict[Any, Any] = {}
        for _ in range(length):
            key = self.item(depth + 1, True)
            if key in found:
                # 1, 1.0 and true are three keys in CBOR and one in Python.
                raise _undecodable(f"a map has keys that are equal in Python: {key!r:.80}")
            found[key] = self.item(depth + 1)
        return found

    def _simple(self, info: int) -> Any:
        if info == 20:
            return False
        if info == 21:
            return True
        if info == 22:
            return None
        form = _FLOATS.get(info)
        if form is not None:
            value = form.unpack(self._take(form.size))[0]
            return value if value == value else _NAN
        raise _undecodable("it has `undefined`, another simple value or a break")

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info == 24:
            return self._byte()
        if info > 27:
            raise _undecodable("it has a reserved head")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def _byte(self) -> int:
        position = self.position
        if position >= len(self.data):
            raise _undecodable("it is truncated")
        self.position = position + 1
        return self.data[position]

    def _take(self, length: int) -> bytes:
        start = self.position
        self.position = end = start + length
        if end > len(self.data):
            raise _undecodable("it is truncated")
        return self.data[start:end]

    def _text(self, length: int) -> str:
        try:
            return self._take(length).decode()
        except UnicodeDecodeError:
            raise _undecodable("it has text that is not UTF-8") from None

    def _check_depth(self, depth: int) -> None:
        if depth >= DEEPEST:
            raise _undecodable(f"it is nested more than {DEEPEST} levels deep")

    def _check_rest(self, length: int) -> None:
        """Checks that `length` items can follow: each has at least one byte."""
        if length > len(self.data) - self.position:
            raise _undecodable("it is truncated")
