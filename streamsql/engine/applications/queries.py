"""Running queries: each a topology with a worker of its own, stepped in turn by one loop.

A failing query stops, is reported with its error, and starts again after a while, waiting twice as
long each time; the others go on.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from streamsql.broker.ports import Broker
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.lowering import lay_out_in
from streamsql.engine.planning.planned import PlannedQuery
from streamsql.errors import EngineError, StreamSQLError
from streamsql.runtime.completion import Completion
from streamsql.runtime.environment import OutputTarget
from streamsql.runtime.keeping.choose import state_keeping
from streamsql.runtime.worker import Worker

log = logging.getLogger(__name__)

MEMBER = "engine"
_OPENING_STEPS = 300
_OPENING_WAIT_MS = 100


class QueryState(Enum):
    """What a query is doing."""

    RUNNING = "RUNNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Host:
    """Where queries run.

    Attributes:
        clock_ms: Monotonic milliseconds.
    """

    broker: Broker
    context: PlannerContext
    clock_ms: Callable[[], float]


class RunningQuery:
    """One query and its worker.

    Attributes:
        id: As TERMINATE names it.
        error: Why it does not run, while it does not.
    """

    def __init__(
        self,
        query_id: str,
        planned: PlannedQuery,
        host: Host,
        outputs: Mapping[str, OutputTarget] | None = None,
    ) -> None:
        self.id = query_id
        self._planned = planned
        self.error: Exception | None = None
        self._broker = host.broker
        self._context = host.context
        self._clock_ms = host.clock_ms
        self._outputs = outputs
        self._worker: Worker | None = None
        self._wait_ms = self._config.whole("ksql.query.retry.backoff.initial.ms")
        self._retry_at_ms = 0.0

    @property
    def _config(self) -> EngineConfig:
        return self._context.config

    @property
    def state(self) -> QueryState:
        """Whether it runs."""
        return QueryState.RUNNING if self.error is None else QueryState.ERROR

    @property
    def planned(self) -> PlannedQuery:
        """What it runs; with a layout from its first start on."""
        return self._planned

    @property
    def commit_interval_ms(self) -> int:
        """The time between its commits."""
        return self._config.whole("commit.interval.ms")

    def start(self) -> None:
        """Create what the query needs and join its group.

        Raises:
            EngineError: A topic is missing or the broker does not do its part.
        """
        application, layout = self._planned.application, self._planned.layout
        if layout is None:
            topology, topics = self._planned.topology, self._broker.topics()
            layout = lay_out_in(self._context, application, topology, topics)
        self._broker.create(layout.create)
        self._planned = replace(self._planned, layout=replace(layout, create=()))
        runtime = self._config.runtime(application)
        worker = Worker(layout, self._broker, runtime, MEMBER, self._clock_ms, self._outputs)
        worker.start()
        self._worker = worker

    def open(self) -> None:
        """Work until every task runs: what is written from now on is seen by a LATEST reader."""
        assert self._worker is not None
        layout = self._planned.layout
        assert layout is not None
        for _ in range(_OPENING_STEPS):
            if self._worker.is_open and len(self._worker.tasks) == sum(layout.partitions.values()):
                return
            self._worker.step(_OPENING_WAIT_MS if not self._worker.tasks else 0)
        raise EngineError(f'query "{self.id}" did not get its partitions')

    def step(self, timeout_ms: int) -> int:
        """Do a round of work, or start again after a failure when it is time to."""
        try:
            if self._worker is None:
                if self._clock_ms() < self._retry_at_ms:
                    return 0
                self.start()
            assert self._worker is not None
            done = self._worker.step(timeout_ms)
        except StreamSQLError as error:
            self._fail(error)
            return 0
        except Exception as error:
            log.exception('query "%s" failed', self.id)
            self._fail(error)
            return 0
        if self.error is not None:
            log.info('query "%s" runs again', self.id)
            self.error = None
        return done

    def is_done(self) -> bool:
        """Tell whether everything that is there now is processed and committed."""
        if self._planned.layout is None or self._worker is None:
            return False
        return Completion(self._broker, self._planned.layout).done()

    def stop(self) -> None:
        """Commit and leave the group; the query can go on where it stopped."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close()

    def forget(self) -> None:
        """Stop, and delete offsets, internal topics and state: the query never comes back.

        Raises:
            EngineError: The query runs elsewhere too, or the broker does not do its part.
        """
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.leave()
        state_keeping(self._broker, self._config.runtime(self._planned.application)).forget()

    def _fail(self, error: Exception) -> None:
        self.error = error
        self._planned = replace(self._planned, layout=None)  # topics may be others by then
        worker, self._worker = self._worker, None
        if worker is not None:
            with suppress(Exception):
                worker.abandon()
        self._retry_at_ms = self._clock_ms() + self._wait_ms
        log.error(
            'query "%s" stopped, to be started again in %d ms: %s', self.id, self._wait_ms, error
        )
        longest = self._config.whole("ksql.query.retry.backoff.max.ms")
        self._wait_ms = min(2 * self._wait_ms, longest)


class QuerySet:
    """The queries that run, by id, stepped in turn."""

    def __init__(self) -> None:
        self._queries: dict[str, RunningQuery] = {}

    def __iter__(self) -> Iterator[RunningQuery]:
        return iter(tuple(self._queries.values()))

    def __len__(self) -> int:
        return len(self._queries)

    def get(self, query_id: str) -> RunningQuery | None:
        """Return the query of that id, if it runs."""
        return self._queries.get(query_id)

    def add(self, query: RunningQuery) -> None:
        """Step the query from now on; if it has not been started, that comes first."""
        self._queries[query.id] = query

    def remove(self, query_id: str) -> None:
        """Stop the query and delete what is its own."""
        query = self._queries.pop(query_id, None)
        if query is not None:
            query.forget()

    def step(self, timeout_ms: int) -> int:
        """Let every query work; when none had anything to do, wait in one of them."""
        done = sum(query.step(0) for query in self)
        if not done and timeout_ms > 0 and self._queries:
            share = max(1, timeout_ms // len(self._queries))
            for query in self:
                done += query.step(share)
                if done:
                    break
        return done

    def failure(self) -> Exception | None:
        """Return why a query does not run, if one does not."""
        return next((query.error for query in self if query.error is not None), None)

    def stop(self) -> None:
        """Stop all queries; they can go on where they stopped."""
        for query in self:
            query.stop()
        self._queries.clear()
