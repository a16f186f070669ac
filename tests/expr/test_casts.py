"""CAST: what becomes what, and what becomes nothing."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.errors import EvaluationError
from streamsql.expr.dates import temporal
from streamsql.expr.values.casts import can_cast, caster
from streamsql.types import sqltypes
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
    Field,
    Map,
    SqlType,
    Struct,
)

DECIMAL = sqltypes.Decimal


@pytest.mark.parametrize(
    ("source", "target", "value", "expected"),
    [
        (INTEGER, BIGINT, -1, -1),
        (INTEGER, DOUBLE, 3, 3.0),
        (INTEGER, STRING, -1, "-1"),
        (INTEGER, DECIMAL(2, 1), 1, Decimal("1.0")),
        (BIGINT, INTEGER, 2147483648, -2147483648),
        (BIGINT, STRING, 2147483648, "2147483648"),
        (DOUBLE, INTEGER, 1.2, 1),
        (DOUBLE, INTEGER, -1.9, -1),
        (DOUBLE, INTEGER, 1e30, 2**31 - 1),
        (DOUBLE, BIGINT, float("-inf"), -(2**63)),
        (DOUBLE, BIGINT, float("nan"), 0),
        (DOUBLE, STRING, 1e10, "1.0E10"),
        (DOUBLE, STRING, 0.5, "0.5"),
        (DOUBLE, DECIMAL(3, 1), 0.25, Decimal("0.3")),
        (DECIMAL(4, 2), DECIMAL(5, 3), Decimal("10.12"), Decimal("10.120")),
        (DECIMAL(4, 2), INTEGER, Decimal("10.91"), 10),
        (DECIMAL(4, 2), BIGINT, Decimal("-10.91"), -10),
        (DECIMAL(4, 2), DOUBLE, Decimal("10.01"), 10.01),
        (DECIMAL(4, 2), STRING, Decimal("0.00"), "0.00"),
        (BOOLEAN, STRING, True, "true"),
        (STRING, BOOLEAN, "TRUE", True),
        (STRING, BOOLEAN, "yes", False),
        (STRING, INTEGER, " 10 ", 10),
        (STRING, BIGINT, "-9223372036854775808", -(2**63)),
        (STRING, DOUBLE, "1.5e3", 1500.0),
        (STRING, DOUBLE, "-Infinity", float("-inf")),
        (STRING, DECIMAL(4, 2), "1.005", Decimal("1.01")),
        (STRING, BYTES, "AQI=", b"\x01\x02"),
        (BYTES, STRING, b"\x01\x02", "AQI="),
        (STRING, DATE, "1970-01-05", 4),
        (DATE, STRING, 4, "1970-01-05"),
        (DATE, TIMESTAMP, 1, 86_400_000),
        (TIMESTAMP, DATE, -2000, -1),
        (TIMESTAMP, DATE, 86_400_100, 1),
        (TIMESTAMP, TIME, -2000, 86_398_000),
        (TIMESTAMP, TIME, 86_400_100, 100),
        (TIMESTAMP, STRING, 4, "1970-01-01T00:00:00.004"),
        (TIMESTAMP, STRING, 0, "1970-01-01T00:00:00.000"),
        (TIME, STRING, 5000, "00:00:05"),
        (TIME, STRING, 5010, "00:00:05.010"),
        (STRING, TIME, "00:00:00.010", 10),
        (STRING, TIME, "00:01", 60_000),
        (STRING, TIMESTAMP, "2022-04-28T21:44:47.943", 1651182287943),
        (STRING, TIMESTAMP, "2022-04-28T21:44:47.943Z", 1651182287943),
        (STRING, TIMESTAMP, "2022-04-28T23:44:47.943+0200", 1651182287943),
        (STRING, TIMESTAMP, "1970", 0),
        (STRING, TIMESTAMP, "1970-01-02", 86_400_000),
    ],
)
def test_values(source: SqlType, target: SqlType, value: Any, expected: Any) -> None:
    result = caster(source, target)(value)
    assert repr(result) == repr(expected)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (INTEGER, "2147483648"),
        (INTEGER, "1.5"),
        (INTEGER, "1_000"),
        (INTEGER, "\u0661"),
        (INTEGER, ""),
        (BIGINT, "9223372036854775808"),
        (DOUBLE, "1_0"),
        (DOUBLE, "nan"),
        (DECIMAL(4, 2), "100"),
        (DECIMAL(4, 2), "NaN"),
        (DATE, "foo"),
        (DATE, "2021-02-29"),
        (DATE, "2021-01-01T10:00"),
        (TIME, "foo"),
        (TIME, "24:00"),
        (TIMESTAMP, "foo"),
        (TIMESTAMP, "2020-13-01"),
        (BYTES, "?"),
    ],
)
def test_texts_that_are_no_value(target: SqlType, text: str) -> None:
    with pytest.raises(EvaluationError):
        caster(STRING, target)(text)


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(EvaluationError, match="does not fit"):
        caster(INTEGER, DECIMAL(2, 1))(10)
    with pytest.raises(EvaluationError, match="does not fit"):
        caster(DOUBLE, DECIMAL(5, 1))(float("inf"))


def test_nested_values() -> None:
    matrix = caster(Array(Array(BIGINT)), Array(Array(STRING)))
    assert matrix([[1, None], None]) == [["1", None], None]
    mapping = caster(Map(STRING, Map(STRING, STRING)), Map(STRING, Map(STRING, INTEGER)))
    assert mapping({"k1": {"k2": "10"}}) == {"k1": {"k2": 10}}
    source = Struct((Field("F0", BIGINT), Field("F1", STRING)))
    target = Struct((Field("F3", STRING), Field("F0", STRING)))
    assert caster(source, target)((1, "3")) == (None, "1")


def test_nested_texts() -> None:
    assert caster(Map(STRING, INTEGER), STRING)({"this": 1, "that": None}) == "{this=1, that=null}"
    assert caster(Array(DOUBLE), STRING)([1.0, None]) == "[1.0, null]"
    struct = Struct((Field("A", INTEGER), Field("B", Array(STRING))))
    assert caster(struct, STRING)((1, ["x"])) == "Struct{A=1,B=[x]}"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (STRING, Array(INTEGER)),
        (STRING, Map(STRING, INTEGER)),
        (BOOLEAN, INTEGER),
        (INTEGER, BOOLEAN),
        (BIGINT, TIMESTAMP),
        (DATE, TIME),
        (Array(BOOLEAN), Array(INTEGER)),
        (Struct((Field("F", BOOLEAN),)), Struct((Field("F", INTEGER),))),
        (DATE, DECIMAL(4, 2)),
        (DECIMAL(4, 2), DATE),
    ],
)
def test_there_is_no_such_cast(source: SqlType, target: SqlType) -> None:
    assert not can_cast(source, target)
    with pytest.raises(KeyError):
        caster(source, target)


@given(st.dates())
def test_dates_are_those_of_the_calendar(date: dt.date) -> None:
    days = (date - dt.date(1970, 1, 1)).days
    assert temporal.date_text(days) == date.isoformat()
    assert temporal.parse_date(date.isoformat()) == days
    assert temporal.civil(days) == (date.year, date.month, date.day)


@given(st.integers(-(10**15), 10**15))
def test_timestamps_read_back(timestamp_ms: int) -> None:
    assert temporal.parse_timestamp(temporal.timestamp_text(timestamp_ms)) == timestamp_ms
