"""PROTOBUF and PROTOBUF_NOSR: a message of the columns, keys too.

A field of proto3 that is not there is a zero: NULL comes back as such, unless the schema says
``optional`` or wraps the field.
"""

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError as WireError

from streamsql.errors import DecodeError
from streamsql.formats.format import FormatSpec
from streamsql.formats.plain import PlainEncoder, key_parts, row_class
from streamsql.formats.protobuf.index import read_index, write_index
from streamsql.formats.protobuf.schemas import (
    ProtobufSchema,
    fields_of,
    message_class,
    message_schema,
    parsed,
)
from streamsql.formats.protobuf.values import record_reader, record_writer
from streamsql.formats.registered import rename_of
from streamsql.formats.registry import ResolvedSchema, SchemaType, WriterSchema
from streamsql.formats.restrictions import protobuf_restriction
from streamsql.types.record import Key
from streamsql.types.schema import Column
from streamsql.types.sqltypes import Field

_ERRORS: tuple[type[Exception], ...] = (ValueError, IndexError, WireError)
Read = Callable[[bytes], Any]


class ProtobufFormat:
    """Protobuf behind the number of its schema, and the place of the message in it."""

    name = "PROTOBUF"
    schema_type = SchemaType.PROTOBUF
    errors = _ERRORS

    def value_schema(self, spec: FormatSpec, columns: Sequence[Column]) -> WriterSchema:
        """Return the schema that values of the columns are written with."""
        return message_schema(columns, spec.schema_name, spec.nullable)

    def key_schema(self, spec: FormatSpec, key: Sequence[Column], topic: str) -> WriterSchema:
        """Return the schema that the topic's keys are written with."""
        del topic
        return message_schema(key, spec.schema_name, spec.nullable)

    def columns(
        self, spec: FormatSpec, schema: ResolvedSchema, *, is_key: bool
    ) -> tuple[Column, ...]:
        """Return the columns that payloads of the schema have."""
        del is_key
        file = parsed(schema)
        fields = fields_of(file, file.message(spec.schema_name), rename_of(spec))
        return tuple(Column(field.name, field.type) for field in fields)

    def decoder(
        self, spec: FormatSpec, schema: ResolvedSchema, used: Sequence[Column]
    ) -> "ProtobufDecoder":
        """Return a decoder of bodies into row objects of the used columns."""
        del spec
        row_type = row_class(used)
        return ProtobufDecoder(_indexed(parsed(schema), used, lambda values: row_type(*values)))

    def key_decoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[bytes], Key]:
        """Return a function from bodies to keys in flight; it raises DecodeError."""
        del spec
        return ProtobufDecoder(_indexed(parsed(schema), key, _key_of(key))).repair

    def encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, columns: Sequence[Column]
    ) -> PlainEncoder:
        """Return an encoder of rows."""
        file = parsed(schema)
        message = file.message(spec.schema_name)
        write, begin = _writer(file, message, columns), write_index(file.place(message))
        return PlainEncoder(_together, lambda row: begin + write(row))

    def key_encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[Key], bytes]:
        """Return a function from keys in flight to bodies."""
        encode = self.encoder(spec, schema, key).encode
        return lambda value: encode(key_parts(value, key)) or b""

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        return protobuf_restriction(spec, schema, is_key=is_key)


class ProtobufWithoutRegistryFormat:
    """Protobuf alone: both sides must know the schema, which is that of the columns."""

    name = "PROTOBUF_NOSR"

    def key_decoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[bytes], Key]:
        """Return a function from key bytes to the key in flight; it raises DecodeError."""
        return ProtobufDecoder(_reader(*_own(spec, key), key, _key_of(key))).repair

    def key_encoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[Key], bytes]:
        """Return a function from a key in flight to its bytes."""
        write = _writer(*_own(spec, key), key)
        return lambda value: write(key_parts(value, key))

    def decoder(
        self, spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
    ) -> "ProtobufDecoder":
        """Return a decoder of the used columns."""
        row_type = row_class(used)
        return ProtobufDecoder(_reader(*_own(spec, schema), used, lambda values: row_type(*values)))

    def encoder(self, spec: FormatSpec, schema: Sequence[Column]) -> PlainEncoder:
        """Return an encoder of rows."""
        return PlainEncoder(_together, _writer(*_own(spec, schema), schema))

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        return protobuf_restriction(spec, schema, is_key=is_key)


class ProtobufDecoder:
    """Reads messages."""

    __slots__ = ("decode", "errors")

    def __init__(self, read: Read) -> None:
        self.decode = read
        self.errors = _ERRORS

    def repair(self, payload: bytes) -> Any:
        """Read the payload again, to say what is wrong with it."""
        try:
            return self.decode(payload)
        except _ERRORS as error:
            raise DecodeError(f"the payload is not PROTOBUF of this schema: {error}") from error


def _own(spec: FormatSpec, columns: Sequence[Column]) -> tuple[ProtobufSchema, Descriptor]:
    """Return the message that the columns make."""
    file = parsed(ResolvedSchema(message_schema(columns, spec.schema_name, spec.nullable).text))
    return file, file.message(None)


def _indexed(
    file: ProtobufSchema, used: Sequence[Column], make: Callable[[tuple[Any, ...]], Any]
) -> Read:
    """Return a function that reads whichever message of the file a body says it is."""
    readers: dict[tuple[int, ...], Read] = {}

    def read(body: bytes) -> Any:
        index, begin = ((0,), 1) if body[:1] == b"\0" else read_index(body)
        reader = readers.get(index)
        if reader is None:
            reader = readers[index] = _reader(file, file.at(index), used, make)
        return reader(body[begin:])

    return read


def _reader(
    file: ProtobufSchema,
    message: Descriptor,
    used: Sequence[Column],
    make: Callable[[tuple[Any, ...]], Any],
) -> Read:
    from_bytes = message_class(message).FromString
    values_of = record_reader(file, message, _fields(used))
    return lambda body: make(values_of(from_bytes(body)))


def _writer(
    file: ProtobufSchema, message: Descriptor, columns: Sequence[Column]
) -> Callable[[Sequence[Any]], bytes]:
    made, arguments = message_class(message), record_writer(file, message, _fields(columns))

    def write(values: Sequence[Any]) -> bytes:
        payload: bytes = made(**arguments(values)).SerializeToString(deterministic=True)
        return payload

    return write


def _key_of(key: Sequence[Column]) -> Callable[[tuple[Any, ...]], Key]:
    if len(key) == 1:
        return lambda values: values[0]
    return lambda values: values


def _together(*values: Any) -> tuple[Any, ...]:
    return values


def _fields(columns: Sequence[Column]) -> list[Field]:
    return [Field(column.name, column.type) for column in columns]
