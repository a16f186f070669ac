"""Applications and engines on real Kafka: worker processes, their deaths, and exact results."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from streamsql.broker.ports import TopicConfig
from streamsql.engine.applications.processes import WorkerProcesses, WorkerSpec
from streamsql.engine.configuration.address import BrokerAddress, find_broker
from streamsql.engine.connect import connect
from streamsql.engine.program_run import open_program
from streamsql.errors import EngineError

SQL = """
CREATE STREAM {p}_in (k STRING KEY, v INT)
    WITH (KAFKA_TOPIC = '{p}-in', VALUE_FORMAT = 'JSON', PARTITIONS = 4);
CREATE STREAM {p}_even AS SELECT k, v FROM {p}_in WHERE v % 2 = 0 EMIT CHANGES;
CREATE TABLE {p}_sums AS
    SELECT k, COUNT(*) AS n, SUM(v) AS total FROM {p}_in GROUP BY k EMIT CHANGES;
"""
KEYS, ROWS = 20, 4_000


def fill(address: BrokerAddress, topic: str, first_ms: int = 0) -> None:
    broker = address.open()
    broker.create([TopicConfig(topic, 4)])
    records = [
        (f"k{number % KEYS}".encode(), b'{"K":"","V":%d}' % number, first_ms + number, ())
        for number in range(ROWS)
    ]
    broker.append(topic, records)
    broker.close()


def expected_sums() -> list[tuple[str, int, int]]:
    return sorted((f"k{key}", ROWS // KEYS, sum(range(key, ROWS, KEYS))) for key in range(KEYS))


def address_of(kafka: str, directory: Path) -> BrokerAddress:
    return find_broker(
        kafka,
        directory=directory,
        settings={"session.timeout.ms": 3_000, "max.poll.records": 50},
    )


TIMED_SQL = """
CREATE STREAM {p}_in (k STRING KEY, v INT)
    WITH (KAFKA_TOPIC = '{p}-in', VALUE_FORMAT = 'JSON', PARTITIONS = 4);
CREATE TABLE {p}_windows AS SELECT v % 7 AS g, COUNT(*) AS n FROM {p}_in
    WINDOW TUMBLING (SIZE 1 SECOND, GRACE PERIOD 0 SECONDS) GROUP BY v % 7 EMIT CHANGES;
CREATE TABLE {p}_counts AS SELECT v % 7 AS g, COUNT(*) AS n FROM {p}_in GROUP BY v % 7;
CREATE STREAM {p}_by_g AS SELECT v % 7 AS g, v FROM {p}_in PARTITION BY v % 7;
CREATE STREAM {p}_seen AS SELECT s.g AS g, s.v AS v, t.n AS n
    FROM {p}_by_g s JOIN {p}_counts t ON s.g = t.g EMIT CHANGES;
CREATE TABLE {p}_last AS SELECT g, COUNT(*) AS records, COUNT_DISTINCT(n) AS numbers, MAX(n) AS n
    FROM {p}_seen GROUP BY g;
SELECT g, WINDOWSTART, n FROM {p}_windows;
SELECT g, records, numbers, n FROM {p}_last;
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_one_result_behind_a_repartition(kafka: str, tmp_path: Path, workers: int) -> None:
    """Every record sees the count as of its own time: 1, 2, 3 … for each group, nothing is late."""
    name = f"timed{workers}"
    address = address_of(kafka, tmp_path)
    fill(address, f"{name}-in", first_ms=1_000)  # Kafka's client takes 0 for now
    with open_program(
        [TIMED_SQL.format(p=name)], address, name=name, until_end=True
    ) as application:
        windows, last = (
            sorted(row.as_tuple() for row in result.fetchall())
            for result in application.run(workers=workers)
        )
    expected = Counter((number % 7, 1_000 + number - number % 1_000) for number in range(ROWS))
    assert windows == sorted((g, start, n) for (g, start), n in expected.items())
    counts = Counter(number % 7 for number in range(ROWS))
    assert last == sorted((g, n, n, n) for g, n in counts.items())


def test_two_worker_processes(kafka: str, tmp_path: Path) -> None:
    address = address_of(kafka, tmp_path)
    fill(address, "plain-in")
    text = SQL.format(p="plain") + "SELECT k, n, total FROM plain_sums;"
    with open_program([text], address, name="plain", until_end=True) as application:
        (rows,) = [result.fetchall() for result in application.run(workers=2)]
    assert sorted(row.as_tuple() for row in rows) == expected_sums()


@pytest.mark.slow
def test_workers_die_again_and_again(kafka: str, tmp_path: Path) -> None:
    address = address_of(kafka, tmp_path)
    fill(address, "storm-in")
    text = SQL.format(p="storm") + "SELECT k, n, total FROM storm_sums; SELECT v FROM storm_even;"
    killed = 0

    def kill_some() -> None:
        nonlocal killed
        while killed < 4:
            running = application.application
            workers = None if running is None else running.workers
            if isinstance(workers, WorkerProcesses):
                with suppress(ProcessLookupError):
                    os.kill(workers.pids[killed % 2], signal.SIGKILL)
                    killed += 1
            time.sleep(0.3)

    with open_program([text], address, name="storm", until_end=True) as application:
        killer = threading.Thread(target=kill_some, daemon=True)
        killer.start()
        sums, evens = (result.fetchall() for result in application.run(workers=2))
    assert killed == 4
    assert sorted(row.as_tuple() for row in sums) == expected_sums()
    assert sorted(row[0] for row in evens) == list(range(0, ROWS, 2))


def test_an_interactive_engine(kafka: str, tmp_path: Path) -> None:
    settings = {"ksql.service.id": "shelltest", "session.timeout.ms": 3_000}
    with connect(kafka, directory=tmp_path, settings=settings) as engine:
        engine.execute_script(SQL.format(p="shell"))
        with engine.query("SELECT k, v FROM shell_even EMIT CHANGES LIMIT 1") as result:
            engine.execute("INSERT INTO shell_in (k, v) VALUES ('a', 1)")
            engine.execute("INSERT INTO shell_in (k, v) VALUES ('b', 2)")
            assert result.fetchall() == [("b", 2)]
        engine.drain(30_000)
        assert sorted(engine.query("SELECT k, total FROM shell_sums")) == [("a", 1), ("b", 2)]
    with connect(kafka, directory=tmp_path, settings=settings) as engine:
        engine.execute("INSERT INTO shell_in (k, v) VALUES ('a', 10)")
        engine.drain(30_000)
        assert engine.query("SELECT total FROM shell_sums WHERE k = 'a'").fetchall() == [(11,)]


@pytest.mark.slow
def test_a_worker_that_cannot_start(kafka: str, tmp_path: Path) -> None:
    spec = WorkerSpec(kafka, "broken", ("NONSENSE;",), {}, {}, str(tmp_path))
    workers = WorkerProcesses(spec, 1)
    try:
        with pytest.raises(EngineError, match="ended with status 2"):
            workers.step(60_000)
    finally:
        workers.stop()


def test_workers_end_with_their_supervisor(kafka: str, tmp_path: Path) -> None:
    address = address_of(kafka, tmp_path)
    fill(address, "orphan-in")
    program = (
        "import sys; from pathlib import Path\n"
        "from streamsql.engine.program_run import open_program\n"
        "from streamsql.engine.configuration.address import find_broker\n"
        f"address = find_broker({kafka!r}, directory={str(tmp_path)!r})\n"
        f"application = open_program([{SQL.format(p='orphan')!r}], address, name='orphan')\n"
        "def tell(done, total):\n"
        "    print(*application.application.workers.pids, flush=True)\n"
        "list(application.run(workers=2, on_progress=tell))\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert supervisor.stdout is not None
    pids = [int(word) for word in supervisor.stdout.readline().split()]
    assert len(pids) == 2
    supervisor.kill()
    supervisor.communicate()
    deadline = time.monotonic() + 20
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "the workers outlive their supervisor"
        time.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
