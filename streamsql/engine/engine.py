"""The engine: a broker, a catalog, and the queries that run on it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from streamsql.broker.ports import Broker
from streamsql.catalog.catalog import Catalog, Source
from streamsql.engine.applications.clock import EngineClock
from streamsql.engine.closing import Closing
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.planning.context import PlannerContext, context_on, read_script
from streamsql.engine.planning.planned import Planned
from streamsql.engine.planning.planner import compile_script
from streamsql.engine.results import Result
from streamsql.engine.statements.command_log import CommandLog
from streamsql.engine.statements.owned import check_owner
from streamsql.engine.statements.perform import perform
from streamsql.engine.statements.replay import replay
from streamsql.engine.statements.state import EngineState
from streamsql.errors import BindError, EngineError, ParseError
from streamsql.sql.statements import Explain, ExplainWhat, PullQuery, PushQuery

_DRAIN_WAIT_MS = 5


class Engine(Closing):
    """Carries out statements one by one, and runs their queries.

    Statements and queries are remembered in the broker: an engine of the same service finds them
    again. Without :meth:`start` nothing runs by itself: whoever reads a result, or calls
    :meth:`step`, drives the queries. All methods may be called from several threads.
    """

    def __init__(
        self,
        broker: Broker,
        config: EngineConfig | None = None,
        *,
        clock_ms: Callable[[], float] | None = None,
        wall_clock_ms: Callable[[], int] | None = None,
        remembers: bool = True,
    ) -> None:
        """Open an engine on the broker, which it closes in the end.

        Args:
            clock_ms: Monotonic milliseconds; for simulated time.
            wall_clock_ms: Milliseconds since the epoch: ROWTIME of INSERT VALUES.
            remembers: Keep statements in the command log, and begin by replaying it.

        Raises:
            EngineError: The broker does not do its part, or the log cannot be replayed.
        """
        config = config or EngineConfig()
        log = CommandLog(broker, config.service) if remembers else None
        self._state = EngineState(
            broker,
            context_on(broker, config),
            EngineClock(clock_ms),
            wall_clock_ms or (lambda: int(time.time() * 1000)),
            log,
        )
        self._loop = self._state.loop
        self._closed = False
        self._state.forget_orphans()
        if log is not None:
            replay(log.read(), self._state)

    @property
    def context(self) -> PlannerContext:
        """What the next statement is planned against."""
        with self._loop.exclusive():
            self._learn()
            return self._state.now()

    @property
    def catalog(self) -> Catalog:
        """What names mean now."""
        return self._state.context.catalog

    @property
    def foreign(self) -> list[Source]:
        """The sources that other applications on the broker declare, as of now."""
        with self._loop.exclusive():
            return list(chain.from_iterable(self._state.context.foreign().values()))

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings in force by name, those of SET included."""
        return self._state.context.config.all()

    @property
    def broker(self) -> Broker:
        """The broker below."""
        return self._state.broker

    def execute(self, sql: str) -> Result:
        """Carry out one statement.

        Raises:
            StatementError: It is wrong, or there is more than one; nothing happened.
            EngineError: The broker or the state directory does not do its part.
        """
        with self._loop.exclusive():
            return self.perform(self._compile_one(sql))

    def execute_script(self, script: str | Path) -> list[Result]:
        """Carry out the statements of a text, or of a file when given a path.

        All statements are planned before the first one takes effect.

        Raises:
            StatementError: One of them is wrong.
            EngineError: The file cannot be read, or the broker does not do its part.
        """
        text = read_script(script) if isinstance(script, Path) else script
        with self._loop.exclusive():
            return [self.perform(planned) for planned in self.compile(text)]

    def query(self, sql: str) -> Result:
        """Carry out one SELECT and return its rows.

        Raises:
            StatementError: As :meth:`execute`, or it is not a SELECT.
        """
        with self._loop.exclusive():
            planned = self._compile_one(sql)
            if not isinstance(planned.statement, PullQuery | PushQuery):
                with planned.bound.located():
                    raise BindError("a SELECT was expected", hint="Other statements go to execute.")
            return self.perform(planned)

    def explain(self, sql: str) -> str:
        """Return what the last statement of a text would run: its topology; EXPLAIN as it says.

        Raises:
            StatementError: It is wrong, or runs nothing that could be explained.
        """
        from streamsql.engine.statements.explain import explain_query

        with self._loop.exclusive():
            planned = compile_script(sql, replace(self.context, partial=True))
            if not planned:
                raise BindError("there is no statement to explain")
            if isinstance(planned[-1].statement, Explain):
                return self.perform(planned[-1]).message
            query = planned[-1].query
            if query is None:
                with planned[-1].bound.located():
                    raise BindError("only queries can be explained")
            return explain_query(query, ExplainWhat.TOPOLOGY)

    def compile(self, text: str) -> list[Planned]:
        """Plan the statements of a text, each after the ones before it; nothing happens.

        Raises:
            StatementError: At the first statement that is wrong.
            EngineError: A topic is missing, topics do not fit together, or a statement is for the
                process that owns the broker.
        """
        with self._loop.exclusive():
            planned = compile_script(text, self.context)
            if self.broker.owner is not None:
                check_owner(planned, self.broker.owner)
            return planned

    def perform(self, planned: Planned) -> Result:
        """Carry out a statement that was planned against the engine as it is now.

        Raises:
            StatementError: A value in it is wrong.
            EngineError: The broker does not do its part.
        """
        with self._loop.exclusive():
            return perform(planned, self._state)

    def _learn(self) -> None:
        """Replay what the owner of the broker has noted since, when that is not this engine."""
        log = self._state.log
        if log is not None and self.broker.owner is not None:
            replay(log.read(self._state.context.replayed), self._state)

    def _compile_one(self, sql: str) -> Planned:
        """Plan a text that is one statement."""
        planned = self.compile(sql)
        if len(planned) != 1:
            error = ParseError(
                f"one statement was expected, not {len(planned)}",
                hint="A script of several statements goes to execute_script.",
            )
            error.attach(sql)
            raise error
        return planned[0]

    def step(self, timeout_ms: int = 0) -> int:
        """Let every query do a round of work; return how many records were processed.

        Args:
            timeout_ms: How long to wait for records when there are none.
        """
        return self._loop.step(timeout_ms)

    def drain(self, timeout_ms: int | None = None) -> None:
        """Return when everything that is there is processed and committed by every query.

        Raises:
            EngineError: A query has failed, or time is up.
        """
        deadline = None if timeout_ms is None else time.monotonic() + timeout_ms / 1000
        while not self._drained():
            if deadline is not None and time.monotonic() > deadline:
                raise EngineError(f"queries were not done after {timeout_ms} ms")

    def start(self) -> None:
        """Run the queries on a thread from now on."""
        self._loop.start()

    def close(self) -> None:
        """Commit, stop the queries, and close the broker; twice is fine."""
        if self._closed:
            return
        self._closed = True
        self._loop.stop()
        with self._loop.exclusive():
            self._state.close()

    def _drained(self) -> bool:
        with self._loop.exclusive():
            queries = self._state.queries
            while self._state.step(0):
                pass
            # Even where nothing waits for a commit, a task that is held up looks again only later.
            self._state.clock.put_forward(max(self._longest_commit_ms(), _DRAIN_WAIT_MS))
            worked = self._state.step(_DRAIN_WAIT_MS)
            failure = queries.failure()
            if failure is not None:
                raise EngineError(f"a query has failed: {failure}") from failure
            return not worked and all(query.is_done() for query in queries)

    def _longest_commit_ms(self) -> int:
        return max((query.commit_interval_ms for query in self._state.queries), default=0)
