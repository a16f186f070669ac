"""Formats whose payloads name their schema: a zero byte, its number in four bytes, then the body.

What is behind that is a :class:`SchemaFormat`'s, which never sees a registry: it makes schemas of
columns, and codecs of schemas.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from streamsql.errors import DecodeError
from streamsql.formats.format import Decoder, Encoder, FormatSpec
from streamsql.formats.plain import PlainEncoder
from streamsql.formats.registry import (
    ResolvedSchema,
    SchemaNotFound,
    SchemaRegistry,
    SchemaType,
    SchemaUnusable,
    WriterSchema,
    key_subject,
    resolved,
    value_subject,
)
from streamsql.types.record import Key
from streamsql.types.schema import Column

_HEADER = struct.Struct(">bI")
_HEADER_BYTES = _HEADER.size

BARE_KEY, BARE_VALUE = "ROWKEY", "ROWVAL"
"""What a column is called that is a key or a value as a whole."""


@runtime_checkable
class SchemaFormat(Protocol):
    """A format behind such a header.

    Its methods are those of :class:`~streamsql.formats.format.Format` for one schema: the one that
    the payloads were written with, or are to be.
    """

    name: str
    schema_type: SchemaType
    errors: tuple[type[Exception], ...]
    """What the decoders of values raise for a body that they cannot read."""

    def value_schema(self, spec: FormatSpec, columns: Sequence[Column]) -> WriterSchema:
        """Return the schema that values of the columns are written with."""

    def key_schema(self, spec: FormatSpec, key: Sequence[Column], topic: str) -> WriterSchema:
        """Return the schema that the topic's keys are written with."""

    def columns(
        self, spec: FormatSpec, schema: ResolvedSchema, *, is_key: bool
    ) -> tuple[Column, ...]:
        """Return the columns that payloads of the schema have; SchemaUnusable for none."""

    def decoder(self, spec: FormatSpec, schema: ResolvedSchema, used: Sequence[Column]) -> Decoder:
        """Return a decoder of bodies into row objects of the used columns."""

    def key_decoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[bytes], Key]:
        """Return a function from bodies to keys in flight; it raises DecodeError."""

    def encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, columns: Sequence[Column]
    ) -> Encoder:
        """Return an encoder of rows; EngineError when the schema does not hold the columns."""

    def key_encoder(
        self, spec: FormatSpec, schema: ResolvedSchema, key: Sequence[Column]
    ) -> Callable[[Key], bytes]:
        """Return a function from keys in flight to bodies; EngineError as :meth:`encoder`."""

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns on that side, or ``None`` when it can."""


def rename_of(spec: FormatSpec) -> Callable[[str], str]:
    """Return what fields are called as columns: as they are, if a schema is asked for by number."""
    return str.upper if spec.schema_id is None else str


class RegisteredDecoder:
    """Reads the values of a topic, each by the schema that it names."""

    __slots__ = ("_decoders", "_format", "_registry", "_spec", "_used", "decode", "errors")

    def __init__(
        self,
        schema_format: SchemaFormat,
        registry: SchemaRegistry,
        spec: FormatSpec,
        used: Sequence[Column],
    ) -> None:
        self._format = schema_format
        self._registry = registry
        self._spec = spec
        self._used = used
        self._decoders: dict[bytes, Decoder] = {}
        self.errors = (*schema_format.errors, DecodeError)
        self.decode: Callable[[bytes], Any] = self._decode

    def repair(self, payload: bytes) -> Any:
        """Read the payload the general way: ``None`` for a NULL row."""
        return self._decoder(payload[:_HEADER_BYTES]).repair(payload[_HEADER_BYTES:])

    def _decode(self, payload: bytes) -> Any:
        header = payload[:_HEADER_BYTES]
        decoder = self._decoders.get(header) or self._decoder(header)
        return decoder.decode(payload[_HEADER_BYTES:])

    def _decoder(self, header: bytes) -> Decoder:
        decoder = self._decoders.get(header)
        if decoder is None:
            schema = _schema(header, self._format, self._registry)
            with _unreadable():
                decoder = self._format.decoder(self._spec, schema, self._used)
            self._decoders[header] = decoder
        return decoder


def registered_key_decoder(
    schema_format: SchemaFormat, registry: SchemaRegistry, spec: FormatSpec, key: Sequence[Column]
) -> Callable[[bytes], Key]:
    """Return a function from key bytes to keys in flight; it raises DecodeError."""
    decoders: dict[bytes, Callable[[bytes], Key]] = {}

    def decode(payload: bytes) -> Key:
        header = payload[:_HEADER_BYTES]
        decoder = decoders.get(header)
        if decoder is None:
            schema = _schema(header, schema_format, registry)
            with _unreadable():
                decoder = schema_format.key_decoder(spec, schema, key)
            decoders[header] = decoder
        return decoder(payload[_HEADER_BYTES:])

    return decode


def registered_encoder(
    schema_format: SchemaFormat,
    registry: SchemaRegistry,
    topic: str,
    spec: FormatSpec,
    columns: Sequence[Column],
) -> Encoder:
    """Return an encoder of rows, whose schema is registered now."""
    schema = schema_format.value_schema(spec, columns)
    number, complete = _registered(registry, value_subject(topic), spec, schema)
    encoder = schema_format.encoder(spec, complete, columns)
    header, encode_body = _HEADER.pack(0, number), encoder.encode

    def encode(row: Any) -> bytes | None:
        body = encode_body(row)
        return None if body is None else header + body

    return PlainEncoder(encoder.row_type, encode)


def registered_key_encoder(
    schema_format: SchemaFormat,
    registry: SchemaRegistry,
    topic: str,
    spec: FormatSpec,
    key: Sequence[Column],
) -> Callable[[Key], bytes]:
    """Return a function from keys in flight to their bytes; the schema is registered now."""
    schema = schema_format.key_schema(spec, key, topic)
    number, complete = _registered(registry, key_subject(topic), spec, schema)
    header, encode_body = _HEADER.pack(0, number), schema_format.key_encoder(spec, complete, key)
    return lambda value: header + encode_body(value)


def _registered(
    registry: SchemaRegistry, subject: str, spec: FormatSpec, schema: WriterSchema
) -> tuple[int, ResolvedSchema]:
    """Return the schema to write with, and its number."""
    if spec.schema_id is None:
        return registry.register(subject, schema), resolved(registry, schema)
    return spec.schema_id, resolved(registry, registry.schema(spec.schema_id))


def _schema(header: bytes, schema_format: SchemaFormat, registry: SchemaRegistry) -> ResolvedSchema:
    """Return the schema that the header of a payload names; raises DecodeError."""
    if len(header) < _HEADER_BYTES or header[0] != 0:
        raise DecodeError(f"the payload does not begin with the number of a schema: {header!r}")
    _, number = _HEADER.unpack(header)
    with _unreadable():
        schema = registry.schema(number)
        if schema.type is not schema_format.schema_type:
            raise SchemaUnusable(f"schema {number} is of type {schema.type}")
        return resolved(registry, schema)


@contextmanager
def _unreadable() -> Iterator[None]:
    """Let a schema that cannot be used be the fault of the record that names it."""
    try:
        yield
    except (SchemaNotFound, SchemaUnusable) as error:
        raise DecodeError(f"the payload cannot be read by its schema: {error}") from error
