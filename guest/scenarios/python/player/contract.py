"""The steps that go past the library: nothing is checked before the host is called."""

from typing import Any

from spakky_cache import raw

# What bytes a value is, and what value bytes are, the library does not tell.
from spakky_cache._cbor import decode, encode

from .answers import ProtocolFailure
from .steps import ABSENT, Options, Step
from .values import from_hex, from_json, to_json


class Contract:
    """Plays them, and keeps the leases that they take."""

    def __init__(self) -> None:
        self._leases: dict[str, raw.Lease] = {}
        self._leaked: list[raw.Lease] = []

    def perform(self, step: Step) -> Any:
        match step.op:
            case "lookup":
                return self._lookup(step)
            case "begin_write":
                lease = raw.begin_write(step.key, step.tags)
                return self._keep(step.key if step.lease is None else step.lease, lease)
            case "commit":
                content = _content(step)
                return self._held(step.lease).commit(content, **_options(step.options))
            case "drop":
                self._held(step.lease)
                return self._leases.pop(step.lease).close()
            case "leak":
                self._held(step.lease)
                return self._leaked.append(self._leases.pop(step.lease))
            case "raw_get":
                data = raw.get(step.key)
                return {"hit": False} if data is None else {"hit": True, "hex": data.hex()}
            case "raw_set":
                return raw.set(step.key, _content(step), **_options(step.options))
            case _:
                raise ProtocolFailure(f"`{step.op}` cannot be played")

    def _lookup(self, step: Step) -> Any:
        name = step.key if step.lease is None else step.lease
        match raw.lookup(step.key, tags=step.tags, max_wait_ms=step.max_wait_ms):
            case raw.Hit(data):
                return {"result": "hit", "value": to_json(decode(data))}
            case raw.Stale(data, refresh):
                if refresh is not None:
                    self._keep(name, refresh)
                value = to_json(decode(data))
                return {"result": "stale", "value": value, "refresh": refresh is not None}
            case raw.Miss(lease):
                self._keep(name, lease)
                return {"result": "miss"}

    def _keep(self, name: str, lease: raw.Lease) -> None:
        if name in self._leases:
            self._leases[name].close()
        self._leases[name] = lease

    def _held(self, name: str) -> raw.Lease:
        try:
            return self._leases[name]
        except KeyError:
            raise ProtocolFailure(f"no lease `{name}` is held") from None


def _options(options: Options) -> dict[str, Any]:
    return {"ttl_ms": options.ttl_ms, "fresh_ms": options.fresh_ms, "tags": options.tags}


def _content(step: Step) -> bytes:
    """The bytes of a value: encoded, given, or just so many."""
    given = (step.value is not ABSENT, step.hex is not None, step.bytes is not None)
    match given:
        case (True, False, False):
            return encode(from_json(step.value))
        case (False, True, False):
            return from_hex(step.hex)
        case (False, False, True):
            return bytes(step.bytes)
    raise ProtocolFailure("one of `value`, `hex` and `bytes`")
