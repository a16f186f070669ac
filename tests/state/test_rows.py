"""Entries and their bytes."""

import math
from decimal import Decimal as Number
from typing import Any

import pytest

from streamsql.state.rows import RowCodec
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

POINT = Struct((Field("X", INTEGER), Field("Y", Array(DOUBLE))))

CASES: list[tuple[SqlType, Any]] = [
    (BOOLEAN, True),
    (INTEGER, -(2**31)),
    (BIGINT, 2**63 - 1),
    (BIGINT, -(2**63)),
    (DOUBLE, 1e308),
    (DOUBLE, math.inf),
    (DOUBLE, -0.0),
    (DOUBLE, math.nan),
    (DOUBLE, 3.0),
    (STRING, "žluť\0\U0001f600"),
    (BYTES, b"\x00\xff"),
    (DATE, -1),
    (TIME, 86_399_999),
    (TIMESTAMP, 1_700_000_000_000),
    (Decimal(38, 10), Number("-1234567890123456789012345678.0123456789")),
    (Decimal(20, 10), Number("0E-10")),
    (Decimal(4, 2), Number("1.50")),
    (Decimal(4, 0), Number(1500)),
    (Array(STRING), ["a", None]),
    (Array(Decimal(4, 1)), [Number("1.0")]),
    (Map(STRING, BIGINT), {"a": 1, "b": None}),
    (Map(INTEGER, Array(INTEGER)), {1: [1, None], 2: None}),
    (Map(DOUBLE, STRING), {1.5: "x"}),
    (Map(Decimal(4, 2), BOOLEAN), {Number("1.50"): False}),
    (Map(STRING, POINT), {"p": (1, [2.0])}),
    (POINT, (None, [1.0, None])),
    (Array(POINT), [(1, None), None]),
]


@pytest.mark.parametrize(("sql_type", "value"), CASES, ids=lambda part: str(part)[:30])
def test_values_of_every_type_come_back(sql_type: SqlType, value: Any) -> None:
    codec = RowCodec((sql_type, sql_type))
    assert repr(codec.decode(codec.encode(((value, None), -5)))) == repr(((value, None), -5))


def test_a_row_may_be_empty_or_put_as_a_list() -> None:
    assert RowCodec(()).decode(RowCodec(()).encode(((), 7))) == ((), 7)
    codec = RowCodec((STRING, BIGINT))
    assert codec.decode(codec.encode((["a", 1], 7))) == (("a", 1), 7)
