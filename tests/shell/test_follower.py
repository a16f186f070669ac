"""An embedded directory that another process owns, at every door: ``-e``, load, the library."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamsql.broker.embedded.database import DATABASE
from streamsql.engine.connect import connect
from streamsql.errors import EngineError
from tests.shell.place import Place, environment, read_line, succeeded

pytestmark = pytest.mark.slow

DEADLINE_SECONDS = 30.0

SOURCES = """
CREATE STREAM clicks (usr STRING KEY, page STRING, n INT)
    WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
CREATE TABLE counts AS
    SELECT usr, COUNT(*) AS clicks, SUM(n) AS total FROM clicks GROUP BY usr EMIT CHANGES;
"""

CLIMATE = """
CREATE STREAM readings (sensor STRING KEY, celsius DOUBLE, ms BIGINT)
    WITH (KAFKA_TOPIC = 'readings', VALUE_FORMAT = 'JSON', TIMESTAMP = 'ms', PARTITIONS = 2);
CREATE TABLE per_minute AS
    SELECT sensor, COUNT(*) AS n, MAX(celsius) AS high
    FROM readings WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY sensor EMIT CHANGES;
"""
QUALIFIED = "SELECT sensor, n, high FROM climate.per_minute WHERE sensor = 'attic'"

OWNER = """
import sys, time
from pathlib import Path
import streamsql

with streamsql.connect(".streamsql") as engine:
    engine.execute_script(sys.argv[1])
    print("open", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@contextmanager
def owning(place: Place, script: str = "") -> Iterator[subprocess.Popen[str]]:
    """Let an engine of another process own the directory, until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=place.path,
        env=environment(),
    )
    try:
        assert read_line(process) == "open\n"
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.05)


def test_one_statement_after_the_other(place: Place) -> None:
    with owning(place, SOURCES):
        inserted = succeeded(
            place.run("-e", "INSERT INTO clicks (usr, page, n) VALUES ('ada', '/', 7);")
        )
        assert inserted == '1 record inserted into "CLICKS"\n'
        table = "SELECT usr, clicks, total FROM counts"
        ask = ("-e", f"{table} WHERE usr = 'ada';", "--output", "csv")
        until(lambda: "ada,1,7" in succeeded(place.run(*ask)))

        shown = succeeded(place.run("-e", "SHOW TOPICS; SHOW STREAMS; SHOW TABLES; SHOW QUERIES;"))
        assert all(word in shown for word in ("clicks", "CLICKS", "COUNTS", "UNKNOWN"))
        assert "TOTAL" in succeeded(place.run("-e", "DESCRIBE counts;"))
        printed = succeeded(place.run("-e", "PRINT clicks FROM BEGINNING LIMIT 1;"))
        assert '{"PAGE":"/","N":7}' in printed

        place.write("more.jsonl", '{"USR": "bob", "PAGE": "/b", "N": 1}\n' * 3)
        loaded = succeeded(place.run("load", "clicks", "more.jsonl", "--key", "USR"))
        assert loaded == '3 records loaded into topic "clicks"\n'
        until(lambda: "bob,3,3" in succeeded(place.run("-e", f"{table};", "--output", "csv")))

        here = "CREATE STREAM again (page STRING) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON');"
        said = succeeded(place.run("-e", f"{here} SELECT * FROM again;"))
        assert said.startswith('stream "AGAIN" created for this session\n')
        assert said.count("/b") == 3
        assert "AGAIN" not in succeeded(place.run("-e", "SHOW STREAMS;"))


def test_what_lasts_is_refused_before_anything_happens(place: Place) -> None:
    insert = "INSERT INTO clicks (usr, page, n) VALUES ('eve', '/', 1);"
    with owning(place, SOURCES) as owner, connect(place.path / ".streamsql") as engine:
        for statement in (
            "CREATE TABLE more AS SELECT usr, COUNT(*) AS n FROM clicks GROUP BY usr;",
            "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);",
            "INSERT INTO clicks SELECT * FROM clicks;",
            "DROP TABLE counts;",
            "ALTER STREAM clicks ADD COLUMN x INT;",
            "TERMINATE ALL;",
        ):
            with pytest.raises(EngineError) as refused:
                engine.execute_script(insert + statement)
            assert str(refused.value).startswith(
                f"this is for process {owner.pid}, which owns directory "
                f'"{place.path / ".streamsql"}": {statement.rstrip(";")[:40]}'
            )
        assert engine.query("SELECT * FROM clicks").fetchall() == []
        explained = engine.execute("EXPLAIN CREATE TABLE m AS SELECT usr, clicks FROM counts;")
        assert explained.message.startswith("Project USR KEY")


def test_push_queries_of_three_followers_and_the_owners_end(place: Place) -> None:
    """One filters, one aggregates over a repartition, one joins: none writes to the directory."""
    queries = (
        "SELECT page FROM clicks WHERE n > 0 EMIT CHANGES LIMIT 4;",
        "SELECT page, SUM(n) AS total FROM clicks GROUP BY page EMIT CHANGES LIMIT 4;",
        """SELECT c.page, t.clicks FROM clicks c LEFT JOIN counts t ON c.usr = t.usr
            EMIT CHANGES LIMIT 4;""",
    )
    insert = "INSERT INTO clicks (usr, page, n) VALUES ('ada', '/a', 1);"
    settings = "SET 'auto.offset.reset' = 'earliest'; SET 'statestore.cache.max.bytes' = '0';"

    def follow(query: str) -> list[str]:
        lines = succeeded(place.run("-e", settings + query, "--output", "csv")).splitlines()
        return [line for line in lines if line.startswith("/a")]

    with owning(place, SOURCES + insert), ThreadPoolExecutor() as executor:
        with connect(place.path / ".streamsql") as engine:
            until(lambda: len(engine.query("SELECT * FROM counts").fetchall()) == 1)
        following = [executor.submit(follow, query) for query in queries]
        for _ in range(3):
            succeeded(place.run("-e", insert))
        filtered, summed, joined = (each.result() for each in following)
    assert filtered == ["/a"] * 4
    assert summed[-1] == "/a,4"
    assert len(joined) == 4
    with owning(place, ""), connect(place.path / ".streamsql") as engine:
        names = " ".join(engine.broker.topics()) + " ".join(engine.broker.groups())
        assert "transient" not in names


def test_a_library_follows_from_one_owner_to_the_next(place: Place) -> None:
    ask, insert = "SELECT clicks FROM counts", "INSERT INTO clicks (usr, n) VALUES ('ada', 1)"
    with owning(place, SOURCES) as first:
        engine = connect(place.path / ".streamsql")
        engine.execute(insert)
        until(lambda: [tuple(row) for row in engine.query(ask)] == [(1,)])
        os.kill(first.pid, signal.SIGKILL)
    with engine:
        assert [tuple(row) for row in engine.query(ask)] == [(1,)]
        said = engine.execute(insert).message
        assert said.startswith(
            '1 record inserted into "CLICKS", to be taken in by the next process'
        )
        more = "CREATE STREAM pages AS SELECT usr, page FROM clicks EMIT CHANGES;"
        with owning(place, more) as second:
            until(lambda: [tuple(row) for row in engine.query(ask)] == [(2,)])
            planned = engine.compile("SHOW STREAMS")
            engine.execute("SET 'auto.offset.reset' = 'earliest'")
            engine.perform(planned[0])  # what was learnt between the two is not forgotten
            assert "PAGES" in [row["NAME"] for row in engine.execute("SHOW STREAMS")]
            with pytest.raises(EngineError, match=f"process {second.pid}, which owns"):
                engine.execute("DROP STREAM pages")


def test_followers_of_a_file_that_runs(place: Place) -> None:
    """Its sources are those of another application."""
    directory = place.path / ".streamsql"
    with place.running("run", place.write("climate.sql", CLIMATE)) as owner:
        until((directory / DATABASE).exists)
        with connect(directory) as engine:
            until(lambda: "PER_MINUTE" in [row["NAME"] for row in engine.execute("SHOW TABLES")])
            (table,) = engine.execute("SHOW TABLES")
            assert (table["NAME"], table["APPLICATION"]) == ("PER_MINUTE", "climate")
            readings = [
                {"SENSOR": sensor, "CELSIUS": celsius, "MS": ms}
                for ms in (0, 10_000, 60_000)
                for sensor, celsius in (("attic", 30.5), ("cellar", 12.0))
            ]
            place.write("more.jsonl", "".join(json.dumps(each) + "\n" for each in readings))
            loaded = succeeded(place.run("load", "readings", "more.jsonl", "--key", "SENSOR"))
            assert loaded == '6 records loaded into topic "readings"\n'
            ask = "SELECT windowstart, n, high FROM per_minute WHERE sensor = 'attic'"
            until(lambda: len(engine.query(ask).fetchall()) == 2)
            insert = "INSERT INTO readings (sensor, celsius, ms) VALUES ('attic', 41.0, 61000);"
            push = "SELECT sensor, celsius FROM readings WHERE celsius > 40 EMIT CHANGES LIMIT 1"
            with engine.query(push) as hot:
                succeeded(place.run("-e", insert))
                assert [tuple(row) for row in hot] == [("attic", 41.0)]
            until(lambda: ("attic", 2, 41.0) in engine.query(QUALIFIED).fetchall())
            answer = succeeded(place.run("-e", f"{QUALIFIED};", "--output", "csv"))
            assert sorted(answer.splitlines()[1:]) == ["attic,2,30.5", "attic,2,41.0"]
            assert "HIGH" in succeeded(place.run("-e", "DESCRIBE per_minute;"))
            assert "PER_MINUTE" in succeeded(place.run("run", "climate.sql", "--dry-run"))
            with pytest.raises(EngineError, match=f"process {owner.pid}, which owns"):
                engine.execute("CREATE STREAM hot AS SELECT * FROM readings WHERE celsius > 40;")
