"""AVRO: a value is a record of its columns, a key its bare column or a record of several."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from streamsql.errors import DecodeError
from streamsql.formats.avro.read import row_reader
from streamsql.formats.avro.schemas import (
    BARE,
    bare_schema,
    key_name,
    parsed,
    record_schema,
    sql_type_of,
    value_name,
)
from streamsql.formats.avro.write import row_writer
from streamsql.formats.format import FormatSpec
from streamsql.formats.plain import PlainEncoder, key_parts, row_class
from streamsql.formats.registered import BARE_KEY, BARE_VALUE, rename_of
from streamsql.formats.registry import ResolvedSchema, SchemaType, WriterSchema
from streamsql.formats.restrictions import common_restriction, holds_other_map_keys, names_in
from streamsql.types.record import Key
from streamsql.types.schema import Column
from streamsql.types.sqltypes import Field, Struct

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ERRORS: tuple[type[Exception], ...] = (
    ValueError,
    EOFError,
    IndexError,
    OverflowError,
    TypeError,
    StopIteration,
)
"""What reading bytes that do not fit may raise."""


class AvroFormat:
    """Avro behind the number of its schema."""

    name = "AVRO"
    schema_type = SchemaType.AVRO
    errors = _ERRORS

    def value_schema(self, spec: FormatSpec, columns: Sequence[Column]) -> WriterSchema:
        """Return the schema that values of the columns are written with."""
        name = value_name(spec.schema_name)
        if spec.wrap is False:
            return bare_schema(columns[0], name)
        return record_schema(columns, name)

    def key_schema(self, spec: FormatSpec, key: Sequence[Column], topic: str) -> WriterSchema:
        """Return the schema that the topic's keys are written with."""
        name = key_name(spec.schema_name, topic)
        return bare_schema(key[0], name) if len(key) == 1 else record_schema(key, name)

    def columns(
        self, spec: FormatSpec, schema: ResolvedSchema, *, is_key: bool
    ) -> tuple[Column, ...]:
        """Return the columns that payloads of the schema have."""
        rename = rename_of(spec)
        if is_key or spec.wrap is False:
            sql_type = sql_type_of(parsed(schema, bare=True), rename)
            return (Column(BARE_KEY if is_key else BARE_VALUE, sql_type),)
        record = sql_type_of(parsed(schema, bare=False), rename)
        assert isinstance(record, Struct)
        return tuple(Column(field.name, field.type) for field in record.fields)

    def decoder(
        self, spec: FormatSpec, schema: ResolvedSchema, used: Sequence[Column]
    ) -> "AvroDecoder":
        """Return a decoder of bodies into row objects of the used columns."""
        bare = spec.wrap is False
        row_type = row_class(used)
        fields = _fields(used, bare=bare)
        avro = parsed(schema, bare=bare)
        if not bare:
            return AvroDecoder(row_reader(avro, fields, row_type))
        read = row_reader(avro, fields, lambda *values: _present(values, row_type))
        return AvroDecoder(read)

    def key_decoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[bytes], Key]:
        """Return a function from bodies to keys in flight; it raises DecodeError."""
        del spec
        bare = len(key) == 1
        make: Callable[..., Any] = _only if bare else _together
        read = row_reader(parsed(schema, bare=bare), _fields(key, bare=bare), make)

        def decode(body: bytes) -> Key:
            try:
                return read(body)
            except _ERRORS as error:
                raise DecodeError(f"the key is not AVRO of this schema: {error}") from error

        return decode

    def encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, columns: Sequence[Column]
    ) -> PlainEncoder:
        """Return an encoder of rows."""
        bare = spec.wrap is False
        write = row_writer(parsed(schema, bare=bare), _fields(columns, bare=bare))
        if not bare:
            return PlainEncoder(_together, write)
        return PlainEncoder(_together, lambda row: None if row[0] is None else write(row))

    def key_encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[Key], bytes]:
        """Return a function from keys in flight to bodies."""
        del spec
        bare = len(key) == 1
        write = row_writer(parsed(schema, bare=bare), _fields(key, bare=bare))
        return lambda value: write(key_parts(value, key))

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        reason = common_restriction(spec, schema, is_key=is_key, wraps=True)
        if reason is not None:
            return reason
        for column in schema:
            if holds_other_map_keys(column.type):
                return (
                    f'the AVRO format only supports maps with STRING keys, column "{column.name}" '
                    f"is of type {column.type}"
                )
            for name in names_in(Field(column.name, column.type)):
                if not _NAME.fullmatch(name):
                    return (
                        f'the AVRO format does not support the name "{name}": names in a schema '
                        "are made of letters, digits and underscores"
                    )
        return None


class AvroDecoder:
    """Reads bodies of one schema."""

    __slots__ = ("decode", "errors")

    def __init__(self, read: Callable[[bytes], Any]) -> None:
        self.decode = read
        self.errors = _ERRORS

    def repair(self, payload: bytes) -> Any:
        """Read the payload again: ``None`` for a bare null, or say what is wrong."""
        try:
            return self.decode(payload)
        except _NullError:
            return None
        except _ERRORS as error:
            raise DecodeError(f"the payload is not AVRO of this schema: {error}") from error


class _NullError(ValueError):
    """The payload is a bare null."""


def _present(values: tuple[Any, ...], row_type: Callable[..., Any]) -> Any:
    if None in values:
        raise _NullError
    return row_type(*values)


def _together(*values: Any) -> tuple[Any, ...]:
    return values


def _only(value: Any) -> Any:
    return value


def _fields(columns: Sequence[Column], *, bare: bool) -> list[Field]:
    """Return the columns as fields of the record; a bare column is its only field."""
    if bare:
        return [Field(BARE, column.type) for column in columns]
    return [Field(column.name, column.type) for column in columns]
