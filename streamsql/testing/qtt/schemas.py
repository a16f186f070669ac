"""Schemas of query-validation tests: those that a case gives its topics, and what records need."""

import json
import struct
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from streamsql.catalog.catalog import Catalog, Source
from streamsql.engine.planning.binding import bind_script
from streamsql.engine.planning.context import PlannerContext
from streamsql.errors import DecodeError, StatementError
from streamsql.formats.formats import REGISTERED, lookup
from streamsql.formats.memory_registry import MemoryRegistry
from streamsql.formats.registered import SchemaFormat
from streamsql.formats.registry import (
    Reference,
    RegisteredSchema,
    SchemaType,
    WriterSchema,
    key_subject,
    value_subject,
)
from streamsql.sql.statements import CreateSource

_TYPES = {
    "AVRO": SchemaType.AVRO,
    "JSON": SchemaType.JSON,
    "JSON_SR": SchemaType.JSON,
    "PROTOBUF": SchemaType.PROTOBUF,
}


def register_topic(topic: Mapping[str, Any], registry: MemoryRegistry) -> None:
    """Register the schemas that a case says a topic has."""
    for side, subject in (
        ("key", key_subject(topic["name"])),
        ("value", value_subject(topic["name"])),
    ):
        node = topic.get(f"{side}Schema")
        if node is None:
            continue
        kind = _TYPES.get(topic.get(f"{side}Format") or topic.get("format") or _guess(node))
        if kind is None:
            continue
        text = node if kind is SchemaType.PROTOBUF else json.dumps(node)
        references = [
            _register_reference(kind, reference, registry)
            for reference in topic.get(f"{side}SchemaReferences", ())
        ]
        schema = WriterSchema(kind, text, tuple(references))
        number = topic.get(f"{side}SchemaId") or registry.number_of(schema)
        registry.put(subject, RegisteredSchema(number, schema))


def _register_reference(
    kind: SchemaType, node: Mapping[str, Any], registry: MemoryRegistry
) -> Reference:
    """Register what a schema refers to, under its name and a number that no case asks for."""
    text = node["schema"]
    schema = WriterSchema(kind, text if isinstance(text, str) else json.dumps(text))
    if registry.latest(node["name"]) is None:
        number = -registry.number_of(schema)
        registry.put(node["name"], RegisteredSchema(number, schema))
    return Reference(node["name"], node["name"], 1)


def register_declared(
    statements: Sequence[str], known: Collection[str], registry: MemoryRegistry
) -> None:
    """Register the schemas of sources that are declared with columns, over topics not known.

    ksqlDB's runner makes their topics before the first statement, and so they have the first
    numbers.
    """
    for text in statements:
        with suppress(StatementError):
            (bound,) = bind_script(text, PlannerContext(Catalog()))
            if isinstance(bound.statement, CreateSource):
                source = bound.statement.source
                for side, columns in (("key", source.schema.key), ("value", source.schema.value)):
                    spec = source.key_format if side == "key" else source.value_format
                    if columns and source.topic not in known and spec.name in REGISTERED:
                        writer_schema(source, side, registry)


def _guess(node: Any) -> str:
    """Return the format of a schema of which a case does not say it."""
    return "PROTOBUF" if isinstance(node, str) and "message" in node else "AVRO"


def writer_schema(source: Source, side: str, registry: MemoryRegistry) -> RegisteredSchema:
    """Return the schema that inputs of a side of the source's topic are written with."""
    subject = f"{source.topic}-{side}"
    spec = source.key_format if side == "key" else source.value_format
    if spec.schema_id is not None:
        return RegisteredSchema(spec.schema_id, registry.schema(spec.schema_id))
    known = registry.latest(subject)
    if known is None:
        maker = lookup(spec.name)
        assert isinstance(maker, SchemaFormat)
        if side == "key":
            schema = maker.key_schema(spec, source.schema.key, source.topic)
        else:
            schema = maker.value_schema(spec, source.schema.value)
        known = RegisteredSchema(registry.register(subject, schema), schema)
    return known


def header(number: int) -> bytes:
    """Return what a payload begins with that is written with the schema of that number."""
    return struct.pack(">bI", 0, number)


def split(payload: bytes, registry: MemoryRegistry) -> tuple[str, bytes]:
    """Return the schema that a payload names, and what is behind the name."""
    if payload[:1] != b"\0":
        raise DecodeError("no schema is named")
    (number,) = struct.unpack(">I", payload[1:5])
    return registry.schema(number).text, payload[5:]
