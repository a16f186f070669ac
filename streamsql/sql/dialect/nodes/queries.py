"""Syntax nodes of a query: SELECT and its clauses, in the order they are written."""

from collections.abc import Sequence
from enum import StrEnum

from sqlglot import exp

from streamsql.sql.dialect.nodes.expressions import Node, TimeUnit, argument


class Duration(Node):
    """``10 SECONDS``: a whole number of MILLISECOND … DAY; ``amount`` is an integer literal."""

    amount: exp.Literal = argument()
    unit: TimeUnit = argument()


class SelectItem(Node):
    """``value [[AS] alias]``; the value may be a :class:`Star` or :class:`AllFields`, unaliased."""

    value: exp.Expr = argument()
    label: exp.Identifier | None = argument(default=None)


class SourceReference(Node):
    """``name [[AS] alias]`` in FROM or JOIN."""

    source: exp.Identifier = argument()
    label: exp.Identifier | None = argument(default=None)


class JoinKind(StrEnum):
    """Which unmatched rows a join keeps."""

    INNER = "INNER"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    FULL = "FULL"


class Within(Node):
    """``WITHIN before | (before, after) [GRACE PERIOD grace]``; one bound stands for both."""

    before: Duration = argument()
    after: Duration | None = argument(default=None)
    grace: Duration | None = argument(default=None)


class Join(Node):
    """``left JOIN right [WITHIN …] ON condition``; joins nest to the left as written."""

    left: "Relation" = argument()
    right: SourceReference = argument()
    kind: JoinKind = argument()
    within: Within | None = argument(default=None)
    condition: exp.Expr = argument()


Relation = SourceReference | Join


class TumblingWindow(Node):
    """``WINDOW [name] TUMBLING (SIZE size [, RETENTION …] [, GRACE PERIOD …])``."""

    label: exp.Identifier | None = argument(default=None)
    size: Duration = argument()
    retention: Duration | None = argument(default=None)
    grace: Duration | None = argument(default=None)


class HoppingWindow(Node):
    """``WINDOW [name] HOPPING (SIZE size, ADVANCE BY advance [, …])``."""

    label: exp.Identifier | None = argument(default=None)
    size: Duration = argument()
    advance: Duration = argument()
    retention: Duration | None = argument(default=None)
    grace: Duration | None = argument(default=None)


class SessionWindow(Node):
    """``WINDOW [name] SESSION (gap [, …])``."""

    label: exp.Identifier | None = argument(default=None)
    gap: Duration = argument()
    retention: Duration | None = argument(default=None)
    grace: Duration | None = argument(default=None)


WindowClause = TumblingWindow | HoppingWindow | SessionWindow


class Where(Node):
    """``WHERE condition``."""

    condition: exp.Expr = argument()


class GroupBy(Node):
    """``GROUP BY key, …`` or ``GROUP BY (key, …)``."""

    keys: Sequence[exp.Expr] = argument()


class PartitionBy(Node):
    """``PARTITION BY key, …`` or ``PARTITION BY (key, …)``."""

    keys: Sequence[exp.Expr] = argument()


class Having(Node):
    """``HAVING condition``."""

    condition: exp.Expr = argument()


class EmitMode(StrEnum):
    """When results are emitted."""

    CHANGES = "CHANGES"
    FINAL = "FINAL"


class Emit(Node):
    """``EMIT CHANGES`` or ``EMIT FINAL``."""

    mode: EmitMode = argument()


class Limit(Node):
    """``LIMIT count``; ``count`` is an integer literal, zero or more."""

    count: exp.Literal = argument()


class Query(Node):
    """``SELECT items FROM relation …``.

    As a statement of its own it is a push query with EMIT and a pull query without.
    """

    items: Sequence[SelectItem] = argument()
    relation: Relation = argument()
    window: WindowClause | None = argument(default=None)
    where: Where | None = argument(default=None)
    group_by: GroupBy | None = argument(default=None)
    partition_by: PartitionBy | None = argument(default=None)
    having: Having | None = argument(default=None)
    emit: Emit | None = argument(default=None)
    limit: Limit | None = argument(default=None)
