"""Laws of folds: undo takes back what add did, merge is the fold of both groups, SQL agrees."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.types import sqltypes
from streamsql.types.sqltypes import BIGINT, DOUBLE, INTEGER, STRING, SqlType
from tests.expr.aggregates.folds import Fold, fold

VALUES: dict[SqlType, Any] = {
    INTEGER: st.integers(-(2**31), 2**31 - 1),
    BIGINT: st.integers(-(2**63), 2**63 - 1),
    DOUBLE: st.integers(-1000, 1000).map(float),  # sums of these are exact
    STRING: st.sampled_from("abcd"),
    sqltypes.Decimal(9, 2): st.integers(-1000, 1000).map(lambda cents: Decimal(cents) / 100),
}
CENTS = sqltypes.Decimal(9, 2)

UNDO: list[tuple[str, SqlType]] = [
    ("COUNT", STRING),
    ("SUM", INTEGER),
    ("SUM", BIGINT),
    ("SUM", DOUBLE),
    ("SUM", CENTS),
    ("AVG", INTEGER),
    ("AVG", DOUBLE),
    ("HISTOGRAM", STRING),
    ("COLLECT_LIST", STRING),
    ("ATTR", STRING),
]
MERGE: list[tuple[str, SqlType, Sequence[Any]]] = [
    *((name, known, ()) for name, known in UNDO),
    ("MIN", STRING, ()),
    ("MAX", BIGINT, ()),
    ("TOPK", INTEGER, (3,)),
    ("TOPKDISTINCT", STRING, (2,)),
    ("COLLECT_SET", STRING, ()),
    ("COUNT_DISTINCT", STRING, ()),
]


def rows_of(sql_type: SqlType) -> st.SearchStrategy[list[tuple[Any]]]:
    values = st.none() | VALUES[sql_type]
    if isinstance(sql_type, sqltypes.Decimal):
        values = values.map(
            lambda value: None if value is None else value.quantize(Decimal("0.01"))
        )
    return st.lists(st.tuples(values), max_size=8)


@pytest.mark.parametrize(("name", "sql_type"), UNDO)
@settings(max_examples=25)
@given(data=st.data())
def test_undo_takes_back_an_added_row(name: str, sql_type: SqlType, data: st.DataObject) -> None:
    known = fold(name, sql_type)
    state = known.state(data.draw(rows_of(sql_type)))
    row = data.draw(rows_of(sql_type).filter(bool))[0]
    before = repr(state)
    added = known.aggregator.add(known.merged(known.aggregator.initial(), state), *row)
    assert repr(known.without(added, *row)) == before


@pytest.mark.parametrize(("name", "sql_type", "parameters"), MERGE)
@settings(max_examples=25)
@given(data=st.data())
def test_merging_is_folding_one_group_after_the_other(
    name: str, sql_type: SqlType, parameters: Sequence[Any], data: st.DataObject
) -> None:
    known = fold(name, sql_type, parameters=parameters)
    groups = [data.draw(rows_of(sql_type)) for _ in range(3)]
    states = [known.state(group) for group in groups]
    merged = known.merged(known.merged(states[0], states[1]), states[2])
    other = known.merged(states[0], known.merged(states[1], states[2]))
    whole = known.state([row for group in groups for row in group])
    assert known.result(merged) == known.result(other) == known.result(whole)


@pytest.mark.parametrize("name", ["STDDEV_SAMP", "CORRELATION"])
@settings(max_examples=25)
@given(data=st.data())
def test_moments_undo_and_merge(name: str, data: st.DataObject) -> None:
    arity = 2 if name == "CORRELATION" else 1
    known = fold(name, *[DOUBLE] * arity)
    rows = st.lists(st.tuples(*[st.integers(-50, 50).map(float)] * arity), max_size=10)
    left, right = data.draw(rows), data.draw(rows)
    whole = known.state(left + right)
    close = pytest.approx(whole, abs=1e-6)
    assert known.merged(known.state(left), known.state(right)) == close
    back = whole
    for row in reversed(right):
        back = known.without(back, *row)
    assert back == pytest.approx(known.state(left), abs=1e-6)


DUCKDB = [
    ("SUM", DOUBLE, "coalesce(sum(x), 0)"),
    ("AVG", DOUBLE, "coalesce(avg(x), 0)"),
    ("MIN", STRING, "min(x)"),
    ("MAX", BIGINT, "max(x)"),
    ("COUNT", STRING, "count(x)"),
    ("COUNT_DISTINCT", STRING, "count(DISTINCT x)"),
    ("STDDEV_SAMP", DOUBLE, "coalesce(var_samp(x), 0)"),
    ("STDDEV_SAMPLE", DOUBLE, "coalesce(stddev_samp(x), 0)"),
    ("COLLECT_LIST", STRING, "coalesce(list(x), [])"),
    ("SUM", CENTS, "coalesce(sum(x), 0)"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "sql_type", "sql"), DUCKDB)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_batch_database_agrees(
    name: str, sql_type: SqlType, sql: str, data: st.DataObject
) -> None:
    rows = data.draw(rows_of(sql_type))
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t (x {sql_type})")
        for row in rows:
            database.execute("INSERT INTO t VALUES (?)", row)
        (expected,) = database.execute(f"SELECT {sql} FROM t").fetchall()[0]
    ours = Fold.of(fold(name, sql_type), *(row[0] for row in rows))
    assert ours == (pytest.approx(expected, abs=1e-6) if sql_type == DOUBLE else expected)
