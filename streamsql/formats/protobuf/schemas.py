"""Protobuf schemas: written for columns, built into message classes, and read as SQL types.

Written as Kafka Connect does it for ksqlDB: a message ``ConnectDefault1`` in proto3, whose fields
have the names of the columns; a STRUCT is a nested message.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf import (
    any_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import Message

from streamsql.formats.protobuf.files import Decimals, parse_file
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

DECIMAL_MESSAGE = "confluent.type.Decimal"
DATE_MESSAGE = "google.type.Date"
TIME_MESSAGE = "google.type.TimeOfDay"
TIMESTAMP_MESSAGE = "google.protobuf.Timestamp"
_DEFAULT_NAME = "ConnectDefault1"
_DEFAULT_DECIMAL = (64, 0)
_MAIN = "streamsql.proto"

_BUNDLED = {
    module.DESCRIPTOR.name: module.DESCRIPTOR.serialized_pb
    for module in (
        any_pb2,
        duration_pb2,
        empty_pb2,
        field_mask_pb2,
        struct_pb2,
        timestamp_pb2,
        wrappers_pb2,
    )
}
_TEXTS: Mapping[str, str] = {
    "confluent/meta.proto": 'syntax = "proto3"; package confluent;',
    "confluent/type/decimal.proto": (
        'syntax = "proto3"; package confluent.type;'
        "message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }"
    ),
    "google/type/date.proto": (
        'syntax = "proto3"; package google.type;'
        "message Date { int32 year = 1; int32 month = 2; int32 day = 3; }"
    ),
    "google/type/timeofday.proto": (
        'syntax = "proto3"; package google.type;'
        "message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3;"
        " int32 nanos = 4; }"
    ),
}
"""Files that schemas import and that come with no package."""

_WRITTEN: Mapping[SqlType, str] = {
    BOOLEAN: "bool",
    INTEGER: "int32",
    BIGINT: "int64",
    DOUBLE: "double",
    STRING: "string",
    BYTES: "bytes",
    DATE: DATE_MESSAGE,
    TIME: TIME_MESSAGE,
    TIMESTAMP: TIMESTAMP_MESSAGE,
}
_WRAPPERS: Mapping[SqlType, str] = {
    BOOLEAN: "BoolValue",
    INTEGER: "Int32Value",
    BIGINT: "Int64Value",
    DOUBLE: "DoubleValue",
    STRING: "StringValue",
    BYTES: "BytesValue",
}
_IMPORTS: Mapping[str, str] = {
    DECIMAL_MESSAGE: "confluent/type/decimal.proto",
    DATE_MESSAGE: "google/type/date.proto",
    TIME_MESSAGE: "google/type/timeofday.proto",
    TIMESTAMP_MESSAGE: "google/protobuf/timestamp.proto",
    "google.protobuf.": "google/protobuf/wrappers.proto",
}
_READ: Mapping[int, SqlType] = {
    FieldDescriptor.TYPE_BOOL: BOOLEAN,
    FieldDescriptor.TYPE_INT32: INTEGER,
    FieldDescriptor.TYPE_SINT32: INTEGER,
    FieldDescriptor.TYPE_SFIXED32: INTEGER,
    FieldDescriptor.TYPE_UINT32: BIGINT,
    FieldDescriptor.TYPE_FIXED32: BIGINT,
    FieldDescriptor.TYPE_INT64: BIGINT,
    FieldDescriptor.TYPE_SINT64: BIGINT,
    FieldDescriptor.TYPE_SFIXED64: BIGINT,
    FieldDescriptor.TYPE_UINT64: BIGINT,
    FieldDescriptor.TYPE_FIXED64: BIGINT,
    FieldDescriptor.TYPE_FLOAT: DOUBLE,
    FieldDescriptor.TYPE_DOUBLE: DOUBLE,
    FieldDescriptor.TYPE_STRING: STRING,
    FieldDescriptor.TYPE_ENUM: STRING,
    FieldDescriptor.TYPE_BYTES: BYTES,
}
_READ_MESSAGES: Mapping[str, SqlType] = {
    DATE_MESSAGE: DATE,
    TIME_MESSAGE: TIME,
    TIMESTAMP_MESSAGE: TIMESTAMP,
    **{f"google.protobuf.{name}": sql_type for sql_type, name in _WRAPPERS.items()},
    "google.protobuf.FloatValue": DOUBLE,
    "google.protobuf.UInt32Value": BIGINT,
    "google.protobuf.UInt64Value": BIGINT,
}


def message_schema(
    columns: Sequence[Column], name: str | None, nullable: str | None
) -> WriterSchema:
    """Return the schema of a message of the columns.

    Args:
        nullable: How a NULL is told from a zero: ``OPTIONAL``, ``WRAPPER``; ``None``: not.
    """
    writer = _TextWriter(nullable)
    fields = [Field(column.name, column.type) for column in columns]
    package, _, short = (name or _DEFAULT_NAME).rpartition(".")
    body = "\n".join(writer.message(short, fields, ""))
    head = ['syntax = "proto3";']
    head += [f"package {package};"] if package else []
    imports = [f'import "{path}";' for path in sorted(writer.imports)]
    blocks = ["\n".join(head), *(["\n".join(imports)] if imports else []), body]
    return WriterSchema(SchemaType.PROTOBUF, "\n\n".join(blocks) + "\n")


class _TextWriter:
    """Writes messages as text, and collects what they import."""

    def __init__(self, nullable: str | None) -> None:
        self.imports: set[str] = set()
        self._nullable = nullable
        self._messages = 1

    def message(self, name: str, fields: Sequence[Field], indent: str) -> Iterator[str]:
        """Yield the lines of a message, those of its structs in it."""
        yield f"{indent}message {name} {{"
        nested: list[tuple[str, tuple[Field, ...]]] = []
        for number, field in enumerate(fields, 1):
            kind, options = self._type(field.type, nested), self._options(field.type)
            yield f"{indent}  {kind} {field.name} = {number}{options};"
        for inner_name, inner in nested:
            yield ""
            yield from self.message(inner_name, inner, indent + "  ")
        yield f"{indent}}}"

    def _type(self, sql_type: SqlType, nested: list[tuple[str, tuple[Field, ...]]]) -> str:
        match sql_type:
            case Array(element):
                return f"repeated {self._element(element, nested)}"
            case Map(key, value):
                return f"map<{_WRITTEN[key]}, {self._element(value, nested)}>"
            case Primitive() if sql_type in _WRAPPERS and self._nullable == "WRAPPER":
                return self._imported(f"google.protobuf.{_WRAPPERS[sql_type]}")
            case _:
                label = "optional " if self._nullable == "OPTIONAL" else ""
                return label + self._element(sql_type, nested)

    def _element(self, sql_type: SqlType, nested: list[tuple[str, tuple[Field, ...]]]) -> str:
        match sql_type:
            case Decimal():
                self.imports.add("confluent/meta.proto")
                return self._imported(DECIMAL_MESSAGE)
            case Struct(fields):
                self._messages += 1
                nested.append((f"ConnectDefault{self._messages}", fields))
                return f"ConnectDefault{self._messages}"
            case _:
                return self._imported(_WRITTEN[sql_type])

    def _imported(self, name: str) -> str:
        for prefix, path in _IMPORTS.items():
            if name.startswith(prefix):
                self.imports.add(path)
                break
        return name

    def _options(self, sql_type: SqlType) -> str:
        if isinstance(sql_type, Array):
            return self._options(sql_type.element)
        if isinstance(sql_type, Map):
            return self._options(sql_type.value)
        if not isinstance(sql_type, Decimal):
            return ""
        parameters = (("precision", sql_type.precision), ("scale", sql_type.scale))
        written = ", ".join(f'{{key: "{key}", value: "{value}"}}' for key, value in parameters)
        return f" [(confluent.field_meta) = {{params: [{written}]}}]"


class ProtobufSchema:
    """A file with everything that it imports, as message classes.

    Attributes:
        decimals: Precision and scale of fields, by message and field.
    """

    __slots__ = ("_file", "_pool", "decimals")

    def __init__(self, schema: ResolvedSchema) -> None:
        """Build the messages; SchemaUnusable when the text does not allow it."""
        self.decimals: Decimals = {}
        self._pool = descriptor_pool.DescriptorPool()
        added: set[str] = set()
        try:
            for name, text in schema.references.items():
                self._add(parse_file(name, text, self.decimals), added)
            self._add(parse_file(_MAIN, schema.text, self.decimals), added)
            self._file: Any = self._pool.FindFileByName(_MAIN)
        except (ValueError, TypeError, KeyError) as error:
            raise SchemaUnusable(f"a registered schema is not Protobuf: {error}") from error

    def message(self, name: str | None) -> Descriptor:
        """Return the message of that name, with or without its package; ``None``: the first.

        Raises:
            SchemaUnusable: There is none.
        """
        messages: list[Descriptor] = list(self._file.message_types_by_name.values())
        for message in messages:
            if name is None or name in (message.full_name, message.name):
                return message
        raise SchemaUnusable(f'the registered schema has no message "{name or ""}"')

    def place(self, message: Descriptor) -> list[int]:
        """Return where a message of the file is in it."""
        return [list(self._file.message_types_by_name.values()).index(message)]

    def at(self, index: Sequence[int]) -> Descriptor:
        """Return the message at a place: in the file, then in that message, and so on."""
        messages = list(self._file.message_types_by_name.values())
        message = messages[index[0]]
        for position in index[1:]:
            message = message.nested_types[position]
        found: Descriptor = message
        return found

    def _add(self, file: FileDescriptorProto, added: set[str]) -> None:
        for name in file.dependency:
            if name in added:
                continue
            added.add(name)
            if name in _BUNDLED:
                self._add(FileDescriptorProto.FromString(_BUNDLED[name]), added)
            elif name in _TEXTS:
                self._add(parse_file(name, _TEXTS[name], self.decimals), added)
        added.add(file.name)
        self._pool.AddSerializedFile(file.SerializeToString())


def parsed(schema: ResolvedSchema) -> ProtobufSchema:
    """Return the messages of the schema; SchemaUnusable when there are none."""
    return _parsed(schema.text, tuple(schema.references.items()))


@lru_cache(maxsize=1000)
def _parsed(text: str, references: tuple[tuple[str, str], ...]) -> ProtobufSchema:
    return ProtobufSchema(ResolvedSchema(text, dict(references)))


def message_class(message: Descriptor) -> type[Message]:
    """Return the class of the message."""
    made: type[Message] = message_factory.GetMessageClass(message)
    return made


def sql_types_of(schema: ProtobufSchema, field: FieldDescriptor) -> SqlType:
    """Return the SQL type of one value of the field, as fields are spelled."""
    return _Reading(schema, str).one(field, ())


def fields_of(
    schema: ProtobufSchema, message: Descriptor, rename: Callable[[str], str]
) -> tuple[Field, ...]:
    """Return the fields of a message with their SQL types.

    Raises:
        SchemaUnusable: The message holds itself.
    """
    return _Reading(schema, rename).fields(message, ())


class _Reading:
    def __init__(self, schema: ProtobufSchema, rename: Callable[[str], str]) -> None:
        self._schema = schema
        self._rename = rename

    def fields(self, message: Descriptor, within: tuple[str, ...]) -> tuple[Field, ...]:
        """Return the fields of a message."""
        if message.full_name in within:
            raise SchemaUnusable(
                f'a registered schema has a message that holds itself, "{message.full_name}"'
            )
        inside = (*within, message.full_name)
        return tuple(
            Field(self._rename(field.name), self._field(field, inside)) for field in message.fields
        )

    def _field(self, field: FieldDescriptor, within: tuple[str, ...]) -> SqlType:
        if is_map(field):
            key, value = message_of(field).fields
            return Map(self.one(key, within), self.one(value, within))
        one = self.one(field, within)
        return Array(one) if is_repeated(field) else one

    def one(self, field: FieldDescriptor, within: tuple[str, ...]) -> SqlType:
        """Return the type of a field that has one value, or of one of its values."""
        if field.message_type is None:
            return _READ[field.type]
        name = field.message_type.full_name
        if name == DECIMAL_MESSAGE:
            place = field.full_name.rpartition(".")[0], field.name
            return Decimal(*self._schema.decimals.get(place, _DEFAULT_DECIMAL))
        known = _READ_MESSAGES.get(name)
        return known if known is not None else Struct(self.fields(message_of(field), within))


def message_of(field: FieldDescriptor) -> Descriptor:
    """Return the message that the values of the field are."""
    message = field.message_type
    assert message is not None, f"{field.full_name} is no message"
    return message


def is_map(field: FieldDescriptor) -> bool:
    """Tell whether the field is a map."""
    message = field.message_type
    return message is not None and bool(message.GetOptions().map_entry)


def is_repeated(field: FieldDescriptor) -> bool:
    """Tell whether the field has many values."""
    return bool(field.is_repeated)


def is_wrapper(field: FieldDescriptor) -> bool:
    """Tell whether the field is a message around one scalar."""
    message = field.message_type
    return (
        message is not None
        and message.full_name.startswith("google.protobuf.")
        and [inner.name for inner in message.fields] == ["value"]
    )
