"""An application run in drawn circumstances to its end, on the simulated broker."""

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streamsql.broker.ports import Message, TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.broker.simulated.mishaps import kill
from streamsql.catalog.catalog import Catalog, Source
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.program import compile_program
from streamsql.expr.builtins import builtins
from streamsql.runtime.completion import Completion
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import lay_out, state_topics
from streamsql.runtime.worker import Worker

_ROUNDS = 20_000

Record = tuple[str, str, bytes | None, int]
"""(topic, key, value, time in ms)."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What results must not depend on.

    Attributes:
        live: Whether records come while the workers run; else all are there at the start.
        deaths: How often a worker dies.
    """

    workers: int = 1
    cache_bytes: int = 0
    keeps_state: bool = True
    commit_ms: int = 100
    poll_records: int = 500
    live: bool = False
    deaths: int = 0


class DrawnRun:
    """One run of a script; a seed names it."""

    def __init__(
        self,
        sql: str,
        partitions: Mapping[str, int],
        records: Iterable[Record],
        how: Circumstances,
        seed: int,
    ) -> None:
        """Prepare a run.

        Args:
            partitions: Of the input topics.
            records: The input, in the order in which it is written.
        """
        self._how = how
        self._choose = random.Random(seed)
        self._broker = SimulatedBroker(keeps_state=how.keeps_state, seed=seed)
        self._broker.create([TopicConfig(topic, number) for topic, number in partitions.items()])
        context = PlannerContext(Catalog(functions=builtins()), partial=True)
        program = compile_program((sql,), context, "app")
        assert program.application is not None
        self.sinks: list[Source] = [
            source for source in program.context.catalog.sources.values() if source.writers
        ]
        topology, topics = program.application.topology, self._broker.topics()
        self._layout = lay_out("app", topology, topics, state_topics(self._broker))
        self._broker.create(self._layout.create)
        self._left = deque(records)
        self._workers: dict[str, Worker] = {}

    def finish(self) -> None:
        """Run until everything is processed and committed."""
        choose = self._choose
        self._feed(0 if self._how.live else len(self._left))
        deaths = [choose.randrange(5, 120) for _ in range(self._how.deaths)]
        for number in range(_ROUNDS):
            if number in deaths:
                self._die(choose.choice(sorted(self._workers)))
            self._start_missing()
            for worker in choose.sample(list(self._workers.values()), len(self._workers)):
                worker.step(0)
                self._broker.clock.advance(choose.randrange(self._how.commit_ms))
            self._feed(choose.choice((0, 0, 1, 7)))
            if not self._left and number % 5 == 0 and Completion(self._broker, self._layout).done():
                break
        else:
            raise AssertionError("stuck")
        for worker in self._workers.values():
            worker.close()

    def read(self, topic: str) -> list[Message]:
        """Return the committed records of a topic, partition by partition."""
        messages: list[Message] = []
        for number in range(self._broker.topics()[topic].partitions):
            reader = self._broker.reader()
            reader.assign({TopicPartition(topic, number): 0})
            while found := next(iter(reader.poll(1000, 0).messages.values()), ()):
                messages += found
        return messages

    def _feed(self, count: int) -> None:
        for _ in range(min(count, len(self._left))):
            topic, key, value, time = self._left.popleft()
            self._broker.append(topic, [(key.encode(), value, time, ())])

    def _start_missing(self) -> None:
        how = self._how
        missing = {f"w{number}" for number in range(how.workers)} - self._workers.keys()
        for name in sorted(missing):
            config = RuntimeConfig("app", how.commit_ms, how.cache_bytes, None, how.poll_records)
            worker = Worker(self._layout, self._broker, config, name, self._broker.clock)
            worker.start()
            self._workers[name] = worker

    def _die(self, name: str) -> None:
        worker = self._workers.pop(name)
        kill(self._broker, name, f"app-{name}")
        worker.abandon()
