"""Syntax nodes of what sqlglot has none for in expressions and queries.

The clauses of a streaming query stand in the argument ``options`` of ``Select``: every generator
prints it, so that none leaves one of them out in silence (:func:`option`). WITHIN is the
``match_condition`` of its ``Join``.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NoReturn

from sqlglot import exp
from sqlglot.errors import UnsupportedError

from streamsql.sql.dialect.nodes.node import N, Node, argument


class TimeUnit(StrEnum):
    """The units of durations; the plural is written too."""

    MILLISECOND = "MILLISECOND"
    SECOND = "SECOND"
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


UNITS = {unit.value: unit for unit in TimeUnit} | {f"{unit}S": unit for unit in TimeUnit}
"""The units by their words, singular and plural."""


class WithProperties(exp.Properties, exp.Func):
    """``WITH (name = value, …)`` of a source.

    The generator of another dialect asks for the properties one by one, and leaves out those that
    it does not know, or for the name of a function (see :class:`Node`): it gets neither. Ours
    finds them among the arguments.
    """

    @classmethod
    def sql_name(cls) -> NoReturn:
        """Refuse to be printed by another dialect.

        Raises:
            UnsupportedError: Always; it is sqlglot's, for sqlglot's callers.
        """
        raise UnsupportedError("WITH (…) of a source has no equivalent in other dialects")

    @property
    def expressions(self) -> NoReturn:
        """Refuse to be printed by another dialect."""
        self.sql_name()


class Positive(Node, words="unary +"):
    """``+ operand``; sqlglot reads the sign and forgets it."""

    operand: exp.Expr = argument()


class Within(Node, words="WITHIN"):
    """``WITHIN before | (before, after) [GRACE PERIOD grace]``; one bound stands for both."""

    before: exp.Interval = argument()
    after: exp.Interval | None = argument(default=None)
    grace: exp.Interval | None = argument(default=None)


class TumblingWindow(Node, words="WINDOW TUMBLING"):
    """``WINDOW [name] TUMBLING (SIZE size [, RETENTION …] [, GRACE PERIOD …])``."""

    label: exp.Identifier | None = argument(default=None)
    size: exp.Interval = argument()
    retention: exp.Interval | None = argument(default=None)
    grace: exp.Interval | None = argument(default=None)


class HoppingWindow(Node, words="WINDOW HOPPING"):
    """``WINDOW [name] HOPPING (SIZE size, ADVANCE BY advance [, …])``."""

    label: exp.Identifier | None = argument(default=None)
    size: exp.Interval = argument()
    advance: exp.Interval = argument()
    retention: exp.Interval | None = argument(default=None)
    grace: exp.Interval | None = argument(default=None)


class SessionWindow(Node, words="WINDOW SESSION"):
    """``WINDOW [name] SESSION (gap [, …])``."""

    label: exp.Identifier | None = argument(default=None)
    gap: exp.Interval = argument()
    retention: exp.Interval | None = argument(default=None)
    grace: exp.Interval | None = argument(default=None)


WindowClause = TumblingWindow | HoppingWindow | SessionWindow


class PartitionBy(Node, words="PARTITION BY"):
    """``PARTITION BY key, …`` or ``PARTITION BY (key, …)``."""

    keys: Sequence[exp.Expr] = argument()


class EmitMode(StrEnum):
    """When results are emitted."""

    CHANGES = "CHANGES"
    FINAL = "FINAL"


class Emit(Node, words="EMIT"):
    """``EMIT CHANGES`` or ``EMIT FINAL``."""

    mode: EmitMode = argument()


def option(query: exp.Expr, kind: type[N]) -> N | None:
    """Return the clause of a streaming query that is of the class."""
    return next(
        (clause for clause in query.args.get("options") or () if isinstance(clause, kind)), None
    )


def window_clause(query: exp.Expr) -> WindowClause | None:
    """Return the WINDOW clause of a streaming query."""
    return next(
        (clause for clause in query.args.get("options") or () if isinstance(clause, WindowClause)),
        None,
    )
