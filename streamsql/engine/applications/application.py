"""The one thing that runs: a topology under a name, and the workers that share its tasks.

A query of the prompt is an application, a push query is one with an output for the program, and the
queries of a file are one together. What becomes of it:

| from    | on              | to      |                                                           |
|---------|-----------------|---------|-----------------------------------------------------------|
| STOPPED | :meth:`start`   | RUNNING | topics are created, workers join the group                |
| RUNNING | :meth:`stop`    | STOPPED | what is done is committed; it can go on from there         |
| RUNNING | :meth:`abandon` | STOPPED | as if killed: what is not committed is void               |
| RUNNING | an error        | ERROR   | abandoned; :meth:`step` starts it again after a while,    |
|         |                 |         | waiting twice as long each time                           |
| ERROR   | :meth:`step`    | RUNNING |                                                           |
| any     | :meth:`forget`  | STOPPED | group, state and internal topics are gone                 |

The machine is imported when something is to run: ``streamsql -e "SHOW TABLES"`` need not wait.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum

from streamsql.broker.ports import Broker
from streamsql.engine.applications.workers import Outputs, Workers
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.declarations import Declarations, Door, Owner
from streamsql.engine.planning.lowering import lay_out_in
from streamsql.engine.planning.planned import ApplicationPlan
from streamsql.errors import EngineError, QueryFailed, StreamSQLError
from streamsql.formats.serdes import Serdes
from streamsql.runtime.completion import Completion
from streamsql.runtime.layout import Layout
from streamsql.topology.nodes import Sink

log = logging.getLogger(__name__)

_OPENING_STEPS = 300
_OPENING_WAIT_MS = 100

MakeWorkers = Callable[[Layout], Workers]
"""Starts the workers of an application that is laid out so."""


class ApplicationState(Enum):
    """What an application is doing."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    ERROR = "ERROR"


class Application:
    """A plan and its workers.

    Attributes:
        plan: What runs; with a layout from the first start on.
        error: Why it does not run, while it does not.
        had_all_tasks: Whether every task of it ran here when that happened.
    """

    def __init__(
        self,
        plan: ApplicationPlan,
        broker: Broker,
        clock_ms: Callable[[], float],
        *,
        outputs: Outputs | None = None,
        make_workers: MakeWorkers | None = None,
    ) -> None:
        """Prepare an application; nothing happens before :meth:`start`.

        Args:
            clock_ms: Monotonic time, of which only differences matter.
            outputs: Targets of the topology's Output nodes.
            make_workers: ``None``: one worker in this process.
        """
        self.plan = plan
        self.error: Exception | None = None
        self.had_all_tasks = False
        self._broker = broker
        self._clock_ms = clock_ms
        self._outputs = outputs
        self._make_workers = make_workers or self._one_worker
        self._workers: Workers | None = None
        self._wait_ms = self._config.whole("ksql.query.retry.backoff.initial.ms")
        self._retry_at_ms = 0.0

    @property
    def name(self) -> str:
        """The name of its consumer group; it begins those of its topics and its state."""
        return self.plan.name

    @property
    def state(self) -> ApplicationState:
        """What it is doing."""
        if self.error is not None:
            return ApplicationState.ERROR
        return ApplicationState.STOPPED if self._workers is None else ApplicationState.RUNNING

    @property
    def workers(self) -> Workers | None:
        """The workers, while it runs."""
        return self._workers

    @property
    def commit_interval_ms(self) -> int:
        """The time between its commits."""
        return self._config.whole("commit.interval.ms")

    def start(self) -> None:
        """Create the topics that it needs, and let its workers join the group.

        Raises:
            EngineError: A topic is missing or the broker does not do its part.
        """
        layout = self.plan.layout
        if layout is None:
            topics = self._broker.topics()
            layout = lay_out_in(self.plan.context, self.name, self.plan.topology, topics)
            layout = replace(layout, group=self.plan.group)
        self._broker.create(layout.create)
        self._register(layout)
        self.plan = replace(self.plan, layout=replace(layout, create=()))
        self._workers = self._make_workers(layout)

    def open(self) -> None:
        """Work until every task runs: what is written from now on is seen by a LATEST reader.

        Raises:
            EngineError: Others have its partitions.
        """
        assert self._workers is not None
        for _ in range(_OPENING_STEPS):
            if self._workers.is_open:
                return
            self._workers.step(_OPENING_WAIT_MS)
        raise EngineError(f'application "{self.name}" did not get its partitions')

    def step(self, timeout_ms: int) -> int:
        """Do a round of work, or start again after a failure when it is time to.

        An error of the work is in :attr:`error` then; nothing of the round is committed.
        """
        if self._workers is None and self._clock_ms() < self._retry_at_ms:
            return 0
        try:
            if self._workers is None:
                self.start()
            assert self._workers is not None
            done = self._workers.step(timeout_ms)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and kept in error
            self._fail(error)
            return 0
        except BaseException:
            self.abandon()
            raise
        if self.error is not None:
            log.info('application "%s" runs again', self.name)
            self.error = None
        return done

    def completion(self) -> Completion:
        """Return what tells when the input that is there now is processed and committed."""
        assert self.plan.layout is not None, "it has been started"
        return Completion(self._broker, self.plan.layout)

    def is_done(self) -> bool:
        """Tell whether everything that is there now is processed and committed."""
        return self._workers is not None and self.completion().done()

    def stop(self) -> None:
        """Commit and leave the group; the application can go on where it stopped."""
        workers, self._workers = self._workers, None
        if workers is not None:
            workers.stop()

    def abandon(self) -> None:
        """Leave without a commit, as when the process is killed: a batch may be half done."""
        workers, self._workers = self._workers, None
        if workers is not None:
            with suppress(Exception):  # it is for the broker to find out, as with a real death
                workers.abandon()

    def forget(self) -> None:
        """Leave the group for good, and remove it with internal topics, state and declarations.

        Raises:
            EngineError: The application runs elsewhere too, or the broker does not do its part.
        """
        workers, self._workers = self._workers, None
        if workers is not None:
            workers.leave()
        from streamsql.runtime.keeping.choose import state_keeping

        state_keeping(self._broker, self.plan.runtime).forget()
        if self.plan.context.door is Door.FILE:
            Declarations(self._broker).tell_all(Owner(self.name, Door.FILE), {})

    @property
    def _config(self) -> EngineConfig:
        return self.plan.context.config

    def _register(self, layout: Layout) -> None:
        """Register the schemas of results: one that the registry refuses is known before a record.

        Making an encoder does it.
        """
        serdes = Serdes(self._broker.registry)
        for node in layout.topology.nodes.values():
            if isinstance(node, Sink):
                schema, topic = node.format.schema, node.topic.name
                serdes.key_encoder(node.format.key, schema, topic)
                serdes.value_encoder(node.format.value, schema, topic)

    def _one_worker(self, layout: Layout) -> Workers:
        from streamsql.engine.applications.local_workers import LocalWorkers

        return LocalWorkers(
            layout, self._broker, self.plan.runtime, self._clock_ms, outputs=self._outputs
        )

    def _fail(self, error: Exception) -> None:
        self.error = error
        self.had_all_tasks = self._workers is not None and self._workers.is_open
        self.abandon()
        self.plan = replace(self.plan, layout=None)  # topics may be others by then
        self._retry_at_ms = self._clock_ms() + self._wait_ms
        log.error(
            'application "%s" stopped, to be started again in %d ms: %s',
            self.name,
            self._wait_ms,
            error,
            exc_info=_is_bug(error),
        )
        longest = self._config.whole("ksql.query.retry.backoff.max.ms")
        self._wait_ms = min(2 * self._wait_ms, longest)


def _is_bug(error: Exception) -> bool:
    """Tell whether where it was raised is for a developer to see."""
    return isinstance(error, QueryFailed) or not isinstance(error, StreamSQLError)
