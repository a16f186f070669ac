"""ROW: the internal format of repartition topics: msgpack, every type without loss.

Keys are the bare value or an array, values an array of the columns. Of a changed table both the new
and the old row travel: :class:`ChangeCodec`.
"""

import decimal
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from streamsql.formats.format import FormatSpec, attribute_names
from streamsql.formats.plain import PlainDecoder, PlainEncoder, guarded
from streamsql.formats.restrictions import common_restriction
from streamsql.types.record import Key, Row
from streamsql.types.schema import Column
from streamsql.types.sqltypes import Array, Decimal, Map, Primitive, SqlType, Struct

_PRIMITIVES: dict[Primitive, type] = {
    Primitive.BOOLEAN: bool,
    Primitive.INTEGER: int,
    Primitive.BIGINT: int,
    Primitive.DOUBLE: float,
    Primitive.STRING: str,
    Primitive.BYTES: bytes,
    Primitive.DATE: int,
    Primitive.TIME: int,
    Primitive.TIMESTAMP: int,
}
_encode = msgspec.msgpack.Encoder().encode


class RowFormat:
    """The internal format of records between sub-topologies."""

    name = "ROW"

    def key_decoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[bytes], Key]:
        """Return a function from key bytes to the key in flight; it raises DecodeError."""
        del spec
        wanted = _annotation(key[0].type) if len(key) == 1 else _row_annotation(key)
        return guarded(self.name, msgspec.msgpack.Decoder(wanted).decode)

    def key_encoder(self, spec: FormatSpec, key: Sequence[Column]) -> Callable[[Key], bytes]:
        """Return a function from a key in flight to its bytes."""
        del spec, key
        return _encode

    def decoder(
        self, spec: FormatSpec, schema: Sequence[Column], used: Sequence[Column]
    ) -> PlainDecoder:
        """Return a decoder of the used columns; the others are skipped over."""
        del spec
        attributes = dict(zip((column.name for column in used), attribute_names(used), strict=True))
        fields: list[tuple[str, Any]] = [
            (attributes[column.name], _annotation(column.type))
            if column.name in attributes
            else (f"_unused_{position}", msgspec.Raw)
            for position, column in enumerate(schema)
        ]
        row_type = msgspec.defstruct("Row", fields, array_like=True, frozen=True, gc=False)
        return PlainDecoder(self.name, msgspec.msgpack.Decoder(row_type).decode)

    def encoder(self, spec: FormatSpec, schema: Sequence[Column]) -> PlainEncoder:
        """Return an encoder of whole rows."""
        del spec
        fields = [(name, Any) for name in attribute_names(schema)]
        row_type = msgspec.defstruct("Row", fields, array_like=True, frozen=True, gc=False)
        return PlainEncoder(row_type, _encode)

    def check(self, spec: FormatSpec, schema: Sequence[Column], *, is_key: bool) -> str | None:
        """Return why the format cannot carry the columns, or ``None`` when it can."""
        return common_restriction(spec, schema, is_key=is_key, wraps=False)


class ChangeCodec:
    """Changes of a table, ``(new, old)``, each a row or ``None``, as bytes and back."""

    __slots__ = ("_decode",)

    def __init__(self, columns: Sequence[Column]) -> None:
        row = _row_annotation(columns) | None
        pair: Any = tuple.__class_getitem__((row, row))
        self._decode = guarded("ROW", msgspec.msgpack.Decoder(pair).decode)

    def encode(self, new: Row | None, old: Row | None) -> bytes:
        """Return the bytes of a change."""
        return _encode((new, old))

    def decode(self, payload: bytes) -> tuple[Row | None, Row | None]:
        """Return the new and the old row; raises DecodeError."""
        change: tuple[Row | None, Row | None] = self._decode(payload)
        return change


def _row_annotation(columns: Sequence[Column]) -> Any:
    """Return the Python type of a tuple of the columns."""
    return tuple.__class_getitem__(tuple(_annotation(column.type) for column in columns))


def _annotation(sql_type: SqlType) -> Any:
    """Return the Python type of a nullable value of the type, as msgspec reads it."""
    match sql_type:
        case Primitive():
            return _PRIMITIVES[sql_type] | None
        case Decimal():
            return decimal.Decimal | None
        case Array(element):
            return list.__class_getitem__(_annotation(element)) | None
        case Map(key, value):
            return dict.__class_getitem__((_annotation(key), _annotation(value))) | None
        case Struct(fields):
            inner = tuple(_annotation(field.type) for field in fields)
            return tuple.__class_getitem__(inner) | None
