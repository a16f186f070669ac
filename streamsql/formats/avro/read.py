"""What fastavro reads, as values in flight.

A record is its fields one after the other, so those behind the last used one are not read at all.
(fastavro's own projection, by a reader schema, takes longer than to read everything.)
"""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from operator import itemgetter
from typing import Any

from fastavro import schemaless_reader

from streamsql.expr.values.javatext import double_text
from streamsql.formats.avro.schemas import (
    AvroSchema,
    AvroType,
    Definition,
    branch_name,
    is_entries,
)
from streamsql.formats.plain import RowClass
from streamsql.formats.spelling import positions_of
from streamsql.formats.text_values import decimal_fitter, in_bounds, shortened
from streamsql.types.sqltypes import Array, Decimal, Field, Map, Primitive, SqlType, Struct

Convert = Callable[[Any], Any]
"""What fastavro reads, not ``None``, to a value in flight; raises ValueError."""

_ACCEPTED: Mapping[SqlType, tuple[str, ...]] = {
    Primitive.BOOLEAN: ("boolean",),
    Primitive.INTEGER: ("int",),
    Primitive.BIGINT: ("int", "long"),
    Primitive.DOUBLE: ("float", "double"),
    Primitive.STRING: ("string", "enum"),
    Primitive.BYTES: ("bytes", "fixed"),
    Primitive.DATE: ("int",),
    Primitive.TIME: ("int",),
    Primitive.TIMESTAMP: ("long",),
}
_MICROSECONDS = (
    (Primitive.TIME, "time-micros"),
    (Primitive.TIMESTAMP, "timestamp-micros"),
)
_TEXTS: Mapping[str, Convert] = {
    "int": str,
    "long": str,
    "boolean": lambda value: "true" if value else "false",
    "float": double_text,
    "double": double_text,
}


def row_reader(
    schema: AvroSchema, used: Sequence[Field], row_type: RowClass
) -> Callable[[bytes], Any]:
    """Return a function from the bytes of a record to what ``row_type`` makes of the used fields.

    Fields that the schema lacks are NULL.
    """
    written = [field["name"] for field in schema.fields]
    found = positions_of([field.name for field in used], written)
    last = max((position for position in found if position is not None), default=-1)
    plain = {**schema.plain, "fields": schema.plain["fields"][: last + 1]}
    parts: list[tuple[str, Convert | None] | None] = []
    for position, field in zip(found, used, strict=True):
        part = None
        if position is not None:
            part = written[position], converter(schema, schema.fields[position]["type"], field.type)
        parts.append(part)
    names = [part[0] for part in parts if part is not None and part[1] is None]
    if len(names) == len(parts) > 1:
        pick = itemgetter(*names)
        return lambda payload: row_type(*pick(_read(payload, plain)))
    return _converting_reader(plain, parts, row_type)


def _read(payload: bytes, plain: AvroType) -> Any:
    return schemaless_reader(BytesIO(payload), plain)


def _converting_reader(
    plain: AvroType, parts: Sequence[tuple[str, Convert | None] | None], row_type: RowClass
) -> Callable[[bytes], Any]:
    def read(payload: bytes) -> Any:
        record = _read(payload, plain)
        values: list[Any] = []
        for part in parts:
            if part is None:
                values.append(None)
                continue
            name, convert = part
            value = record[name]
            values.append(value if value is None or convert is None else convert(value))
        return row_type(*values)

    return read


def converter(schema: AvroSchema, avro_type: AvroType, sql_type: SqlType) -> Convert | None:
    """Return how values of the Avro type are read as the SQL type; ``None``: as they are.

    Where they cannot be, the function raises ValueError.
    """
    branches, _ = schema.branches(avro_type)
    if len(branches) == 1:
        return _of_one(schema, branches[0], sql_type)
    return _of_several(schema, branches, sql_type)


def _of_one(schema: AvroSchema, definition: Definition, sql_type: SqlType) -> Convert | None:
    kind = definition["type"]
    match sql_type:
        case Primitive() | Decimal():
            return _of_scalar(kind, definition, sql_type)
        case Array(element) if kind == "array" and not is_entries(definition, schema):
            return _array(converter(schema, definition["items"], element))
        case Map(_, value) if kind == "map":
            return _map(converter(schema, definition["values"], value))
        case Map(key, value) if kind == "array" and is_entries(definition, schema):
            (entry,), _ = schema.branches(definition["items"])
            types = [field["type"] for field in entry["fields"]]
            return _entries(converter(schema, types[0], key), converter(schema, types[1], value))
        case Struct(fields) if kind == "record":
            return _struct(schema, definition, fields)
        case _:
            return _refusing(sql_type)


def _of_scalar(kind: str, definition: Definition, sql_type: Primitive | Decimal) -> Convert | None:
    logical = definition.get("logicalType")
    match sql_type:
        case Decimal(precision, scale) if logical == "decimal":
            fits = definition["scale"] == scale and definition["precision"] <= precision
            return None if fits else decimal_fitter(sql_type)
        case Decimal():
            return _refusing(sql_type)
        case _ if logical == "decimal":
            return _refusing(sql_type)
        case _ if (sql_type, logical) in _MICROSECONDS:
            return lambda value: value // 1000
        case Primitive.STRING if kind in _TEXTS:
            return _TEXTS[kind]
        case Primitive.TIME if kind == "int":
            return lambda value: in_bounds(value, Primitive.TIME)
        case _:
            return None if kind in _ACCEPTED[sql_type] else _refusing(sql_type)


def _array(element: Convert | None) -> Convert | None:
    if element is None:
        return None
    return lambda value: [None if item is None else element(item) for item in value]


def _map(element: Convert | None) -> Convert | None:
    if element is None:
        return None
    return lambda value: {
        key: None if item is None else element(item) for key, item in value.items()
    }


def _entries(of_key: Convert | None, of_value: Convert | None) -> Convert:
    def convert(entries: Any) -> dict[Any, Any]:
        return {
            _converted(entry["key"], of_key): _converted(entry["value"], of_value)
            for entry in entries
        }

    return convert


def _struct(schema: AvroSchema, definition: Definition, fields: Sequence[Field]) -> Convert:
    written = definition["fields"]
    found = positions_of([field.name for field in fields], [field["name"] for field in written])
    parts = [
        None
        if position is None
        else (
            written[position]["name"],
            converter(schema, written[position]["type"], field.type),
        )
        for position, field in zip(found, fields, strict=True)
    ]

    def convert(record: Any) -> tuple[Any, ...]:
        return tuple(
            None if part is None else _converted(record[part[0]], part[1]) for part in parts
        )

    return convert


def _of_several(schema: AvroSchema, branches: Sequence[Definition], sql_type: SqlType) -> Convert:
    """Return how a union is read: as the one type that its values convert to, or a STRUCT."""
    if not isinstance(sql_type, Struct):
        ways = [(_is_of(branch), _of_one(schema, branch, sql_type)) for branch in branches]

        def convert(value: Any) -> Any:
            return next(_converted(value, way) for is_of, way in ways if is_of(value))

        return convert
    found = positions_of(
        [field.name for field in sql_type.fields], [branch_name(branch) for branch in branches]
    )
    parts = [
        None
        if position is None
        else (_is_of(branches[position]), _of_one(schema, branches[position], field.type))
        for position, field in zip(found, sql_type.fields, strict=True)
    ]

    def spread(value: Any) -> tuple[Any, ...]:
        return tuple(
            _converted(value, part[1]) if part is not None and part[0](value) else None
            for part in parts
        )

    return spread


def _is_of(definition: Definition) -> Callable[[Any], bool]:
    """Return what tells whether a value that was read is of the branch of a union."""
    match definition["type"]:
        case "boolean":
            return lambda value: isinstance(value, bool)
        case "int" | "long":
            return lambda value: isinstance(value, int) and not isinstance(value, bool)
        case "float" | "double":
            return lambda value: isinstance(value, float)
        case "string":
            return lambda value: isinstance(value, str)
        case "enum":
            return lambda value: value in definition["symbols"]
        case "array":
            return lambda value: isinstance(value, list)
        case "record":
            names = {field["name"] for field in definition["fields"]}
            return lambda value: isinstance(value, dict) and value.keys() == names
        case "map":
            return lambda value: isinstance(value, dict)
        case _:
            return lambda value: not isinstance(value, bool | int | float | str | list | dict)


def _converted(value: Any, convert: Convert | None) -> Any:
    return value if value is None or convert is None else convert(value)


def _refusing(sql_type: SqlType) -> Convert:
    def refuse(value: Any) -> Any:
        raise ValueError(f"{shortened(repr(value))} is not of type {sql_type}")

    return refuse
