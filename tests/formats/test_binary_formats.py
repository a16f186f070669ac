"""KAFKA, NONE and the internal ROW format, and windowed keys."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.errors import DecodeError
from streamsql.formats.format import FormatSpec
from streamsql.formats.row import ChangeCodec
from streamsql.types.schema import Column, Schema, WindowKind
from streamsql.types.sqltypes import BIGINT, BYTES, DOUBLE, INTEGER, STRING, Map, SqlType
from tests.formats.codecs import key_decoder, key_encoder, value_decoder, value_encoder
from tests.formats.sample_values import TYPES, values_of

KAFKA, ROW = FormatSpec("KAFKA"), FormatSpec("ROW")
ROW_TYPES: list[SqlType] = [*TYPES, Map(INTEGER, STRING), Map(BIGINT, Map(BYTES, DOUBLE))]


@pytest.mark.parametrize(
    ("sql_type", "value", "payload"),
    [
        (INTEGER, -2, b"\xff\xff\xff\xfe"),
        (BIGINT, 1, b"\0\0\0\0\0\0\0\1"),
        (DOUBLE, 1.0, b"\x3f\xf0\0\0\0\0\0\0"),
        (STRING, "é", b"\xc3\xa9"),
        (BYTES, b"\0\xff", b"\0\xff"),
    ],
)
def test_kafka_primitives(sql_type: SqlType, value: Any, payload: bytes) -> None:
    column = Column("C", sql_type)
    keys, values = Schema((column,), ()), Schema((), (column,))
    assert key_encoder(KAFKA, keys)(value) == payload
    assert key_decoder(KAFKA, keys)(payload) == value
    encoder = value_encoder(KAFKA, values)
    assert encoder.encode(encoder.row_type(value)) == payload
    assert encoder.encode(encoder.row_type(None)) is None
    assert value == value_decoder(KAFKA, values, (column,)).decode(payload).C
    assert value_decoder(KAFKA, values, ()).decode(payload) is not None


@pytest.mark.parametrize(
    ("sql_type", "payload"),
    [(INTEGER, b"\0"), (BIGINT, b"\0" * 4), (DOUBLE, b""), (STRING, b"\xff")],
)
def test_kafka_refuses_other_lengths(sql_type: SqlType, payload: bytes) -> None:
    column = Column("C", sql_type)
    with pytest.raises(DecodeError, match="KAFKA"):
        key_decoder(KAFKA, Schema((column,), ()))(payload)
    decoder = value_decoder(KAFKA, Schema((), (column,)), (column,))
    with pytest.raises(decoder.errors):
        decoder.decode(payload)
    with pytest.raises(DecodeError):
        decoder.repair(payload)


def test_kafka_refuses_values_out_of_range() -> None:
    with pytest.raises(ValueError, match="not of type INTEGER"):
        key_encoder(KAFKA, Schema((Column("C", INTEGER),), ()))(2**31)


def test_none_ignores_bytes() -> None:
    keyless = Schema((), (Column("V", INTEGER),))
    assert key_decoder(FormatSpec("NONE"), keyless)(b"data that should be ignored") is None
    assert key_decoder(KAFKA, keyless)(b"data that should be ignored") is None


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_rows_travel_without_loss(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(ROW_TYPES), min_size=1, max_size=4))
    columns = tuple(Column(f"C{number}", kind) for number, kind in enumerate(types))
    values = tuple(data.draw(values_of(kind)) for kind in types)
    schema = Schema((), columns)
    encoder = value_encoder(ROW, schema)
    payload = encoder.encode(encoder.row_type(*values))
    assert payload is not None
    used = columns[::-2]
    row = value_decoder(ROW, schema, used).decode(payload)
    got = [getattr(row, column.name) for column in used]
    assert repr(got) == repr([values[columns.index(column)] for column in used])
    changes = ChangeCodec(columns)
    for new, old in ((values, None), (None, values), (values, values)):
        assert repr(changes.decode(changes.encode(new, old))) == repr((new, old))


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_row_keys_travel_without_loss(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(ROW_TYPES), min_size=1, max_size=3))
    schema = Schema(tuple(Column(f"K{number}", kind) for number, kind in enumerate(types)), ())
    parts = tuple(data.draw(values_of(kind)) for kind in types)
    key = parts if len(parts) > 1 else parts[0]
    assert repr(key_decoder(ROW, schema)(key_encoder(ROW, schema)(key))) == repr(key)


def test_row_refuses_other_bytes() -> None:
    columns = (Column("A", INTEGER), Column("B", STRING))
    decoder = value_decoder(ROW, Schema((), columns), columns)
    for payload in (b"", b"\xc1", b"\x91\x01", b"\x92\xa1a\x01"):
        with pytest.raises(decoder.errors):
            decoder.decode(payload)
        with pytest.raises(DecodeError, match="ROW"):
            decoder.repair(payload)
        with pytest.raises(DecodeError, match="ROW"):
            ChangeCodec(columns).decode(payload)


def test_time_windowed_keys() -> None:
    schema = Schema((Column("K", STRING),), (), WindowKind.HOPPING)
    payload = key_encoder(KAFKA, schema)(("ab", 5000, 6000))
    assert payload == b"ab\0\0\0\0\0\0\x13\x88"
    assert key_decoder(KAFKA, schema, 1000)(payload) == ("ab", 5000, 6000)
    with pytest.raises(DecodeError, match="window"):
        key_decoder(KAFKA, schema, 1000)(b"ab")


def test_session_windowed_keys() -> None:
    schema = Schema((Column("K", INTEGER),), (), WindowKind.SESSION)
    payload = key_encoder(KAFKA, schema)((1, 5, 9))
    assert payload == bytes([0, 0, 0, 1, *[0] * 7, 9, *[0] * 7, 5])
    assert key_decoder(KAFKA, schema)(payload) == (1, 5, 9)
    with pytest.raises(DecodeError, match="window"):
        key_decoder(KAFKA, schema)(b"12345678")
