"""The engine: a broker, a catalog, and the queries that run on it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from streamsql.broker.ports import Broker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.applications.clock import EngineClock
from streamsql.engine.binding import Step, Surroundings, attaching, bind_text
from streamsql.engine.command_log import CommandLog
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.results import Result, ResultKind
from streamsql.engine.session import Session
from streamsql.engine.statements.carry_out import carry_out
from streamsql.engine.statements.check import check
from streamsql.engine.statements.replay import replay
from streamsql.errors import BindError, EngineError, ParseError
from streamsql.expr.builtins import builtins
from streamsql.sql.statements import (
    CreateAs,
    Explain,
    ExplainWhat,
    InsertSelect,
    PullQuery,
    PushQuery,
)

_DRAIN_WAIT_MS = 5


class Engine:
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
        functions = builtins({name: int(value) for name, value in config.limits().items()})
        log = CommandLog(broker, config.service) if remembers else None
        self._session = Session(
            broker,
            Surroundings(Catalog(functions=functions), config),
            EngineClock(clock_ms),
            wall_clock_ms or (lambda: int(time.time() * 1000)),
            log,
        )
        self._loop = self._session.loop
        self._closed = False
        if log is not None:
            replay(log.read(), self._session)

    @property
    def catalog(self) -> Catalog:
        """What names mean now."""
        return self._session.surroundings.catalog

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings in force by name, those of SET included."""
        return self._session.surroundings.config.all()

    @property
    def broker(self) -> Broker:
        """The broker below."""
        return self._session.broker

    def execute(self, sql: str) -> Result:
        """Carry out one statement.

        Raises:
            StatementError: It is wrong, or there is more than one; nothing happened.
            EngineError: The broker or the state directory does not do its part.
        """
        with self._loop.exclusive(), attaching(sql):
            steps = self.bind(sql)
            if len(steps) != 1:
                raise ParseError(
                    f"one statement was expected, not {len(steps)}",
                    hint="A script of several statements goes to execute_script.",
                )
            return self.carry_out(steps)[0]

    def execute_script(self, script: str | Path) -> list[Result]:
        """Carry out the statements of a text, or of a file when given a path.

        All statements are bound, and their queries laid out, before the first one takes effect.

        Raises:
            StatementError: One of them is wrong.
            EngineError: The file cannot be read, or the broker does not do its part.
        """
        text = read_script(script) if isinstance(script, Path) else script
        with self._loop.exclusive(), attaching(text):
            return self.carry_out(self.bind(text))

    def query(self, sql: str) -> Result:
        """Carry out one SELECT and return its rows.

        Raises:
            StatementError: As :meth:`execute`, or it is not a SELECT.
        """
        with self._loop.exclusive(), attaching(sql):
            steps = self.bind(sql)
            if len(steps) != 1 or not isinstance(steps[0].bound.statement, PullQuery | PushQuery):
                raise BindError("a SELECT was expected", hint="Other statements go to execute.")
            return self.carry_out(steps)[0]

    def explain(self, sql: str) -> str:
        """Return what a statement would run: its topology; the text of an EXPLAIN as it is.

        Raises:
            StatementError: It is wrong, or runs nothing that could be explained.
        """
        with self._loop.exclusive(), attaching(sql):
            (*_, step) = self.bind(sql)
            statement = step.bound.statement
            if isinstance(statement, CreateAs | InsertSelect | PushQuery | PullQuery):
                wish = Explain(ExplainWhat.TOPOLOGY, statement, None, statement.text)
                bound = replace(step, bound=replace(step.bound, statement=wish))
                return carry_out(bound, self._session).message
            result = carry_out(step, self._session) if isinstance(statement, Explain) else None
            if result is None or result.kind is not ResultKind.TEXT:
                raise BindError("only queries can be explained", step.bound.span)
            return result.message

    def bind(self, text: str) -> list[Step]:
        """Bind the statements of a text, each against what the ones before it leave behind.

        Nothing happens. For callers that look at statements before they are carried out.

        Raises:
            StatementError: At the first statement that is wrong.
        """
        with self._loop.exclusive():
            return list(bind_text(text, self._session.surroundings))

    def carry_out(self, steps: list[Step]) -> list[Result]:
        """Carry out statements that were bound against the engine as it is now.

        Raises:
            StatementError: A query cannot be carried out by this version; nothing happened.
            EngineError: The broker does not do its part.
        """
        with self._loop.exclusive():
            check(steps, self._session.broker)
            return [carry_out(step, self._session) for step in steps]

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
            for query in self._session.pushes:
                self._session.pushes.remove(query.id)
            self._session.queries.stop()
            self._session.broker.close()

    def _drained(self) -> bool:
        with self._loop.exclusive():
            queries = self._session.queries
            while self._session.step(0):
                pass
            self._session.clock.put_forward(self._longest_commit_ms())
            worked = self._session.step(_DRAIN_WAIT_MS)
            failure = queries.failure()
            if failure is not None:
                raise EngineError(f"a query has failed: {failure}") from failure
            return not worked and all(query.is_done() for query in queries)

    def _longest_commit_ms(self) -> int:
        return max((query.commit_interval_ms for query in self._session.queries), default=0)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def read_script(path: Path) -> str:
    """Return the text of a file.

    Raises:
        EngineError: It cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise EngineError(f'cannot read "{path}": {error}') from error
