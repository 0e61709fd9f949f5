import pytest

from player.answers import ProtocolFailure
from player.steps import ABSENT, read


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "[]",
        "{",
        '{"op": 1}',
        '{"op": "gett", "key": "k"}',
        '{"op": "get"}',
        '{"op": "get", "key": 1}',
        '{"op": "get", "key": null}',
        '{"op": "get", "key": "k", "kye": "k"}',
        '{"op": "clear", "tags": []}',
        '{"op": "set", "key": "k", "value": NaN}',
        '{"op": "set", "key": "k", "value": 1, "options": {"ttl": 5}}',
        '{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": -1}}',
        '{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 1.5}}',
        '{"op": "set", "key": "k", "value": 1, "options": {"ttl_ms": 18446744073709551616}}',
        '{"op": "raw_set", "key": "k", "value": 1, "options": {"ttl_s": 1}}',
        '{"op": "set_many", "entries": [["k"]]}',
        '{"op": "get_or_load", "key": "k", "loader": {"then": [{"op": "gett"}]}}',
        '{"op": "health", "endpoint": "elsewhere"}',
    ],
)
def test_a_step_is_read_strictly(wrong: str) -> None:
    with pytest.raises(ProtocolFailure):
        read(wrong.encode())


def test_null_is_a_value_to_commit() -> None:
    step = read(b'{"op": "commit", "lease": "l", "value": null}')
    assert (step.value, step.hex, step.bytes) == (None, None, None)
    assert read(b'{"op": "commit", "lease": "l", "hex": ""}').value is ABSENT


def test_numbers_of_64_bits_stay_exact() -> None:
    step = read(
        b'{"op": "raw_set", "key": "k", "value": 1, "options": {"ttl_ms": 18446744073709551615}}'
    )
    assert step.options.ttl_ms == 2**64 - 1
