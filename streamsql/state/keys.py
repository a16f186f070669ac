"""Keys in flight ⇄ bytes whose order is the order of the keys.

Numbers have a fixed width, big-endian, with the sign bit flipped (doubles: all bits of a negative
one). Text and bytes end with ``00 01`` and escape ``00`` as ``00 FF``, except at the very end of a
key. A part that may be NULL has a byte before it: ``00`` NULL, ``01`` a value.
"""

import decimal
import struct
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, assert_never

from streamsql.errors import UnsupportedError
from streamsql.types.record import Key
from streamsql.types.sqltypes import (
    BIGINT,
    BYTES,
    INTEGER,
    STRING,
    Array,
    Decimal,
    Map,
    Primitive,
    SqlType,
    Struct,
    is_hashable,
)

_Encode: TypeAlias = Callable[[Any], bytes]
_Decode: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""Takes bytes and a position, returns the value there and the position behind it."""

NULL, VALUE = b"\x00", b"\x01"
END = b"\x00"
"""Ends an array; its elements have a NULL or value byte that is larger."""

_ELEMENT_NULL, _ELEMENT = b"\x01", b"\x02"
_SIGN = 1 << 63
_DOUBLE = struct.Struct(">d")


class KeyCodec:
    """Encodes keys of the given column types so that the bytes sort as the keys do.

    NULL parts of a key of several columns sort first; there is no NULL key of one column.

    Attributes:
        encode: Returns the bytes of a key.
        decode: Returns the key of the bytes.
        hashable: Whether equal keys, and no others, are equal as keys of a dict. Lists are not
            hashable, and 0.0 equals -0.0: then a dict should hold the encoded key.
    """

    __slots__ = ("_parts", "decode", "encode", "hashable")

    encode: Callable[[Key], bytes]
    decode: Callable[[bytes], Key]

    def __init__(self, types: Sequence[SqlType], *, terminated: bool = False) -> None:
        """Choose the functions for the types; ``terminated``: other bytes may follow the key.

        Raises:
            UnsupportedError: A type has no order (MAP).
        """
        self.hashable = all(map(is_hashable, types))
        last = len(types) - 1
        self._parts = [
            _part(sql_type, terminated or position < last)
            for position, sql_type in enumerate(types)
        ]
        if len(types) == 1:
            self.encode, self.decode = _single(types[0], self._parts[0], terminated)
        elif not types:
            self.encode, self.decode = _encode_nothing, _decode_nothing
        else:
            self.encode, self.decode = self._encode_parts, self._decode_parts

    def prefix(self, first: Any) -> bytes:
        """Return what keys of several columns begin with whose first one has this value."""
        encode, _ = self._parts[0]
        return VALUE + encode(first)

    def _encode_parts(self, key: Key) -> bytes:
        return b"".join(
            [
                NULL if value is None else VALUE + encode(value)
                for value, (encode, _) in zip(key, self._parts, strict=True)
            ]
        )

    def _decode_parts(self, encoded: bytes) -> Key:
        values: list[Any] = []
        position = 0
        for _, decode in self._parts:
            value = None
            position += 1
            if encoded[position - 1]:
                value, position = decode(encoded, position)
            values.append(value)
        return tuple(values)


def behind(prefix: bytes) -> bytes:
    r"""Return the least bytes that sort behind everything that begins so.

    >>> behind(b"\x01a"), behind(b"\x01\xff")
    (b'\x01b', b'\x02')
    """
    significant = prefix.rstrip(b"\xff")
    return significant[:-1] + bytes([significant[-1] + 1])


def encode_long(value: int) -> bytes:
    """Return eight bytes that sort as 64-bit integers do."""
    return (value + _SIGN).to_bytes(8, "big")


def decode_long(encoded: bytes) -> int:
    """Return the integer of :func:`encode_long`."""
    return int.from_bytes(encoded, "big") - _SIGN


def _encode_nothing(_: Key) -> bytes:
    return b""


def _decode_nothing(_: bytes) -> Key:
    return None


def _single(
    sql_type: SqlType, part: tuple[_Encode, _Decode], terminated: bool
) -> tuple[_Encode, Callable[[bytes], Key]]:
    """Return the functions for a key of one column, short ones for the usual types."""
    if sql_type is BIGINT:
        return encode_long, decode_long
    if sql_type is STRING and not terminated:
        return str.encode, bytes.decode
    encode, decode = part
    return encode, lambda encoded: decode(encoded, 0)[0]


def _part(sql_type: SqlType, terminated: bool) -> tuple[_Encode, _Decode]:
    """Return the functions for a value that is not NULL."""
    match sql_type:
        case Primitive():
            return _primitive(sql_type, terminated)
        case Decimal(precision, scale):
            return _decimal(precision, scale)
        case Array(element):
            return _array(_part(element, True))
        case Struct(fields):
            return _struct([_part(field.type, True) for field in fields])
        case Map():
            raise UnsupportedError(
                f"a key cannot hold the type {sql_type}",
                hint="Maps have no order; use a STRUCT or an ARRAY as key.",
            )
        case _:
            assert_never(sql_type)


def _primitive(sql_type: Primitive, terminated: bool) -> tuple[_Encode, _Decode]:
    if sql_type is STRING:
        return _text(terminated)
    if sql_type is BYTES:
        return _blob(terminated)
    if sql_type is Primitive.BOOLEAN:
        return _boolean()
    if sql_type is Primitive.DOUBLE:
        return _encode_double, _decode_double
    return _integer(4 if sql_type is INTEGER else 8)


def _boolean() -> tuple[_Encode, _Decode]:
    def decode(encoded: bytes, position: int) -> tuple[bool, int]:
        return encoded[position] == 1, position + 1

    return lambda value: b"\x01" if value else b"\x00", decode


def _integer(width: int) -> tuple[_Encode, _Decode]:
    offset = 1 << (8 * width - 1)

    def encode(value: int) -> bytes:
        return (value + offset).to_bytes(width, "big")

    def decode(encoded: bytes, position: int) -> tuple[int, int]:
        end = position + width
        return int.from_bytes(encoded[position:end], "big") - offset, end

    return encode, decode


def _encode_double(value: float) -> bytes:
    if value != value:  # noqa: PLR0124 - NaNs of all bit patterns are one key, larger than infinity
        value = float("nan")
    bits = int.from_bytes(_DOUBLE.pack(value), "big")
    return (bits ^ (2 * _SIGN - 1) if bits & _SIGN else bits | _SIGN).to_bytes(8, "big")


def _decode_double(encoded: bytes, position: int) -> tuple[float, int]:
    bits = int.from_bytes(encoded[position : position + 8], "big")
    bits = bits ^ _SIGN if bits & _SIGN else bits ^ (2 * _SIGN - 1)
    return _DOUBLE.unpack(bits.to_bytes(8, "big"))[0], position + 8


def _text(terminated: bool) -> tuple[_Encode, _Decode]:
    _, decode_bytes = _blob(terminated)

    def decode(encoded: bytes, position: int) -> tuple[str, int]:
        value, end = decode_bytes(encoded, position)
        return value.decode(), end

    if not terminated:
        return str.encode, decode

    def encode(value: str) -> bytes:
        return value.encode().replace(b"\x00", b"\x00\xff") + b"\x00\x01"

    return encode, decode


def _blob(terminated: bool) -> tuple[_Encode, _Decode]:
    def encode(value: bytes) -> bytes:
        return value.replace(b"\x00", b"\x00\xff") + b"\x00\x01"

    def decode(encoded: bytes, position: int) -> tuple[bytes, int]:
        # ``00 01`` cannot begin inside an escape: ``00`` is always followed by ``FF`` there.
        end = encoded.index(b"\x00\x01", position)
        return encoded[position:end].replace(b"\x00\xff", b"\x00"), end + 2

    def decode_last(encoded: bytes, position: int) -> tuple[bytes, int]:
        return encoded[position:], len(encoded)

    return (encode, decode) if terminated else (bytes, decode_last)


def _decimal(precision: int, scale: int) -> tuple[_Encode, _Decode]:
    width = (10**precision).bit_length() // 8 + 1
    encode_unscaled, decode_unscaled = _integer(width)
    exact = decimal.Context(prec=precision + 2)

    def encode(value: decimal.Decimal) -> bytes:
        return encode_unscaled(int(exact.scaleb(value, scale)))

    def decode(encoded: bytes, position: int) -> tuple[decimal.Decimal, int]:
        unscaled, end = decode_unscaled(encoded, position)
        return exact.scaleb(decimal.Decimal(unscaled), -scale), end

    return encode, decode


def _array(element: tuple[_Encode, _Decode]) -> tuple[_Encode, _Decode]:
    encode_element, decode_element = element

    def encode(value: list[Any]) -> bytes:
        parts = [
            _ELEMENT_NULL if item is None else _ELEMENT + encode_element(item) for item in value
        ]
        return b"".join(parts) + END

    def decode(encoded: bytes, position: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        while encoded[position] != 0:
            value = None
            if encoded[position] == _ELEMENT[0]:
                value, position = decode_element(encoded, position + 1)
            else:
                position += 1
            values.append(value)
        return values, position + 1

    return encode, decode


def _struct(fields: list[tuple[_Encode, _Decode]]) -> tuple[_Encode, _Decode]:
    def encode(value: tuple[Any, ...]) -> bytes:
        return b"".join(
            NULL if item is None else VALUE + encode_field(item)
            for item, (encode_field, _) in zip(value, fields, strict=True)
        )

    def decode(encoded: bytes, position: int) -> tuple[tuple[Any, ...], int]:
        values: list[Any] = []
        for _, decode_field in fields:
            value = None
            position += 1
            if encoded[position - 1]:
                value, position = decode_field(encoded, position)
            values.append(value)
        return tuple(values), position

    return encode, decode
