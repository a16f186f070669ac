"""PROTOBUF: messages that others write, by schemas with everything that .proto files have."""

import struct
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from streamsql.errors import DecodeError
from streamsql.formats.format import FormatSpec
from streamsql.formats.memory_registry import MemoryRegistry
from streamsql.formats.protobuf.index import read_index, write_index
from streamsql.formats.protobuf.schemas import fields_of, message_class, parsed
from streamsql.formats.registry import (
    Reference,
    RegisteredSchema,
    ResolvedSchema,
    SchemaType,
    SchemaUnusable,
    WriterSchema,
    resolved,
)
from streamsql.formats.serdes import Serdes
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import (
    BIGINT,
    DOUBLE,
    INTEGER,
    STRING,
    TIMESTAMP,
    Array,
    Decimal,
    Field,
    Map,
    Struct,
)

TEXT = """
syntax = "proto3";
package shop;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "confluent/type/decimal.proto";
import "item.proto";

message Other { string x = 1; }
// the one that is used
message Order {
  enum State { NEW = 0; PAID = 1; }
  message Line { string sku = 1; sint32 count = 2; }
  uint64 id = 1;
  State state = 2;
  repeated Line lines = 3;
  map<string, double> prices = 4;
  oneof buyer { string name = 5; int32 number = 6; }
  google.protobuf.Timestamp at = 7;
  google.protobuf.StringValue note = 8;
  optional int32 rank = 9;
  items.Item item = 10;
  confluent.type.Decimal total = 11 [(confluent.field_meta) = {
    params: [{key: "precision", value: "6"}, {key: "scale", value: "2"}]}];
}
"""
ITEM = 'syntax = "proto3"; package items; message Item { float weight = 1; }'


@pytest.fixture
def registry() -> MemoryRegistry:
    registry = MemoryRegistry()
    registry.put("item", RegisteredSchema(1, WriterSchema(SchemaType.PROTOBUF, ITEM)))
    references = (Reference("item.proto", "item", 1),)
    schema = WriterSchema(SchemaType.PROTOBUF, TEXT, references)
    registry.put("orders", RegisteredSchema(2, schema))
    return registry


def payload(registry: MemoryRegistry, **fields: Any) -> bytes:
    order = parsed(resolved(registry, registry.schema(2))).message("shop.Order")
    body = message_class(order)(**fields).SerializeToString()
    return struct.pack(">bI", 0, 2) + write_index([1]) + body


def read(registry: MemoryRegistry, data: bytes, *columns: Column) -> Any:
    decoder = Serdes(registry).value_decoder(FormatSpec("PROTOBUF"), Schema((), columns), columns)
    row = decoder.decode(data)
    return tuple(getattr(row, column.name) for column in columns)


def test_the_columns_of_a_message(registry: MemoryRegistry) -> None:
    file = parsed(resolved(registry, registry.schema(2)))
    line = Struct((Field("SKU", STRING), Field("COUNT", INTEGER)))
    assert fields_of(file, file.message("Order"), str.upper) == (
        Field("ID", BIGINT),
        Field("STATE", STRING),
        Field("LINES", Array(line)),
        Field("PRICES", Map(STRING, DOUBLE)),
        Field("NAME", STRING),
        Field("NUMBER", INTEGER),
        Field("AT", TIMESTAMP),
        Field("NOTE", STRING),
        Field("RANK", INTEGER),
        Field("ITEM", Struct((Field("WEIGHT", DOUBLE),))),
        Field("TOTAL", Decimal(6, 2)),
    )


def test_values_and_what_is_not_there(registry: MemoryRegistry) -> None:
    data = payload(
        registry,
        id=2**64 - 1,
        state="PAID",
        lines=[{"sku": "a", "count": -3}],
        prices={"a": 1.5},
        name="me",
        at={"seconds": 1, "nanos": 5_000_000},
        note={"value": "n"},
        item={"weight": 0.5},
    )
    columns = (
        Column("ID", BIGINT),
        Column("STATE", STRING),
        Column("LINES", Array(Struct((Field("COUNT", BIGINT), Field("SKU", STRING))))),
        Column("PRICES", Map(STRING, DOUBLE)),
        Column("NAME", STRING),
        Column("NUMBER", INTEGER),
        Column("AT", TIMESTAMP),
        Column("NOTE", STRING),
        Column("RANK", INTEGER),
        Column("ITEM", Struct((Field("WEIGHT", DOUBLE),))),
        Column("LACKING", STRING),
    )
    assert read(registry, data, *columns) == (
        -1, "PAID", [(-3, "a")], {"a": 1.5}, "me", None, 1005, "n", None, (0.5,), None,
    )  # fmt: skip
    empty = read(registry, payload(registry), *columns)
    assert empty == (0, "NEW", [], {}, None, None, None, None, None, None, None)


def test_a_value_of_another_type_is_a_bad_record(registry: MemoryRegistry) -> None:
    columns = (Column("NAME", DOUBLE),)
    decoder = Serdes(registry).value_decoder(FormatSpec("PROTOBUF"), Schema((), columns), columns)
    with pytest.raises(decoder.errors):
        decoder.decode(payload(registry, name="x"))
    for data in (payload(registry, name="x"), b"", b"\0\0\0\0\2", b"\0\0\0\0\2\0\xff"):
        with pytest.raises(DecodeError):
            decoder.repair(data)


def test_nested_messages_have_longer_places() -> None:
    for index in ([0], [3], [1, 0], [300, 2, 70]):
        assert read_index(write_index(index) + b"x") == (tuple(index), len(write_index(index)))


@pytest.mark.parametrize(
    "text", ["message {", 'syntax = "proto3"; message M { Nothing n = 1; }', '{"type": "int"}']
)
def test_what_is_no_schema(text: str) -> None:
    with pytest.raises(SchemaUnusable):
        parsed(ResolvedSchema(text)).message(None)


def test_a_message_that_holds_itself_has_no_columns() -> None:
    file = parsed(ResolvedSchema('syntax = "proto3"; message M { M m = 1; }'))
    with pytest.raises(SchemaUnusable, match="holds itself"):
        fields_of(file, file.message(None), str)


def test_what_is_written_is_a_schema_that_others_read() -> None:
    columns = (Column("A", INTEGER), Column("S", Struct((Field("X", Array(STRING)),))))
    registry = MemoryRegistry()
    encoder = Serdes(registry).value_encoder(FormatSpec("PROTOBUF"), Schema((), columns), "t")
    assert registry.schema(1).text == (
        'syntax = "proto3";\n\nmessage ConnectDefault1 {\n  int32 A = 1;\n'
        "  ConnectDefault2 S = 2;\n\n  message ConnectDefault2 {\n"
        "    repeated string X = 1;\n  }\n}\n"
    )
    data = encoder.encode(encoder.row_type(7, (["a"],)))
    other = descriptor_pb2.FileDescriptorProto(name="o.proto", syntax="proto3")
    message = other.message_type.add(name="O")
    message.field.add(name="a", number=1, type="TYPE_INT32", label="LABEL_OPTIONAL")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(other.SerializeToString())
    made: Any = message_factory.GetMessageClass(pool.FindMessageTypeByName("O"))
    assert data is not None
    assert made.FromString(data[6:]).a == 7
