"""A query of a file that fails stops alone, and loses nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.ports import Broker
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.engine.applications.stopped import QueriesStopped
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.planning.context import context_on
from streamsql.engine.planning.divide import divide, units
from streamsql.engine.planning.program import compile_program
from streamsql.engine.program_run import ProgramRun
from streamsql.errors import RecordPlace
from streamsql.runtime.processors.stream_table_join import StreamTableJoinProcessor

SOURCES = """
    CREATE STREAM s (k STRING KEY, v BIGINT, g STRING)
        WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
    CREATE STREAM r (k STRING KEY, v BIGINT, g STRING)
        WITH (KAFKA_TOPIC = 'r', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
    CREATE TABLE t (k STRING PRIMARY KEY, w BIGINT)
        WITH (KAFKA_TOPIC = 't', VALUE_FORMAT = 'JSON', PARTITIONS = 1);
"""
COUNTS = "CREATE TABLE counts AS SELECT g, COUNT(*) AS n FROM s GROUP BY g;"
JOINED = (
    "CREATE STREAM joined AS SELECT {0}.k AS k, v + w AS v FROM {0} LEFT JOIN t ON {0}.k = t.k;"
)
TOTALS = "CREATE TABLE totals AS SELECT k, COUNT(*) AS n, SUM(v) AS v FROM joined GROUP BY k;"
ASK = "SELECT * FROM counts; SELECT * FROM totals;"
COUNTED, TOTALLED = [("x", 3), ("y", 2)], [("a", 3, 36), ("b", 2, 25)]


def rows(*topics: str) -> str:
    values = (("a", 1, "x"), ("a", 2, "y"), ("b", 2, "x"), ("a", 3, "x"), ("b", 3, "y"))
    return (
        "INSERT INTO t (k, w) VALUES ('a', 10); INSERT INTO t (k, w) VALUES ('b', 10);"
        + "".join(
            f"INSERT INTO {topic} (ROWTIME, k, v, g) VALUES ({at}, '{k}', {v}, '{g}');"
            for topic in topics
            for at, (k, v, g) in enumerate(values, start=2_000_000)
        )
    )


@pytest.fixture(params=["changelogs", "broker-state", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    if request.param == "embedded":
        made: Broker = EmbeddedBroker(tmp_path / "data")
    else:
        made = SimulatedBroker(keeps_state=request.param == "broker-state")
    yield made
    made.close()


def answers(broker: Broker, text: str) -> Iterator[list[Any]]:
    context = context_on(broker, EngineConfig(), until_end=True)
    program = compile_program([text], context, "app")
    running = ProgramRun(broker, program, wall_clock_ms=lambda: 1_000_000)
    for result in running.run():
        yield sorted(result)


@pytest.fixture
def bug(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    process = StreamTableJoinProcessor.process

    def fail_at_b(self: StreamTableJoinProcessor, key: Any, value: Any, time_ms: int) -> None:
        if key == "b":
            raise ZeroDivisionError("by b")
        process(self, key, value, time_ms)

    monkeypatch.setattr(StreamTableJoinProcessor, "process", fail_at_b)
    return monkeypatch


@pytest.mark.parametrize("source", ["r", "s"], ids=["alone", "with a shared source"])
def test_a_query_stops_alone_and_goes_on_later(
    broker: Broker, source: str, bug: pytest.MonkeyPatch
) -> None:
    """With a shared source it is not known at first which query it is: each of them runs apart."""
    text = SOURCES + COUNTS + JOINED.format(source) + TOTALS + rows(*{"s", source}) + ASK
    for _ in range(2):
        running = answers(broker, text)
        assert next(running) == COUNTED
        next(running)
        with pytest.raises(QueriesStopped) as caught:
            next(running)
        (stopped,) = caught.value.stopped
        assert stopped.query_id == "CSAS_JOINED_1"
        assert stopped.reason.place == RecordPlace(source, 0, 2)
        place = f'offset 2 of partition 0 of topic "{source}"'
        assert str(caught.value).splitlines() == [
            f'query "CSAS_JOINED_1" has stopped: ZeroDivisionError: by b, at {place}',
            f"  {JOINED.format(source)[:-1]}",
            "HINT: The others went on. Run the same again, and it goes on from that record.",
        ]
    bug.undo()
    assert list(answers(broker, text)) == [COUNTED, TOTALLED]
    more = f"INSERT INTO {source} (k, v, g) VALUES ('b', 5, 'z');"
    _, totals = answers(broker, text + more)
    assert totals == [("a", 3, 36), ("b", 3, 40)]


def test_queries_that_share_rows_can_only_stop_together() -> None:
    by_w = "CREATE TABLE {0} AS SELECT w, COUNT(*) AS n FROM t GROUP BY w;"
    text = SOURCES + by_w.format("one") + COUNTS + by_w.format("two") + JOINED.format("r")
    program = compile_program([text], context_on(SimulatedBroker(), EngineConfig()), "app")
    apart = ("app:TWO-sink-TWO",)
    names = {
        unit.group: [planned.bound.text.split()[2] for planned, _ in unit.queries]
        for unit in units(program, apart)
    }
    assert names == {
        "app:COUNTS-sink-COUNTS": ["counts"],
        "app:TWO-sink-TWO": ["one", "two", "joined"],
    }
    together, divided = divide(program, apart)
    assert together.group == "app"
    assert {source.topic for source in together.topology.sources()} == {"s"}
    assert divided.group == "app:TWO-sink-TWO"
    assert {source.topic for source in divided.topology.sources()} == {"r", "t"}


def test_nothing_is_left_to_run_when_every_query_has_failed(
    broker: Broker, bug: pytest.MonkeyPatch
) -> None:
    del bug
    text = SOURCES + JOINED.format("r") + rows("r")
    program = compile_program([text], context_on(broker, EngineConfig()), "app")
    running = ProgramRun(broker, program, wall_clock_ms=lambda: 1_000_000)
    with pytest.raises(QueriesStopped, match="CSAS_JOINED_0"):
        list(running.run())
