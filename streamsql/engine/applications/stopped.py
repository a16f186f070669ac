"""Queries of a program that have failed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streamsql.engine.planning.planned import Planned
from streamsql.errors import EngineError, QueryFailed
from streamsql.sql.statements import CreateAs, InsertSelect


@dataclass(frozen=True, slots=True)
class StoppedQuery:
    """A query that has failed, or may be the one that has."""

    planned: Planned
    reason: QueryFailed

    @property
    def query_id(self) -> str:
        """The id of the query."""
        statement = self.planned.statement
        assert isinstance(statement, CreateAs | InsertSelect), "these are a file's queries"
        return statement.query_id

    def lines(self) -> Iterator[str]:
        """Yield what has happened, and the statement."""
        yield f'query "{self.query_id}" has stopped: {self.reason}'
        for line in self.planned.bound.text.strip().splitlines():
            yield f"  {line}"


class QueriesStopped(EngineError):
    """Some queries of a program have failed.

    Attributes:
        stopped: The queries.
    """

    def __init__(self, stopped: Sequence[StoppedQuery], hint: str) -> None:
        told = [line for query in stopped for line in query.lines()]
        super().__init__("\n".join([*told, f"HINT: {hint}"]))
        self.stopped = tuple(stopped)
