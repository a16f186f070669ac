"""What generated stretches do with records, good and bad."""

from collections.abc import Sequence
from typing import Any

import pytest

from streamsql.expr.nodes import Cast, IsNull, NamedExpression, TableCall
from streamsql.expr.registry import TableFunction
from streamsql.topology.nodes import StreamSource
from streamsql.types.schema import HEADERS_TYPE, Column, HeaderColumn, Schema, TimestampSpec
from streamsql.types.sqltypes import BIGINT, BYTES, DOUBLE, STRING
from tests.codegen.build import arithmetic, cast, column, compare, constant, named
from tests.codegen.rig import (
    BID,
    BY_TEXT,
    ENTRY,
    KEYED_TWICE,
    WINDOWED,
    Message,
    Rig,
    Step,
    Steps,
    branches,
    flat_map,
    keep,
    message,
    project,
    record_format,
    rekey,
)

AUCTION, BIDDER, PRICE, CHANNEL = (
    column(name, BID) for name in ("AUCTION", "BIDDER", "PRICE", "CHANNEL")
)
RATIO = arithmetic(PRICE, "/", BIDDER)
HIGH = keep(compare(PRICE, ">", constant(10, BIGINT)))
PROJECT = project(("ID",), named(A=AUCTION, R=RATIO))
GOOD = message(auction=1, bidder=2, price=40, channel="x")
ZERO = message(auction=1, bidder=0, price=40, channel="x")
LOW = message(auction=1, bidder=2, price=4, channel="x")
ROW = (1, 2, 40, "x")
ZERO_ROW = (1, 0, 40, "x")
LOW_ROW = (1, 2, 4, "x")
FAILURE = ("report", "EvaluationError", "PRICE / BIDDER")


def through_source(
    steps: Steps, messages: Sequence[Message], rig: Rig, schema: Schema = BID
) -> Any:
    rig.source(steps, schema).function(messages)
    return rig.events


def test_a_failing_column_is_null_and_the_others_stay() -> None:
    rig = Rig()
    events = through_source([HIGH, PROJECT, rig.send()], [GOOD, LOW, ZERO, GOOD], rig)
    sent = ("send", b"1", b"[1,20]", 5)
    assert events == [sent, FAILURE, ("send", b"1", b"[1,null]", 5), sent]


def test_a_failing_predicate_is_false() -> None:
    rig = Rig()
    predicate = compare(RATIO, ">", constant(1, BIGINT))
    assert through_source([keep(predicate), rig.forward()], [ZERO, GOOD], rig) == [
        ("report", "EvaluationError", "(PRICE / BIDDER) > 1"),
        ("forward", 1, ROW, 5),
    ]


def test_a_branch_that_fails_leaves_the_others_alone_and_emits_once() -> None:
    rig = Rig()
    ways = branches(
        [rig.forward("first")],
        [HIGH, PROJECT, rig.send()],
        [rekey((NamedExpression("R", RATIO),), drop_null_key=True), rig.forward("last")],
    )
    events = through_source([ways], [GOOD, ZERO], rig)
    assert events == [
        ("first", 1, ROW, 5),
        ("send", b"1", b"[1,20]", 5),
        ("last", 20, ROW, 5),
        ("first", 1, ZERO_ROW, 5),
        FAILURE,
        ("send", b"1", b"[1,null]", 5),
        FAILURE,
    ]


def test_a_failure_before_a_branch_is_seen_by_all_of_it() -> None:
    rig = Rig()
    ways = branches([rig.forward("first")], [keep(IsNull(column_r(), False)), rig.send()])
    events = through_source([PROJECT, ways], [ZERO, GOOD], rig)
    assert events == [
        FAILURE,
        ("first", 1, (1, None), 5),
        ("send", b"1", b"[1,null]", 5),
        ("first", 1, (1, 20), 5),
    ]


def column_r() -> Any:
    return column("R", Schema((), (Column("R", BIGINT),)))


def test_what_a_target_raises_is_not_caught() -> None:
    rig = Rig()

    def fail(*_arguments: Any) -> None:
        raise RuntimeError("downstream")

    step = rig.target(fail)
    for source_message in (GOOD, ZERO, Message(None)):
        with pytest.raises(RuntimeError, match="downstream"):
            through_source([PROJECT, step], [source_message], rig)


def test_an_encoder_failure_skips_the_record() -> None:
    rig = Rig()
    broken = rig.send(encode=lambda row: b"" if 1 // 0 else None)
    events = through_source([branches([broken], [rig.forward()])], [GOOD], rig)
    assert events == [("report", "ZeroDivisionError", "out"), ("forward", 1, ROW, 5)]


def test_records_without_a_value() -> None:
    rig = Rig()
    nothing = [Message(None), Message(b"null")]
    by_bidder = rekey((NamedExpression("BIDDER", BIDDER),))
    keys = (NamedExpression("KEY", column("ID", BID)),)
    by_key, grouped = rekey(keys), rekey(keys, drop_null_key=True)
    ways = branches(
        [rig.forward("passed")],
        [PROJECT, rig.forward("projected")],
        [HIGH, rig.forward("filtered")],
        [by_bidder, rig.forward("by bidder")],
        [by_key, rig.forward("by key")],
        [grouped, rig.forward("grouped")],
        [PROJECT, rig.send()],
    )
    events = through_source([ways], nothing, rig)
    assert events == [
        ("passed", 1, None, 5),
        ("projected", 1, None, 5),
        ("by bidder", None, None, 5),
        ("by key", 1, None, 5),
        ("send", b"1", None, 5),
        ("repair", None),
        ("passed", 1, None, 5),
        ("projected", 1, None, 5),
        ("by bidder", None, None, 5),
        ("by key", 1, None, 5),
        ("send", b"1", None, 5),
    ]
    stage = Rig()
    stage.stream([PROJECT, stage.forward()]).function(1, None, 5)
    assert stage.events == [("forward", 1, None, 5)]


def test_records_that_cannot_be_read_are_skipped() -> None:
    rig = Rig()
    bad = [Message(b"{"), message(raw_key=b"{", price=20), message(time=-1, price=20)]
    events = through_source([HIGH, rig.forward()], [*bad, GOOD], rig)
    assert [event[0] for event in events] == ["repair", "repair_key", "bad time", "forward"]


def test_the_key_is_decoded_only_when_needed() -> None:
    rig = Rig()
    unreadable = message(raw_key=b"{", auction=1, bidder=2, price=40, channel="x")
    events = through_source([PROJECT, rig.send()], [unreadable], rig, BY_TEXT)
    assert events == [("send", b"{", b"[1,20]", 5)]


def test_the_time_of_a_column() -> None:
    rig = Rig()
    steps: list[Step] = [project(("ID",), named(T=column("ROWTIME", BID))), rig.forward()]
    function = rig.source(steps, event_time=TimestampSpec("PRICE")).function
    function([message(price=7), message(price=-7), message(price=None), Message(None)])
    assert rig.events == [
        ("forward", 1, (7,), 7),
        ("bad time", -7),
        ("bad time", None),
        ("forward", 1, None, 5),
    ]


def test_the_time_of_a_text() -> None:
    rig = Rig()
    spec = TimestampSpec("CHANNEL", "yyyy-MM-dd")
    function = rig.source([rig.forward()], event_time=spec).function
    function([message(channel="1970-01-02"), message(channel="x")])
    assert rig.events == [
        ("forward", 1, (None, None, None, "1970-01-02"), 86_400_000),
        ("bad time", "x"),
    ]


def test_the_time_of_a_record_sent() -> None:
    rig = Rig()
    step = rig.send(TimestampSpec("PRICE"))
    events = through_source([step], [message(price=9), message(price=-9), Message(None)], rig)
    assert events == [
        ("send", b"1", b"[null,null,9,null]", 9),
        ("report", "EvaluationError", "out"),
        ("send", b"1", None, 5),
    ]


def test_headers_and_positions() -> None:
    schema = Schema((), (*BID.value, Column("ALL_OF", HEADERS_TYPE), Column("LAST", BYTES)))
    columns = named(
        H=column("ALL_OF", schema),
        K=column("LAST", schema),
        P=column("ROWPARTITION", schema),
        O=column("ROWOFFSET", schema),
    )
    rig = Rig()
    headers = (HeaderColumn("ALL_OF", None), HeaderColumn("LAST", "k"))
    steps: list[Step] = [project((), columns), rig.forward()]
    head: list[tuple[str, bytes | None]] = [("k", b"1"), ("k", b"2"), ("j", None)]
    rig.source(steps, schema, headers=headers).function(
        [Message(b"{}", None, 5, 9, head), Message(b"{}")]
    )
    assert rig.events == [
        ("forward", None, (head, b"2", 3, 9), 5),
        ("forward", None, ([], None, 3, 0), 5),
    ]


def test_windowed_keys() -> None:
    columns = named(
        S=column("WINDOWSTART", WINDOWED), E=column("WINDOWEND", WINDOWED), I=column("ID", BID)
    )
    rig = Rig()
    stage = rig.stream([project(("ID",), columns), rig.forward()], WINDOWED)
    stage.function((7, 10, 20), ROW, 5)
    assert rig.events == [("forward", (7, 10, 20), (10, 20, 7), 5)]


def test_keys_of_several_columns() -> None:
    columns = named(I=column("ID", KEYED_TWICE), S=column("SITE", KEYED_TWICE))
    rig = Rig()
    rig.source([project(("A", "B"), columns), rig.forward()], KEYED_TWICE).function(
        [message(raw_key=b'[1,"x"]'), message(raw_key=None)]
    )
    assert rig.events == [("forward", (1, "x"), (1, "x"), 5), ("forward", None, (None, None), 5)]
    keys = tuple(NamedExpression(name, value) for name, value in (("A", AUCTION), ("R", RATIO)))
    stage = Rig()
    steps: list[Step] = [rekey(keys), stage.forward()]
    run = stage.stream(steps).function
    run(1, ROW, 5)
    run(1, ZERO_ROW, 5)
    assert stage.events == [
        ("forward", (1, 20), ROW, 5),
        FAILURE,
        ("forward", (1, None), ZERO_ROW, 5),
    ]
    grouped = Rig()
    steps = [rekey(keys, drop_null_key=True), grouped.forward()]
    grouped.stream(steps).function(1, ZERO_ROW, 5)
    assert grouped.events == [FAILURE]


def test_no_keys_make_the_key_null() -> None:
    rig = Rig()
    events = through_source([rekey(()), branches([rig.forward()], [rig.send()])], [GOOD], rig)
    assert events == [("forward", None, ROW, 5), ("send", None, b'[1,2,40,"x"]', 5)]


def test_table_functions_are_zipped() -> None:
    split = TableFunction("SPLIT", "STRING -> STRING", lambda text: list(text or ""))
    upto = TableFunction(
        "UPTO", "BIGINT -> BIGINT", lambda n: [10 // i for i in range(n)][1:] or range(n)
    )
    calls = (TableCall("C", split, (CHANNEL,), STRING), TableCall("N", upto, (BIDDER,), BIGINT))
    kept = project(("ID",), named(C=column_of("C"), N=column_of("N"), P=PRICE))
    rig = Rig()
    steps: list[Step] = [
        flat_map(*calls),
        keep(IsNull(column_of("C"), True)),
        kept,
        rig.forward(),
    ]
    source = [
        message(channel="ab", bidder=0, price=3),
        message(channel=None, price=3),
        Message(None),
    ]
    assert through_source(steps, source, rig) == [
        ("forward", 1, ("a", None, 3), 5),
        ("forward", 1, ("b", None, 3), 5),
        ("report", "TypeError", "UPTO(BIDDER)"),
    ]


def column_of(name: str) -> Any:
    return column(name, Schema((), (Column("C", STRING), Column("N", BIGINT))))


def test_a_row_of_a_table_function_fails_alone() -> None:
    each = TableFunction("EACH", "BIGINT -> BIGINT", range)
    by = project(("ID",), named(Q=arithmetic(constant(6, BIGINT), "/", column_of("N"))))
    rig = Rig()
    events = through_source(
        [flat_map(TableCall("N", each, (BIDDER,), BIGINT)), by, rig.forward()],
        [message(bidder=3)],
        rig,
    )
    assert events == [
        ("report", "EvaluationError", "6 / N"),
        ("forward", 1, (None,), 5),
        ("forward", 1, (6,), 5),
        ("forward", 1, (3,), 5),
    ]


def test_tables_filter_both_rows() -> None:
    rig = Rig()
    run = rig.table([HIGH, branches([rig.forward()], [rig.send()])]).function
    run(1, ROW, None, 5)
    run(1, LOW_ROW, ROW, 6)
    run(1, LOW_ROW, LOW_ROW, 7)
    run(1, None, LOW_ROW, 8)
    run(1, None, ROW, 9)
    payload = b'[1,2,40,"x"]'
    assert rig.events == [
        ("forward", 1, ROW, None, 5),
        ("send", b"1", payload, 5),
        ("forward", 1, None, ROW, 6),
        ("send", b"1", None, 6),
        ("forward", 1, None, ROW, 9),
        ("send", b"1", None, 9),
    ]


def test_a_table_sends_tombstones_only_for_rows_that_matched() -> None:
    rig = Rig()
    run = rig.table([HIGH, PROJECT, rig.send()]).function
    run(1, LOW_ROW, None, 5)
    run(1, ROW, LOW_ROW, 6)
    run(1, LOW_ROW, ROW, 7)
    assert rig.events == [("send", b"1", b"[1,20]", 6), ("send", b"1", None, 7)]


def test_tables_report_a_failure_once() -> None:
    rig = Rig()
    run = rig.table([PROJECT, rig.forward()]).function
    run(1, ZERO_ROW, None, 5)
    run(1, ROW, ZERO_ROW, 6)
    assert rig.events == [
        FAILURE,
        ("forward", 1, (1, None), None, 5),
        ("forward", 1, (1, 20), (1, None), 6),
    ]


def test_a_table_without_a_store_passes_tombstones() -> None:
    rig = Rig()
    run = rig.unkept_table([HIGH, PROJECT, rig.forward()]).function
    run(1, ROW, None, 5)
    run(1, None, None, 6)
    run(1, LOW_ROW, None, 7)
    assert rig.events == [
        ("forward", 1, (1, 20), None, 5),
        ("forward", 1, None, None, 6),
        ("forward", 1, None, None, 7),
    ]


def test_columns_that_nothing_needs_are_neither_decoded_nor_computed() -> None:
    rig = Rig()
    steps = (
        project(("ID",), named(A=AUCTION, R=RATIO)),
        project(("ID",), named(A=column("A", Schema((), (Column("A", BIGINT),))))),
        rig.forward(),
    )
    assert reads(rig, steps) == ["AUCTION"]
    assert through_source(steps, [ZERO], rig) == [("forward", 1, (1,), 5)]


def test_columns_that_are_passed_on_are_decoded() -> None:
    rig = Rig()
    everything = ["AUCTION", "BIDDER", "PRICE", "CHANNEL"]
    assert reads(rig, [rig.forward()]) == everything
    assert reads(rig, [rig.send()]) == everything
    now = project(("ID",), named(T=column("ROWTIME", BID)))
    assert reads(rig, [now, rig.send()], TimestampSpec("CHANNEL")) == ["CHANNEL"]


def reads(rig: Rig, steps: Steps, time: TimestampSpec | None = None) -> list[str]:
    """Return the value columns that a source decodes."""
    entry = StreamSource(ENTRY, "in", record_format(BID), BID, time)
    code, _ = rig.code(entry, steps)
    return [each.name for each in code.reads[ENTRY]]


def test_helpers_of_expressions_that_are_only_equal_are_told_apart() -> None:
    """0.0 equals -0.0, and divides differently."""
    as_double = cast(CHANNEL, DOUBLE)
    shares = [arithmetic(as_double, "/", constant(zero)) for zero in (0.0, -0.0)]
    first = Cast(Cast(Cast(shares[0], STRING), DOUBLE), BIGINT)
    second = Cast(Cast(Cast(shares[1], STRING), DOUBLE), BIGINT)
    rig = Rig()
    text = rig.source([project(("ID",), named(A=first, B=second)), rig.send()]).source
    assert "a_by_parts(" in text
    assert "b_by_parts(" in text
