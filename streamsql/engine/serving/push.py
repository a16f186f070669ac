"""Push queries: an application whose rows are handed to the program as they come."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from streamsql.engine.applications.application import Application
from streamsql.engine.applications.loop import Loop
from streamsql.engine.serving.outputs import arrange
from streamsql.errors import EngineError
from streamsql.runtime.environment import OutputTarget
from streamsql.sql.statements import PushQuery
from streamsql.types.record import SourceKind


class PushedRows:
    """The rows of a push query, between the application that gives them and whoever reads them."""

    def __init__(self, statement: PushQuery) -> None:
        self._arrange = arrange(statement.plan.schema, statement.columns)
        self._is_table = statement.plan.kind is SourceKind.TABLE
        self._rows: deque[tuple[Any, ...]] = deque()
        self._left = statement.limit
        self._finished = statement.limit == 0

    @property
    def target(self) -> OutputTarget:
        """What takes the rows."""
        return self._take_change if self._is_table else self._take_record

    def finish(self) -> None:
        """Take no more rows."""
        self._finished = True

    def iterate(
        self, application: Application, loop: Loop, *, until_end: bool
    ) -> Iterator[tuple[Any, ...]]:
        """Yield rows until the LIMIT is reached, or the result is closed.

        Args:
            application: What gives the rows.
            loop: What steps it.
            until_end: Stop as well when what is there is worked off.

        Raises:
            EngineError: The query has failed.
        """
        while True:
            while self._rows:
                yield self._rows.popleft()
            if self._finished or loop.interrupted:
                return
            if application.error is not None:
                reason = application.error
                raise EngineError(f"the query failed: {reason}") from reason
            if not loop.moment() and until_end and application.is_done():
                self._finished = True

    def _take_record(self, key: Any, value: tuple[Any, ...] | None, timestamp_ms: int) -> None:
        if value is not None and not self._finished:
            self._rows.append(self._arrange(key, value, timestamp_ms))
            if self._left is not None:
                self._left -= 1
                self._finished = self._left == 0

    def _take_change(
        self, key: Any, new: tuple[Any, ...] | None, _old: tuple[Any, ...] | None, timestamp_ms: int
    ) -> None:
        self._take_record(key, new, timestamp_ms)
