"""The engine on the simulated broker, driven step by step."""

from collections.abc import Iterator

import pytest

import streamsql
from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.mishaps import kill
from streamsql.engine.engine import Engine
from streamsql.engine.results import ResultKind
from streamsql.errors import BindError, EngineError, ParseError, StatementError, UnsupportedError

CLICKS = """
    CREATE STREAM clicks (usr STRING KEY, page STRING, ms INT)
    WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
"""
COUNTS = "CREATE TABLE counts AS SELECT usr, COUNT(*) AS n FROM clicks GROUP BY usr EMIT CHANGES;"


def open_engine(broker: SimulatedBroker) -> Engine:
    return Engine(broker, clock_ms=broker.clock, wall_clock_ms=lambda: 1_000)


@pytest.fixture(params=[False, True], ids=["changelogs", "broker-state"])
def broker(request: pytest.FixtureRequest) -> SimulatedBroker:
    return SimulatedBroker(keeps_state=request.param)


@pytest.fixture
def engine(broker: SimulatedBroker) -> Iterator[Engine]:
    with open_engine(broker) as opened:
        yield opened


def click(engine: Engine, usr: str, page: str = "/", ms: int = 1) -> None:
    engine.execute(f"INSERT INTO clicks (usr, page, ms) VALUES ('{usr}', '{page}', {ms})")


def test_a_table_is_filled_and_pulled(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS)
    for usr in ("ada", "bob", "ada"):
        click(engine, usr)
    engine.drain()
    assert sorted(engine.query("SELECT * FROM counts")) == [("ada", 2), ("bob", 1)]
    assert engine.query("SELECT n FROM counts WHERE usr = 'ada'").fetchall() == [(2,)]
    assert engine.query("SELECT n FROM counts WHERE usr IN ('ada', 'cy')").fetchall() == [(2,)]
    assert len(engine.query("SELECT * FROM counts LIMIT 1").fetchall()) == 1
    assert engine.query("SELECT * FROM counts WHERE n > 5").fetchall() == []


def test_a_stream_is_pulled(engine: Engine) -> None:
    engine.execute_script(CLICKS)
    click(engine, "ada", "/a", 5)
    click(engine, "bob", "/b", 50)
    result = engine.query("SELECT page, ms * 2 AS twice, usr FROM clicks WHERE ms > 10")
    assert result.names == ("PAGE", "TWICE", "USR")
    assert result.fetchall() == [("/b", 100, "bob")]


def test_a_windowed_table_is_pulled(engine: Engine) -> None:
    engine.execute_script(
        CLICKS + "CREATE TABLE w AS SELECT usr, COUNT(*) AS n FROM clicks"
        " WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY usr EMIT CHANGES;"
    )
    for time_ms in (1_000, 2_000, 11_000):
        engine.execute(
            f"INSERT INTO clicks (ROWTIME, usr, page, ms) VALUES ({time_ms}, 'ada', '/', 1)"
        )
    engine.drain()
    rows = engine.query("SELECT WINDOWSTART, n FROM w WHERE usr = 'ada'").fetchall()
    assert rows == [(0, 2), (10_000, 1)]


def test_a_push_query_sees_what_comes(engine: Engine) -> None:
    engine.execute_script(CLICKS)
    click(engine, "before")
    with engine.query("SELECT usr, page FROM clicks EMIT CHANGES LIMIT 2") as result:
        assert result.kind is ResultKind.STREAM
        click(engine, "ada", "/1")
        click(engine, "ada", "/2")
        click(engine, "ada", "/3")
        assert result.fetchall() == [("ada", "/1"), ("ada", "/2")]
    topics = engine.broker.topics()
    assert not [name for name in topics if "transient" in name], "its topics are gone"


def test_a_push_query_from_the_beginning(engine: Engine) -> None:
    engine.execute_script(CLICKS)
    click(engine, "ada")
    engine.execute("SET 'auto.offset.reset' = 'earliest'")
    result = engine.query("SELECT usr, COUNT(*) AS n FROM clicks GROUP BY usr EMIT CHANGES LIMIT 1")
    assert result.fetchall() == [("ada", 1)]


def test_push_queries_can_be_left(engine: Engine) -> None:
    engine.execute_script(CLICKS)
    engine.query("SELECT * FROM clicks EMIT CHANGES").close()
    assert engine.step() == 0


def test_print(engine: Engine) -> None:
    engine.execute_script(CLICKS)
    for usr in ("a", "a", "a"):
        click(engine, usr)
    rows = engine.execute("PRINT clicks FROM BEGINNING INTERVAL 2 LIMIT 2").fetchall()
    assert [row["OFFSET"] for row in rows] == [0, 2]
    assert rows[0]["KEY"] == "a"
    assert rows[0]["VALUE"] == '{"PAGE":"/","MS":1}'


def test_queries_resume_with_a_new_engine(broker: SimulatedBroker) -> None:
    engine = open_engine(broker)
    engine.execute_script(CLICKS + COUNTS)
    engine.execute("CREATE TYPE money AS DECIMAL(10, 2)")
    click(engine, "ada")
    engine.drain()
    kill(broker, "worker-0", "default-CTAS_COUNTS_0-worker-0")
    again = open_engine(broker)
    assert list(again.catalog.queries) == ["CTAS_COUNTS_0"]
    assert "MONEY" in again.catalog.types
    click(again, "ada")
    again.drain()
    assert again.query("SELECT n FROM counts WHERE usr = 'ada'").fetchall() == [(2,)]


def test_a_script_is_checked_before_anything_happens(engine: Engine) -> None:
    script = CLICKS + COUNTS + "SELECT nonsense FROM clicks EMIT CHANGES;"
    with pytest.raises(BindError) as caught:
        engine.execute_script(script)
    assert "LINE" in str(caught.value)
    assert engine.catalog.sources == {}
    assert "clicks" not in engine.broker.topics()


def test_an_unsupported_query_is_refused_before_anything_happens(engine: Engine) -> None:
    script = (
        "CREATE STREAM a (id INT KEY, v INT) WITH"
        " (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);"
        "CREATE STREAM c AS SELECT id, v FROM a ORDER BY v EMIT CHANGES;"
    )
    with pytest.raises(UnsupportedError) as caught:
        engine.execute_script(script)
    assert caught.value.span is not None
    assert engine.catalog.sources == {}


def test_a_missing_topic(engine: Engine) -> None:
    with pytest.raises(EngineError, match='topic "t" of stream "S" does not exist'):
        engine.execute("CREATE STREAM s (v INT) WITH (KAFKA_TOPIC = 't', VALUE_FORMAT = 'JSON')")
    assert engine.catalog.sources == {}


def test_a_topic_with_other_partitions(engine: Engine) -> None:
    engine.broker.create([TopicConfig("clicks", 5)])
    with pytest.raises(EngineError, match="has 5 partitions"):
        engine.execute_script(CLICKS)


def test_partitions_that_do_not_fit_together(engine: Engine) -> None:
    engine.execute_script(CLICKS)
    engine.broker.create([TopicConfig("u", 3)])
    with pytest.raises(EngineError, match="as many partitions"):
        engine.execute_script(
            "CREATE TABLE u (id STRING PRIMARY KEY, v INT) WITH"
            " (KAFKA_TOPIC='u', VALUE_FORMAT='JSON');"
            "CREATE STREAM j AS SELECT c.usr, v FROM clicks c JOIN u ON c.usr = u.id EMIT CHANGES;"
        )
    assert "J" not in engine.catalog.sources


def test_one_statement_is_one_statement(engine: Engine) -> None:
    with pytest.raises(ParseError, match="one statement was expected"):
        engine.execute("SHOW STREAMS; SHOW TABLES")
    with pytest.raises(BindError, match="a SELECT was expected"):
        engine.query("SHOW STREAMS")


def test_drop_ends_the_query_and_can_delete_the_topic(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS)
    click(engine, "ada")
    engine.drain()
    result = engine.execute("DROP TABLE counts DELETE TOPIC")
    assert 'query "CTAS_COUNTS_0" ended' in result.message
    topics = set(engine.broker.topics())
    assert "COUNTS" not in topics
    assert not [name for name in topics if "changelog" in name]
    assert engine.execute("SHOW QUERIES").fetchall() == []
    assert engine.execute("DROP TABLE IF EXISTS counts").message == "nothing to drop"


def test_terminate(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS)
    assert engine.execute("TERMINATE CTAS_COUNTS_0").message == 'query "CTAS_COUNTS_0" ended'
    assert engine.execute("TERMINATE ALL").message == "no query runs"
    assert "COUNTS" in engine.catalog.sources


def test_if_not_exists_does_nothing(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS)
    again = (CLICKS + COUNTS).replace("STREAM clicks", "STREAM IF NOT EXISTS clicks")
    again = again.replace("TABLE counts", "TABLE IF NOT EXISTS counts")
    results = engine.execute_script(again)
    assert [result.message.split(":")[1] for result in results] == [" nothing was done"] * 2
    assert len(engine.catalog.queries) == 1


def test_insert_select_and_its_query(engine: Engine) -> None:
    engine.execute_script(
        CLICKS
        + "CREATE STREAM fast AS SELECT usr, page FROM clicks WHERE ms < 10 EMIT CHANGES;"
        + "INSERT INTO fast SELECT usr, UCASE(page) AS page FROM clicks WHERE ms >= 10;"
    )
    click(engine, "ada", "/a", 1)
    click(engine, "ada", "/b", 100)
    engine.drain()
    assert sorted(engine.query("SELECT page FROM fast")) == [("/B",), ("/a",)]


def test_a_topic_is_not_hidden_for_the_end_of_its_name(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS)
    own = ["orders-changelog", "a-repartition-of-land"]
    engine.broker.create([TopicConfig(name, 1) for name in own])
    click(engine, "ada")
    engine.drain()
    listed = {row["TOPIC"] for row in engine.execute("SHOW TOPICS")}
    assert listed == {"clicks", "COUNTS", *own}


def test_listings(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS + "DEFINE a = '1'; CREATE TYPE t AS STRING;")
    assert [row["NAME"] for row in engine.execute("SHOW STREAMS")] == ["CLICKS"]
    assert [row["NAME"] for row in engine.execute("LIST TABLES")] == ["COUNTS"]
    assert [row["STATE"] for row in engine.execute("SHOW QUERIES")] == ["RUNNING"]
    assert {row["TOPIC"] for row in engine.execute("SHOW TOPICS")} == {"clicks", "COUNTS"}
    assert ("A", "1") in engine.execute("SHOW VARIABLES").fetchall()
    assert engine.execute("SHOW TYPES").fetchall() == [("T", "STRING")]
    assert "COUNT" in [row["FUNCTION"] for row in engine.execute("SHOW FUNCTIONS")]
    properties = {row["NAME"]: row["VALUE"] for row in engine.execute("SHOW PROPERTIES")}
    assert properties["commit.interval.ms"] == "100"
    assert engine.execute("DESCRIBE counts").fetchall() == [
        ("USR", "STRING", "PRIMARY KEY"),
        ("N", "BIGINT", ""),
    ]
    assert "CTAS_COUNTS_0" in engine.execute("DESCRIBE counts EXTENDED").message
    assert engine.execute("DESCRIBE FUNCTION count").fetchall()


def test_set_is_checked_with_its_place(engine: Engine) -> None:
    with pytest.raises(StatementError) as caught:
        engine.execute("SET 'comit.interval.ms' = '5'")
    assert 'Did you mean "commit.interval.ms"' in str(caught.value)
    engine.execute("SET 'ksql.streams.commit.interval.ms' = '5'")
    assert engine.settings["commit.interval.ms"] == "5"
    engine.execute("UNSET 'commit.interval.ms'")
    assert engine.settings["commit.interval.ms"] == "100"


def test_the_code_of_a_query_is_that_of_its_settings(engine: Engine) -> None:
    engine.execute_script(CLICKS)
    query = "EXPLAIN CODE SELECT usr, COUNT(*) AS n FROM clicks GROUP BY usr EMIT CHANGES"
    held = engine.execute(query).message
    assert "group = held.get(" in held
    assert "for state, timestamp, old, key in touched:" in held
    engine.execute("SET 'statestore.cache.max.bytes' = '0'")
    each = engine.execute(query).message
    assert "aggregate(key, (" in each
    assert "touched" not in each


def test_explain(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS)
    query = "SELECT usr FROM clicks WHERE ms > 1 EMIT CHANGES"
    assert "Filter MS > 1" in engine.execute(f"EXPLAIN PLAN {query}").message
    assert "StreamSource" in engine.explain(query)
    assert "for message in messages" in engine.execute(f"EXPLAIN CODE {query}").message
    assert "StreamAggregate" in engine.execute("EXPLAIN CTAS_COUNTS_0").message
    with pytest.raises(BindError, match="only queries can be explained"):
        engine.explain("SHOW STREAMS")


def test_values_that_cannot_be_written(engine: Engine) -> None:
    engine.execute_script(
        CLICKS + "CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH"
        " (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);"
    )
    with pytest.raises(StatementError, match="division by zero"):
        engine.execute("INSERT INTO clicks (usr, ms) VALUES ('a', 1 / 0)")
    with pytest.raises(StatementError, match="NULL"):
        engine.execute("INSERT INTO t (id, v) VALUES (NULL, 1)")
    end = engine.broker.ends([TopicPartition("clicks", 0)], committed=True)
    assert list(end.values()) == [0]


def test_a_failing_query_is_reported_and_comes_back(engine: Engine) -> None:
    engine.execute_script(CLICKS + COUNTS)
    click(engine, "ada")
    broker = engine.broker
    assert isinstance(broker, SimulatedBroker)
    broker.faults.fail("poll", 1, EngineError("the network is down"))
    engine.step()
    (row,) = engine.execute("SHOW QUERIES")
    assert (row["STATE"], row["ERROR"]) == ("ERROR", "the network is down")
    with pytest.raises(EngineError, match="the network is down"):
        engine.drain()
    broker.clock.advance(2_000)
    engine.step()
    assert [row["STATE"] for row in engine.execute("SHOW QUERIES")] == ["RUNNING"]
    engine.drain()
    assert engine.query("SELECT n FROM counts").fetchall() == [(1,)]


def test_on_a_thread() -> None:
    broker = SimulatedBroker()
    with Engine(broker) as engine:
        engine.start()
        engine.execute_script(CLICKS)
        with engine.query("SELECT usr FROM clicks EMIT CHANGES LIMIT 3") as result:
            for usr in ("a", "b", "c"):
                click(engine, usr)
            assert sorted(result) == [("a",), ("b",), ("c",)]


def test_run_script(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("scripts") / "clicks.sql"
    path.write_text(CLICKS)
    engine.execute_script(f"RUN SCRIPT '{path}';" + COUNTS)
    assert set(engine.catalog.sources) == {"CLICKS", "COUNTS"}
    with pytest.raises(StatementError, match="cannot read script"):
        engine.execute("RUN SCRIPT '/nonexistent.sql'")


def test_public_names() -> None:
    assert sorted(streamsql.__all__) == streamsql.__all__
    for name in streamsql.__all__:
        assert hasattr(streamsql, name)
    make_plan = vars(streamsql)["plan"]  # a room has the same name
    plan = make_plan(CLICKS + "SELECT usr FROM clicks EMIT CHANGES")
    assert [column.name for column in plan.schema.columns()] == ["USR"]
    with pytest.raises(BindError):
        make_plan("SHOW STREAMS")
