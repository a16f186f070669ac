"""AVRO: what is written is read back, and what others wrote under other schemas is read."""

import io
import json
import struct
from decimal import Decimal as Number
from typing import Any

import fastavro
import pytest

from streamsql.errors import DecodeError, EngineError
from streamsql.formats.format import FormatSpec
from streamsql.formats.memory_registry import MemoryRegistry
from streamsql.formats.registry import (
    Reference,
    RegisteredSchema,
    SchemaType,
    WriterSchema,
    value_subject,
)
from streamsql.formats.serdes import Serdes
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DOUBLE,
    INTEGER,
    STRING,
    TIMESTAMP,
    Array,
    Decimal,
    Field,
    Map,
    SqlType,
    Struct,
)

AVRO = FormatSpec("AVRO")


def written(avro_type: Any, datum: Any, number: int) -> bytes:
    """Return a payload as another program writes it."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(avro_type), datum)
    return struct.pack(">bI", 0, number) + out.getvalue()


def registry_of(*avro_types: Any, references: tuple[Reference, ...] = ()) -> MemoryRegistry:
    """Return a registry that knows the schemas as 1, 2, …."""
    registry = MemoryRegistry()
    for number, avro_type in enumerate(avro_types, 1):
        schema = WriterSchema(SchemaType.AVRO, json.dumps(avro_type), references)
        registry.put(f"s{number}", RegisteredSchema(number, schema))
    return registry


def read(registry: MemoryRegistry, payload: bytes, *columns: Column) -> Any:
    """Return the columns of a payload."""
    decoder = Serdes(registry).value_decoder(AVRO, Schema((), columns), columns)
    row = decoder.decode(payload)
    return tuple(getattr(row, column.name) for column in columns)


def record(*fields: tuple[str, Any], name: str = "other.Row") -> Any:
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": name, "type": avro_type} for name, avro_type in fields],
    }


def test_the_schema_that_is_registered() -> None:
    registry = MemoryRegistry()
    columns = (
        Column("ID", BIGINT),
        Column("AT", TIMESTAMP),
        Column("TAGS", Map(STRING, INTEGER)),
        Column("AREA", Struct((Field("Y", Array(Decimal(4, 2))),))),
    )
    Serdes(registry).value_encoder(AVRO, Schema((), columns), "t")
    latest = registry.latest(value_subject("t"))
    assert latest is not None
    schema = json.loads(latest.schema.text)
    assert (schema["namespace"], schema["name"]) == (
        "io.confluent.ksql.avro_schemas",
        "KsqlDataSourceSchema",
    )
    types = {field["name"]: field["type"][1] for field in schema["fields"]}
    assert types["ID"] == "long"
    assert types["AT"] == {"type": "long", "logicalType": "timestamp-millis"}
    assert types["TAGS"]["items"]["connect.internal.type"] == "MapEntry"
    assert types["AREA"]["name"] == "KsqlDataSourceSchema_AREA"


@pytest.mark.parametrize(
    ("avro_type", "datum", "sql_type", "value"),
    [
        ("int", 7, BIGINT, 7),
        ("float", 0.5, DOUBLE, 0.5),
        ("boolean", True, STRING, "true"),
        ("long", 12, STRING, "12"),
        ({"type": "enum", "name": "Suit", "symbols": ["HEARTS"]}, "HEARTS", STRING, "HEARTS"),
        ({"type": "fixed", "name": "F", "size": 2}, b"ab", BYTES, b"ab"),
        ({"type": "map", "values": "int"}, {"a": 1}, Map(STRING, BIGINT), {"a": 1}),
        ({"type": "array", "items": ["null", "int"]}, [1, None], Array(STRING), ["1", None]),
        (
            record(("x", "int"), name="Point"),
            {"x": 1},
            Struct((Field("X", INTEGER), Field("Y", INTEGER))),
            (1, None),
        ),
        (
            ["null", "int", "string"],
            "a",
            Struct((Field("INT", INTEGER), Field("STRING", STRING))),
            (None, "a"),
        ),
        (["null", "int", "string"], 5, STRING, "5"),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1},
            Number("1.5"),
            Decimal(6, 2),
            Number("1.50"),
        ),
    ],
)
def test_what_others_write(avro_type: Any, datum: Any, sql_type: SqlType, value: Any) -> None:
    other = record(("c", avro_type), ("unused", "string"))
    payload = written(other, {"c": datum, "unused": "x"}, 1)
    column = Column("C", sql_type)
    assert read(registry_of(other), payload, column) == (value,)
    assert read(registry_of(other), payload, column, Column("LACKING", INTEGER)) == (value, None)


@pytest.mark.parametrize(("avro_type", "datum"), [("string", "7"), ("long", 7), ("bytes", b"")])
def test_a_value_of_another_type_is_a_bad_record(avro_type: Any, datum: Any) -> None:
    other, column = record(("c", avro_type)), Column("C", INTEGER)
    payload = written(other, {"c": datum}, 1)
    decoder = Serdes(registry_of(other)).value_decoder(AVRO, Schema((), (column,)), (column,))
    with pytest.raises(decoder.errors):
        decoder.decode(payload)
    with pytest.raises(DecodeError, match="not of type INTEGER"):
        decoder.repair(payload)


@pytest.mark.parametrize("payload", [b"", b"\0\0", b"{}...", b"\0\0\0\0\7a", b"\0\0\0\0\1"])
def test_bytes_that_are_none_of_it(payload: bytes) -> None:
    other, column = record(("c", "string")), Column("C", STRING)
    schema = Schema((column,), (column,))
    serdes = Serdes(registry_of(other))
    decoder = serdes.value_decoder(AVRO, schema, (column,))
    with pytest.raises(decoder.errors):
        decoder.decode(payload)
    with pytest.raises(DecodeError):
        decoder.repair(payload)
    with pytest.raises(DecodeError):
        serdes.key_decoder(AVRO, schema)(payload)


def test_every_record_is_read_by_its_own_schema() -> None:
    old, new = record(("a", "int")), record(("b", "string"), ("a", "long"))
    registry = registry_of(old, new)
    columns = Column("A", BIGINT), Column("B", STRING)
    assert read(registry, written(old, {"a": 1}, 1), *columns) == (1, None)
    assert read(registry, written(new, {"a": 2, "b": "x"}, 2), *columns) == (2, "x")


def test_a_schema_may_refer_to_others() -> None:
    point = {"type": "record", "name": "geo.Point", "fields": [{"name": "x", "type": "int"}]}
    registry = registry_of(point)
    outer = record(("p", "geo.Point"))
    schema = WriterSchema(SchemaType.AVRO, json.dumps(outer), (Reference("geo.Point", "s1", 1),))
    registry.put("outer", RegisteredSchema(2, schema))
    payload = written(record(("p", point)), {"p": {"x": 3}}, 2)
    assert read(registry, payload, Column("P", Struct((Field("X", INTEGER),)))) == ((3,),)


def test_a_bare_value_and_its_null() -> None:
    spec, column = FormatSpec("AVRO", wrap=False), Column("C", BOOLEAN)
    schema, serdes = Schema((), (column,)), Serdes(MemoryRegistry())
    encoder = serdes.value_encoder(spec, schema, "t")
    payload = encoder.encode(encoder.row_type(True))
    assert payload == b"\0\0\0\0\1\1"
    assert encoder.encode(encoder.row_type(None)) is None
    assert serdes.value_decoder(spec, schema, (column,)).decode(payload).C is True

    nullable = registry_of(["null", "boolean"])
    decoder = Serdes(nullable).value_decoder(spec, schema, (column,))
    with pytest.raises(decoder.errors):
        decoder.decode(b"\0\0\0\0\1\0")
    assert decoder.repair(b"\0\0\0\0\1\0") is None


def test_writing_by_a_registered_schema() -> None:
    other = {
        "type": "record",
        "name": "Row",
        "fields": [
            {"name": "c2", "type": "int", "default": 100},
            {"name": "c1", "type": "long"},
            {"name": "n", "type": "int", "default": 5},
        ],
    }
    spec = FormatSpec("AVRO", schema_id=1)
    columns = Column("C1", INTEGER), Column("N", INTEGER)
    encoder = Serdes(registry_of(other)).value_encoder(spec, Schema((), columns), "t")
    payload = encoder.encode(encoder.row_type(7, None)) or b""
    datum = fastavro.schemaless_reader(io.BytesIO(payload[5:]), fastavro.parse_schema(other))
    assert datum == {"c2": 100, "c1": 7, "n": 5}
    with pytest.raises((ValueError, TypeError)):
        encoder.encode(encoder.row_type(None, 1))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([Column("C1", STRING)], 'field "c1" .* does not hold values of type STRING'),
        ([Column("C2", INTEGER)], 'no field for column "C2"'),
        ([], 'field "c1" .* neither a column nor a default'),
    ],
)
def test_a_registered_schema_that_does_not_hold_the_columns(
    columns: list[Column], message: str
) -> None:
    serdes = Serdes(registry_of(record(("c1", "int"))))
    with pytest.raises(EngineError, match=message):
        serdes.value_encoder(FormatSpec("AVRO", schema_id=1), Schema((), tuple(columns)), "t")
