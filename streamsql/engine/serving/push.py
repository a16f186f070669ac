"""Push queries: a transient query whose rows are handed to the program as they come."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from streamsql.catalog.catalog import SourceKind
from streamsql.engine.applications.queries import Host, RunningQuery
from streamsql.engine.planning.planned import PlannedQuery
from streamsql.engine.serving.outputs import arrange
from streamsql.errors import EngineError
from streamsql.sql.statements import PushQuery


class PushedRows:
    """The rows of a push query that is stepped elsewhere.

    Attributes:
        query: To be stepped by the engine's loop.
        finished: The LIMIT is reached, or the query was closed.
    """

    def __init__(
        self,
        statement: PushQuery,
        planned: PlannedQuery,
        host: Host,
    ) -> None:
        take = self._take_change if statement.plan.kind is SourceKind.TABLE else self._take_record
        self._arrange = arrange(statement.plan.schema, statement.columns)
        self._rows: deque[tuple[Any, ...]] = deque()
        self._left = statement.limit
        self.finished = statement.limit == 0
        self.query = RunningQuery(planned.application, planned, host, {planned.result: take})

    def iterate(self, wait: Callable[[], None]) -> Iterator[tuple[Any, ...]]:
        """Yield rows until the query is finished.

        Args:
            wait: Lets time pass and the query work, for a moment.

        Raises:
            EngineError: The query has failed.
        """
        while True:
            while self._rows:
                yield self._rows.popleft()
            if self.finished:
                return
            if self.query.error is not None:
                raise EngineError(f"the query failed: {self.query.error}") from self.query.error
            wait()

    def _take_record(self, key: Any, value: tuple[Any, ...] | None, timestamp_ms: int) -> None:
        if value is not None and not self.finished:
            self._rows.append(self._arrange(key, value, timestamp_ms))
            if self._left is not None:
                self._left -= 1
                self.finished = self._left == 0

    def _take_change(
        self, key: Any, new: tuple[Any, ...] | None, _old: tuple[Any, ...] | None, timestamp_ms: int
    ) -> None:
        self._take_record(key, new, timestamp_ms)
