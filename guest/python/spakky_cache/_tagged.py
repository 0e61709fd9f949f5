"""What is written with a tag: timestamps and decimals, between Python's types and the
content of the tag. wit/VALUES.md defines it. What has none is a `ValueError`."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_LARGEST, _SMALLEST = 2**64 - 1, -(2**64)


def timestamp_to_text(time: datetime) -> str:
    """RFC 3339, in UTC."""
    if time.utcoffset() is None:
        raise ValueError("a time without a zone is no timestamp: give it one, such as `UTC`")
    try:
        text = time.astimezone(UTC).replace(tzinfo=None).isoformat()
    except OverflowError:
        raise ValueError(f"{time} is outside the years 1 to 9999 in UTC") from None
    return f"{text.rstrip('0') if '.' in text else text}Z"


def timestamp_of_text(text: str) -> datetime:
    """The time that another has written."""
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r:.80} is no timestamp")
    year, month, day, hour, minute, second = map(int, match.group(1, 2, 3, 4, 5, 6))
    fraction, sign, hours, minutes = match.group(7, 8, 9, 10)
    microseconds, rest = divmod(int((fraction or "").ljust(9, "0")), 1_000)
    if rest:
        raise ValueError(f"{text} is finer than the microseconds of a datetime")
    try:
        # `fromisoformat` takes the hour 24.
        time = datetime(year, month, day, hour, minute, second, microseconds, UTC)
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            time = time - offset if sign == "+" else time + offset
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text} is no timestamp: {error}") from None
    return time


def timestamp_of_number(seconds: object) -> datetime:
    """The time so many seconds after 1970."""
    try:
        if type(seconds) is int:
            return _EPOCH + timedelta(seconds=seconds)
        if type(seconds) is float:
            return _EPOCH + timedelta(microseconds=round(seconds * 1e6))
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{seconds!r:.80} is no timestamp")


def decimal_to_numbers(number: Decimal) -> tuple[int, int]:
    """Exponent and mantissa."""
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"the decimal {number} has no form in the cache")
    # Python makes no integer of some thousand digits.
    mantissa = int("".join(map(str, digits))) if len(digits) <= 20 else _LARGEST + 1
    if sign:
        mantissa = -mantissa
    if not _SMALLEST <= mantissa <= _LARGEST:
        raise ValueError(f"a decimal of {len(digits)} digits is outside 64 bits and a sign")
    if sign and not mantissa:
        raise ValueError("a decimal that is a negative zero has no form in the cache")
    return exponent, mantissa


def decimal_of_numbers(numbers: object) -> Decimal:
    """The decimal of an exponent and a mantissa."""
    match numbers:
        case (int(exponent), int(mantissa)) if bool not in map(type, (exponent, mantissa)):
            try:
                number = Decimal(f"{mantissa}E{exponent}")
            except ArithmeticError:
                raise ValueError(f"no Decimal has the exponent {exponent}") from None
            return number
    raise ValueError("a decimal is an array of two integers")
