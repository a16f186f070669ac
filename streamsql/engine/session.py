"""What the statements of one engine work on: the broker, the catalog, the queries."""

from collections.abc import Callable

from streamsql.broker.ports import Broker
from streamsql.engine.applications.clock import EngineClock
from streamsql.engine.applications.loop import Loop
from streamsql.engine.applications.queries import Host, QuerySet
from streamsql.engine.binding import Step, Surroundings
from streamsql.engine.command_log import Command, CommandLog
from streamsql.engine.configuration.config import EngineConfig


class Session:
    """The mutable middle of an engine, to be touched under the loop's lock.

    Attributes:
        surroundings: Catalog, configuration and variables as the last statement left them.
        log: Where statements that last are noted; ``None``: nowhere.
    """

    def __init__(
        self,
        broker: Broker,
        surroundings: Surroundings,
        clock: EngineClock,
        wall_clock_ms: Callable[[], int],
        log: CommandLog | None,
    ) -> None:
        self.broker = broker
        self.surroundings = surroundings
        self.clock = clock
        self.wall_clock_ms = wall_clock_ms
        self.log = log
        self.queries = QuerySet()
        self.pushes = QuerySet()
        self.loop = Loop(self.step, self._is_idle, clock.put_forward)

    def host(self, config: EngineConfig) -> Host:
        """Return where a query under this configuration runs."""
        return Host(self.broker, config, self.clock)

    def note(self, step: Step) -> None:
        """Write the statement to the command log."""
        if self.log is not None:
            statement = step.bound.statement
            command = Command(statement.text, dict(step.before.config.said))
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
