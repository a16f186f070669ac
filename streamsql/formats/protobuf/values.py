"""Messages to values in flight, and back."""

import datetime as dt
import decimal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from streamsql.expr.values.javatext import double_text
from streamsql.formats.protobuf.schemas import (
    DATE_MESSAGE,
    TIME_MESSAGE,
    TIMESTAMP_MESSAGE,
    ProtobufSchema,
    is_map,
    is_repeated,
    is_wrapper,
    message_of,
    sql_types_of,
)
from streamsql.formats.registry import SchemaUnusable
from streamsql.formats.spelling import positions_of
from streamsql.formats.text_values import decimal_fitter, in_bounds, shortened
from streamsql.types.sqltypes import Array, Decimal, Field, Map, Primitive, SqlType, Struct

Convert = Callable[[Any], Any]

_EPOCH = dt.date(1970, 1, 1)
_WIDENED: Mapping[SqlType, frozenset[SqlType]] = {
    Primitive.BIGINT: frozenset({Primitive.INTEGER}),
}
_TEXTS: Mapping[SqlType, Convert] = {
    Primitive.BOOLEAN: lambda value: "true" if value else "false",
    Primitive.INTEGER: str,
    Primitive.BIGINT: str,
    Primitive.DOUBLE: double_text,
}


# Reading


def record_reader(
    schema: ProtobufSchema, message: Descriptor, used: Sequence[Field]
) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function from a message to the values of the used fields.

    Fields that the message lacks are NULL.
    """
    fields = list(message.fields)
    found = positions_of([field.name for field in used], [field.name for field in fields])
    parts = [
        _nothing if position is None else _field_reader(schema, fields[position], field.type)
        for position, field in zip(found, used, strict=True)
    ]
    return lambda record: tuple([part(record) for part in parts])


def _nothing(record: Any) -> None:
    """Return NULL for a field that the message lacks."""
    del record


def _field_reader(
    schema: ProtobufSchema, field: FieldDescriptor, sql_type: SqlType
) -> Callable[[Any], Any]:
    """Return a function from the message to the value of the field."""
    name = field.name
    if is_map(field) and isinstance(sql_type, Map):
        convert = _converter(schema, message_of(field).fields[1], sql_type.value) or _as_is
        return lambda record: {key: convert(v) for key, v in getattr(record, name).items()}
    if is_repeated(field) and isinstance(sql_type, Array):
        convert = _converter(schema, field, sql_type.element) or _as_is
        return lambda record: [convert(item) for item in getattr(record, name)]
    if is_repeated(field) or isinstance(sql_type, Array | Map):
        convert = _refusing(sql_type)
    else:
        convert = _converter(schema, field, sql_type) or _as_is
    if not field.has_presence:
        if convert is _as_is:
            return lambda record: getattr(record, name)
        return lambda record: convert(getattr(record, name))
    return lambda record: convert(getattr(record, name)) if record.HasField(name) else None


def _converter(schema: ProtobufSchema, field: FieldDescriptor, sql_type: SqlType) -> Convert | None:
    """Return how one value of the field is read as the SQL type; ``None``: as it is."""
    if field.enum_type is not None and sql_type is Primitive.STRING:
        names = {value.number: value.name for value in field.enum_type.values}
        return lambda number: names.get(number, str(number))
    if is_wrapper(field):
        inner = _converter(schema, message_of(field).fields[0], sql_type) or _as_is
        return lambda message: inner(message.value)
    written = sql_types_of(schema, field)
    if isinstance(sql_type, Struct) and isinstance(written, Struct):
        return record_reader(schema, message_of(field), sql_type.fields)
    if isinstance(sql_type, Decimal) and isinstance(written, Decimal):
        fit = decimal_fitter(sql_type)
        return lambda message: fit(_read_decimal(message))
    if field.message_type is not None and written == sql_type:
        return _READERS[message_of(field).full_name]
    if sql_type is Primitive.STRING and written in _TEXTS:
        return _TEXTS[written]
    if written == sql_type or written in _WIDENED.get(sql_type, ()):
        return _wrapped if field.type in _UNSIGNED else None
    if sql_type is Primitive.INTEGER and field.type in _UNSIGNED_INTEGERS:
        return lambda value: in_bounds(value, Primitive.INTEGER)
    return _refusing(sql_type)


_UNSIGNED = (FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_FIXED64)
_UNSIGNED_INTEGERS = (FieldDescriptor.TYPE_UINT32, FieldDescriptor.TYPE_FIXED32)


def _wrapped(value: int) -> int:
    """Return 64 bits as Java has them, whose whole numbers are signed."""
    return value - (1 << 64) if value >> 63 else value


def _read_decimal(message: Any) -> decimal.Decimal:
    unscaled = int.from_bytes(message.value, "big", signed=True)
    return decimal.Decimal(unscaled).scaleb(-message.scale, _EXACT)


_EXACT = decimal.Context(prec=1000)


def _read_date(message: Any) -> int:
    return (dt.date(message.year, message.month, message.day) - _EPOCH).days


def _read_time(message: Any) -> int:
    seconds = message.hours * 3600 + message.minutes * 60 + message.seconds
    return in_bounds(seconds * 1000 + message.nanos // 1_000_000, Primitive.TIME)


def _read_timestamp(message: Any) -> int:
    milliseconds: int = message.seconds * 1000 + message.nanos // 1_000_000
    return milliseconds


_READERS: Mapping[str, Convert] = {
    DATE_MESSAGE: _read_date,
    TIME_MESSAGE: _read_time,
    TIMESTAMP_MESSAGE: _read_timestamp,
}


def _as_is(value: Any) -> Any:
    return value


def _refusing(sql_type: SqlType) -> Convert:
    def refuse(value: Any) -> Any:
        raise ValueError(f"{shortened(repr(value))} is not of type {sql_type}")

    return refuse


# Writing


def record_writer(
    schema: ProtobufSchema, message: Descriptor, columns: Sequence[Field]
) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """Return a function from the values of the columns to the arguments of the message's class.

    NULL leaves a field out.

    Raises:
        SchemaUnusable: The message does not hold the columns.
    """
    fields = list(message.fields)
    found = positions_of([column.name for column in columns], [field.name for field in fields])
    parts = []
    for position, column in zip(found, columns, strict=True):
        if position is None:
            raise SchemaUnusable(f'the registered schema has no field for column "{column.name}"')
        parts.append((fields[position].name, _field_writer(schema, fields[position], column)))

    def write(values: Sequence[Any]) -> dict[str, Any]:
        return {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(parts, values, strict=True)
            if value is not None
        }

    return write


def _field_writer(schema: ProtobufSchema, field: FieldDescriptor, column: Field) -> Convert | None:
    match column.type:
        case Map(_, value) if is_map(field):
            inner = message_of(field).fields[1]
            part = _writer(schema, inner, Field(column.name, value))
            return None if part is None else _map(part)
        case Array(element) if is_repeated(field) and not is_map(field):
            part = _writer(schema, field, Field(column.name, element))
            return None if part is None else _array(part)
        case Array() | Map():
            raise _not_held(field, column)
        case _ if is_repeated(field):
            raise _not_held(field, column)
        case _:
            return _writer(schema, field, column)


def _map(convert: Convert) -> Convert:
    return lambda entries: {key: convert(value) for key, value in entries.items()}


def _array(convert: Convert) -> Convert:
    return lambda items: [convert(item) for item in items]


def _writer(schema: ProtobufSchema, field: FieldDescriptor, column: Field) -> Convert | None:
    """Return how one value is written; ``None``: as it is."""
    if is_wrapper(field):
        inner = _writer(schema, message_of(field).fields[0], column) or _as_is
        return lambda value: {"value": inner(value)}
    written, sql_type = sql_types_of(schema, field), column.type
    match sql_type:
        case Struct(fields) if isinstance(written, Struct):
            return record_writer(schema, message_of(field), fields)
        case Decimal() if isinstance(written, Decimal):
            return _write_decimal
        case Primitive() if field.message_type is not None and written == sql_type:
            return _WRITERS[message_of(field).full_name]
        case Primitive() if written == sql_type or sql_type in _WIDENED.get(written, ()):
            return None
        case Primitive.INTEGER | Primitive.BIGINT if written is Primitive.DOUBLE:
            return float
        case _:
            raise _not_held(field, column)


def _not_held(field: FieldDescriptor, column: Field) -> SchemaUnusable:
    return SchemaUnusable(
        f'field "{field.name}" of the registered schema does not hold values of type {column.type}'
    )


def _write_decimal(value: decimal.Decimal) -> dict[str, Any]:
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
    size = (unscaled + (unscaled < 0)).bit_length() // 8 + 1
    return {
        "value": unscaled.to_bytes(size, "big", signed=True),
        "precision": len(digits),
        "scale": -exponent,
    }


def _write_date(days: int) -> dict[str, int]:
    try:
        date = _EPOCH + dt.timedelta(days=days)
    except OverflowError as error:
        raise ValueError(f"the day {days} is in no year from 1 to 9999") from error
    return {"year": date.year, "month": date.month, "day": date.day}


def _write_time(milliseconds: int) -> dict[str, int]:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return {"hours": hours, "minutes": minutes, "seconds": seconds, "nanos": rest * 1_000_000}


def _write_timestamp(milliseconds: int) -> dict[str, int]:
    seconds, rest = divmod(milliseconds, 1000)
    return {"seconds": seconds, "nanos": rest * 1_000_000}


_WRITERS: Mapping[str, Convert] = {
    DATE_MESSAGE: _write_date,
    TIME_MESSAGE: _write_time,
    TIMESTAMP_MESSAGE: _write_timestamp,
}
