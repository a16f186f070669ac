"""Values in flight as the plain Python values that a program expects."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from streamsql.types.schema import Column
from streamsql.types.sqltypes import DATE, TIME, TIMESTAMP, Array, Map, Primitive, SqlType, Struct

_Convert = Callable[[Any], Any]

_EPOCH_DAY = dt.date(1970, 1, 1)
_EPOCH = dt.datetime(1970, 1, 1)
_MIDNIGHT = dt.datetime.min


def converters(columns: Sequence[Column]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return a function from a row in flight to the row that a program sees."""
    each = [converter(column.type) for column in columns]
    if not any(each):
        return tuple

    def convert(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            value if function is None or value is None else function(value)
            for function, value in zip(each, row, strict=True)
        )

    return convert


def converter(sql_type: SqlType) -> _Convert | None:
    """Return the conversion of values (never ``None``) of the type, if there is one."""
    match sql_type:
        case Array(element):
            return _array(converter(element))
        case Map(key, value):
            return _map(converter(key), converter(value))
        case Struct(fields):
            return _struct([(field.name, converter(field.type)) for field in fields])
        case Primitive():
            return {DATE: date, TIME: time, TIMESTAMP: timestamp}.get(sql_type)
        case _:
            return None


def date(days: int) -> dt.date | int:
    """Return the day, or the number where the calendar has none."""
    try:
        return _EPOCH_DAY + dt.timedelta(days=days)
    except OverflowError:
        return days


def time(milliseconds: int) -> dt.time | int:
    """Return the time of the day."""
    if not 0 <= milliseconds < 24 * 60 * 60 * 1000:
        return milliseconds
    return (_MIDNIGHT + dt.timedelta(milliseconds=milliseconds)).time()


def timestamp(milliseconds: int) -> dt.datetime | int:
    """Return the moment in UTC, or the number where the calendar has none."""
    try:
        return _EPOCH + dt.timedelta(milliseconds=milliseconds)
    except OverflowError:
        return milliseconds


def _array(element: _Convert | None) -> _Convert | None:
    if element is None:
        return None
    return lambda values: [None if value is None else element(value) for value in values]


def _map(key: _Convert | None, value: _Convert | None) -> _Convert | None:
    if key is None and value is None:
        return None
    return lambda entries: {_one(key, k): _one(value, v) for k, v in entries.items()}


def _struct(fields: list[tuple[str, _Convert | None]]) -> _Convert:
    return lambda values: {
        name: _one(function, value) for (name, function), value in zip(fields, values, strict=True)
    }


def _one(function: _Convert | None, value: Any) -> Any:
    return value if function is None or value is None else function(value)
