"""Query files run as one application: one topology, one consumer group, one place in time."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType

from streamsql.broker.ports import Broker
from streamsql.engine.applications.clock import EngineClock
from streamsql.engine.applications.supervisor import WorkerProcesses, WorkerSpec
from streamsql.engine.applications.workforce import LocalWorkers, Workforce
from streamsql.engine.planning.planned import Planned
from streamsql.engine.planning.program import Program
from streamsql.engine.results import Result, ResultKind
from streamsql.engine.serving.outputs import output_columns
from streamsql.engine.serving.push import PushedRows
from streamsql.engine.statements.insert import insert_once
from streamsql.engine.statements.perform import perform
from streamsql.engine.statements.state import EngineState
from streamsql.runtime.completion import Completion
from streamsql.runtime.failpoints import crash_from_environment
from streamsql.runtime.layout import Layout
from streamsql.sql.statements import PushQuery

_LOOK_MS = 50
_PROGRESS_MS = 200

Progress = Callable[[int, int], None]
"""Takes how many of the input records of the start are done, and how many there were."""


class Application:
    """The statements of some files as one program.

    All persistent queries share one topology. The catalog is the files' own. Running it again
    under the same name goes on from its committed offsets; INSERT VALUES are carried out once in
    its life.
    """

    def __init__(
        self,
        broker: Broker,
        program: Program,
        *,
        spec: WorkerSpec | None = None,
        clock_ms: Callable[[], float] | None = None,
        wall_clock_ms: Callable[[], int] | None = None,
    ) -> None:
        """Prepare to run; nothing happens on the broker yet, which is closed in the end.

        Args:
            spec: How worker processes find the same program; ``None``: all workers are here.
        """
        self.name = program.application
        self._broker = broker
        self._program = program
        self._spec = spec
        self._clock = EngineClock(clock_ms)
        self._wall_clock_ms = wall_clock_ms or (lambda: int(time.time() * 1000))
        self._stopping = False
        self._workforce: Workforce | None = None
        self._completion: Completion | None = None
        self._on_progress: Progress | None = None
        self._looked_ms = 0.0
        self._reported_ms = 0.0
        self._state = EngineState(broker, program.context, self._clock, self._wall_clock_ms, None)

    def run(
        self,
        *,
        workers: int = 1,
        on_progress: Progress | None = None,
    ) -> Iterator[Result]:
        """Run the queries, and yield the results of the other statements in order.

        Pull queries and listings are answered when the input that was there at the start is
        processed and committed. Push queries stream: their rows come while the application runs;
        of a program that has an end, up to that. A result must be read before the next one.

        Args:
            workers: On Kafka the number of processes; else of workers in this one.
            on_progress: Called now and then.

        Raises:
            EngineError: The broker or a worker cannot go on.
        """
        self._on_progress = on_progress
        until_end = self._program.until_end
        layout = self._prepare()
        try:
            if layout is not None:
                self._completion = Completion(self._broker, layout)
                self._workforce = self._hire(layout, workers)
            for question in self._program.questions:
                if until_end or not isinstance(question.statement, PushQuery):
                    self._finish()
                if until_end:
                    self._dismiss()
                if self._stopping:
                    return
                with self._answer(question) as result:
                    yield result
            if until_end:
                self._finish()
            while not (until_end or self._stopping) and self._workforce is not None:
                self._work()
        finally:
            self._dismiss()

    def stop(self) -> None:
        """Let :meth:`run` commit and end soon; may be called from a signal handler."""
        self._stopping = True

    def close(self) -> None:
        """End what runs, and close the broker."""
        self._dismiss()
        for query in self._state.pushes:
            self._state.pushes.remove(query.id)
        self._broker.close()

    def _prepare(self) -> Layout | None:
        """Make topics and write the records of INSERT VALUES; return what is to run."""
        self._broker.create(self._program.create)
        insert_once(self._program.inserts, self._broker, self.name, self._wall_clock_ms)
        return self._program.layout

    def _hire(self, layout: Layout, workers: int) -> Workforce:
        if workers > 1 and self._spec is not None:
            return WorkerProcesses(self._spec, workers)
        crash_from_environment()
        runtime = self._program.context.config.runtime(self.name)
        return LocalWorkers(layout, self._broker, runtime, workers, self._clock)

    def _dismiss(self) -> None:
        workforce, self._workforce = self._workforce, None
        if workforce is not None:
            workforce.close()

    def _finish(self) -> None:
        """Work until the input of the start is done."""
        while not self._stopping and self._workforce is not None:
            idle = self._work() == 0
            if idle and self._is_complete():
                self._report(1)
                self._completion = None
                return
            if self._completion is None:
                return

    def _work(self) -> int:
        """Let the workers work for a round, and tell how far they are."""
        assert self._workforce is not None
        done = self._workforce.step(0)
        if not done:
            self._hurry()
            done = self._workforce.step(_LOOK_MS)
        self._report(_PROGRESS_MS)
        return done

    def _hurry(self) -> None:
        """Let commits be due: nothing waits, so what is done need not wait either."""
        self._clock.put_forward(self._program.context.config.whole("commit.interval.ms"))

    def _is_complete(self) -> bool:
        return self._completion is not None and self._completion.done()

    def _report(self, interval_ms: int) -> None:
        now_ms = time.monotonic() * 1000
        if self._on_progress is None or self._completion is None:
            return
        if now_ms - self._reported_ms >= interval_ms:
            self._reported_ms = now_ms
            self._on_progress(*self._completion.progress())

    def _answer(self, question: Planned) -> Result:
        statement = question.statement
        if not isinstance(statement, PushQuery):
            return perform(question, self._state)
        assert question.query is not None
        pushed = PushedRows(statement, question.query, self._state.host(question.bound.before))
        query = pushed.query
        query.start()
        self._state.pushes.add(query)

        def wait() -> None:
            done = 0 if self._workforce is None else self._work()
            done += self._state.pushes.step(0)
            if not done:
                self._hurry()
                done = self._state.pushes.step(_LOOK_MS)
            at_end = self._program.until_end and not done and query.is_done()
            pushed.finished |= at_end or self._stopping

        return Result(
            ResultKind.STREAM,
            columns=output_columns(statement.plan.schema, statement.columns),
            rows=pushed.iterate(wait),
            on_close=lambda: self._state.pushes.remove(query.id),
        )

    def __enter__(self) -> "Application":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
