"""Query files run: queries as one application, the other statements carried out in order."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from streamsql.broker.open import is_kafka
from streamsql.broker.ports import Broker
from streamsql.engine.applications.application import Application, MakeWorkers
from streamsql.engine.applications.clock import EngineClock
from streamsql.engine.applications.last_commit import LastCommit
from streamsql.engine.applications.local_workers import LocalWorkers
from streamsql.engine.applications.processes import WorkerProcesses, WorkerSpec
from streamsql.engine.applications.progress_watch import ProgressWatch
from streamsql.engine.applications.set_apart import set_apart
from streamsql.engine.applications.stopped import QueriesStopped, StoppedQuery
from streamsql.engine.closing import Closing
from streamsql.engine.configuration.address import BrokerAddress
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.declarations import as_told
from streamsql.engine.planning.context import context_on, context_on_nothing, read_script
from streamsql.engine.planning.divide import Unit, divide, suspects
from streamsql.engine.planning.planned import ApplicationPlan
from streamsql.engine.planning.program import Program, Role, compile_program
from streamsql.engine.results import Result
from streamsql.engine.statements.insert import insert_once
from streamsql.engine.statements.perform import perform
from streamsql.engine.statements.state import EngineState
from streamsql.errors import BrokerUnreachable, QueryFailed
from streamsql.runtime.completion import Completion
from streamsql.runtime.failpoints import crash_from_environment
from streamsql.sql.statements import PushQuery

log = logging.getLogger(__name__)

_LOOK_MS = 50
_PLENTY, _ROUNDS = 100, 8
"""With so many records in a round, further ones follow before anybody looks at anything else."""

_OTHERS_WENT_ON = "The others went on. Run the same again, and it goes on from that record."
_ALL_STOPS = "Tasks of the application are elsewhere, so that no query can be left out alone."

_OnProgress = Callable[[int, int], None]
"""Takes how many of the input records of the start are done, and how many there were."""


class ProgramRun(Closing):
    """A program that runs.

    The catalog is the files' own. Running it again under the same name goes on from its committed
    offsets; INSERT VALUES are carried out once in its life.
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
        self._program = program
        self._spec = spec
        self._state = EngineState(
            broker,
            program.context,
            EngineClock(clock_ms),
            wall_clock_ms or (lambda: int(time.time() * 1000)),
            None,
        )
        self._workers = 1
        self._completions: dict[str, Completion] = {}
        """What tells when the input of the start is done, by group; empty once it is."""
        self._stopped: dict[str, list[StoppedQuery]] = {}
        """By the group that they have from now on."""
        self._on_progress: _OnProgress | None = None
        self._progress: ProgressWatch | None = None

    @property
    def name(self) -> str:
        """The name of the application."""
        return self._program.name

    @property
    def application(self) -> Application | None:
        """The queries together, once they run."""
        return self._state.queries.get(self.name)

    def run(self, *, workers: int = 1, on_progress: _OnProgress | None = None) -> Iterator[Result]:
        """Run the queries, and yield the results of the other statements in order.

        Pull queries and listings are answered when the input that was there at the start is
        processed and committed. Push queries stream: their rows come while the queries run. Of a
        program that has an end they come up to that, and so does this method. A result must be
        read before the next one.

        Args:
            workers: On Kafka the number of processes; else of workers in this one.
            on_progress: Called now and then.

        Raises:
            QueriesStopped: In the end: some have failed on the way.
            EngineError: The broker or a worker cannot go on.
        """
        self._on_progress = on_progress
        try:
            self._start(workers)
            yield from self._answers()
        finally:
            self._stop()
        if self._stopped:
            every = [query for unit in self._stopped.values() for query in unit]
            raise QueriesStopped(every, _OTHERS_WENT_ON)

    def _answers(self) -> Iterator[Result]:
        """Yield the results while the queries run."""
        until_end = self._program.context.until_end
        for planned in self._program.of(Role.RESULT):
            if until_end or not isinstance(planned.statement, PushQuery):
                self._finish()
            if until_end:
                self._stop()
            if self._interrupted:
                return
            with perform(planned, self._state) as result:
                yield result
        if until_end:
            self._finish()
        while not (until_end or self._interrupted) and self._state.queries:
            self._work()

    def interrupt(self) -> None:
        """Let :meth:`run` commit and end soon; may be called from a signal handler."""
        self._state.loop.interrupt()

    def last_commit(self, told: threading.Event, give_up: Callable[[], None]) -> LastCommit:
        """Return what calls ``give_up`` when the end is to come and the broker does not answer."""
        return LastCommit(self._state.broker, told, give_up)

    def close(self) -> None:
        """End what runs, and close the broker."""
        self._state.close()

    @property
    def _interrupted(self) -> bool:
        return self._state.loop.interrupted

    def _start(self, workers: int) -> None:
        """Create topics, write the records of INSERT VALUES, start the queries, and tell of it."""
        broker, program = self._state.broker, self._program
        self._state.forget_orphans()
        broker.create(program.create)
        insert_once(program.of(Role.INSERT), broker, program.name, self._state.wall_clock_ms)
        self._workers = workers
        self._start_queries()
        if self._on_progress is not None and self._completions:
            self._progress = ProgressWatch(self._count)
        self._tell()

    def _tell(self) -> None:
        """Let other applications know the sources, whose topics are there by now."""
        context = self._program.context
        self._state.declarations.tell_all(context.owner, context.catalog.sources)

    def _start_queries(self) -> None:
        """Start the queries, here or in processes."""
        broker, program, workers = self._state.broker, self._program, self._workers
        if program.application is None:
            return
        if workers > 1 and self._spec is not None:
            spec = self._spec
            self._start_application(program.application, lambda _: WorkerProcesses(spec, workers))
            self._completions = {
                plan.group: Completion(broker, plan.layout)
                for plan in divide(program, broker.groups())
                if plan.layout is not None
            }
        else:
            self._launch()

    def _launch(self) -> None:
        """Start what does not run: the queries together, and those apart that have not stopped."""
        broker, clock = self._state.broker, self._state.clock
        crash_from_environment()
        for plan in divide(self._program, broker.groups()):
            if plan.group in self._stopped or self._state.queries.get(plan.group) is not None:
                continue
            start = partial(LocalWorkers, broker=broker, config=plan.runtime, clock_ms=clock)
            self._start_application(plan, partial(start, number=self._workers))

    def _start_application(self, plan: ApplicationPlan, make_workers: MakeWorkers) -> None:
        """Start an application of the program."""
        broker = self._state.broker
        application = Application(plan, broker, self._state.clock, make_workers=make_workers)
        application.start()
        self._state.queries.add(plan.group, application)
        self._completions[plan.group] = application.completion()

    def _stop(self) -> None:
        """Let the queries commit and end."""
        self._end_progress()
        self._state.queries.stop()

    def _finish(self) -> None:
        """Work until the input of the start is done."""
        while self._completions and not self._interrupted:
            if not self._work() and self._is_done():
                self._end_progress()
                if self._on_progress is not None:
                    total = sum(each.total for each in self._completions.values())
                    self._on_progress(total, total)
                self._completions.clear()

    def _is_done(self) -> bool:
        try:
            return all(each.done() for each in self._completions.values())
        except BrokerUnreachable as error:
            log.warning("it is not known what is done: %s", error)
            return False

    def _work(self) -> int:
        """Let everything work for some rounds, and tell how far it is."""
        done = 0
        for _ in range(_ROUNDS):
            some = self._state.step(0)
            done += some
            if some < _PLENTY:
                break
        if not done:
            # Nothing waits, so what is done need not wait for its commit either.
            self._state.clock.put_forward(self._program.context.config.whole("commit.interval.ms"))
            done = self._state.step(_LOOK_MS)
        for application in self._state.queries:
            if application.error is not None:
                self._go_on_without(application, application.error)
        news = None if self._progress is None else self._progress.news()
        if news is not None and self._on_progress is not None:
            self._on_progress(*news)
        return done

    def _go_on_without(self, application: Application, error: Exception) -> None:
        """Stop the query that has failed; while several may be meant, let each run apart."""
        if not isinstance(error, QueryFailed):
            raise error
        plan, program = application.plan, self._program
        meant = suspects(program, plan, error)
        if plan.group == program.name:
            if not application.had_all_tasks:
                # Who works on the rest knows nothing of this, and has gone on in the same group.
                every = [each for unit in meant for each in _stopped(unit, error)]
                raise QueriesStopped(every, _ALL_STOPS)
            groups = {unit.group for unit in meant}
            for part in divide(program, groups):
                if part.group in groups:
                    assert part.layout is not None, "the program has one"
                    set_apart(part.layout, self._state.broker)
        self._state.queries.drop(plan.group)
        self._completions.pop(plan.group, None)
        if len(meant) == 1:
            (unit,) = meant
            self._stopped[unit.group] = _stopped(unit, error)
            for query in self._stopped[unit.group]:
                log.error("%s", "; ".join(query.lines()))
        self._launch()

    def _count(self) -> tuple[int, int]:
        """Return how many input records of the start are done, and how many there were."""
        counts = [each.progress() for each in tuple(self._completions.values())]
        return sum(done for done, _ in counts), sum(total for _, total in counts)

    def _end_progress(self) -> None:
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.close()


def _stopped(unit: Unit, error: QueryFailed) -> list[StoppedQuery]:
    return [StoppedQuery(planned, error) for planned, _ in unit.queries]


def open_program(
    files: Sequence[str | Path],
    address: BrokerAddress,
    *,
    name: str | None = None,
    variables: Mapping[str, str] | None = None,
    until_end: bool = False,
) -> ProgramRun:
    """Return some files, planned as one application; it closes the broker in the end.

    Args:
        files: Paths; or texts, as ``str``.
        name: Of the application; ``None``: ``ksql.service.id`` if that was set, else from the
            first path.
        variables: Values of ``${name}``.
        until_end: Stop when the input that is there at the start is worked off.

    Raises:
        StatementError: A statement is wrong, or cannot stand in an application.
        EngineError: A file cannot be read, or the broker cannot be reached.
    """
    texts = [read_script(file) if isinstance(file, Path) else file for file in files]
    name = name or application_name(files, address.config)
    broker = address.open()
    try:
        context = context_on(broker, address.config, variables, until_end=until_end)
        program = compile_program(texts, context, name)
    except BaseException:
        broker.close()
        raise
    spec = None
    if isinstance(address.target, str) and is_kafka(address.target):
        state = address.config.state_directory
        spec = WorkerSpec(
            target=address.target,
            application=name,
            texts=tuple(texts),
            variables=dict(variables or {}),
            overrides=dict(address.config.overrides),
            state_directory="" if state is None else str(state),
            foreign=as_told(program.foreign),
        )
    return ProgramRun(broker, program, spec=spec)


def plan_program(
    files: Sequence[str | Path],
    address: BrokerAddress,
    *,
    name: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Program:
    """Return what :func:`open_program` of the same would run now; nothing is made.

    Raises:
        StatementError: A statement is wrong, or cannot stand in an application.
        EngineError: A file cannot be read, or the broker cannot be reached.
    """
    texts = [read_script(file) if isinstance(file, Path) else file for file in files]
    name = name or application_name(files, address.config)
    if not address.is_there:
        return compile_program(texts, context_on_nothing(address.config, variables), name)
    broker = address.open_or_follow()
    try:
        return compile_program(texts, context_on(broker, address.config, variables), name)
    finally:
        broker.close()


def application_name(files: Sequence[str | Path], config: EngineConfig) -> str:
    """Return the name of an application that was not given one."""
    paths = [file.stem for file in files if isinstance(file, Path)]
    return config.overrides.get("ksql.service.id") or (paths[0] if paths else "application")
