"""Values between JSON, in which scenarios are written, and what the cache keeps. What
JSON cannot say stands in an object with a key that begins with `$`."""

import math
from typing import Any

from .answers import ProtocolFailure

_EXACT = 2**53 - 1
"""The largest whole number that every language's JSON carries unchanged."""


class Unencodable:
    """Something that has no CBOR."""


def from_json(json: Any) -> Any:
    """The value that a scenario writes so."""
    if isinstance(json, float):
        # A whole number is an integer, however it is written: JavaScript cannot tell
        # 1.0 from 1.
        return int(json) if json.is_integer() and abs(json) <= _EXACT else json
    if isinstance(json, list):
        return [from_json(item) for item in json]
    if isinstance(json, dict):
        name = next(iter(json), "")
        if name.startswith("$"):
            if len(json) > 1:
                raise ProtocolFailure(f"`{name}` stands alone in its object")
            return _extended(name, json[name])
        return {key: from_json(item) for key, item in json.items()}
    return json


def _extended(name: str, content: Any) -> Any:
    try:
        match name, content:
            case "$hex", str():
                return from_hex(content)
            case "$float", str():
                return float(content)
            case "$int", str():
                number = int(content)
                if -(2**64) <= number < 2**64:
                    return number
            case "$map", list():
                return {_key(from_json(key)): from_json(item) for key, item in content}
            case "$unencodable", _:
                return Unencodable()
    except (ValueError, TypeError):
        pass
    raise ProtocolFailure(f'{{"{name}": {content!r:.80}}} is not a value')


def _key(value: Any) -> Any:
    """A list is the key of a map as a tuple."""
    return tuple(_key(item) for item in value) if isinstance(value, list) else value


def to_json(value: Any) -> Any:
    """How a scenario writes a value."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else {"$int": str(value)}
    if isinstance(value, float):
        return _float_to_json(value)
    if isinstance(value, bytes):
        return {"$hex": value.hex()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: to_json(item) for key, item in value.items()}
        return {"$map": [[to_json(key), to_json(item)] for key, item in value.items()]}
    return value


def _float_to_json(value: float) -> Any:
    if math.isnan(value):
        return {"$float": "NaN"}
    if math.isinf(value):
        return {"$float": "Infinity" if value > 0 else "-Infinity"}
    if value.is_integer():
        return {"$float": repr(value).removesuffix(".0")}
    return value


def to_float(json: Any) -> float:
    """A float as scenarios write it: a number, or text for what JSON has no number
    for."""
    try:
        match json:
            case {"$float": str(text)} if len(json) == 1:
                return float(text)
            case int() | float() if not isinstance(json, bool):
                return float(json)
    except (ValueError, OverflowError):
        pass
    raise ProtocolFailure(f"{json!r:.80} is not a float")


def from_hex(text: str) -> bytes:
    """Bytes as scenarios write them."""
    try:
        if any(character.isspace() for character in text[:64]):
            raise ValueError
        return bytes.fromhex(text)
    except ValueError:
        raise ProtocolFailure(f"`{text[:80]}` is not hexadecimal") from None
