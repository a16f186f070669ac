"""Formats whose payloads name their schema: what is written is read, and tells its columns."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import check, lookup
from streamsql.formats.memory_registry import MemoryRegistry
from streamsql.formats.registered import SchemaFormat
from streamsql.formats.registry import resolved, value_subject
from streamsql.formats.serdes import Serdes
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import Array, Field, Map, Primitive, SqlType, Struct
from tests.formats.sample_values import TYPES, values_of

SPECS = {
    "AVRO": FormatSpec("AVRO"),
    "JSON_SR": FormatSpec("JSON_SR"),
    "PROTOBUF": FormatSpec("PROTOBUF", nullable="OPTIONAL"),
    "PROTOBUF_NOSR": FormatSpec("PROTOBUF_NOSR", nullable="OPTIONAL"),
}


def in_messages(value: Any, sql_type: SqlType) -> bool:
    """Tell whether Protobuf has the value: no NULL in lists, nor NULL lists, years of 4 digits."""
    match sql_type:
        case Array(element):
            return value is not None and all(
                item is not None and in_messages(item, element) for item in value
            )
        case Map(_, element):
            return value is not None and all(
                item is not None and in_messages(item, element) for item in value.values()
            )
        case Struct(fields):
            return value is None or all(
                in_messages(part, field.type) for part, field in zip(value, fields, strict=True)
            )
        case Primitive.DATE:
            return value is None or -719_162 <= value <= 2_932_896
        case _:
            return True


def text_of(value: Any) -> str:
    """Return a text that tells values apart, NaN and zeros too, but not the order of maps."""
    match value:
        case dict():
            return repr(sorted((key, text_of(item)) for key, item in value.items()))
        case list() | tuple():
            return f"{type(value).__name__}{[text_of(item) for item in value]}"
        case _:
            return repr(value)


@pytest.mark.parametrize("name", SPECS)
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(st.data())
def test_rows_and_keys_come_back(name: str, data: st.DataObject) -> None:
    spec = SPECS[name]
    possible = [t for t in TYPES if check(spec, [Column("C", t)], is_key=False) is None]
    types = data.draw(st.lists(st.sampled_from(possible), min_size=1, max_size=4))
    columns = tuple(Column(f"C{n}", sql_type) for n, sql_type in enumerate(types))
    row = tuple(data.draw(values_of(sql_type)) for sql_type in types)
    if name.startswith("PROTOBUF"):
        row = tuple(
            value if in_messages(value, sql_type) else None
            for value, sql_type in zip(row, types, strict=True)
        )
    serdes, schema = Serdes(MemoryRegistry()), Schema(columns, columns)
    wanted = tuple(
        [] if value is None and name.startswith("PROTOBUF") and isinstance(t, Array)
        else {} if value is None and name.startswith("PROTOBUF") and isinstance(t, Map)
        else value
        for value, t in zip(row, types, strict=True)
    )  # fmt: skip

    encoder = serdes.value_encoder(spec, schema, "t")
    payload = encoder.encode(encoder.row_type(*row))
    assert payload is not None
    used = columns[::-1][:2]
    read_back = serdes.value_decoder(spec, schema, used).repair(payload)
    assert text_of([getattr(read_back, c.name) for c in used]) == text_of(list(wanted[::-1][:2]))

    key = row[0] if len(row) == 1 else row
    if key is not None and check(spec, columns, is_key=True) is None:
        encoded = serdes.key_encoder(spec, schema, "t")(key)
        found = serdes.key_decoder(spec, schema)(encoded)
        assert text_of(found) == text_of(wanted[0] if len(row) == 1 else wanted)


@pytest.mark.parametrize("name", ["AVRO", "JSON_SR", "PROTOBUF"])
def test_the_registered_schema_tells_the_columns(name: str) -> None:
    spec, registry = FormatSpec(name), MemoryRegistry()
    types = [t for t in TYPES if check(spec, [Column("C", t)], is_key=False) is None]
    columns = tuple(Column(f"C{n}", _upper(sql_type)) for n, sql_type in enumerate(types))
    Serdes(registry).value_encoder(spec, Schema((), columns), "t")
    latest = registry.latest(value_subject("t"))
    known = lookup(name)
    assert latest is not None
    assert isinstance(known, SchemaFormat)
    assert known.columns(spec, resolved(registry, latest.schema), is_key=False) == columns


def _upper(sql_type: SqlType) -> SqlType:
    """Return the type with the names that inference gives its fields."""
    match sql_type:
        case Array(element):
            return Array(_upper(element))
        case Map(key, value):
            return Map(_upper(key), _upper(value))
        case Struct(fields):
            return Struct(tuple(Field(one.name.upper(), _upper(one.type)) for one in fields))
        case _:
            return sql_type
