"""What is left of queries that have ended: nothing, on every broker and on the host."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.kafka.broker import KafkaBroker
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.mishaps import kill
from streamsql.engine.connect import connect
from streamsql.engine.engine import Engine
from streamsql.errors import EngineError
from streamsql.topology.naming import task_state

TABLE = "CREATE TABLE {p}_pages AS SELECT page, COUNT(*) AS n FROM {p}_hits GROUP BY page;"
PUSH = "SELECT page, COUNT(*) AS n FROM {p}_hits GROUP BY page EMIT CHANGES;"


@pytest.fixture(params=["simulated", "embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    match request.param:
        case "simulated":
            broker = SimulatedBroker()
            made = Engine(broker, clock_ms=broker.clock)
        case "embedded":
            made = Engine(EmbeddedBroker(tmp_path / "data"))
        case _:
            servers = request.getfixturevalue("kafka")
            settings = {"session.timeout.ms": 2_000, "auto.offset.reset": "earliest"}
            name = f"tidy{time.time_ns()}"
            made = connect(servers, directory=tmp_path, application=name, settings=settings)
    with made as opened:
        yield opened


@dataclass(frozen=True)
class Left:
    """What there is of applications on the broker and on the host.

    A Kafka broker serves other tests at the same time: there it is what names this engine.
    """

    topics: frozenset[str]
    groups: frozenset[str]
    files: frozenset[Path]

    @classmethod
    def of(cls, engine: Engine, directory: Path) -> "Left":
        broker = engine.broker
        files = frozenset((directory / "state").rglob("*"))
        own = engine.settings["ksql.service.id"] if isinstance(broker, KafkaBroker) else ""
        topics, groups = (
            frozenset(name for name in names if own in name.lower())
            for names in (broker.topics(), broker.groups())
        )
        return cls(topics, groups, files)


def kept(engine: Engine, application: str) -> list[tuple[bytes, bytes]]:
    """Return the state that the broker keeps of the application's table."""
    keeper = engine.broker.keeper
    if keeper is None:
        return []
    states = [keeper.state(task_state(application, number)) for number in (0, 1)]
    return [entry for state in states for entry in state.scan("aggregate")]


def prepared(engine: Engine) -> str:
    """Make a stream with rows; return what its names begin with."""
    prefix = f"{engine.settings['ksql.service.id']}L{time.time_ns()}"
    engine.execute(
        f"CREATE STREAM {prefix}_hits (usr STRING KEY, page STRING)"
        f" WITH (KAFKA_TOPIC = '{prefix}_hits', VALUE_FORMAT = 'JSON', PARTITIONS = 2);"
    )
    for page in "abc":
        engine.execute(f"INSERT INTO {prefix}_hits (usr, page) VALUES ('ada', '{page}');")
    return prefix


@pytest.mark.parametrize("end", ["DROP TABLE {p}_pages DELETE TOPIC;", "TERMINATE ALL;"])
def test_an_ended_query_leaves_nothing(engine: Engine, end: str, tmp_path: Path) -> None:
    prefix = prepared(engine)
    before = Left.of(engine, tmp_path)
    engine.execute(TABLE.format(p=prefix))
    engine.drain(60_000)
    (query_id,) = engine.catalog.queries
    application = f"{engine.settings['ksql.service.id']}-{query_id}"
    there = Left.of(engine, tmp_path)
    assert application in there.groups - before.groups
    assert len(there.topics - before.topics) == (2 if engine.broker.keeper else 3)
    assert bool(kept(engine, application)) == (engine.broker.keeper is not None)

    engine.execute(end.format(p=prefix))

    sink = {f"{prefix}_pages".upper()} if end.startswith("TERMINATE") else set()
    after = Left.of(engine, tmp_path)
    assert after == Left(before.topics | sink, before.groups, before.files)
    assert kept(engine, application) == []


def test_a_push_query_that_ends_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    prefix = prepared(engine)
    engine.execute("SET 'auto.offset.reset' = 'earliest';")
    before = Left.of(engine, tmp_path)
    with engine.query(PUSH.format(p=prefix)) as result:
        rows = {result.fetchone() for _ in range(3)}
        assert rows == {("a", 1), ("b", 1), ("c", 1)}
        assert Left.of(engine, tmp_path).topics > before.topics
    assert Left.of(engine, tmp_path) == before


def test_a_query_that_has_failed_leaves_nothing(tmp_path: Path) -> None:
    broker = SimulatedBroker()
    with Engine(broker, clock_ms=broker.clock) as engine:
        prefix = prepared(engine)
        before = Left.of(engine, tmp_path)
        engine.execute(TABLE.format(p=prefix))
        engine.drain()
        engine.execute(f"INSERT INTO {prefix}_hits (usr, page) VALUES ('ada', 'd');")
        broker.faults.fail("poll", 1, EngineError("the network is down"))
        engine.step()
        assert [row["STATE"] for row in engine.execute("SHOW QUERIES")] == ["ERROR"]
        engine.execute(f"DROP TABLE {prefix}_pages DELETE TOPIC;")
        assert Left.of(engine, tmp_path) == before


def test_a_killed_engine_s_push_queries_are_forgotten_by_the_next(tmp_path: Path) -> None:
    broker = SimulatedBroker(keeps_state=True)
    killed = Engine(broker, clock_ms=broker.clock)
    prefix = prepared(killed)
    before = Left.of(killed, tmp_path)
    killed.execute("SET 'auto.offset.reset' = 'earliest';")
    result = killed.query(PUSH.format(p=prefix))
    assert result.fetchone() is not None
    killed.drain()
    (application,) = Left.of(killed, tmp_path).groups - before.groups
    kill(broker, "worker-0", f"{application}-worker-0")
    broker.clock.advance(60_000)
    with Engine(broker, clock_ms=broker.clock) as engine:
        assert Left.of(engine, tmp_path) == before
        assert kept(engine, application) == []
