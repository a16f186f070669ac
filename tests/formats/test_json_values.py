"""JSON input as the reference describes it: coercions, spellings, what is refused."""

from decimal import Decimal as Number
from typing import Any

import pytest

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

JSON = FormatSpec("JSON")


def read(sql_type: SqlType, text: str) -> Any:
    """Decode one column V from its JSON text, on a fresh decoder and on one that has learned."""
    column = Column("V", sql_type)
    decoder = value_decoder(JSON, Schema((), (column,)), (column,))
    payload = f'{{"V":{text}}}'.encode()
    results = []
    for _ in range(6):
        try:
            results.append(decoder.decode(payload).V)
        except decoder.errors:
            results.append(decoder.repair(payload).V)
    assert all(repr(result) == repr(results[0]) for result in results), results
    return results[0]


ADDRESS = Struct((Field("CITY", STRING), Field("NUMBER", INTEGER), Field("lower", INTEGER)))


@pytest.mark.parametrize(
    ("sql_type", "text", "expected"),
    [
        (INTEGER, "3", 3),
        (INTEGER, "3.9", 3),
        (INTEGER, "-3.9", -3),
        (INTEGER, "1e2", 100),
        (INTEGER, '"42"', 42),
        (INTEGER, '"-42"', -42),
        (INTEGER, "2147483648", -2147483648),
        (INTEGER, "4294967297", 1),
        (INTEGER, "1e999999999", 0),
        (INTEGER, "1e-999999999", 0),
        (INTEGER, "null", None),
        (BIGINT, "9223372036854775807", 2**63 - 1),
        (BIGINT, "9223372036854775808", -(2**63)),
        (BIGINT, "1.5e3", 1500),
        (DOUBLE, "1", 1.0),
        (DOUBLE, "-0.0", -0.0),
        (DOUBLE, '"1.5"', 1.5),
        (DOUBLE, '"NaN"', float("nan")),
        (DOUBLE, '"-Infinity"', float("-inf")),
        (DOUBLE, "1e400", float("inf")),
        (BOOLEAN, "true", True),
        (STRING, '"text"', "text"),
        (STRING, "12", "12"),
        (STRING, "1.50", "1.50"),
        (STRING, "1e3", "1E+3"),
        (STRING, "true", "true"),
        (STRING, '{"a": 1.50, "b": [1, {"c": null}]}', '{"a":1.50,"b":[1,{"c":null}]}'),
        (STRING, '[1, "b", null, {"c": 1}]', '[1, b, null, {"c":1}]'),
        (BYTES, '"YWI="', b"ab"),
        (DATE, "10", 10),
        (DATE, "-10", -10),
        (DATE, '"10"', 10),
        (TIME, "86399999", 86399999),
        (TIMESTAMP, "-5", -5),
        (TIMESTAMP, '"5"', 5),
        (Decimal(4, 2), "10.1", Number("10.10")),
        (Decimal(4, 2), "10", Number("10.00")),
        (Decimal(4, 2), "10.100", Number("10.10")),
        (Decimal(4, 2), '"-1.5"', Number("-1.50")),
        (Decimal(4, 2), "-0.0", Number("0.00")),
        (Decimal(21, 19), "10.123451234512345", Number("10.1234512345123450000")),
        (Array(STRING), "[1, 2.5, null]", ["1", "2.5", None]),
        (Array(Array(INTEGER)), "[[1, null], null, []]", [[1, None], None, []]),
        (Map(STRING, INTEGER), '{"a": 1, "b": "2", "c": null}', {"a": 1, "b": 2, "c": None}),
        (ADDRESS, '{"city": "x", "NUMBER": 1.5, "LOWER": 3, "more": []}', ("x", 1, None)),
        (ADDRESS, "{}", (None, None, None)),
        (Array(ADDRESS), '[{"City": 1}, null]', [("1", None, None), None]),
    ],
)
def test_reads_what_the_reference_reads(sql_type: SqlType, text: str, expected: Any) -> None:
    assert repr(read(sql_type, text)) == repr(expected)


@pytest.mark.parametrize(
    ("sql_type", "text"),
    [
        (INTEGER, '"4.2"'),
        (INTEGER, '"2147483648"'),
        (INTEGER, "true"),
        (INTEGER, '""'),
        (INTEGER, "[1]"),
        (INTEGER, '"\u0661"'),
        (DOUBLE, '"abc"'),
        (DOUBLE, '"1_0"'),
        (DOUBLE, "false"),
        (BOOLEAN, "1"),
        (BOOLEAN, '"true"'),
        (BYTES, '"Y"'),
        (BYTES, "1"),
        (DATE, "2147483648"),
        (DATE, "1e70"),
        (TIME, "86400000"),
        (TIME, "-1"),
        (Decimal(4, 2), "100.0"),
        (Decimal(4, 2), "1.001"),
        (Decimal(4, 2), '"NaN"'),
        (Decimal(4, 2), "1e999999999"),
        (Decimal(4, 2), "true"),
        (Array(INTEGER), "1"),
        (Map(STRING, INTEGER), "[]"),
        (ADDRESS, '"x"'),
        (ADDRESS, '{"NUMBER": "x"}'),
    ],
)
def test_refuses_what_has_no_value(sql_type: SqlType, text: str) -> None:
    with pytest.raises(DecodeError, match='field "V"'):
        read(sql_type, text)


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"5", b'"x"', b"[]", b'{"V":1}}', b'{"V":"\xff"}', b"[" * 100_000]
)
def test_refuses_what_is_no_object(payload: bytes) -> None:
    column = Column("V", STRING)
    decoder = value_decoder(JSON, Schema((), (column,)), (column,))
    with pytest.raises(decoder.errors):
        decoder.decode(payload)
    with pytest.raises(DecodeError):
        decoder.repair(payload)


@pytest.mark.parametrize(
    "text", ["1e99999999999999999999", "[-1e-99999999999999999999]", "1" * 5000]
)
@pytest.mark.parametrize("sql_type", [INTEGER, DOUBLE, STRING, Decimal(4, 2), Array(Decimal(4, 2))])
def test_refuses_numbers_beyond_measure(sql_type: SqlType, text: str) -> None:
    column = Column("V", sql_type)
    decoder = value_decoder(JSON, Schema((), (column,)), (column,))
    payload = f'{{"V":{text}}}'.encode()
    for _ in range(6):
        with pytest.raises(decoder.errors):
            decoder.decode(payload)
        with pytest.raises(DecodeError):
            decoder.repair(payload)
    with pytest.raises(DecodeError):
        key_decoder(JSON, Schema((column,), ()))(text.encode())


def test_a_json_null_is_a_null_row() -> None:
    column = Column("V", STRING)
    decoder = value_decoder(JSON, Schema((), (column,)), (column,))
    with pytest.raises(decoder.errors):
        decoder.decode(b"null")
    assert decoder.repair(b"null") is None


def test_bare_values() -> None:
    column = Column("V", Array(STRING))
    bare = FormatSpec("JSON", wrap=False)
    decoder = value_decoder(bare, Schema((), (column,)), (column,))
    assert decoder.decode(b"[1, 2]").V == ["1", "2"]
    assert decoder.repair(b"null") is None
    with pytest.raises(decoder.errors):
        decoder.decode(b"5")
    with pytest.raises(DecodeError):
        decoder.repair(b"5")


def test_keys() -> None:
    one = key_decoder(JSON, Schema((Column("K", INTEGER),), ()))
    assert one(b"33") == 33
    assert one(b"null") is None
    two = key_decoder(JSON, Schema((Column("K1", STRING), Column("K2", INTEGER)), ()))
    assert two(b'{"k1": "a", "K2": 5}') == ("a", 5)
    assert two(b'{"k1": "a"}') == ("a", None)
    struct = key_decoder(JSON, Schema((Column("K", Struct((Field("F", DOUBLE),))),), ()))
    assert struct(b'{"f": 45.67}') == (45.67,)
    with pytest.raises(DecodeError):
        one(b'"x"')
    with pytest.raises(DecodeError):
        two(b"[]")
