from typing import Any

import pytest

from player.answers import ProtocolFailure
from player.values import from_json, to_float, to_json
from spakky_cache._cbor import decode, encode


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -7, 9007199254740991, {"$int": "18446744073709551615"}, {"$int": "-18446744073709551616"},
        1.5, {"$float": "1"}, {"$float": "-0"}, {"$float": "NaN"}, {"$float": "Infinity"}, {"$float": "-Infinity"},
        "text, \U0001f980 and \0", {"$hex": "00ff"}, [[], {}, [None]], {"a": {"b": [1, {"$hex": ""}]}},
        {"$map": [[1, "one"], [{"$hex": "02"}, "two"]]}, {"$map": [["$key", 1]]}, {"$map": [[[1, [2]], 3]]},
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_was_written(value: Any) -> None:
    assert to_json(decode(encode(from_json(value)))) == value


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    assert [type(from_json(number)) for number in (1.0, -0.0, 1e300, 1.5)] == [
        int,
        int,
        float,
        float,
    ]
    assert encode(from_json({"$float": "1"})) == b"\xf9\x3c\x00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"$hex": "0"}, {"$hex": "0g"}, {"$hex": "00 ff"}, {"$hex": 1}, {"$float": 1}, {"$float": "one"},
        {"$int": "18446744073709551616"}, {"$int": 1}, {"$map": [[1]]}, {"$map": {}}, {"$other": 1},
        {"$hex": "00", "more": 1},
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_value_is_refused(wrong: Any) -> None:
    with pytest.raises(ProtocolFailure):
        from_json(wrong)


def test_a_float_is_a_number_or_a_text_for_one() -> None:
    assert [to_float(json) for json in (1, 1.5, {"$float": "-Infinity"})] == [1, 1.5, float("-inf")]
    for wrong in (True, "1", None, {"$float": 1}, {"$float": "1", "more": 1}):
        with pytest.raises(ProtocolFailure):
            to_float(wrong)
