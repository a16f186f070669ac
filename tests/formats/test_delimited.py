"""DELIMITED: one line of fields, quoted as Commons CSV quotes them."""

from decimal import Decimal as Number
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.errors import DecodeError
from streamsql.formats.format import FormatSpec
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    Decimal,
    SqlType,
)
from tests.formats.codecs import key_decoder, key_encoder, value_decoder, value_encoder
from tests.formats.sample_values import SCALAR_TYPES, values_of

CSV = FormatSpec("DELIMITED")


def columns_of(*types: SqlType) -> tuple[Column, ...]:
    return tuple(Column(f"C{number}", kind) for number, kind in enumerate(types))


def read(columns: tuple[Column, ...], text: str, spec: FormatSpec = CSV) -> list[Any]:
    row = value_decoder(spec, Schema((), columns), columns).repair(text.encode())
    return [getattr(row, column.name) for column in columns]


def write(columns: tuple[Column, ...], values: list[Any], spec: FormatSpec = CSV) -> str:
    encoder = value_encoder(spec, Schema((), columns))
    payload = encoder.encode(encoder.row_type(*values))
    assert payload is not None
    return payload.decode()


@pytest.mark.parametrize(
    ("types", "text", "expected"),
    [
        ((BIGINT, STRING, INTEGER), "0,zero,0", [0, "zero", 0]),
        ((BIGINT, STRING), "4,", [4, None]),
        ((STRING, STRING), '"",x', [None, "x"]),
        ((BIGINT, INTEGER), ",", [None, None]),
        ((STRING, STRING), '"a,""b""\nc",d', ['a,"b"\nc', "d"]),
        ((STRING,), ' \t a"b ', [' \t a"b ']),
        ((BOOLEAN, BOOLEAN), 'TRUE,"false"', [True, False]),
        ((DOUBLE, DOUBLE), '"123.456",1e3', [123.456, 1000.0]),
        ((Decimal(33, 16),), ".12", [Number("0.1200000000000000")]),
        ((Decimal(4, 2),), '"-1.5"', [Number("-1.50")]),
        ((DATE,), "-10", [-10]),
        ((BYTES,), "YWI=", [b"ab"]),
        ((INTEGER,), "1\r\n", [1]),
        ((INTEGER,), "", [None]),
    ],
)
def test_reads(types: tuple[SqlType, ...], text: str, expected: list[Any]) -> None:
    assert repr(read(columns_of(*types), text)) == repr(expected)


@pytest.mark.parametrize(
    ("types", "text", "message"),
    [
        ((INTEGER, INTEGER), "1", "2 columns are expected, 1 found"),
        ((INTEGER,), "1,2", "1 columns are expected, 2 found"),
        ((STRING, INTEGER), "a,b", 'column "C1": "b" is not of type INTEGER'),
        ((INTEGER,), "2147483648", "out of the range of INTEGER"),
        ((INTEGER,), " 1", "not of type INTEGER"),
        ((BOOLEAN,), "yes", "not of type BOOLEAN"),
        ((Decimal(4, 2),), "1.001", "does not fit"),
        ((DOUBLE,), "one", "not of type DOUBLE"),
        ((STRING,), "a\nb", "no delimited field"),
        ((STRING,), '"a', "no delimited field"),
        ((STRING,), '"a"b', "no delimited field"),
    ],
)
def test_refuses(types: tuple[SqlType, ...], text: str, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        read(columns_of(*types), text)


def test_reads_only_the_used_columns() -> None:
    columns = columns_of(INTEGER, STRING, DOUBLE)
    decoder = value_decoder(CSV, Schema((), columns), (columns[2], columns[1]))
    row = decoder.decode(b"no number,b,1.5")
    assert (row.C2, row.C1) == (1.5, "b")
    with pytest.raises(decoder.errors):
        decoder.decode(b"b,1.5")


@pytest.mark.parametrize(
    ("types", "values", "expected"),
    [
        ((INTEGER, STRING, INTEGER), [-1, "a", -1], '"-1",a,-1'),
        ((STRING, STRING, STRING), [None, None, "x"], ",,x"),
        ((STRING, STRING), ["", ""], '"",'),
        ((STRING, STRING), [" a", " b"], '" a"," b"'),
        ((STRING, STRING), ["a ", "b\t"], '"a ","b\t"'),
        ((STRING, STRING), ["some text", "-x"], "some text,-x"),
        ((STRING, STRING), ['" + x', "#a"], '""" + x","#a"'),
        ((STRING, STRING), ["a,b", 'c"d'], '"a,b","c""d"'),
        ((STRING, STRING), ["é", "é"], '"é",é'),
        ((BIGINT, DOUBLE, DOUBLE), [0, 1e7, -0.5], "0,1.0E7,-0.5"),
        ((Decimal(33, 16),), [Number("0E-16")], "0.0000000000000000"),
        ((BOOLEAN, BYTES), [True, b"ab"], "true,YWI="),
    ],
)
def test_writes(types: tuple[SqlType, ...], values: list[Any], expected: str) -> None:
    assert write(columns_of(*types), values) == expected


def test_other_delimiters() -> None:
    columns = columns_of(INTEGER, INTEGER, STRING)
    for delimiter in "|;\t -1":
        spec = FormatSpec("DELIMITED", delimiter=delimiter)
        text = write(columns, [5, -11, f"a,b{delimiter}"], spec)
        assert read(columns, text, spec) == [5, -11, f"a,b{delimiter}"]


def test_keys() -> None:
    one = Schema((Column("K", BOOLEAN),), ())
    assert key_decoder(CSV, one)(b'"true"') is True
    assert key_encoder(CSV, one)(False) == b"false"
    two = Schema((Column("K1", STRING), Column("K2", STRING)), ())
    spec = FormatSpec("DELIMITED", delimiter=";")
    assert key_decoder(spec, two)(b"foo,bar;baz") == ("foo,bar", "baz")
    assert key_encoder(spec, two)(("a", None)) == b"a;"
    with pytest.raises(DecodeError):
        key_decoder(CSV, two)(b"a")


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_what_is_written_is_read_again(data: st.DataObject) -> None:
    columns = columns_of(
        *data.draw(st.lists(st.sampled_from(SCALAR_TYPES), min_size=1, max_size=4))
    )
    values = [data.draw(values_of(column.type)) for column in columns]
    expected = [None if value in ("", b"") else value for value in values]
    assert repr(read(columns, write(columns, values))) == repr(expected)
