"""Lengths of time: ``10 SECONDS``."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.words import parse_integer
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import TimeUnit

_UNITS = {
    word: unit
    for unit in (
        TimeUnit.MILLISECOND,
        TimeUnit.SECOND,
        TimeUnit.MINUTE,
        TimeUnit.HOUR,
        TimeUnit.DAY,
    )
    for word in (f"{unit}S", unit.value)
}


def parse_duration(cursor: Cursor) -> exp.Interval:
    """Read a whole number and a unit of fixed length."""
    mark = cursor.start
    amount = parse_integer(cursor, "a length of time")
    if cursor.keyword in ("MONTH", "MONTHS", "YEAR", "YEARS"):
        raise cursor.error(
            f"{cursor.keyword} has no fixed length", hint="Write the time in days: 30 DAYS."
        )
    unit_mark = cursor.start
    unit = cursor.node(exp.Var(this=f"{_UNITS[cursor.choose(_UNITS)]}S"), unit_mark)
    return cursor.node(interval(amount, unit), mark)


def interval(amount: exp.Expr, unit: exp.Var) -> exp.Interval:
    """Return a length of time; sqlglot copies the unit on the way, which would lose its place."""
    made = exp.Interval(this=amount)
    made.set("unit", unit)
    return made
