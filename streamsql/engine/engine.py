"""The engine: a broker, a catalog, and the queries that run on it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from streamsql.broker.ports import Broker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.config import EngineConfig
from streamsql.engine.results import Result


class Engine:
    """Carries out statements one by one, and runs their queries.

    Statements and queries are remembered in the broker: an engine of the same service finds them again.
    Without :meth:`start` nothing runs by itself: whoever reads a result, or calls :meth:`step`, drives
    the queries. All methods may be called from several threads.
    """

    def __init__(
        self,
        broker: Broker,
        config: EngineConfig | None = None,
        *,
        clock_ms: Callable[[], float] | None = None,
        wall_clock_ms: Callable[[], int] | None = None,
    ) -> None:
        """Open an engine on the broker, which it closes in the end.

        Args:
            clock_ms: Monotonic milliseconds; for simulated time.
            wall_clock_ms: Milliseconds since the epoch: ROWTIME of INSERT VALUES.
        """
        raise NotImplementedError

    @property
    def catalog(self) -> Catalog:
        """What names mean now."""
        raise NotImplementedError

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings in force by name, those of SET included."""
        raise NotImplementedError

    def execute(self, sql: str) -> Result:
        """Carry out one statement.

        Raises:
            StatementError: It is wrong, or there is more than one; nothing happened.
            EngineError: The broker or the state directory does not do its part.
        """
        raise NotImplementedError

    def execute_script(self, script: str | Path) -> list[Result]:
        """Carry out the statements of a text, or of a file when given a path.

        All statements are bound, and their queries laid out, before the first one takes effect.
        """
        raise NotImplementedError

    def query(self, sql: str) -> Result:
        """Carry out one SELECT and return its rows.

        Raises:
            StatementError: As :meth:`execute`, or it is not a SELECT.
        """
        raise NotImplementedError

    def explain(self, sql: str) -> str:
        """Return what a statement would run, or runs: the text of EXPLAIN."""
        raise NotImplementedError

    def step(self, timeout_ms: int = 0) -> int:
        """Let every query do a round of work; return how many records were processed.

        Args:
            timeout_ms: How long to wait for records when there are none.
        """
        raise NotImplementedError

    def start(self) -> None:
        """Run the queries on a thread from now on."""
        raise NotImplementedError

    def close(self) -> None:
        """Commit, stop the queries, and close the broker."""
        raise NotImplementedError

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
