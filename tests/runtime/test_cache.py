"""The record cache keeps to its size in bytes, however large the rows are."""

import gc
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamsql.broker.ports import TopicConfig
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.program import compile_program
from streamsql.expr.builtins import builtins
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker

ROW = 3000
BLOCK = 100
BLOCKS = 60
CACHE = 2 << 20
STREAM = "CREATE STREAM s (k STRING KEY, v STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');"
LATEST = f"{STREAM} CREATE TABLE o AS SELECT k, LATEST_BY_OFFSET(v) AS l FROM s GROUP BY k;"
WINDOWS = LATEST.replace("FROM s", "FROM s WINDOW TUMBLING (SIZE 10 SECONDS)")
SESSIONS = LATEST.replace("FROM s", "FROM s WINDOW SESSION (1 SECOND)")


class CountingWorker(Worker):
    """A worker whose clock stands: no commit is due but those that the cache wants."""

    commits = 0

    def commit(self) -> None:
        """Commit, and count."""
        self.commits += 1
        super().commit()


def start(sql: str, cache_bytes: int, directory: Path) -> tuple[CountingWorker, Iterator[None]]:
    """Return a worker with its state in RocksDB, and an iterator that hands it block by block."""
    context = PlannerContext(Catalog(functions=builtins()), partial=True)
    program = compile_program((sql,), context, "app")
    assert program.application is not None
    broker = SimulatedBroker()
    broker.create([TopicConfig("s", 1)])
    config = RuntimeConfig("app", cache_bytes=cache_bytes, state_directory=directory)
    layout = lay_out("app", program.application.topology, broker.topics(), state_topics(broker))
    broker.create(layout.create)
    worker = CountingWorker(layout, broker, config, "w", lambda: 0.0)
    worker.start()
    while not worker.tasks:
        worker.step(0)

    def blocks() -> Iterator[None]:
        for block in range(BLOCKS):
            keys = range(block * BLOCK, (block + 1) * BLOCK)
            rows = [(key, {"K": f"{key}", "V": f"{key:05d}" * (ROW // 5)}) for key in keys]
            broker.append(
                "s", [(str(key).encode(), json.dumps(row).encode(), key, ()) for key, row in rows]
            )
            while worker.step(0):
                pass
            yield

    return worker, blocks()


@pytest.mark.parametrize("sql", [LATEST, WINDOWS, SESSIONS])
def test_large_rows_stay_within_the_size(sql: str, tmp_path: Path) -> None:
    worker, blocks = start(sql, CACHE, tmp_path)
    (task,) = worker.tasks
    most = 0
    for _ in blocks:
        most = max(most, task.uncommitted_bytes() + task.cached_bytes())
    assert ROW * BLOCK < most < CACHE / 2 + 2 * ROW * BLOCK
    assert BLOCKS * BLOCK * ROW / CACHE < worker.commits <= BLOCKS
    worker.close()


@pytest.mark.parametrize(("cache_bytes", "low", "high"), [(CACHE, 0.2, 1.5), (64 << 20, 8, 20)])
def test_the_size_is_that_of_the_memory(
    cache_bytes: int, low: float, high: float, tmp_path: Path
) -> None:
    tracemalloc.start()
    worker, blocks = start(LATEST, cache_bytes, tmp_path)
    for _ in blocks:
        pass
    worker.commit()
    broker = worker._broker
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    worker.close()
    del worker, blocks
    gc.collect()
    held -= tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del broker  # its logs are no part of the cache
    assert low < held / CACHE < high, "of 18 MB that went through"
