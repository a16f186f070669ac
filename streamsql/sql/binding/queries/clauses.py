"""The clauses of a query by name, as they are written."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from streamsql.errors import Span
from streamsql.sql.dialect.nodes.clauses import (
    Emit,
    PartitionBy,
    WindowClause,
    option,
    window_clause,
)
from streamsql.sql.dialect.nodes.node import optional, several, span


@dataclass(frozen=True, slots=True)
class Clauses:
    """The clauses of a query, as they are written."""

    whole: Span
    items: Sequence[exp.Expr]
    joins: Sequence[exp.Join]
    window: WindowClause | None
    where: exp.Where | None
    group_by: exp.Group | None
    partition_by: PartitionBy | None
    having: exp.Having | None
    emit: Emit | None
    limit: exp.Limit | None

    @classmethod
    def of(cls, query: exp.Select) -> "Clauses":
        """Return those of a query."""
        return cls(
            whole=span(query),
            items=query.expressions,
            joins=several(query, "joins", exp.Join),
            window=window_clause(query),
            where=optional(query, "where", exp.Where),
            group_by=optional(query, "group", exp.Group),
            partition_by=option(query, PartitionBy),
            having=optional(query, "having", exp.Having),
            emit=option(query, Emit),
            limit=optional(query, "limit", exp.Limit),
        )

    @property
    def keys(self) -> Sequence[exp.Expr] | None:
        """What GROUP BY or PARTITION BY name, ``None`` without either."""
        if self.group_by is not None:
            return list(self.group_by.expressions)
        return None if self.partition_by is None else self.partition_by.keys
