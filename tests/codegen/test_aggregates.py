"""Folds of hand-made aggregates, inline and called."""

from collections.abc import Sequence
from typing import Any

import pytest

from streamsql.codegen.aggregates.fold import Fold, generate_fold, load_fold
from streamsql.codegen.load import load
from streamsql.codegen.namespace import TASK
from streamsql.codegen.source import SourceText
from streamsql.codegen.stretches.keys import generate_group
from streamsql.codegen.supplies import Report, TaskSupplies
from streamsql.expr.nodes import AggregateCall, Expression, NamedExpression
from streamsql.expr.registry import AggregateFunction, Aggregator
from streamsql.topology.nodes import StreamAggregate, TableAggregate, TableRegroup
from streamsql.topology.stores import KeyValueStoreSpec, SessionStoreSpec
from streamsql.types.sqltypes import BIGINT, STRING
from streamsql.types.windows import SessionWindows, TimeWindows, Windows
from tests.codegen.build import arithmetic, column, constant
from tests.codegen.rig import BID, WINDOWED

AUCTION, BIDDER, PRICE = (column(name, BID) for name in ("AUCTION", "BIDDER", "PRICE"))
RATIO = arithmetic(PRICE, "/", BIDDER)
ROW = (1, 2, 40, "x")
ZERO_ROW = (1, 0, 40, "y")

COUNT = Aggregator(
    BIGINT,
    initial=int,
    add=lambda state: state + 1,
    result=lambda state: state,
    undo=lambda state: state - 1,
    merge=lambda left, right: left + right,
    add_inline="{state} += 1",
    result_inline="{state}",
)
SUM = Aggregator(
    BIGINT,
    initial=int,
    add=lambda state, value: state + (value or 0),
    result=lambda state: state,
    undo=lambda state, value: state - (value or 0),
    merge=lambda left, right: left + right,
    add_inline="if {0} is not None:\n    {state} += {0}",
)
JOIN = Aggregator(
    STRING,
    initial=str,
    add=lambda state, *parts: state + "".join(map(str, parts)),
    result=lambda state: f"<{state}>",
)


def call(name: str, aggregator: Aggregator, *arguments: Expression) -> AggregateCall:
    function = AggregateFunction("F", "-> BIGINT", lambda types, parameters, result: aggregator)
    return AggregateCall(name, function, arguments, (), BIGINT)


def folded(*calls: AggregateCall, **columns: Expression) -> SourceText:
    named = tuple(NamedExpression(name, expression) for name, expression in columns.items())
    store = KeyValueStoreSpec("store", BID.key, ())
    return generate_fold(
        TableAggregate("hourly/2", (), named, calls, store, BID), BID, cached=False
    )


def fold(*calls: AggregateCall, reports: list[str] | None = None, **columns: Expression) -> Fold:
    def report(_error: Exception, text: str, record: Any) -> None:
        assert reports is not None, text
        reports.append(f"{text} of {record}")

    return load_fold(folded(*calls, **columns), {TASK: TaskSupplies(report)})


def stream_fold(
    *calls: AggregateCall, windows: SessionWindows | None = None, **columns: Expression
) -> Fold:
    named = tuple(NamedExpression(name, expression) for name, expression in columns.items())
    store = SessionStoreSpec("store", BID.key, (), 10)
    node = StreamAggregate("hourly/2", (), named, calls, windows, store, BID)
    return load_fold(generate_fold(node, BID, cached=False), {})


def emitting(windows: Windows | None, *, final: bool) -> Fold:
    store = KeyValueStoreSpec("store", BID.key, ())
    calls = (call("N", COUNT), call("S", SUM, PRICE))
    node = StreamAggregate("e", (), (), calls, windows, store, BID, final)
    return load_fold(generate_fold(node, BID, cached=True), {})


def group_of(keys: Sequence[NamedExpression], report: Report) -> Any:
    source = generate_group(TableRegroup("g", (), tuple(keys), BID), BID)
    return load(source, {TASK: TaskSupplies(report)})["group"]


def test_columns_take_the_newest_row() -> None:
    hourly = fold(call("N", COUNT), CHANNEL=column("CHANNEL", BID), TIME=column("ROWTIME", BID))
    state = hourly.initial()
    assert hourly.result(state) == (None, None, 0)
    hourly.add(state, 7, ROW, 5)
    hourly.add(state, 7, ZERO_ROW, 6)
    assert hourly.result(state) == ("y", 6, 2)
    assert hourly.undo is not None
    hourly.undo(state, 7, ROW, 7)
    assert hourly.result(state) == ("x", 7, 1)


def test_arguments_are_computed_once_and_in_place() -> None:
    calls = (call("A", SUM, RATIO), call("B", SUM, RATIO), call("C", SUM, constant(2, BIGINT)))
    assert folded(*calls).text.count("divide_bigint(") == 2  # in add and undo
    hourly = fold(*calls)
    state = hourly.initial()
    hourly.add(state, 7, ROW, 5)
    hourly.add(state, 7, ROW, 5)
    assert hourly.result(state) == (40, 40, 4)


def test_an_argument_that_fails_counts_as_null() -> None:
    reports: list[str] = []
    hourly = fold(call("A", SUM, RATIO), call("B", SUM, PRICE), reports=reports)
    state = hourly.initial()
    hourly.add(state, 7, ZERO_ROW, 5)
    assert hourly.result(state) == (0, 40)
    assert reports == [f"PRICE / BIDDER of {(7, ZERO_ROW, 5)}"]


def test_what_an_aggregate_raises_is_not_caught() -> None:
    def fail(_state: int) -> int:
        raise OverflowError

    broken = Aggregator(BIGINT, int, fail, int)
    hourly = stream_fold(call("A", broken))
    with pytest.raises(OverflowError):
        hourly.add(hourly.initial(), 7, ROW, 5)


def test_aggregates_of_several_arguments() -> None:
    hourly = stream_fold(call("J", JOIN, AUCTION, column("CHANNEL", BID), constant("!'")))
    state = hourly.initial()
    hourly.add(state, 7, ROW, 5)
    assert hourly.result(state) == ("<1x!'>",)
    assert hourly.undo is None
    assert hourly.merge is None


def test_merging_takes_the_columns_of_the_right() -> None:
    hourly = stream_fold(
        call("N", COUNT),
        call("S", SUM, PRICE),
        windows=SessionWindows(5, 0, 10),
        CHANNEL=column("CHANNEL", BID),
    )
    left, right = hourly.initial(), hourly.initial()
    hourly.add(left, 7, ROW, 5)
    hourly.add(right, 7, ZERO_ROW, 5)
    assert hourly.merge is not None
    assert hourly.result(hourly.merge(left, right)) == ("y", 2, 80)


def test_the_key_is_an_argument_too() -> None:
    key = column("ID", BID)
    hourly = fold(call("S", SUM, arithmetic(key, "+", key)))
    state = hourly.initial()
    hourly.add(state, 7, ROW, 5)
    assert hourly.result(state) == (14,)
    start = column("WINDOWSTART", BID)
    store = KeyValueStoreSpec("store", BID.key, ())
    node = TableAggregate("w", (), (), (call("S", SUM, start),), store, WINDOWED)
    windowed = load_fold(generate_fold(node, WINDOWED, cached=False), {})
    state = windowed.initial()
    windowed.add(state, (7, 10, 20), ROW, 5)
    assert windowed.result(state) == (10,)


def test_group_keys() -> None:
    reports: list[str] = []
    keys = [NamedExpression("A", AUCTION), NamedExpression("R", RATIO)]
    group = group_of(keys, lambda error, text, record: reports.append(text))
    assert group(7, ROW, 5) == (1, 20)
    assert group(7, ZERO_ROW, 5) is None
    assert reports == ["PRICE / BIDDER"]
    single = group_of(keys[:1], lambda *_: None)
    assert single(7, ROW, 5) == 1
    assert single(7, (None, 1, 1, None), 5) is None


def test_results_leave_once_a_group() -> None:
    left: list[Any] = []
    running = emitting(None, final=False)
    assert running.flush is not None
    running.flush([([2, 40], 5, (1, 9), 7)], lambda *change: left.append(change))
    tumbling = emitting(TimeWindows(10, 10, 0, 10), final=False)
    assert tumbling.flush is not None
    tumbling.flush([([2, 40], 5, None, 7)], 0, 10, lambda *change: left.append(change))
    assert left == [(7, (2, 40), (1, 9), 5), ((7, 0, 10), (2, 40), None, 5)]


def test_a_session_that_was_merged_away_leaves_as_a_tombstone() -> None:
    left: list[Any] = []
    sessions = emitting(SessionWindows(5, 0, 10), final=False)
    assert sessions.flush is not None
    held = [([2, 40], 5, None, (7, 1, 5)), (None, 4, (1, 9), (7, 1, 4)), (None, 3, None, ())]
    sessions.flush(held, lambda *change: left.append(change))
    assert left == [((7, 1, 5), (2, 40), None, 5), ((7, 1, 4), None, (1, 9), 4)]


def test_results_leave_as_windows_close() -> None:
    left: list[Any] = []
    tumbling = emitting(TimeWindows(10, 10, 0, 10), final=True)
    sessions = emitting(SessionWindows(5, 0, 10), final=True)
    assert tumbling.close is not None
    assert sessions.close is not None
    tumbling.close([(7, 20, [2, 40], 25)], lambda *change: left.append(change))
    sessions.close([(7, 20, 24, [2, 40], 24)], lambda *change: left.append(change))
    assert left == [((7, 20, 30), (2, 40), None, 25), ((7, 20, 24), (2, 40), None, 24)]
