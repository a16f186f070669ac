"""JSON output, as Jackson writes it, and back."""

import contextlib
from decimal import Decimal as Number
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.formats.format import FormatSpec
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import (
    BIGINT,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    Array,
    Decimal,
    Field,
    Map,
    SqlType,
    Struct,
)
from tests.formats.codecs import key_decoder, key_encoder, value_decoder, value_encoder
from tests.formats.sample_values import TYPES, values_of

JSON = FormatSpec("JSON")
POINT = Struct((Field("X", DOUBLE), Field("y", Array(INTEGER))))


@pytest.mark.parametrize(
    ("sql_type", "value", "expected"),
    [
        (STRING, "é\n", '"é\\n"'),
        (BYTES, b"ab", '"YWI="'),
        (DATE, -10, "-10"),
        (DOUBLE, 1.5, "1.5"),
        (DOUBLE, float("nan"), '"NaN"'),
        (DOUBLE, float("-inf"), '"-Infinity"'),
        (DOUBLE, None, "null"),
        (Decimal(4, 2), Number("0.50"), "0.50"),
        (Decimal(20, 9), Number("0.000000001"), "0.000000001"),
        (Decimal(20, 9), Number("0.000000000"), "0.000000000"),
        (Array(DOUBLE), [1.0, None, float("inf")], '[1.0,null,"Infinity"]'),
        (Map(STRING, DOUBLE), {"a": float("nan")}, '{"a":"NaN"}'),
        (POINT, (1.0, [1, None]), '{"X":1.0,"y":[1,null]}'),
        (Array(POINT), [(None, None), None], '[{"X":null,"y":null},null]'),
        (Map(STRING, POINT), {"k": (float("inf"), [])}, '{"k":{"X":"Infinity","y":[]}}'),
    ],
)
def test_writes_what_jackson_writes(sql_type: SqlType, value: Any, expected: str) -> None:
    schema = Schema((), (Column("N", INTEGER), Column("my col", sql_type)))
    encoder = value_encoder(JSON, schema)
    row = encoder.row_type(None, value)
    assert encoder.encode(row) == f'{{"N":null,"my col":{expected}}}'.encode()


def test_names_that_no_struct_can_have() -> None:
    encoder = value_encoder(JSON, Schema((), (Column('a"b', INTEGER), Column("C", DOUBLE))))
    assert encoder.encode(encoder.row_type(1, float("nan"))) == b'{"a\\"b":1,"C":"NaN"}'


def test_bare_values() -> None:
    encoder = value_encoder(FormatSpec("JSON", wrap=False), Schema((), (Column("V", POINT),)))
    assert encoder.encode(encoder.row_type((1.0, None))) == b'{"X":1.0,"y":null}'
    assert encoder.encode(encoder.row_type(None)) is None


def test_keys() -> None:
    one = key_encoder(JSON, Schema((Column("K", DOUBLE),), ()))
    assert one(1e10) == b"1.0E10"
    assert one(float("nan")) == b'"NaN"'
    assert key_encoder(JSON, Schema((Column("K", STRING),), ()))("a") == b'"a"'
    assert (
        key_encoder(JSON, Schema((Column("K", POINT),), ()))((1e7, [1])) == b'{"X":1.0E7,"y":[1]}'
    )
    two = key_encoder(JSON, Schema((Column("K1", STRING), Column("K2", INTEGER)), ()))
    assert two(("a", None)) == b'{"K1":"a","K2":null}'


def test_a_value_that_cannot_be_written_is_a_value_error() -> None:
    encoder = value_encoder(JSON, Schema((), (Column("V", STRING),)))
    with pytest.raises(ValueError, match="surrogates"):
        encoder.encode(encoder.row_type("\ud800"))


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_what_is_written_is_read_again(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=3))
    columns = tuple(Column(f"C{number}", kind) for number, kind in enumerate(types))
    schema = Schema((), columns)
    values = [data.draw(values_of(column.type)) for column in columns]
    encoder, decoder = value_encoder(JSON, schema), value_decoder(JSON, schema, columns)
    payload = encoder.encode(encoder.row_type(*values))
    assert payload is not None
    rows = [decoder.repair(payload)]
    with contextlib.suppress(*decoder.errors):  # "Infinity", a string, takes the general way.
        rows.append(decoder.decode(payload))
    for row in rows:
        assert repr([getattr(row, column.name) for column in columns]) == repr(values)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_keys_are_read_again(data: st.DataObject) -> None:
    types = data.draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=2))
    schema = Schema(tuple(Column(f"K{n}", kind) for n, kind in enumerate(types)), ())
    parts = tuple(data.draw(values_of(kind)) for kind in types)
    key = parts if len(parts) > 1 else parts[0]
    encoded = key_encoder(JSON, schema)(key)
    assert repr(key_decoder(JSON, schema)(encoded)) == repr(key)


def test_row_attributes_stand_for_odd_names() -> None:
    columns = (Column("my col", BIGINT), Column("é", BIGINT))
    encoder = value_encoder(JSON, Schema((), columns))
    assert encoder.encode(encoder.row_type(1, 2)) == '{"my col":1,"é":2}'.encode()
