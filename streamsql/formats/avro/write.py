"""Values in flight as what fastavro writes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from fastavro import schemaless_writer

from streamsql.formats.avro.schemas import BARE, AvroSchema, AvroType, is_entries
from streamsql.formats.registry import SchemaUnusable
from streamsql.formats.spelling import positions_of
from streamsql.types.sqltypes import Array, Decimal, Field, Map, Primitive, SqlType, Struct

Convert = Callable[[Any], Any]
"""A value in flight, not ``None``, to what fastavro writes."""

_WRITABLE: Mapping[SqlType, tuple[str, ...]] = {
    Primitive.BOOLEAN: ("boolean",),
    Primitive.INTEGER: ("int", "long", "float", "double"),
    Primitive.BIGINT: ("long", "float", "double"),
    Primitive.DOUBLE: ("double", "float"),
    Primitive.STRING: ("string", "enum"),
    Primitive.BYTES: ("bytes", "fixed"),
    Primitive.DATE: ("int",),
    Primitive.TIME: ("int",),
    Primitive.TIMESTAMP: ("long",),
}


def row_writer(schema: AvroSchema, columns: Sequence[Field]) -> Callable[[Sequence[Any]], bytes]:
    """Return a function from the values of the columns to the bytes of the record.

    Raises:
        SchemaUnusable: The schema does not hold the columns.
    """
    to_record = _record(schema, schema.fields, columns)
    plain = schema.plain

    def write(values: Sequence[Any]) -> bytes:
        out = BytesIO()
        schemaless_writer(out, plain, to_record(values))
        return out.getvalue()

    return write


@dataclass(frozen=True, slots=True)
class _Part:
    """How one field of a record is written.

    Attributes:
        defaults: NULL leaves the field to its default.
    """

    name: str
    convert: Convert | None
    defaults: bool


def _record(
    schema: AvroSchema, written: Sequence[Mapping[str, Any]], fields: Sequence[Field]
) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """Return a function from the values of the fields to a record; the others have defaults."""
    found = positions_of([field.name for field in fields], [one["name"] for one in written])
    parts = [
        _part(schema, None if position is None else written[position], field)
        for position, field in zip(found, fields, strict=True)
    ]
    for position, field in enumerate(written):
        if position not in found and not _may_lack(schema, field):
            raise SchemaUnusable(
                f'field "{field["name"]}" of the registered schema has neither a column nor a '
                "default"
            )
    if not any(part.convert is not None or part.defaults for part in parts):
        names = [part.name for part in parts]
        return lambda values: dict(zip(names, values, strict=True))

    def convert(values: Sequence[Any]) -> dict[str, Any]:
        record = {}
        for part, value in zip(parts, values, strict=True):
            if value is not None:
                record[part.name] = value if part.convert is None else part.convert(value)
            elif not part.defaults:
                record[part.name] = None
        return record

    return convert


def _may_lack(schema: AvroSchema, field: Mapping[str, Any]) -> bool:
    """Tell whether a record can be written without the field."""
    return "default" in field or schema.branches(field["type"])[1]


def _part(schema: AvroSchema, written: Mapping[str, Any] | None, field: Field) -> _Part:
    if written is None:
        raise SchemaUnusable(f'the registered schema has no field for column "{field.name}"')
    branches, nullable = schema.branches(written["type"])
    for branch in branches:
        if _holds(schema, branch, field.type):
            convert = _converter(schema, branch, field.type)
            return _Part(written["name"], convert, not nullable and "default" in written)
    raise SchemaUnusable(
        f'field "{written["name"]}" of the registered schema does not hold values of type '
        f"{field.type}"
    )


def _holds(schema: AvroSchema, definition: Mapping[str, Any], sql_type: SqlType) -> bool:
    """Tell whether values of the SQL type can be written as the Avro type."""
    kind, logical = definition["type"], definition.get("logicalType")
    match sql_type:
        case Primitive():
            return kind in _WRITABLE[sql_type] and bool(logical != "decimal")
        case Decimal(precision, scale):
            if logical != "decimal" or definition["scale"] != scale:
                return False
            widest: int = definition["precision"]
            return precision <= widest
        case Array():
            return bool(kind == "array")
        case Map(key, _):
            if kind == "map":
                return key is Primitive.STRING
            return bool(kind == "array") and is_entries(definition, schema)
        case Struct():
            return bool(kind == "record")


def _converter(
    schema: AvroSchema, definition: Mapping[str, Any], sql_type: SqlType
) -> Convert | None:
    """Return how values are written as the Avro type; ``None``: as they are."""
    match sql_type:
        case Array(element):
            part = _part(schema, _field(definition["items"]), Field(BARE, element)).convert
            return None if part is None else _array(part)
        case Map(key, value) if definition["type"] == "array":
            (entry,), _ = schema.branches(definition["items"])
            to_entry = _record(schema, entry["fields"], (Field("key", key), Field("value", value)))
            return lambda value: [to_entry(item) for item in value.items()]
        case Map(_, value):
            part = _part(schema, _field(definition["values"]), Field(BARE, value)).convert
            return None if part is None else _map(part)
        case Struct(fields):
            return _record(schema, definition["fields"], fields)
        case _:
            return None


def _field(avro_type: AvroType) -> Mapping[str, Any]:
    """Return the elements of an array or a map as a field would have them."""
    return {"name": BARE, "type": avro_type}


def _array(convert: Convert) -> Convert:
    return lambda value: [None if item is None else convert(item) for item in value]


def _map(convert: Convert) -> Convert:
    return lambda value: {
        name: None if item is None else convert(item) for name, item in value.items()
    }
