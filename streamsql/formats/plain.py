"""Decoders and encoders of formats that have a single way to read a payload.

A *codec* of these formats is a pair of plain functions between bytes and the tuple of columns; this
module dresses them as the :class:`~streamsql.formats.format.Decoder` and ``Encoder`` of rows and as
the functions for keys.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec

from streamsql.errors import DecodeError
from streamsql.formats.format import attribute_names
from streamsql.types.record import Key
from streamsql.types.schema import Column

PAYLOAD_ERRORS: tuple[type[Exception], ...] = (
    ValueError,
    struct.error,
    msgspec.MsgspecError,
    RecursionError,
)
"""What reading a payload that does not fit may raise."""

RowClass: TypeAlias = Callable[..., Any]


def row_class(columns: Sequence[Column]) -> RowClass:
    """Make a class of row objects whose attributes are named by ``attribute_names``."""
    fields = [(name, Any) for name in attribute_names(columns)]
    return msgspec.defstruct("Row", fields, frozen=True, gc=False)


class PlainDecoder:
    """Reads payloads in one way: what that cannot read is wrong."""

    __slots__ = ("_format", "decode", "errors")

    def __init__(self, format_name: str, decode: Callable[[bytes], Any]) -> None:
        self._format = format_name
        self.decode = decode
        self.errors = PAYLOAD_ERRORS

    def repair(self, payload: bytes) -> Any:
        """Read the payload again, to say what is wrong with it."""
        return guarded(self._format, self.decode)(payload)


class PlainEncoder:
    """Writes row objects."""

    __slots__ = ("encode", "row_type")

    def __init__(self, row_type: RowClass, encode: Callable[[Any], bytes | None]) -> None:
        self.row_type = row_type
        self.encode = encode


def guarded(format_name: str, decode: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return ``decode`` with the errors of a payload that does not fit turned into DecodeError."""

    def read(payload: bytes) -> Any:
        try:
            return decode(payload)
        except PAYLOAD_ERRORS as error:
            raise DecodeError(
                f"the payload is not {format_name} of this schema: {error}"
            ) from error

    return read


def key_parts(key: Key, columns: Sequence[Column]) -> tuple[Any, ...]:
    """Return the columns of a key in flight as a tuple."""
    return (key,) if len(columns) == 1 else key
