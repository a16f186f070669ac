"""The WINDOW clause: TUMBLING, HOPPING and SESSION."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.duration import parse_duration
from streamsql.sql.dialect.clauses.words import at_identifier, parse_identifier
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import (
    HoppingWindow,
    SessionWindow,
    TumblingWindow,
    WindowClause,
)

_KINDS = ("TUMBLING", "HOPPING", "SESSION")


def parse_window(cursor: Cursor) -> WindowClause:
    """Read ``WINDOW [name] kind (…)``."""
    mark = cursor.start
    cursor.expect("WINDOW")
    label: exp.Identifier | None = None
    if at_identifier(cursor) and any(cursor.at(kind, ahead=1) for kind in _KINDS):
        label = parse_identifier(cursor, "window")
    kind = cursor.choose(_KINDS)
    cursor.expect("(")
    made = _PARSERS[kind](cursor, label)
    cursor.expect(")")
    return cursor.node(made, mark)


def _tumbling(cursor: Cursor, label: exp.Identifier | None) -> WindowClause:
    cursor.expect("SIZE")
    size = parse_duration(cursor)
    retention, grace = _retention(cursor), _grace(cursor)
    return TumblingWindow(label=label, size=size, retention=retention, grace=grace)


def _hopping(cursor: Cursor, label: exp.Identifier | None) -> WindowClause:
    cursor.expect("SIZE")
    size = parse_duration(cursor)
    cursor.expect(",", "ADVANCE", "BY")
    advance = parse_duration(cursor)
    retention, grace = _retention(cursor), _grace(cursor)
    return HoppingWindow(label=label, size=size, advance=advance, retention=retention, grace=grace)


def _session(cursor: Cursor, label: exp.Identifier | None) -> WindowClause:
    gap = parse_duration(cursor)
    retention, grace = _retention(cursor), _grace(cursor)
    return SessionWindow(label=label, gap=gap, retention=retention, grace=grace)


def _retention(cursor: Cursor) -> exp.Interval | None:
    return parse_duration(cursor) if cursor.accept(",", "RETENTION") else None


def _grace(cursor: Cursor) -> exp.Interval | None:
    return parse_duration(cursor) if cursor.accept(",", "GRACE", "PERIOD") else None


_PARSERS = {"TUMBLING": _tumbling, "HOPPING": _hopping, "SESSION": _session}
