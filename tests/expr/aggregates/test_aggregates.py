"""Aggregates: facts from ksqlDB's tests."""

import math
from decimal import Decimal
from typing import Any

import pytest

from streamsql.errors import BindError, EvaluationError
from streamsql.expr.builtins import builtins
from streamsql.types import sqltypes
from streamsql.types.sqltypes import BIGINT, BYTES, DOUBLE, INTEGER, STRING, Array, SqlType
from tests.expr.aggregates.folds import REGISTRY, Fold, fold

UNDOABLE = {
    "COUNT",
    "SUM",
    "AVG",
    "COLLECT_LIST",
    "HISTOGRAM",
    "STDDEV_SAMP",
    "STDDEV_SAMPLE",
    "CORRELATION",
    "ATTR",
    "SUM_LIST",
}


def test_what_can_be_used_on_tables() -> None:
    for name in REGISTRY.names():
        for function in REGISTRY.overloads(name):
            if hasattr(function, "undoable"):
                assert function.undoable == (name in UNDOABLE), name


@pytest.mark.parametrize(
    ("name", "sql_type", "empty"),
    [
        ("COUNT", STRING, 0),
        ("SUM", INTEGER, 0),
        ("SUM", DOUBLE, 0.0),
        ("AVG", BIGINT, 0.0),
        ("MIN", STRING, None),
        ("COLLECT_LIST", STRING, []),
        ("COLLECT_SET", STRING, []),
        ("HISTOGRAM", STRING, {}),
        ("COUNT_DISTINCT", STRING, 0),
        ("LATEST_BY_OFFSET", STRING, None),
        ("STDDEV_SAMP", DOUBLE, 0.0),
        ("ATTR", STRING, None),
    ],
)
def test_of_nothing(name: str, sql_type: SqlType, empty: object) -> None:
    assert fold(name, sql_type).of() == empty


def test_count() -> None:
    assert fold("COUNT").result(fold("COUNT").state([(), ()])) == 2
    assert fold("COUNT", STRING).of("a", None, "b") == 2


def test_sums_of_integers_wrap() -> None:
    assert fold("SUM", INTEGER).of(2**31 - 1, 1, None) == -(2**31)
    assert fold("SUM", BIGINT).of(-(2**63), -1) == 2**63 - 1
    assert fold("AVG", INTEGER).of(2**31 - 1, 1) == -(2.0**30)


def test_sums_of_decimals_keep_the_type_and_overflow() -> None:
    known = sqltypes.Decimal(4, 1)
    total = fold("SUM", known)
    assert total.type == known
    assert str(total.of(Decimal("5.4"), Decimal("100.1"), None)) == "105.5"
    assert str(total.of()) == "0.0"
    with pytest.raises(EvaluationError, match=r"the sum 1000.9 does not fit DECIMAL\(4, 1\)"):
        total.of(Decimal("500.9"), Decimal("500.0"))


def test_sum_list() -> None:
    assert fold("SUM_LIST", Array(INTEGER)).of([1, 1], None, [2, None]) == 4


def test_averages() -> None:
    assert fold("AVG", INTEGER).of(1, 2, None) == 1.5
    assert fold("AVG", DOUBLE).of(-200000.6, 2.3) == -99999.15000000001


def test_extremes() -> None:
    assert fold("MIN", STRING).of("b", None, "a") == "a"
    assert fold("MAX", BYTES).of(b"a", b"\xff") == b"\xff"


def test_top() -> None:
    assert fold("TOPK", INTEGER, parameters=[3]).of(0, 100, 99, None, 7, 100) == [100, 100, 99]
    assert fold("TOPKDISTINCT", STRING, parameters=[2]).of("a", "c", "c", "b") == ["c", "b"]
    with pytest.raises(BindError, match="at least 1"):
        fold("TOPK", INTEGER, parameters=[0])


def test_top_with_other_columns_makes_structs() -> None:
    top = fold("TOPK", INTEGER, STRING, parameters=[3])
    assert str(top.type) == "ARRAY<STRUCT<`sort_col` INTEGER, `col0` STRING>>"
    rows = [(0, "zero"), (100, "one"), (99, "two"), (None, "three"), (100, None)]
    assert top.result(top.state(rows)) == [(100, "one"), (100, None), (99, "two")]


def test_collections() -> None:
    assert fold("COLLECT_LIST", STRING).of("b", None, "b") == ["b", None, "b"]
    assert fold("COLLECT_SET", STRING).of("b", None, "a", "b", None) == ["b", None, "a"]


def test_results_do_not_change_with_their_state() -> None:
    known = fold("COLLECT_LIST", INTEGER)
    state = known.state([(1,)])
    result = known.result(state)
    known.aggregator.add(state, 2)
    assert result == [1]


def test_collections_can_be_limited() -> None:
    registry = builtins({"ksql.functions.collect_list.limit": "1"})
    for name, kept in (("COLLECT_LIST", [1]), ("COLLECT_SET", [1, 2])):
        function: Any = registry.overloads(name)[0]
        aggregator = function.make([INTEGER], [], Array(INTEGER))
        assert Fold(aggregator, INTEGER, undoable=False).of(1, 2) == kept


def test_histogram_counts_the_first_thousand_values() -> None:
    counts = fold("HISTOGRAM", STRING).of(*map(str, range(1100)), "5", "1099", None)
    assert len(counts) == 1000
    assert counts["5"] == 2


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("EARLIEST_BY_OFFSET", [], 1),
        ("EARLIEST_BY_OFFSET", [False], None),
        ("EARLIEST_BY_OFFSET", [2], [1, 2]),
        ("EARLIEST_BY_OFFSET", [2, False], [None, 1]),
        ("LATEST_BY_OFFSET", [], 3),
        ("LATEST_BY_OFFSET", [True], 3),
        ("LATEST_BY_OFFSET", [False], None),
        ("LATEST_BY_OFFSET", [2], [2, 3]),
        ("LATEST_BY_OFFSET", [2, False], [3, None]),
    ],
)
def test_order_of_arrival(name: str, parameters: list[Any], expected: object) -> None:
    assert fold(name, INTEGER, parameters=parameters).of(None, 1, 2, 3, None) == expected


@pytest.mark.parametrize("name", ["EARLIEST_BY_OFFSET", "LATEST_BY_OFFSET"])
@pytest.mark.parametrize("parameters", [[2], [2, False]])
def test_merging_keeps_the_order_of_arrival(name: str, parameters: list[Any]) -> None:
    known = fold(name, INTEGER, parameters=parameters)
    late, early = known.aggregator.initial(), known.aggregator.initial()
    for value in (1, 2, 3, 4):
        if value % 2:
            late = known.aggregator.add(late, value)
        else:
            early = known.aggregator.add(early, value)
    expected = [1, 2] if name.startswith("E") else [3, 4]
    assert known.result(known.merged(early, late)) == expected
    assert known.result(known.merged(late, early)) == expected


def test_merging_the_earliest_value_looks_at_arrival_not_at_the_side() -> None:
    known = fold("EARLIEST_BY_OFFSET", INTEGER)
    first, second = known.state([(1,)]), known.state([(2,)])
    assert known.result(known.merged(second, first)) == 1
    assert known.result(known.merged(second, known.aggregator.initial())) == 2


@pytest.mark.parametrize("parameters", [[0], [-1, True]])
def test_a_number_of_values_below_one_is_refused(parameters: list[Any]) -> None:
    with pytest.raises(BindError, match="at least 1"):
        fold("LATEST_BY_OFFSET", INTEGER, parameters=parameters)


def test_variance_and_deviation() -> None:
    assert fold("STDDEV_SAMP", INTEGER).of(10, 10, 7, 6, None) == pytest.approx(4.25)
    assert fold("STDDEV_SAMP", DOUBLE).of(-1.8, 2.3, 100.2) == 3334.2033333333347
    assert fold("STDDEV_SAMPLE", DOUBLE).of(10.0, 12.0, 13.0) == pytest.approx(1.5275252316519465)
    assert fold("STDDEV_SAMP", DOUBLE).of(1.0) == 0.0


def test_correlation() -> None:
    known = fold("CORRELATION", DOUBLE, DOUBLE)
    assert math.isnan(known.result(known.state([(1.0, 2.0)])))
    assert math.isnan(known.result(known.state([(1.0, 2.0), (2.0, 2.0)])))
    rows = [(1.0, 2.0), (2.0, 4.1), (3.0, 5.9), (None, 1.0)]
    assert known.result(known.state(rows)) == pytest.approx(0.9994, abs=1e-3)


def test_attr_is_the_common_value() -> None:
    attribute = fold("ATTR", STRING)
    state = attribute.state([("a",), ("a",), ("b",)])
    assert attribute.result(state) is None
    assert attribute.result(attribute.without(state, "b")) == "a"
    assert attribute.of(None, None) is None


def test_count_distinct_is_exact_while_small_and_close_when_large() -> None:
    known = fold("COUNT_DISTINCT", BIGINT)
    assert known.of(*range(2000), *range(2000), None) == 2000
    for count in (3000, 20_000, 100_000):
        assert known.of(*range(count)) == pytest.approx(count, rel=0.03)


def test_count_distinct_merges() -> None:
    known = fold("COUNT_DISTINCT", BIGINT)
    small, large = known.state([(n,) for n in range(100)]), known.state([(n,) for n in range(5000)])
    other = known.state([(n,) for n in range(2500, 4000)])
    assert known.result(known.merged(small, small)) == 100
    for left, right in ((small, large), (large, small), (large, other)):
        assert known.merged(left, right) == large
