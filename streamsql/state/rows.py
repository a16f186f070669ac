"""Entries of a store, ``(row, timestamp_ms)``, ⇄ bytes.

MessagePack, decoded by the SQL types of the row, so that what comes back is what was put: decimals
with their scale, bytes, tuples for structs, maps with keys of any type.
"""

import decimal
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, assert_never

import msgspec

from streamsql.types.sqltypes import Array, Decimal, Map, Primitive, SqlType, Struct

Entry: TypeAlias = tuple[Any, int]
"""``(row, timestamp_ms)``; the row is a tuple, or the list that a caller has put."""

# Annotations made at run time, which a type checker cannot follow.
_LIST: Any = list
_DICT: Any = dict
_TUPLE: Any = tuple

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


class RowCodec:
    """Encodes entries whose rows have the given types.

    Attributes:
        encode: Returns the bytes of an entry; the row may be a list.
        decode: Returns the entry of the bytes; its row is a tuple.
    """

    __slots__ = ("decode", "encode")

    encode: Callable[[Entry], bytes]
    decode: Callable[[bytes], Entry]

    def __init__(self, types: Sequence[SqlType]) -> None:
        row = _TUPLE[tuple(_python_type(sql_type) for sql_type in types)]
        self.encode = msgspec.msgpack.Encoder().encode
        self.decode = msgspec.msgpack.Decoder(_TUPLE[row, int]).decode


def _python_type(sql_type: SqlType) -> Any:
    """Return the annotation by which msgspec decodes a value or NULL."""
    return _value_type(sql_type) | None


def _value_type(sql_type: SqlType) -> Any:
    match sql_type:
        case Primitive():
            return _PRIMITIVES[sql_type]
        case Decimal():
            return decimal.Decimal
        case Array(element):
            return _LIST[_python_type(element)]
        case Map(key, value):
            return _DICT[_python_type(key), _python_type(value)]
        case Struct(fields):
            return _TUPLE[tuple(_python_type(field.type) for field in fields)]
        case _:
            assert_never(sql_type)
