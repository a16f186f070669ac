"""Whatever bytes a record holds: they are a row, a NULL row or a DecodeError, nothing else."""

import random

import pytest

from streamsql.errors import DecodeError
from streamsql.formats.format import FormatSpec
from streamsql.formats.formats import check
from streamsql.types.schema import Column, Schema
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
    SqlType,
    Struct,
)
from tests.formats.codecs import key_decoder, value_decoder

TYPES: tuple[SqlType, ...] = (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Decimal(6, 2),
    Array(STRING),
    Map(STRING, INTEGER),
    Struct((Field("F", STRING), Field("G", Decimal(4, 1)))),
    Array(Map(STRING, Array(DOUBLE))),
)
SPECS = (
    FormatSpec("JSON"),
    FormatSpec("JSON", wrap=False),
    FormatSpec("DELIMITED"),
    FormatSpec("KAFKA"),
)
PIECES = (
    *(b"null", b"true", b"0", b"-1", b"1.5", b"1e999", b"-0.0", b"1E-999999", b"1e99999999999"),
    *(b"9" * 30, b"9" * 5_000, b"1." + b"9" * 5_000, b"NaN", b"Infinity", b'""', b'"x"', b'"1e9"'),
    *(
        b'"' + b"9" * 5_000 + b'"',
        b'"\\ud800"',
        b'"\\u0000"',
        b"\xff\xfe",
        b"\x00",
        b"\xef\xbb\xbf",
    ),
    *(b"[]", b"{}", b"[null]", b'{"F":[],"G":{}}', b'{"F":1,"f":2}', b'{"":0}', b",", b'","', b""),
    *(b"[" * 400 + b"]" * 400, b'{"a":' * 400 + b"1" + b"}" * 400, b"[" * 50_000, b'{"A":' * 5_000),
    *(b"\x00" * 4, b"\x00" * 8, b"\x80" * 8, b"\r\n", b" ", b"2020-02-30", b'"2020-01-01"', b"+"),
)


@pytest.mark.parametrize(
    "rounds", [30, pytest.param(2_000, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_any_bytes_are_a_row_or_a_decode_error(rounds: int, seed: int) -> None:
    print(f"seed {seed}")
    generator = random.Random(seed)
    for spec in SPECS:
        for sql_type in TYPES:
            columns = (Column("A", sql_type),)
            if check(spec, columns, is_key=False) is None:
                _read_values(spec, columns, rounds, generator)
            if check(spec, columns, is_key=True) is None:
                _read_keys(spec, columns, rounds, generator)


def _read_values(
    spec: FormatSpec, columns: tuple[Column, ...], rounds: int, generator: random.Random
) -> None:
    decoder = value_decoder(spec, Schema((), columns), columns)
    for _ in range(rounds):
        payload = _payload(generator)
        try:
            decoder.decode(payload)
        except decoder.errors:
            _repaired(decoder.repair, payload)
        except Exception as error:
            error.add_note(f"{spec} {columns} {payload[:200]!r}")
            raise


def _read_keys(
    spec: FormatSpec, columns: tuple[Column, ...], rounds: int, generator: random.Random
) -> None:
    decode = key_decoder(spec, Schema(columns, ()))
    for _ in range(rounds):
        _repaired(decode, _payload(generator))


def _repaired(read: object, payload: bytes) -> None:
    assert callable(read)
    try:
        read(payload)
    except DecodeError:
        return
    except Exception as error:
        error.add_note(repr(payload[:200]))
        raise


def _payload(generator: random.Random) -> bytes:
    """Return a document around a piece, or a piece alone, some of them damaged."""
    piece = generator.choice(PIECES)
    frame = generator.choice(
        (b"%s", b'{"A":%s}', b'{"a":%s,"A":1}', b"[%s]", b"%s,%s", b'{"A":"%s"}')
    )
    payload = frame.replace(b"%s", piece)
    for _ in range(generator.choice((0, 0, 1, 3))):
        position = generator.randrange(len(payload) + 1)
        payload = payload[:position] + generator.randbytes(1) + payload[position + 1 :]
    return payload[: generator.randrange(len(payload) + 1)] if generator.random() < 0.1 else payload
