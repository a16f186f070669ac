"""What the statements of one engine work on: the broker, the catalog, what runs."""

from collections.abc import Callable
from dataclasses import replace

from streamsql.broker.ports import Broker
from streamsql.engine.applications.clock import EngineClock
from streamsql.engine.applications.loop import Loop
from streamsql.engine.applications.queries import Host, QuerySet
from streamsql.engine.planning.binding import Bound
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.statements.command_log import Command, CommandLog


class EngineState:
    """The mutable middle of an engine, to be touched under the loop's lock.

    Attributes:
        context: What the next statement is planned against, but for the topics.
        log: Where statements that last are noted; ``None``: nowhere.
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
        self.queries = QuerySet()
        self.pushes = QuerySet()
        self.loop = Loop(self.step, self._is_idle, clock.put_forward)

    def host(self, context: PlannerContext) -> Host:
        """Return where a query that was planned in the context runs."""
        return Host(self.broker, context, self.clock)

    def now(self) -> PlannerContext:
        """Return what a statement is planned against now."""
        return replace(self.context, topics=self.broker.topics())

    def note(self, bound: Bound) -> None:
        """Write the statement to the command log."""
        if self.log is not None:
            command = Command(bound.text, dict(bound.before.config.said))
            self.log.append(command, self.wall_clock_ms())

    def step(self, timeout_ms: int) -> int:
        """Let every query work; when none has anything to do, wait in one of them."""
        done = self.pushes.step(0) + self.queries.step(0)
        if done or not timeout_ms:
            return done
        return self.pushes.step(timeout_ms if self.pushes else 0) or self.queries.step(
            0 if self.pushes else timeout_ms
        )

    def _is_idle(self) -> bool:
        return not self.pushes and not self.queries
