"""A real schema registry: our records for confluent-kafka's deserializers, and theirs for us."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal as Number
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from streamsql.broker.kafka.registry import ConfluentRegistry, open_registry
from streamsql.errors import EngineError
from streamsql.formats.format import FormatSpec
from streamsql.formats.protobuf.schemas import message_class, parsed
from streamsql.formats.registry import (
    NO_REGISTRY,
    Reference,
    ResolvedSchema,
    SchemaIncompatible,
    SchemaNotFound,
    SchemaType,
    WriterSchema,
    resolved,
    value_subject,
)
from streamsql.formats.serdes import Serdes
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import BIGINT, DOUBLE, STRING, Array, Decimal
from tests.kafka import KafkaUnavailable
from tests.registry import running_registry

COLUMNS = (
    Column("ID", BIGINT),
    Column("NAME", STRING),
    Column("PRICE", DOUBLE),
    Column("TAGS", Array(STRING)),
)
ROW = (7, "é", 1.5, ["a", "b"])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with running_registry(tmp_path_factory.mktemp("registry")) as url:
            yield url
    except KafkaUnavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI runs the tests on a real registry, but: {error}")
        pytest.skip(f"no schema registry here: {error}")


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[SchemaRegistryClient]:
    client = SchemaRegistryClient({"url": url})
    yield client
    client.close()


@pytest.fixture(scope="module")
def registry(url: str) -> Iterator[ConfluentRegistry]:
    registry = ConfluentRegistry({"url": url})
    yield registry
    registry.close()


def context(topic: str) -> SerializationContext:
    return SerializationContext(topic, MessageField.VALUE)


def written(registry: ConfluentRegistry, name: str, topic: str) -> bytes:
    encoder = Serdes(registry).value_encoder(FormatSpec(name), Schema((), COLUMNS), topic)
    payload = encoder.encode(encoder.row_type(*ROW))
    assert payload is not None
    return payload


def read(registry: ConfluentRegistry, name: str, payload: bytes) -> tuple[Any, ...]:
    schema = Schema((), COLUMNS)
    row = Serdes(registry).value_decoder(FormatSpec(name), schema, COLUMNS).repair(payload)
    return tuple(getattr(row, column.name) for column in COLUMNS)


@pytest.mark.kafka
def test_avro(registry: ConfluentRegistry, client: SchemaRegistryClient) -> None:
    deserialize = AvroDeserializer(client)
    expected = dict(zip((column.name for column in COLUMNS), ROW, strict=True))
    assert deserialize(written(registry, "AVRO", "avro"), context("avro")) == expected

    text = json.dumps({
        "type": "record", "name": "Other", "fields": [
            {"name": "name", "type": "string"}, {"name": "id", "type": "int"},
            {"name": "price", "type": "float"},
            {"name": "tags", "type": {"type": "array", "items": "string"}},
        ],
    })  # fmt: skip
    serialize = AvroSerializer(client, text)
    payload = serialize(
        {"name": "é", "id": 7, "price": 1.5, "tags": ["a", "b"]}, context("theirs-avro")
    )
    assert payload is not None
    assert read(registry, "AVRO", payload) == ROW


@pytest.mark.kafka
def test_json_schema(registry: ConfluentRegistry, client: SchemaRegistryClient) -> None:
    text = json.dumps({
        "type": "object", "title": "Other", "properties": {
            "ID": {"type": "integer"}, "NAME": {"type": "string"}, "PRICE": {"type": "number"},
            "TAGS": {"type": "array", "items": {"type": "string"}},
        },
    })  # fmt: skip
    expected = dict(zip((column.name for column in COLUMNS), ROW, strict=True))
    deserialize = JSONDeserializer(text, schema_registry_client=client)
    assert deserialize(written(registry, "JSON_SR", "json"), context("json")) == expected

    payload = JSONSerializer(text, client)(expected, context("theirs-json"))
    assert payload is not None
    assert read(registry, "JSON_SR", payload) == ROW


@pytest.mark.kafka
def test_protobuf(registry: ConfluentRegistry, client: SchemaRegistryClient) -> None:
    text = (
        'syntax = "proto3"; message First { string x = 1; } message Other {'
        "int64 ID = 1; string NAME = 2; double PRICE = 3; repeated string TAGS = 4; }"
    )
    made: Any = message_class(parsed(ResolvedSchema(text)).message("Other"))
    own = made(ID=7, NAME="é", PRICE=1.5, TAGS=["a", "b"])
    settings = {"use.deprecated.format": False}
    payload = ProtobufSerializer(made, client, settings)(own, context("theirs-protobuf"))
    assert payload is not None
    assert read(registry, "PROTOBUF", payload) == ROW

    ours = (
        'syntax = "proto3"; message ConnectDefault1 {'
        "int64 ID = 1; string NAME = 2; double PRICE = 3; repeated string TAGS = 4; }"
    )
    reader: Any = message_class(parsed(ResolvedSchema(ours)).message(None))
    deserialize = ProtobufDeserializer(reader, settings)
    found = deserialize(written(registry, "PROTOBUF", "protobuf"), context("protobuf"))
    assert (found.ID, found.NAME, found.PRICE, list(found.TAGS)) == ROW


@pytest.mark.kafka
def test_schemas_evolve(registry: ConfluentRegistry, client: SchemaRegistryClient) -> None:
    subject = value_subject("evolving")
    serdes, spec = Serdes(registry), FormatSpec("AVRO")
    serdes.value_encoder(spec, Schema((), COLUMNS[:2]), "evolving")
    client.set_compatibility(subject, "BACKWARD")
    serdes.value_encoder(spec, Schema((), COLUMNS), "evolving")
    latest = registry.latest(subject)
    assert latest is not None
    assert "TAGS" in latest.schema.text
    assert registry.schema(latest.id) == latest.schema
    assert registry.version(subject, 2) == latest.schema

    other = (Column("ID", STRING), *COLUMNS[1:])
    with pytest.raises(SchemaIncompatible, match=f'subject "{subject}"'):
        serdes.value_encoder(spec, Schema((), other), "evolving")


@pytest.mark.kafka
def test_references_and_what_is_not_there(registry: ConfluentRegistry) -> None:
    point = '{"type":"record","name":"geo.Point","fields":[{"name":"x","type":"int"}]}'

    registry.register("point", WriterSchema(SchemaType.AVRO, point))
    line = '{"type":"record","name":"Line","fields":[{"name":"p","type":"geo.Point"}]}'
    reference = Reference("geo.Point", "point", 1)
    number = registry.register("line", WriterSchema(SchemaType.AVRO, line, (reference,)))
    complete = resolved(registry, registry.schema(number))
    assert json.loads(complete.references["geo.Point"]) == json.loads(point)

    assert registry.latest("never-was") is None
    with pytest.raises(SchemaNotFound):
        registry.schema(987654)
    with pytest.raises(SchemaNotFound):
        registry.version("never-was", 1)


@pytest.mark.kafka
def test_decimals(registry: ConfluentRegistry, client: SchemaRegistryClient) -> None:
    columns = (Column("D", Decimal(10, 3)),)
    encoder = Serdes(registry).value_encoder(FormatSpec("AVRO"), Schema((), columns), "decimal")
    payload = encoder.encode(encoder.row_type(Number("-1.500")))
    assert AvroDeserializer(client)(payload or b"", context("decimal")) == {"D": Number("-1.500")}


def test_a_registry_that_does_not_answer() -> None:
    registry = open_registry({"url": "http://127.0.0.1:1"})
    with pytest.raises(EngineError, match=r"127\.0\.0\.1:1"):
        registry.schema(1)
    registry.close()
    assert open_registry({}) is NO_REGISTRY
