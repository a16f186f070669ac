"""Files run as one application, on the simulated and the embedded broker."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.ports import Broker
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.configuration.address import find_broker
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.connect import connect
from streamsql.engine.planning.context import PlannerContext, context_on
from streamsql.engine.planning.program import Program, compile_program
from streamsql.engine.program_run import ProgramRun, open_program
from streamsql.errors import EngineError, StatementError, UnsupportedError
from streamsql.expr.builtins import builtins
from streamsql.topology.naming import DECLARATIONS

SOURCES = """
CREATE STREAM hits (page STRING KEY, ms INT)
    WITH (KAFKA_TOPIC = 'hits', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
"""
QUERIES = """
CREATE STREAM slow AS SELECT page, ms FROM hits WHERE ms > 10 EMIT CHANGES;
CREATE TABLE counts AS SELECT page, COUNT(*) AS n FROM slow GROUP BY page EMIT CHANGES;
"""
ROWS = """
INSERT INTO hits (page, ms) VALUES ('a', 5);
INSERT INTO hits (page, ms) VALUES ('a', 50);
INSERT INTO hits (page, ms) VALUES ('a', 50);
INSERT INTO hits (page, ms) VALUES ('b', 500);
"""
ASK = "SELECT page, n FROM counts;"


def open_on(broker: Broker, *texts: str, until_end: bool = True) -> ProgramRun:
    context = context_on(broker, EngineConfig(), until_end=until_end)
    program = compile_program(texts, context, "app")
    clock = broker.clock if isinstance(broker, SimulatedBroker) else None
    return ProgramRun(broker, program, clock_ms=clock, wall_clock_ms=lambda: 1_000)


def plan(*texts: str, variables: Mapping[str, str] = MappingProxyType({})) -> Program:
    catalog = Catalog(functions=builtins())
    return compile_program(texts, PlannerContext(catalog, variables=variables, partial=True), "app")


def answers(application: ProgramRun, workers: int = 1) -> list[list[tuple[object, ...]]]:
    results = application.run(workers=workers)
    return [sorted(row.as_tuple() for row in result) for result in results]


@pytest.fixture(params=["changelogs", "broker-state", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    made: Broker
    if request.param == "embedded":
        made = EmbeddedBroker(tmp_path / "data")
    else:
        made = SimulatedBroker(keeps_state=request.param == "broker-state")
    yield made
    made.close()


@pytest.mark.parametrize("workers", [1, 3])
def test_until_end(broker: Broker, workers: int) -> None:
    application = open_on(broker, SOURCES + ROWS + QUERIES + ASK)
    assert answers(application, workers) == [[("a", 2), ("b", 1)]]


def test_running_again_goes_on(broker: Broker) -> None:
    text = SOURCES + ROWS + QUERIES + ASK
    first = answers(open_on(broker, text))
    assert answers(open_on(broker, text)) == first, "rows are inserted once"
    more = text + "INSERT INTO hits (page, ms) VALUES ('b', 501);"
    assert answers(open_on(broker, more)) == [[("a", 2), ("b", 2)]]


def test_several_files_are_one_program(broker: Broker) -> None:
    assert answers(open_on(broker, SOURCES, ROWS, QUERIES, ASK)) == [[("a", 2), ("b", 1)]]


def test_answers_come_in_order(broker: Broker) -> None:
    text = SOURCES + ROWS + "SHOW STREAMS;" + QUERIES + ASK + "SHOW TABLES;"
    streams, counts, tables = answers(open_on(broker, text))
    assert [row[0] for row in streams] == ["HITS"]
    assert counts == [("a", 2), ("b", 1)]
    assert [row[0] for row in tables] == ["COUNTS"]


def test_a_push_query_reads_to_the_end(broker: Broker) -> None:
    text = SOURCES + ROWS + QUERIES + "SELECT page, ms FROM slow EMIT CHANGES;"
    assert answers(open_on(broker, text)) == [[("a", 50), ("a", 50), ("b", 500)]]


def test_without_an_end_push_queries_stream() -> None:
    broker = SimulatedBroker()
    text = "SET 'auto.offset.reset' = 'earliest';" + SOURCES + ROWS + QUERIES
    ask = "SELECT page FROM slow EMIT CHANGES LIMIT 3;"
    application = open_on(broker, text + ask, until_end=False)
    running = application.run()
    (result,) = [next(running)]
    assert sorted(result) == [("a",), ("a",), ("b",)]
    application.interrupt()
    assert list(running) == []


def test_progress(broker: Broker) -> None:
    reports: list[tuple[int, int]] = []
    application = open_on(broker, SOURCES + ROWS + QUERIES)
    list(application.run(on_progress=lambda *report: reports.append(report)))
    done, total = reports[-1]
    assert done == total >= 4, "markers of transactions count as well"


def test_topics_are_shared_and_named_after_the_queries() -> None:
    broker = SimulatedBroker()
    answers(open_on(broker, SOURCES + QUERIES))
    assert set(broker.topics()) == {
        "hits",
        "SLOW",
        "COUNTS",
        "app-COUNTS-aggregate-changelog",
        DECLARATIONS,
    }


def test_names_survive_edits() -> None:
    def stores(text: str) -> set[str]:
        application = plan(text).application
        assert application is not None
        return {name for name in application.topology.nodes if name.endswith("aggregate")}

    before = stores(SOURCES + QUERIES)
    extra = "CREATE STREAM fast AS SELECT page, ms FROM hits WHERE ms < 10 EMIT CHANGES;"
    assert before <= stores(SOURCES + extra + QUERIES)


def test_a_terminated_query_is_not_run() -> None:
    broker = SimulatedBroker()
    answers(open_on(broker, SOURCES + QUERIES + "TERMINATE CTAS_COUNTS_1;"))
    assert "COUNTS" not in broker.topics()
    assert "SLOW" in broker.topics()


@pytest.mark.parametrize(
    "statement", ["DROP STREAM slow DELETE TOPIC;", "PRINT hits;", "ASSERT STREAM hits;"]
)
def test_what_cannot_stand_in_a_file(statement: str) -> None:
    text = SOURCES + "CREATE STREAM slow AS SELECT * FROM hits EMIT CHANGES;" + statement
    with pytest.raises(UnsupportedError, match="application") as caught:
        plan(text)
    assert "LINE" in str(caught.value)


def test_errors_know_their_file() -> None:
    with pytest.raises(StatementError) as caught:
        plan(SOURCES, "SELECT nonsense FROM hits;")
    assert caught.value.text == "SELECT nonsense FROM hits;"


def test_a_missing_topic_is_named() -> None:
    text = SOURCES.replace(", PARTITIONS = 2", "")
    with pytest.raises(EngineError, match='topic "hits" of stream "HITS" does not exist'):
        answers(open_on(SimulatedBroker(), text + QUERIES))


def test_the_last_set_counts() -> None:
    text = "SET 'commit.interval.ms' = '5'; SET 'commit.interval.ms' = '7';"
    assert plan(text).context.config.whole("commit.interval.ms") == 7


def test_variables() -> None:
    text = "CREATE STREAM s (v INT) WITH (KAFKA_TOPIC = '${topic}', VALUE_FORMAT = 'JSON');"
    program = plan(text, variables={"topic": "t7"})
    assert program.context.catalog.sources["S"].topic == "t7"


def test_from_files_on_the_embedded_broker(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.sql"
    path.write_text(SOURCES + ROWS + QUERIES + ASK)
    address = find_broker(directory=tmp_path / "data")
    for _ in range(2):
        with open_program([path], address, until_end=True) as application:
            assert application.name == "pipeline"
            assert answers(application) == [[("a", 2), ("b", 1)]]
    with pytest.raises(EngineError, match="cannot read"):
        open_program([tmp_path / "missing.sql"], address)


def test_connect_to_the_embedded_broker(tmp_path: Path) -> None:
    with connect(directory=tmp_path) as engine:
        engine.execute_script(SOURCES + ROWS + QUERIES)
        engine.drain(20_000)
        assert sorted(engine.query(ASK)) == [("a", 2), ("b", 1)]
        with connect(directory=tmp_path) as other:
            assert sorted(other.query(ASK)) == [("a", 2), ("b", 1)]
            with pytest.raises(EngineError, match=f"process {os.getpid()}, which owns"):
                other.execute("DROP TABLE counts")
    with connect(directory=tmp_path) as engine:
        assert sorted(engine.query(ASK)) == [("a", 2), ("b", 1)]
        engine.execute("INSERT INTO hits (page, ms) VALUES ('b', 77)")
        engine.drain(20_000)
        assert sorted(engine.query(ASK)) == [("a", 2), ("b", 2)]


def test_an_owner_without_queries_takes_in_what_others_insert(tmp_path: Path) -> None:
    with connect(directory=tmp_path) as owner, connect(directory=tmp_path) as other:
        owner.execute_script(SOURCES)
        inserted = other.execute("INSERT INTO hits (page, ms) VALUES ('b', 7)")
        assert inserted.message == '1 record inserted into "HITS"'
        assert owner.query("SELECT ms FROM hits").fetchall() == [(7,)]


def test_what_a_session_declared_may_be_in_the_owners_way(tmp_path: Path) -> None:
    again = "CREATE STREAM again (ms INT) WITH (KAFKA_TOPIC = 'hits', VALUE_FORMAT = 'JSON')"
    with connect(directory=tmp_path) as owner, connect(directory=tmp_path) as other:
        owner.execute_script(SOURCES)
        assert other.execute(again).message == 'stream "AGAIN" created for this session'
        owner.execute(again)
        for _ in range(2):
            with pytest.raises(EngineError, match=r"begin a new one: .*\n?.*AGAIN"):
                other.execute("SHOW STREAMS")


@pytest.mark.slow
def test_connect_says_what_is_wrong() -> None:
    with pytest.raises(EngineError, match=r"127\.0\.0\.1:1"):
        connect("127.0.0.1:1", settings={"session.timeout.ms": 1000})
