"""Results and rows: what a program sees."""

import datetime as dt
from typing import Any

import pytest

from streamsql.engine.results import Result, ResultKind, Row, rows
from streamsql.types.schema import Column
from streamsql.types.sqltypes import (
    BIGINT,
    DATE,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Field,
    Map,
    SqlType,
    Struct,
)


def one(sql_type: SqlType, value: Any) -> Any:
    (row,) = rows([Column("V", sql_type)], iter([(value,)]))
    return row[0]


@pytest.mark.parametrize(
    ("sql_type", "value", "expected"),
    [
        (BIGINT, 7, 7),
        (DATE, 19782, dt.date(2024, 2, 29)),
        (DATE, 10**9, 10**9),
        (TIME, 45_000_000, dt.time(12, 30)),
        (TIMESTAMP, 1_709_209_800_000, dt.datetime(2024, 2, 29, 12, 30)),
        (TIMESTAMP, -1, dt.datetime(1969, 12, 31, 23, 59, 59, 999000)),
        (TIMESTAMP, 2**62, 2**62),
        (DATE, None, None),
        (Array(DATE), [0, None], [dt.date(1970, 1, 1), None]),
        (Map(STRING, DATE), {"a": 0}, {"a": dt.date(1970, 1, 1)}),
        (
            Struct((Field("D", DATE), Field("N", BIGINT))),
            (0, 1),
            {"D": dt.date(1970, 1, 1), "N": 1},
        ),
        (Array(Struct((Field("N", BIGINT),))), [(1,), None], [{"N": 1}, None]),
    ],
)
def test_values(sql_type: SqlType, value: Any, expected: Any) -> None:
    assert one(sql_type, value) == expected


def test_row_is_a_tuple_and_a_mapping() -> None:
    row = Row(("A", "b"), (1, "x"))
    assert row == (1, "x")
    assert row["A"] == row["a"] == row[0] == 1
    assert row["b"] == row[-1] == "x"
    assert dict(row) == {"A": 1, "b": "x"}
    assert (len(row), list(row), row[:1]) == (2, [1, "x"], (1,))
    assert row != Row(("A", "C"), (1, "x"))
    assert hash(row) == hash((1, "x"))
    with pytest.raises(KeyError):
        row["B"]
    with pytest.raises(IndexError):
        row[2]


def test_a_result_is_closed_once_and_at_its_end() -> None:
    closed: list[int] = []
    result = Result(
        ResultKind.STREAM,
        columns=[Column("N", BIGINT)],
        rows=iter([(1,), (2,)]),
        on_close=lambda: closed.append(1),
    )
    with result:
        assert result.fetchone() == (1,)
        assert result.fetchall() == [(2,)]
        assert result.fetchone() is None
    assert closed == [1]
