"""Sources of other applications: seen on every broker, read like own ones, changed by no other."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.open import open_broker
from streamsql.broker.ports import Broker, TopicPartition
from streamsql.broker.read_to_end import read_to_end
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.engine.applications.application import Application
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.engine import Engine
from streamsql.engine.planning.context import context_on
from streamsql.engine.planning.program import compile_program
from streamsql.engine.program_run import ProgramRun
from streamsql.errors import BindError
from streamsql.topology.naming import DECLARATIONS

CLIMATE = """
CREATE STREAM {p}readings (city STRING KEY, degrees INT)
    WITH (KAFKA_TOPIC = '{p}readings', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
CREATE TABLE {p}counts AS SELECT city, COUNT(*) AS n FROM {p}readings GROUP BY city;
"""
ROWS = """
INSERT INTO {p}readings (city, degrees) VALUES ('Oslo', -3);
INSERT INTO {p}readings (city, degrees) VALUES ('Oslo', 2);
INSERT INTO {p}readings (city, degrees) VALUES ('Rome', 17);
"""
RESULTS = [("Oslo", 2), ("Rome", 1)]


@dataclass
class World:
    """A broker on which applications come and go; one at a time where it has one owner.

    Names of sources and applications begin with ``prefix``: a Kafka broker serves other tests too.
    """

    broker: Callable[[], Broker]
    prefix: str
    clock: Callable[[], float] | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        return text.format(p=self.prefix)

    def application(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def engine(self, name: str = "default") -> Engine:
        """Open an engine of the service, which is to be closed."""
        config = EngineConfig({"ksql.service.id": self.application(name), **self.settings})
        return Engine(self.broker(), config, clock_ms=self.clock)

    def run(self, name: str, text: str) -> None:
        """Run a file to its end."""
        broker = self.broker()
        context = context_on(broker, EngineConfig(self.settings), until_end=True)
        program = compile_program([self.text(text)], context, self.application(name))
        with ProgramRun(broker, program, clock_ms=self.clock) as application:
            for _ in application.run():
                pass

    def told(self) -> list[str]:
        """Return the sources that the topic tells of, of this test."""
        with closing(self.broker()) as broker:
            left: dict[bytes, bytes | None] = {}
            if DECLARATIONS in broker.topics():
                for message in read_to_end(broker, [TopicPartition(DECLARATIONS, 0)]):
                    left[message.key() or b""] = message.value()
        keys = [json.loads(key) for key, value in left.items() if value is not None]
        mark = self.prefix.upper()
        return sorted(f"{of}.{name}" for _, of, name in keys if mark in name)


@pytest.fixture(params=["simulated", "embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    match request.param:
        case "simulated":
            broker = SimulatedBroker()
            return World(lambda: broker, "", broker.clock)
        case "embedded":
            return World(lambda: EmbeddedBroker(tmp_path / "data"), "")
        case _:
            servers = request.getfixturevalue("kafka")
            settings = {"session.timeout.ms": "2000"}
            prefix = f"f{time.time_ns()}_"
            return World(
                lambda: open_broker(servers, state_directory=tmp_path), prefix, settings=settings
            )


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    with engine.execute(sql) as result:
        return sorted(row.as_tuple() for row in result)


def test_what_a_file_declares_is_seen(world: World) -> None:
    world.run("climate", CLIMATE + ROWS)
    text = world.text
    climate, mark = world.application("climate"), world.prefix.upper()
    with world.engine() as engine:
        assert rows(engine, text("SELECT * FROM {p}counts;")) == RESULTS
        assert rows(engine, text("SELECT * FROM {p}climate.{p}counts;")) == RESULTS
        assert rows(engine, text("SELECT n FROM {p}counts WHERE city = 'Oslo';")) == [(2,)]
        assert len(rows(engine, text("SELECT * FROM {p}readings;"))) == 3
        for kind, name in (("TABLES", "COUNTS"), ("STREAMS", "READINGS")):
            listed = [row for row in rows(engine, f"SHOW {kind};") if row[0] == f"{mark}{name}"]
            assert [row[1] for row in listed] == [climate]
        assert rows(engine, text("DESCRIBE {p}counts;"))[0] == ("CITY", "STRING", "PRIMARY KEY")
        everything = engine.execute(text("DESCRIBE {p}counts EXTENDED;")).message
        assert f"Application: {climate}" in everything
        assert "(2 partitions)" in everything
        assert text("AS SELECT city, COUNT(*) AS n FROM {p}readings") in everything
        explained = engine.execute(text("EXPLAIN SELECT * FROM {p}counts;")).message
        assert text("Scan table {p}climate.") in explained
        printed = text("PRINT {p}climate.{p}readings FROM BEGINNING LIMIT 3;")
        assert {row[3] for row in rows(engine, printed)} == {"Oslo", "Rome"}


def test_a_push_query_follows_a_foreign_source(world: World) -> None:
    world.run("climate", CLIMATE + ROWS)
    with world.engine() as engine:
        engine.execute("SET 'auto.offset.reset' = 'earliest';")
        sql = world.text("SELECT city, degrees FROM {p}readings EMIT CHANGES LIMIT 3;")
        assert rows(engine, sql) == [("Oslo", -3), ("Oslo", 2), ("Rome", 17)]


def test_queries_go_on_over_foreign_sources_when_these_are_gone(world: World) -> None:
    with world.engine("climate") as engine:
        engine.execute_script(world.text(CLIMATE.replace("COUNT(*)", "MAX(degrees)") + ROWS))
        engine.drain(60_000)
    made = """CREATE STREAM {p}warm AS SELECT r.city AS city, r.degrees, c.n
        FROM {p}climate.{p}readings r LEFT JOIN {p}counts c ON r.city = c.city
        WHERE r.degrees > 0;"""
    with world.engine("shop") as engine:
        engine.execute(world.text(made))
        engine.drain(60_000)
        listed = rows(engine, "SHOW QUERIES;")
        names = world.text("{p}climate.READINGS, {p}climate.COUNTS").split(", ")
        assert [row[2] for row in listed] == [
            ", ".join(name.replace(".", f".{world.prefix.upper()}") for name in names)
        ]
        assert rows(engine, world.text("SELECT city FROM {p}warm;")) == [("Oslo",), ("Rome",)]
    with world.engine("climate") as engine:
        engine.execute(world.text("DROP TABLE {p}counts;"))
        engine.execute(world.text("DROP STREAM {p}readings;"))
    with world.engine("shop") as engine:
        assert [row[1] for row in rows(engine, "SHOW QUERIES;")] == ["STOPPED"]
        engine.drain(60_000)
        assert [row[1] for row in rows(engine, "SHOW QUERIES;")] == ["RUNNING"]
        with pytest.raises(BindError, match="does not exist"):
            engine.execute(world.text("SELECT * FROM {p}counts;"))


def test_records_are_written_where_anybody_may(world: World) -> None:
    world.run("climate", CLIMATE + ROWS)
    with world.engine() as engine:
        insert = world.text("INSERT INTO {p}readings (city, degrees) VALUES ('Rome', 20);")
        engine.execute(insert)
        assert len(rows(engine, world.text("SELECT * FROM {p}readings;"))) == 4
        with pytest.raises(BindError, match="is read-only"):
            engine.execute(world.text("INSERT INTO {p}counts (city, n) VALUES ('Rome', 20);"))
    world.run("climate", CLIMATE + ROWS)
    with world.engine() as engine:
        assert rows(engine, world.text("SELECT * FROM {p}counts;")) == [("Oslo", 2), ("Rome", 2)]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE {p}counts;",
        "DROP TABLE IF EXISTS {p}climate.{p}counts DELETE TOPIC;",
        "ALTER STREAM {p}readings ADD wind INT;",
        "INSERT INTO {p}readings SELECT * FROM {p}readings;",
    ],
)
def test_nobody_else_changes_a_source(world: World, sql: str) -> None:
    world.run("climate", CLIMATE)
    with world.engine() as engine:
        with pytest.raises(BindError, match=r'belongs to application "\w*climate"'):
            engine.execute(world.text(sql))
        assert "nothing" in engine.execute(world.text("DROP TABLE IF EXISTS {p}counts;")).message
        assert rows(engine, world.text("SELECT * FROM {p}counts;")) == []


def test_own_names_come_first_and_foreign_ones_may_be_ambiguous(world: World) -> None:
    world.run("climate", CLIMATE + ROWS)
    stream = """CREATE STREAM {p}readings (id INT KEY) WITH
        (KAFKA_TOPIC = '{p}ids', VALUE_FORMAT = 'NONE', PARTITIONS = 1);"""
    with world.engine("shop") as engine:
        engine.execute(world.text(stream))
        assert rows(engine, world.text("SELECT * FROM {p}readings;")) == []
        assert rows(engine, world.text("SELECT * FROM {p}shop.{p}readings;")) == []
        assert len(rows(engine, world.text("SELECT * FROM {p}climate.{p}readings;"))) == 3
    with world.engine() as engine:
        sql = world.text("SELECT * FROM {p}readings;")
        with pytest.raises(BindError) as caught:
            engine.execute(sql)
        assert caught.value.hint is not None
        assert all(f"{world.prefix}{name}." in caught.value.hint for name in ("climate", "shop"))
        assert caught.value.span is not None
        start, end = caught.value.span.start, caught.value.span.end
        assert sql[start:end] == world.text("{p}readings")


def test_what_is_no_more_is_not_told(world: World) -> None:
    climate, mark = world.application("climate"), world.prefix.upper()
    world.run("climate", CLIMATE)
    assert world.told() == [f"{climate}.{mark}COUNTS", f"{climate}.{mark}READINGS"]
    world.run("climate", CLIMATE[: CLIMATE.index("CREATE TABLE")])
    assert world.told() == [f"{climate}.{mark}READINGS"]
    with world.engine("climate") as engine:  # a service of the same name: its sources are its own
        engine.execute(world.text("CREATE STREAM {p}copy AS SELECT * FROM {p}readings;"))
    world.run("climate", CLIMATE)
    assert world.told() == [f"{climate}.{mark}{name}" for name in ("COPY", "COUNTS", "READINGS")]
    with world.engine("climate") as engine:
        engine.execute(world.text("DROP STREAM {p}copy;"))
    assert world.told() == [f"{climate}.{mark}COUNTS", f"{climate}.{mark}READINGS"]


def test_a_forgotten_application_is_not_told(world: World) -> None:
    world.run("climate", CLIMATE + ROWS)
    with closing(world.broker()) as broker:
        context = context_on(broker, EngineConfig(world.settings))
        name = world.application("climate")
        program = compile_program([world.text(CLIMATE)], context, name)
        assert program.application is not None
        Application(program.application, broker, world.clock or time.monotonic).forget()
    assert world.told() == []


def test_the_rows_that_a_query_gives_are_nobodys_source(world: World) -> None:
    world.run("climate", CLIMATE + ROWS)
    before = world.told()
    with world.engine() as engine:
        rows(engine, world.text("SELECT * FROM {p}counts;"))
        with engine.execute(world.text("SELECT * FROM {p}counts EMIT CHANGES;")):
            pass
    assert world.told() == before


class Watched(SimulatedBroker):
    """Counts who asks for the topic of declarations."""

    asked = 0

    def ends(self, partitions: Any, *, committed: bool) -> Any:
        self.asked += any(partition.topic == DECLARATIONS for partition in partitions)
        return super().ends(partitions, committed=committed)


def test_who_names_own_sources_alone_does_not_ask() -> None:
    broker = Watched()
    with Engine(broker, clock_ms=broker.clock) as engine:
        engine.execute_script(CLIMATE.format(p="") + ROWS.format(p=""))
        engine.drain()
        assert rows(engine, "SELECT * FROM counts;") == RESULTS
        rows(engine, "DESCRIBE counts;")
        engine.execute("DROP TABLE counts;")
        assert broker.asked == 0
        rows(engine, "SHOW TABLES;")
        assert broker.asked == 1


@pytest.fixture
def other() -> Iterator[tuple[SimulatedBroker, Engine]]:
    broker = SimulatedBroker()
    with Engine(broker, EngineConfig({"ksql.service.id": "climate"})) as engine:
        engine.execute_script(CLIMATE.format(p=""))
        yield broker, engine


def test_records_of_a_newer_version_are_left_out(
    other: tuple[SimulatedBroker, Engine], caplog: pytest.LogCaptureFixture
) -> None:
    broker, _ = other
    (first, *_) = read_to_end(broker, [TopicPartition(DECLARATIONS, 0)])
    known = json.loads(first.value() or b"")
    newer = [
        (["source", "climate", "MORE"], {**known, "rank": 7}),
        (["source", "climate", "LESS"], {"version": 2}),
        (["source", "climate", "ODD"], {**known, "declaration": "CREATE CUBE ODD"}),
        (["query", "climate", "CTAS_COUNTS_1"], {"plan": []}),
        ({"any": "key"}, 1),
    ]
    records = [(json.dumps(k).encode(), json.dumps(v).encode(), 0, ()) for k, v in newer]
    broker.append(DECLARATIONS, records, 0)
    with caplog.at_level(logging.WARNING), Engine(broker) as engine:
        listed = rows(engine, "SHOW STREAMS;")
        assert [row[:2] for row in listed] == [("READINGS", "climate")] * 2
        rows(engine, "SHOW STREAMS;")
    complaints = [record.getMessage() for record in caplog.records]
    assert [text.split(" is not of this version")[0] for text in complaints] == [
        'declaration ["source", "climate", "LESS"]',
        'declaration {"any": "key"}',
        'declaration ["source", "climate", "ODD"]',
    ]


def test_a_topic_is_its_querys_as_long_as_that_runs(
    other: tuple[SimulatedBroker, Engine],
) -> None:
    broker, climate = other
    copy = "CREATE TABLE counts AS SELECT city, COUNT(*) AS n FROM climate.readings GROUP BY city;"
    with Engine(broker) as engine:
        with pytest.raises(BindError, match='"COUNTS" is written by application "climate"'):
            engine.execute(copy)
        climate.execute("TERMINATE ALL;")
        assert rows(engine, "SELECT * FROM counts;") == []
        assert "created" in engine.execute(copy).message


def test_what_comes_later_is_seen_by_an_open_engine(
    other: tuple[SimulatedBroker, Engine],
) -> None:
    broker, climate = other
    with Engine(broker) as engine:
        assert [row[0] for row in rows(engine, "SHOW STREAMS;")] == ["READINGS"]
        climate.execute("CREATE STREAM cold AS SELECT * FROM readings WHERE degrees < 0;")
        assert [row[0] for row in rows(engine, "SHOW STREAMS;")] == ["COLD", "READINGS"]
        climate.execute("ALTER STREAM readings ADD wind INT;")
        assert ("WIND", "INTEGER", "") in rows(engine, "DESCRIBE readings;")
        climate.execute("DROP STREAM cold DELETE TOPIC;")
        assert [row[0] for row in rows(engine, "SHOW STREAMS;")] == ["READINGS"]
