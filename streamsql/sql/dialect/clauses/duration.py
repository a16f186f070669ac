"""Durations: ``10 SECONDS``."""

from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.expressions import TimeUnit
from streamsql.sql.dialect.nodes.queries import Duration

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


def parse_duration(cursor: Cursor) -> Duration:
    """Read a whole number and a unit of fixed length."""
    mark = cursor.start
    amount = cursor.integer("a length of time")
    if cursor.at_any(("MONTH", "MONTHS", "YEAR", "YEARS")):
        cursor.fail(
            f"{cursor.keyword} has no fixed length", hint="Write the time in days: 30 DAYS."
        )
    unit = _UNITS[cursor.choose(_UNITS)]
    return cursor.node(Duration(amount=amount, unit=unit), mark)
