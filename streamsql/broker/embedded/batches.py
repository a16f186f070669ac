"""Many records as one stretch of bytes: what the embedded log stores and inbox files carry.

::

    version  flags  count  appended_ms  | timestamps  key lengths  value lengths | [offsets] |
    u8       u8     u32    i64          | i64 * n     i32 * n      i32 * n       | u32 * n   |
    [headers] | keys ... | values ...

A length of -1 is ``None``. Offsets (from the base, in rising order) are there only where compaction
left gaps; headers only where any record has some. Columns, because arrays are packed and unpacked
at once: 1000 records cost little more than their slices.
"""

import struct
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise, repeat
from typing import TypeAlias

from streamsql.broker.message import StoredMessage
from streamsql.errors import EngineError
from streamsql.types.record import Header

Sent: TypeAlias = tuple[bytes | None, bytes | None, int]
"""(key, value, timestamp_ms)."""

MAXIMUM_RECORDS = 1000
"""Of a batch: larger ones gain nothing and are read for nothing when one record is wanted."""

_VERSION = 1
_OFFSETS = 1
_HEADERS = 2
_FIXED = struct.Struct("<BBIq")
_SHORT = struct.Struct("<H")
_LENGTH = struct.Struct("<i")


def encode_batch(
    records: Sequence[Sent],
    appended_ms: int,
    *,
    headers: Sequence[Sequence[Header]] | None = None,
    offsets: Sequence[int] | None = None,
) -> bytes:
    """Return the bytes of a batch.

    Args:
        records: At least one.
        appended_ms: When they are appended, by the wall clock: retention counts from then.
        headers: Of each record, when any has some.
        offsets: Of each record from the batch's base, when they are not 0, 1, 2 and so on.
    """
    keys, values, timestamps = zip(*records, strict=True)
    flags = (_OFFSETS if offsets is not None else 0) | (_HEADERS if headers is not None else 0)
    parts = [
        _FIXED.pack(_VERSION, flags, len(records), appended_ms),
        array("q", timestamps).tobytes(),
        _lengths(keys),
        _lengths(values),
    ]
    if offsets is not None:
        parts.append(array("I", offsets).tobytes())
    if headers is not None:
        parts.append(_encode_headers(headers))
    parts += _present(keys)
    parts += _present(values)
    return b"".join(parts)


def decode_batch(topic: str, partition: int, base: int, data: bytes) -> list[StoredMessage]:
    """Return the records of a batch whose first possible offset is ``base``."""
    version, flags, count, _ = _FIXED.unpack_from(data)
    if version != _VERSION:
        raise EngineError(f"records of format {version} were written by another version")
    at = _FIXED.size
    timestamps, at = _column("q", data, at, count)
    key_lengths, at = _column("i", data, at, count)
    value_lengths, at = _column("i", data, at, count)
    offsets: Iterable[int] = range(base, base + count)
    if flags & _OFFSETS:
        deltas, at = _column("I", data, at, count)
        offsets = [base + delta for delta in deltas]
    headers: Iterable[Sequence[Header] | None] = repeat(None)
    if flags & _HEADERS:
        headers, at = _decode_headers(data, at, count)
    keys, at = _slices(data, at, key_lengths)
    values, at = _slices(data, at, value_lengths)
    columns = zip(
        repeat(topic), repeat(partition), offsets, keys, values, timestamps, headers, strict=False
    )
    return list(map(StoredMessage, columns))


def appended_ms(data: bytes) -> int:
    """Return when the batch was appended, by the wall clock."""
    moment: int = _FIXED.unpack_from(data)[3]
    return moment


def _lengths(column: Sequence[bytes | None]) -> bytes:
    if None in column:
        return array("i", [-1 if item is None else len(item) for item in column]).tobytes()
    return array("i", map(len, column)).tobytes()  # type: ignore[arg-type]  # there is no None


def _present(column: Sequence[bytes | None]) -> Sequence[bytes]:
    return [item for item in column if item] if None in column else column  # type: ignore[return-value]  # there is no None


def _column(code: str, data: bytes, at: int, count: int) -> tuple["array[int]", int]:
    column = array(code)
    behind = at + column.itemsize * count
    column.frombytes(data[at:behind])
    return column, behind


def _slices(data: bytes, at: int, lengths: "array[int]") -> tuple[Sequence[bytes | None], int]:
    if min(lengths) >= 0:
        bounds = list(accumulate(lengths, initial=at))
        return [data[i:j] for i, j in pairwise(bounds)], bounds[-1]
    found: list[bytes | None] = []
    for length in lengths:
        if length < 0:
            found.append(None)
        else:
            found.append(data[at : at + length])
            at += length
    return found, at


def _encode_headers(headers: Sequence[Sequence[Header]]) -> bytes:
    parts = []
    for of_record in headers:
        parts.append(_SHORT.pack(len(of_record)))
        for name, value in of_record:
            encoded = name.encode()
            parts += [_SHORT.pack(len(encoded)), encoded]
            parts.append(_LENGTH.pack(-1 if value is None else len(value)))
            if value:
                parts.append(value)
    return b"".join(parts)


def _decode_headers(data: bytes, at: int, count: int) -> tuple[list[Sequence[Header] | None], int]:
    found: list[Sequence[Header] | None] = []
    for _ in range(count):
        (number,) = _SHORT.unpack_from(data, at)
        at += _SHORT.size
        headers = []
        for _ in range(number):
            header, at = _decode_header(data, at)
            headers.append(header)
        found.append(headers or None)
    return found, at


def _decode_header(data: bytes, at: int) -> tuple[Header, int]:
    (name_length,) = _SHORT.unpack_from(data, at)
    at += _SHORT.size
    name = data[at : at + name_length].decode()
    at += name_length
    (length,) = _LENGTH.unpack_from(data, at)
    at += _LENGTH.size
    if length < 0:
        return (name, None), at
    return (name, data[at : at + length]), at + length
