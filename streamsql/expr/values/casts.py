"""CAST: a conversion function for every pair of types that has one.

Numbers narrow as in Java: integers keep their low bits, doubles saturate, decimals lose their
fraction. What a value cannot become is an EvaluationError.
"""

import base64
import binascii
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.dates import temporal
from streamsql.expr.values.arithmetic import fit_decimal, wrap32, wrap64
from streamsql.expr.values.javatext import decimal_text, double_text
from streamsql.types import sqltypes
from streamsql.types.sqltypes import (
    BIGINT,
    BIGINT_MAX,
    BIGINT_MIN,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGER_MAX,
    INTEGER_MIN,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Map,
    SqlType,
    Struct,
)

Caster = Callable[[Any], Any]
"""Converts a value that is not NULL."""

_INTEGER_TEXT = re.compile(r"[+-]?[0-9]+")
_DOUBLE_TEXT = re.compile(
    r"[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[dDfF]?)", re.ASCII
)
_DECIMAL_TEXT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)


def can_cast(source: SqlType, target: SqlType) -> bool:
    """Tell whether values of ``source`` can be converted to ``target`` at all."""
    return find_caster(source, target) is not None


def caster(source: SqlType, target: SqlType) -> Caster:
    """Return the conversion from one type to the other; it is never called with NULL.

    Raises:
        KeyError: There is no such conversion; ask :func:`can_cast` first.
    """
    found = find_caster(source, target)
    if found is None:
        raise KeyError(f"cast of {source} to {target}")
    return found


def find_caster(source: SqlType, target: SqlType) -> Caster | None:
    """Return the conversion from one type to the other, or ``None`` when there is none."""
    if source == target:
        return _same
    if target == STRING:
        return _to_text(source)
    if isinstance(target, sqltypes.Decimal):
        return _to_decimal(source, target)
    if isinstance(target, Array | Map | Struct):
        return _nested(source, target)
    if isinstance(source, sqltypes.Decimal):
        return _FROM_DECIMAL.get(target)
    return _PRIMITIVE.get((source, target))


def _same(value: Any) -> Any:
    return value


def _nullable(cast: Caster) -> Caster:
    """Return the conversion for elements, which may be NULL."""
    return cast if cast is _same else lambda value: None if value is None else cast(value)


# To STRING


def _to_text(source: SqlType) -> Caster:
    if isinstance(source, sqltypes.Decimal):
        return decimal_text
    if isinstance(source, Array):
        element = _element_text(source.element)
        return lambda values: f"[{', '.join(map(element, values))}]"
    if isinstance(source, Map):
        key, value = _element_text(source.key), _element_text(source.value)
        return lambda entries: (
            "{" + ", ".join(f"{key(k)}={value(v)}" for k, v in entries.items()) + "}"
        )
    if isinstance(source, Struct):
        return _struct_text(source)
    return _TEXT[source]


def _struct_text(source: Struct) -> Caster:
    fields = [(field.name, _element_text(field.type)) for field in source.fields]
    return lambda values: (
        "Struct{"
        + ",".join(
            f"{name}={text(value)}"
            for (name, text), value in zip(fields, values, strict=True)
            if value is not None
        )
        + "}"
    )


def _element_text(source: SqlType) -> Caster:
    text = _same if source == STRING else _to_text(source)
    return lambda value: "null" if value is None else text(value)


def _boolean_text(value: bool) -> str:
    return "true" if value else "false"


def _bytes_text(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_TEXT: dict[SqlType, Caster] = {
    BOOLEAN: _boolean_text,
    INTEGER: str,
    BIGINT: str,
    DOUBLE: double_text,
    STRING: _same,
    BYTES: _bytes_text,
    DATE: temporal.date_text,
    TIME: temporal.time_text,
    TIMESTAMP: temporal.timestamp_text,
}


# To numbers


def _to_decimal(source: SqlType, target: sqltypes.Decimal) -> Caster | None:
    if source in (INTEGER, BIGINT):
        return lambda value: fit_decimal(Decimal(value), target)
    if source == DOUBLE:
        return lambda value: fit_decimal(Decimal(repr(value)), target)
    if source == STRING:
        return lambda value: fit_decimal(_decimal_of_text(value), target)
    if isinstance(source, sqltypes.Decimal):
        return lambda value: fit_decimal(value, target)
    return None


def _decimal_of_text(text: str) -> Decimal:
    stripped = text.strip()
    if _DECIMAL_TEXT.fullmatch(stripped) is None:
        raise EvaluationError(f'text "{text}" is not a decimal number')
    return Decimal(stripped)


def _double_of_text(text: str) -> float:
    stripped = text.strip()
    if _DOUBLE_TEXT.fullmatch(stripped) is None:
        raise EvaluationError(f'text "{text}" is not a number')
    return float(stripped if stripped.endswith("y") else stripped.rstrip("dDfF"))


def _integer_of_text(text: str) -> int:
    return _whole_number(text, INTEGER_MIN, INTEGER_MAX, "INTEGER")


def _bigint_of_text(text: str) -> int:
    return _whole_number(text, BIGINT_MIN, BIGINT_MAX, "BIGINT")


def _whole_number(text: str, low: int, high: int, name: str) -> int:
    stripped = text.strip()
    if _INTEGER_TEXT.fullmatch(stripped) is None or len(stripped) > 4000:
        raise EvaluationError(f'text "{text[:100]}" is not a whole number')
    value = int(stripped)
    if not low <= value <= high:
        raise EvaluationError(f"number {stripped} does not fit {name}")
    return value


def _integer_of_double(value: float) -> int:
    return _saturate(value, INTEGER_MIN, INTEGER_MAX)


def _bigint_of_double(value: float) -> int:
    return _saturate(value, BIGINT_MIN, BIGINT_MAX)


def _saturate(value: float, low: int, high: int) -> int:
    if math.isnan(value):
        return 0
    return int(max(low, min(high, value)))


def _integer_of_decimal(value: Decimal) -> int:
    return wrap32(int(value))


def _bigint_of_decimal(value: Decimal) -> int:
    return wrap64(int(value))


def _boolean_of_text(text: str) -> bool:
    return text.strip().lower() == "true"


def _bytes_of_text(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EvaluationError(f'text "{text[:100]}" is not base64') from error


_FROM_DECIMAL: dict[SqlType, Caster] = {
    INTEGER: _integer_of_decimal,
    BIGINT: _bigint_of_decimal,
    DOUBLE: float,
}

_PRIMITIVE: dict[tuple[SqlType, SqlType], Caster] = {
    (INTEGER, BIGINT): _same,
    (INTEGER, DOUBLE): float,
    (BIGINT, INTEGER): wrap32,
    (BIGINT, DOUBLE): float,
    (DOUBLE, INTEGER): _integer_of_double,
    (DOUBLE, BIGINT): _bigint_of_double,
    (STRING, INTEGER): _integer_of_text,
    (STRING, BIGINT): _bigint_of_text,
    (STRING, DOUBLE): _double_of_text,
    (STRING, BOOLEAN): _boolean_of_text,
    (STRING, BYTES): _bytes_of_text,
    (STRING, DATE): temporal.parse_date,
    (STRING, TIME): temporal.parse_time,
    (STRING, TIMESTAMP): temporal.parse_timestamp,
    (DATE, TIMESTAMP): temporal.timestamp_of_date,
    (TIMESTAMP, DATE): temporal.date_of_timestamp,
    (TIMESTAMP, TIME): temporal.time_of_timestamp,
}


# To ARRAY, MAP, STRUCT


def _nested(source: SqlType, target: SqlType) -> Caster | None:
    if isinstance(source, Array) and isinstance(target, Array):
        return _array(source, target)
    if isinstance(source, Map) and isinstance(target, Map):
        return _map(source, target)
    if isinstance(source, Struct) and isinstance(target, Struct):
        return _struct(source, target)
    return None


def _array(source: Array, target: Array) -> Caster | None:
    found = find_caster(source.element, target.element)
    if found is None:
        return None
    element = _nullable(found)
    return lambda values: [element(value) for value in values]


def _map(source: Map, target: Map) -> Caster | None:
    keys, values = find_caster(source.key, target.key), find_caster(source.value, target.value)
    if keys is None or values is None:
        return None
    key, value = _nullable(keys), _nullable(values)
    return lambda entries: {key(k): value(v) for k, v in entries.items()}


def _struct(source: Struct, target: Struct) -> Caster | None:
    """Return the conversion field by field by name; a field that is missing becomes NULL."""
    parts: list[tuple[int | None, Caster]] = []
    for field in target.fields:
        position = source.index(field.name)
        found = None if position is None else find_caster(source.fields[position].type, field.type)
        if position is not None and found is None:
            return None
        parts.append((position, _same if found is None else _nullable(found)))
    return lambda values: tuple(
        None if position is None else cast(values[position]) for position, cast in parts
    )
