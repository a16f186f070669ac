"""KAFKA: one column in the bytes of Kafka's own serializers, without a schema around it.

INTEGER is 4 bytes, BIGINT and DOUBLE are 8, big-endian; STRING is UTF-8; BYTES are themselves.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any

from streamsql.formats.format import FormatSpec
from streamsql.formats.plain import PlainDecoder, PlainEncoder, guarded, row_class
from streamsql.formats.restrictions import common_restriction, unsupported_type
from streamsql.types.record import Key
from streamsql.types.schema import Column
from streamsql.types.sqltypes import BIGINT, BYTES, DOUBLE, INTEGER, STRING, SqlType

_LAYOUTS: dict[SqlType, struct.Struct] = {
    INTEGER: struct.Struct(">i"),
    BIGINT: struct.Struct(">q"),
    DOUBLE: struct.Struct(">d"),
}
_TYPES = frozenset((*_LAYOUTS, STRING, BYTES))


class KafkaFormat:
    """The format of Kafka's primitive serializers."""

    name = "KAFKA"

    def key_decoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[bytes], Key]:
        """Return a function from key bytes to the bare value; it raises DecodeError."""
        del spec
        return guarded(self.name, _reader(_only(key)))

    def key_encoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[Key], bytes]:
        """Return a function from the bare value to its bytes."""
        del spec
        return _writer(_only(key))

    def decoder(
        self, spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
    ) -> PlainDecoder:
        """Return a decoder of the one value column."""
        del spec
        read, row_type = _reader(_only(schema)), row_class(used)
        if not used:
            empty = row_type()
            return PlainDecoder(self.name, lambda payload: (read(payload), empty)[1])
        return PlainDecoder(self.name, lambda payload: row_type(read(payload)))

    def encoder(self, spec: FormatSpec, schema: Sequence[Column]) -> PlainEncoder:
        """Return an encoder of the one value column; a NULL becomes a record without a value."""
        del spec
        write = _writer(_only(schema))

        def encode(row: tuple[Any]) -> bytes | None:
            return None if row[0] is None else write(row[0])

        return PlainEncoder(lambda value: (value,), encode)

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        reason = common_restriction(spec, schema, is_key=is_key, wraps=False)
        if reason is not None:
            return reason
        for column in schema:
            if column.type not in _TYPES:
                return unsupported_type(self.name, column)
        if len(schema) > 1:
            side = "key" if is_key else "value"
            return f"the KAFKA format carries a single {side} column, not {len(schema)}"
        return None


def raw_key_decoder(key: Sequence[Column]) -> Callable[[bytes], Key]:
    """Return the quickest decoder of a key; it raises anything for bytes that do not fit."""
    return _reader(_only(key))


def _only(columns: Sequence[Column]) -> SqlType:
    """Return the type of the single column."""
    (column,) = columns
    return column.type


def _reader(sql_type: SqlType) -> Callable[[bytes], Any]:
    """Return a function from bytes to a value of the type."""
    if sql_type is STRING:
        return bytes.decode
    if sql_type is BYTES:
        return bytes
    unpack = _LAYOUTS[sql_type].unpack
    return lambda payload: unpack(payload)[0]


def _writer(sql_type: SqlType) -> Callable[[Any], bytes]:
    """Return a function from a value of the type to bytes."""
    if sql_type is STRING:
        return str.encode
    if sql_type is BYTES:
        return bytes
    pack = _LAYOUTS[sql_type].pack

    def write(value: Any) -> bytes:
        try:
            return pack(value)
        except struct.error as error:
            raise ValueError(f"{value!r} is not of type {sql_type}") from error

    return write
