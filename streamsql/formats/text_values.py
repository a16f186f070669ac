"""Values of SQL types from text and to text, as Java reads and prints them.

Reading raises ``ValueError`` for text that is no value of the type; nothing is rounded or cut.
"""

import base64
import binascii
import decimal
import re
from collections.abc import Callable
from typing import Any

from streamsql.expr.values.javatext import decimal_text, double_text
from streamsql.types.sqltypes import (
    BIGINT_MAX,
    BIGINT_MIN,
    INTEGER_MAX,
    INTEGER_MIN,
    Decimal,
    Primitive,
    SqlType,
)

TIME_MAX = 24 * 60 * 60 * 1000 - 1

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_BOUNDS: dict[SqlType, tuple[int, int]] = {
    Primitive.INTEGER: (INTEGER_MIN, INTEGER_MAX),
    Primitive.BIGINT: (BIGINT_MIN, BIGINT_MAX),
    Primitive.DATE: (INTEGER_MIN, INTEGER_MAX),
    Primitive.TIME: (0, TIME_MAX),
    Primitive.TIMESTAMP: (BIGINT_MIN, BIGINT_MAX),
}


def bounds(sql_type: SqlType) -> tuple[int, int]:
    """Return the least and greatest value of a type that is an ``int`` in flight."""
    return _BOUNDS[sql_type]


def in_bounds(value: int, sql_type: SqlType) -> int:
    """Return the value; raises ValueError when the type does not hold it."""
    low, high = _BOUNDS[sql_type]
    if low <= value <= high:
        return value
    raise ValueError(f"{value} is out of the range of {sql_type}")


def parse_integer(text: str, sql_type: SqlType) -> int:
    """Return the whole number that the text is, within the range of the type."""
    if not (text.isdecimal() and text.isascii() and len(text) < 20) and not _INTEGER.fullmatch(
        text
    ):
        raise ValueError(f'"{shortened(text)}" is not of type {sql_type}')
    return in_bounds(int(text), sql_type)


def parse_double(text: str) -> float:
    """Return the number that the text is; NaN and Infinity are numbers, with a sign or not."""
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped) is not None:
        return float(stripped)
    if stripped.lstrip("+-") in ("NaN", "Infinity") and len(stripped) <= len("-Infinity"):
        return float(stripped)
    raise ValueError(f'"{shortened(text)}" is not of type DOUBLE')


def parse_boolean(text: str) -> bool:
    """Return the truth value that the text names, in any case."""
    lowered = text.lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    raise ValueError(f'"{shortened(text)}" is not of type BOOLEAN')


def parse_bytes(text: str) -> bytes:
    """Return the bytes that the text is the base64 of."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f'"{shortened(text)}" is not base64') from error


def decimal_parser(sql_type: Decimal) -> Callable[[str], decimal.Decimal]:
    """Return a function from text to a DECIMAL that fits exactly."""
    fit = decimal_fitter(sql_type)

    def parse(text: str) -> decimal.Decimal:
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(f'"{shortened(text)}" is not of type {sql_type}')
        return fit(decimal.Decimal(text))

    return parse


def decimal_fitter(sql_type: Decimal) -> Callable[[decimal.Decimal], decimal.Decimal]:
    """Return a function that pads a number to the scale; digits too many are a ValueError."""
    context = decimal.Context(
        prec=sql_type.precision, traps=[decimal.Inexact, decimal.InvalidOperation]
    )
    unit = decimal.Decimal((0, (1,), -sql_type.scale))
    zero = decimal.Decimal((0, (0,), -sql_type.scale))

    def fit(number: decimal.Decimal) -> decimal.Decimal:
        try:
            return number.quantize(unit, context=context) if number else zero
        except decimal.DecimalException:
            message = f"{shortened(str(number))} does not fit {sql_type} exactly"
            raise ValueError(message) from None

    return fit


def text_parser(sql_type: SqlType) -> Callable[[str], Any]:
    """Return a function from text to a value of a type that is not nested."""
    if sql_type in _BOUNDS:
        return lambda text: parse_integer(text, sql_type)
    match sql_type:
        case Decimal():
            return decimal_parser(sql_type)
        case Primitive.BOOLEAN:
            return parse_boolean
        case Primitive.DOUBLE:
            return parse_double
        case Primitive.BYTES:
            return parse_bytes
        case _:
            return str


def text_printer(sql_type: SqlType) -> Callable[[Any], str]:
    """Return a function from a value of a type that is not nested to its text."""
    match sql_type:
        case Decimal():
            return decimal_text
        case Primitive.BOOLEAN:
            return lambda value: "true" if value else "false"
        case Primitive.DOUBLE:
            return double_text
        case Primitive.BYTES:
            return lambda value: base64.b64encode(value).decode()
        case _:
            return str


def shortened(text: str) -> str:
    """Return the text for a message, cut when it is long."""
    return text if len(text) <= 60 else text[:57] + "..."
