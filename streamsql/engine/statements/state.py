"""What the statements of one engine work on: the broker, the catalog, what runs."""

from collections.abc import Callable
from dataclasses import replace

from streamsql.broker.ports import Broker
from streamsql.catalog.catalog import Source
from streamsql.engine.applications.application import Application
from streamsql.engine.applications.applications import Applications
from streamsql.engine.applications.clock import EngineClock
from streamsql.engine.applications.loop import Loop
from streamsql.engine.applications.workers import Outputs
from streamsql.engine.declarations import Declarations, as_told
from streamsql.engine.planning.binding import Bound
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.planned import ApplicationPlan
from streamsql.engine.statements.command_log import CommandLog, LoggedStatement
from streamsql.sql.statements import AlterSource, CreateAs, CreateSource, DropSource, Terminate
from streamsql.topology.naming import push_queries


class EngineState:
    """The mutable middle of an engine, to be touched under the loop's lock.

    Attributes:
        context: What the next statement is planned against, but for the topics.
        log: Where statements that last are noted; ``None``: nowhere.
        declarations: Where other applications learn of sources.
        queries: What runs until it is ended, by the id of the query or the name of the file's
            application.
        pushes: What runs as long as somebody reads its rows.
    """

    def __init__(
        self,
        broker: Broker,
        context: PlannerContext,
        clock: EngineClock,
        wall_clock_ms: Callable[[], int],
        log: CommandLog | None,
    ) -> None:
        self.broker = broker
        self.context = context
        self.clock = clock
        self.wall_clock_ms = wall_clock_ms
        self.log = log
        self.declarations = Declarations(broker, wall_clock_ms)
        self.queries = Applications()
        self.pushes = Applications()
        self.loop = Loop(self.step, self._is_idle, clock.put_forward)

    def now(self) -> PlannerContext:
        """Return what a statement is planned against now."""
        return replace(self.context, topics=self.broker.topics())

    def application(self, plan: ApplicationPlan, outputs: Outputs | None = None) -> Application:
        """Return an application on this broker; it is not started yet."""
        return Application(plan, self.broker, self.clock, outputs=outputs)

    def forget_orphans(self) -> None:
        """Remove the push queries that a killed process has left on a broker that it owned.

        On Kafka they may be those of an engine that runs elsewhere.
        """
        if self.broker.keeper is None or self.broker.owner is not None:
            return
        names = (*self.broker.groups(), *self.broker.topics())
        for orphan in push_queries(self.context.config.service, names):
            self.broker.forget(orphan)

    def note(self, bound: Bound) -> None:
        """Write the statement to the command log, and tell others what it declares.

        They are told first: carried out again after a crash between the two, it tells the same.
        Who follows another process leaves all of it to that.
        """
        if self.log is None or self.broker.owner is not None:
            return
        changes: dict[str, Source | None] = {}
        match bound.statement:
            case CreateSource(source) | AlterSource(source) | CreateAs(source):
                changes = {source.name: source}
            case DropSource(source):
                changes = {source.name: None}
            case Terminate():
                before = bound.before.catalog.sources
                after = bound.after.catalog.sources
                changes = {n: s for n, s in after.items() if s.query != before[n].query}
            case _:
                pass
        if changes:
            self.declarations.tell(bound.before.owner, changes)
        settings = dict(bound.before.config.overrides)
        command = LoggedStatement(bound.text, settings, as_told(bound.foreign))
        self.log.append(command, self.wall_clock_ms())

    def step(self, timeout_ms: int) -> int:
        """Let everything work; when nothing has anything to do, wait."""
        if self._is_idle():
            self.broker.look()
            return 0
        done = self.pushes.step(0) + self.queries.step(0)
        if done or not timeout_ms:
            return done
        waiting = self.pushes or self.queries
        return waiting.step(timeout_ms)

    def close(self) -> None:
        """Stop what runs, and close the broker."""
        try:
            self.pushes.forget_all()
            self.queries.stop()
        finally:
            self.broker.close()

    def _is_idle(self) -> bool:
        return not self.pushes and not self.queries
