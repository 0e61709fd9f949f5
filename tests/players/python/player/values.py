"""Values between JSON, in which scenarios are written, and what the cache keeps. An
object with one key that begins with `$` stands for what JSON cannot say."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from spakky_cache._cbor import encode

from .answers import Failure

_EXACT = 2**53 - 1
"""The largest whole number that every language's JSON carries unchanged."""


class Unencodable:
    """Something that CBOR cannot encode."""


def from_json(json: Any) -> Any:
    """The value that a scenario writes so."""
    if isinstance(json, float):
        # JavaScript cannot tell 1.0 from 1, so a whole number is always an integer.
        return int(json) if json.is_integer() and abs(json) <= _EXACT else json
    if isinstance(json, list):
        return [from_json(item) for item in json]
    if isinstance(json, dict):
        name = next(iter(json), "")
        if name.startswith("$"):
            return _extended(name, json[name])
        return {key: from_json(item) for key, item in json.items()}
    return json


def _extended(name: str, content: Any) -> Any:
    match name:
        case "$hex":
            return bytes.fromhex(content)
        case "$float":
            return float(content)
        case "$int":
            return int(content)
        case "$map":
            return {from_json(key): from_json(item) for key, item in content}
        case "$time":
            return datetime.fromisoformat(content)
        case "$uuid":
            return UUID(content)
        case "$decimal":
            return Decimal(content)
        case "$set":
            return {from_json(item) for item in content}
        case "$unencodable":
            return Unencodable()
    raise Failure("protocol", f"`{name}` is not a value")


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
    if isinstance(value, datetime):
        text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
        return {"$time": f"{text.rstrip('0') if '.' in text else text}Z"}
    if isinstance(value, UUID):
        return {"$uuid": str(value)}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, set | frozenset):
        # As they are stored.
        return {"$set": [to_json(item) for item in sorted(value, key=encode)]}
    if isinstance(value, Unencodable):
        return {"$unencodable": True}
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
