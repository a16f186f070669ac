"""Avro schemas: written for columns, parsed, and read as SQL types.

Written as Kafka Connect does it for ksqlDB: every field is a union with null, structs are named
after the path to them, and a MAP is an array of entries, since its keys may be null too.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import fastavro
from fastavro.schema import SchemaParseException, UnknownType

from streamsql.formats.registry import ResolvedSchema, SchemaType, SchemaUnusable, WriterSchema
from streamsql.types.schema import Column
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Decimal,
    Field,
    Map,
    Primitive,
    SqlType,
    Struct,
)

AvroType: TypeAlias = Any
"""A schema as JSON: a name, a list of branches, or an object."""

Definition: TypeAlias = Mapping[str, Any]
"""A type that is no union, as an object."""

_NAMESPACE = "io.confluent.ksql.avro_schemas"
_VALUE_NAME = f"{_NAMESPACE}.KsqlDataSourceSchema"
_ENTRY = "connect.internal.type"
_DEFAULT_PRECISION = 64

BARE = "value"
"""The field of a bare value."""

_WRITTEN: Mapping[Primitive, AvroType] = {
    BOOLEAN: "boolean",
    INTEGER: "int",
    BIGINT: "long",
    DOUBLE: "double",
    STRING: "string",
    BYTES: "bytes",
    DATE: {"type": "int", "logicalType": "date"},
    TIME: {"type": "int", "logicalType": "time-millis"},
    TIMESTAMP: {"type": "long", "logicalType": "timestamp-millis"},
}
_READ: Mapping[str, SqlType] = {
    "boolean": BOOLEAN,
    "int": INTEGER,
    "long": BIGINT,
    "float": DOUBLE,
    "double": DOUBLE,
    "string": STRING,
    "enum": STRING,
    "bytes": BYTES,
    "fixed": BYTES,
}
_READ_LOGICAL: Mapping[tuple[str, str], SqlType] = {
    ("int", "date"): DATE,
    ("int", "time-millis"): TIME,
    ("long", "timestamp-millis"): TIMESTAMP,
}


def value_name(name: str | None) -> str:
    """Return the full name of the record of a topic's values."""
    return name or _VALUE_NAME


def key_name(name: str | None, topic: str) -> str:
    """Return the full name of the record of a topic's keys, after the topic.

    >>> key_name(None, "LEFT_TABLE")
    'io.confluent.ksql.avro_schemas.LeftTableKey'
    """
    words = re.findall(r"[A-Za-z0-9]+", topic)
    camel = "".join(word[:1].upper() + word[1:].lower() for word in words)
    return name or f"{_NAMESPACE}.{camel if camel[:1].isalpha() else f'Topic{camel}'}Key"


def record_schema(columns: Sequence[Column], name: str) -> WriterSchema:
    """Return the schema of a record of the columns."""
    fields = tuple(Field(column.name, column.type) for column in columns)
    return _schema_of(_written(Struct(fields), name))


def bare_schema(column: Column, name: str) -> WriterSchema:
    """Return the schema of the value of one column, without a record around it."""
    return _schema_of(_written(column.type, name))


def _schema_of(avro_type: AvroType) -> WriterSchema:
    return WriterSchema(SchemaType.AVRO, json.dumps(avro_type, separators=(",", ":")))


def _written(sql_type: SqlType, name: str) -> AvroType:
    """Return the schema of values that are not null; ``name`` is what records in it begin with."""
    match sql_type:
        case Primitive():
            return _WRITTEN[sql_type]
        case Decimal(precision, scale):
            return {
                "type": "bytes",
                "logicalType": "decimal",
                "precision": precision,
                "scale": scale,
            }
        case Array(element):
            return {"type": "array", "items": ["null", _written(element, name)]}
        case Map(key, value):
            entry = _record(name, (Field("key", key), Field("value", value)))
            return {"type": "array", "items": {**entry, _ENTRY: "MapEntry"}}
        case Struct(fields):
            return _record(name, fields)


def _record(name: str, fields: Sequence[Field]) -> dict[str, Any]:
    namespace, _, short = name.rpartition(".")
    return {
        "type": "record",
        "name": short,
        **({"namespace": namespace} if namespace else {}),
        "fields": [
            {
                "name": field.name,
                "type": ["null", _written(field.type, f"{name}_{field.name}")],
                "default": None,
            }
            for field in fields
        ],
    }


class AvroSchema:
    """A schema with everything that it names.

    A schema of a bare value is put into a record with one field, which has the same bytes: so there
    are only records to be read and written.

    Attributes:
        type: As it is written, with full names.
        fields: Those of the record, as they are written.
        plain: The record as fastavro reads and writes it: dates and times are plain numbers.
        named: The named types of ``plain``.
    """

    __slots__ = ("_definitions", "fields", "named", "plain", "type")

    def __init__(self, schema: ResolvedSchema, *, bare: bool) -> None:
        """Parse a schema; SchemaUnusable when it is none."""
        self._definitions: dict[str, Any] = {}
        self.named: dict[str, Any] = {}
        try:
            for text in schema.references.values():
                self._parse(json.loads(text))
            written = json.loads(schema.text)
            record, self.plain = self._parse(_around(written) if bare else written)
        except (ValueError, TypeError, KeyError, SchemaParseException, UnknownType) as error:
            raise SchemaUnusable(f"a schema of the registry is not Avro: {error!r}") from error
        if not isinstance(record, dict) or record["type"] != "record":
            raise SchemaUnusable(f"a schema of the registry is no record of columns, but {record}")
        self.fields: list[dict[str, Any]] = record["fields"]
        self.type: AvroType = self.fields[0]["type"] if bare else record

    def _parse(self, avro_type: AvroType) -> tuple[AvroType, AvroType]:
        return (
            fastavro.parse_schema(_completed(avro_type), self._definitions),
            fastavro.parse_schema(_without_times(avro_type), self.named),
        )

    def definition(self, avro_type: AvroType) -> Definition:
        """Return a type that is no union as an object."""
        if isinstance(avro_type, str):
            found: Definition = self._definitions.get(avro_type, {"type": avro_type})
            return found
        if isinstance(avro_type["type"], dict):
            return self.definition(avro_type["type"])
        return dict(avro_type)

    def branches(self, avro_type: AvroType) -> tuple[list[Definition], bool]:
        """Return what a type may be but null, and whether it may be null."""
        written = avro_type if isinstance(avro_type, list) else [avro_type]
        branches = [self.definition(branch) for branch in written]
        others = [branch for branch in branches if branch["type"] != "null"]
        return others, len(others) < len(branches)


def parsed(schema: ResolvedSchema, *, bare: bool) -> AvroSchema:
    """Return the schema parsed, of a record or of a bare value; SchemaUnusable when it is none."""
    return _parsed(schema.text, tuple(schema.references.items()), bare)


@lru_cache(maxsize=1000)
def _parsed(text: str, references: tuple[tuple[str, str], ...], bare: bool) -> AvroSchema:
    return AvroSchema(ResolvedSchema(text, dict(references)), bare=bare)


def _around(avro_type: AvroType) -> AvroType:
    fields = [{"name": BARE, "type": avro_type}]
    return {"type": "record", "name": "streamsql.Bare", "fields": fields}


def is_entries(definition: Definition, schema: AvroSchema) -> bool:
    """Tell whether an array is a map whose keys are no plain strings."""
    item = schema.branches(definition["items"])[0]
    return (
        len(item) == 1
        and item[0]["type"] == "record"
        and (item[0].get(_ENTRY) == "MapEntry" or item[0]["name"].endswith("MapEntry"))
        and [field["name"] for field in item[0]["fields"]] == ["key", "value"]
    )


def branch_name(definition: Definition) -> str:
    """Return what the field of a union's branch is called."""
    name: str = definition.get("name", definition["type"])
    return name.rpartition(".")[2]


def sql_type_of(schema: AvroSchema, rename: Callable[[str], str]) -> SqlType:
    """Return the SQL type of the values; a union of several types is a STRUCT of them.

    Raises:
        SchemaUnusable: There is none: the type is null alone, or holds itself.
    """
    return _Reading(schema, rename).of(schema.type, ())


class _Reading:
    def __init__(self, schema: AvroSchema, rename: Callable[[str], str]) -> None:
        self._schema = schema
        self._rename = rename

    def of(self, avro_type: AvroType, within: tuple[str, ...]) -> SqlType:
        branches, _ = self._schema.branches(avro_type)
        if not branches:
            raise SchemaUnusable("a schema of the registry has a field that is always null")
        if len(branches) == 1:
            return self._one(branches[0], within)
        return Struct(
            tuple(
                Field(self._rename(branch_name(branch)), self._one(branch, within))
                for branch in branches
            )
        )

    def _one(self, definition: Definition, within: tuple[str, ...]) -> SqlType:
        kind, logical = definition["type"], definition.get("logicalType")
        match kind:
            case "record":
                return self._record(definition, within)
            case "array" if is_entries(definition, self._schema):
                (entry,), _ = self._schema.branches(definition["items"])
                key, value = entry["fields"]
                return Map(self.of(key["type"], within), self.of(value["type"], within))
            case "array":
                return Array(self.of(definition["items"], within))
            case "map":
                return Map(STRING, self.of(definition["values"], within))
            case "bytes" | "fixed" if logical == "decimal":
                return Decimal(definition["precision"], definition["scale"])
            case _:
                return _READ_LOGICAL.get((kind, logical or ""), _READ[kind])

    def _record(self, definition: Definition, within: tuple[str, ...]) -> SqlType:
        name = definition["name"]
        if name in within:
            raise SchemaUnusable(f'a registered schema has a record that holds itself, "{name}"')
        return Struct(
            tuple(
                Field(self._rename(field["name"]), self.of(field["type"], (*within, name)))
                for field in definition["fields"]
            )
        )


def _completed(avro_type: AvroType) -> AvroType:
    """Return the schema with what decimals may leave out."""
    return _changed(avro_type, _complete)


def _complete(node: dict[str, Any]) -> dict[str, Any]:
    if node.get("logicalType") != "decimal":
        return node
    return {"precision": _DEFAULT_PRECISION, "scale": 0, **node}


def _without_times(avro_type: AvroType) -> AvroType:
    """Return the schema without logical types but decimals: the numbers are in flight as such."""
    return _changed(avro_type, _strip)


def _strip(node: dict[str, Any]) -> dict[str, Any]:
    if node.get("logicalType") == "decimal":
        return _complete(node)
    return {name: value for name, value in node.items() if name != "logicalType"}


def _changed(node: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    match node:
        case dict():
            return {
                name: value if name == "default" else _changed(value, change)
                for name, value in change(node).items()
            }
        case list():
            return [_changed(item, change) for item in node]
        case _:
            return node
