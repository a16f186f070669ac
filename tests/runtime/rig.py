"""One application in virtual time: records in one at a time, what it writes out."""

import json
from typing import Any

from streamsql.broker.ports import TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.mishaps import kill
from streamsql.catalog.catalog import Catalog
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.program import compile_program
from streamsql.expr.builtins import builtins
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker

Out = tuple[Any, dict[str, Any] | None, int]
"""Key (with the bounds of its window), value and timestamp."""

STREAM = "CREATE STREAM {0} (k STRING KEY, v BIGINT) WITH (KAFKA_TOPIC='{0}', VALUE_FORMAT='JSON');"
TABLE = (
    "CREATE TABLE {0} (k STRING PRIMARY KEY, v BIGINT)"
    " WITH (KAFKA_TOPIC='{0}', VALUE_FORMAT='JSON');"
)


class App:
    """Queries over streams ``s`` and ``r`` and tables ``t`` and ``u``, which write ``o``.

    Args:
        restarts: Kill the worker after each record and start another one.
        cache_bytes: Of the record cache: 0 shows each change.
    """

    def __init__(self, sql: str, *, restarts: bool = False, cache_bytes: int = 0) -> None:
        declared = [STREAM.format(name) for name in "sr"] + [TABLE.format(name) for name in "tu"]
        context = PlannerContext(Catalog(functions=builtins()), partial=True)
        program = compile_program((" ".join([*declared, sql]),), context, "app")
        assert program.application is not None
        self.broker = SimulatedBroker()
        self.broker.create([TopicConfig(name, 1) for name in "srtu"])
        self._config = RuntimeConfig("app", commit_interval_ms=10, cache_bytes=cache_bytes)
        self._layout = lay_out(
            "app", program.application.topology, self.broker.topics(), state_topics(self.broker)
        )
        self.broker.create(self._layout.create)
        self._restarts = restarts
        self._read = self.broker.reader()
        self._read.assign({TopicPartition("O", 0): 0})
        self._start()

    def _start(self) -> None:
        self.worker = Worker(self._layout, self.broker, self._config, "w", self.broker.clock)
        self.worker.start()
        while not self.worker.tasks:
            self.worker.step(0)

    def add(self, topic: str, key: str | None, value: int | None, time_ms: int) -> None:
        """Append a record; nothing is processed."""
        body = None if value is None else json.dumps({"V": value}).encode()
        self.broker.append(topic, [(None if key is None else key.encode(), body, time_ms, ())])

    def run(self) -> list[Out]:
        """Process and commit what is there, and return what was written."""
        for _ in range(3):
            while self.worker.step(0):
                pass
            self.broker.clock.advance(10)
        self.worker.step(0)
        found = [
            (_key(message.key()), json.loads(message.value() or b"null"), message.timestamp()[1])
            for messages in self._read.poll(1000, 0).messages.values()
            for message in messages
        ]
        if self._restarts:
            kill(self.broker, "w", "app-w")
            self._start()
        return found

    def pipe(self, topic: str, key: str | None, value: int | None, time_ms: int) -> list[Out]:
        """Append a record, and return what it makes the application write."""
        self.add(topic, key, value, time_ms)
        return self.run()

    @property
    def dropped(self) -> dict[str, int]:
        """Records dropped in this life of the worker, by reason."""
        return dict(self.worker.metrics.dropped)


def _key(raw: bytes | None) -> Any:
    """Return a text key; with the start, or the start and the end, of a window behind it."""
    if raw is None or b"\0" not in raw:
        return None if raw is None else raw.decode()
    text, bounds = raw[:1].decode(), raw[1:]  # the keys of these tests have one letter
    times = [int.from_bytes(bounds[at : at + 8], "big") for at in range(0, len(bounds), 8)]
    return (text, *reversed(times))  # of a session the end is written first
