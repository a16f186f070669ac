"""What stands behind a call: WITHIN GROUP, FILTER, OVER; and the windows that OVER names."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.order import parse_order
from streamsql.sql.dialect.clauses.words import at_identifier, parse_identifier
from streamsql.sql.dialect.cursor import Cursor

_FRAMES = ("ROWS", "RANGE", "GROUPS")
_EXCLUSIONS = (("CURRENT", "ROW"), ("GROUP",), ("TIES",), ("NO", "OTHERS"))


def parse_suffixes(cursor: Cursor, call: exp.Expr, mark: int) -> exp.Expr:
    """Read what stands behind a call that begins at ``mark``, if anything does."""
    if cursor.accept("WITHIN", "GROUP"):
        cursor.expect("(")
        order = parse_order(cursor)
        if order is None:
            raise cursor.error()
        cursor.expect(")")
        call = cursor.node(exp.WithinGroup(this=call, expression=order), mark)
    if cursor.at("FILTER", "("):
        cursor.expect("FILTER", "(")
        where_mark = cursor.start
        cursor.expect("WHERE")
        where = cursor.node(exp.Where(this=cursor.parse_expression()), where_mark)
        cursor.expect(")")
        call = cursor.node(exp.Filter(this=call, expression=where), mark)
    if cursor.at("OVER") and (cursor.at("(", ahead=1) or at_identifier(cursor, 1)):
        cursor.expect("OVER")
        call = cursor.node(_over(cursor, call), mark)
    return call


def _over(cursor: Cursor, call: exp.Expr) -> exp.Window:
    if not cursor.at("("):
        return exp.Window(this=call, alias=parse_identifier(cursor, "window"), over="OVER")
    return exp.Window(this=call, over="OVER", **_specification(cursor))


def parse_named_windows(cursor: Cursor) -> list[exp.Window]:
    """Read ``WINDOW name AS (…), …`` if it is there."""
    if not at_named_window(cursor):
        return []
    cursor.expect("WINDOW")
    return cursor.separated(lambda: _named(cursor))


def at_named_window(cursor: Cursor) -> bool:
    """Tell whether ``WINDOW name AS`` is next, and not a window in time."""
    return cursor.at("WINDOW") and at_identifier(cursor, 1) and cursor.at("AS", ahead=2)


def _named(cursor: Cursor) -> exp.Window:
    mark = cursor.start
    name = parse_identifier(cursor, "window")
    cursor.expect("AS")
    return cursor.node(exp.Window(this=name, **_specification(cursor)), mark)


def _specification(cursor: Cursor) -> dict[str, object]:
    """Read ``([name] [PARTITION BY …] [ORDER BY …] [frame])``."""
    cursor.expect("(")
    found: dict[str, object] = {}
    if at_identifier(cursor) and not _at_clause(cursor):
        found["alias"] = parse_identifier(cursor, "window")
    if cursor.accept("PARTITION", "BY"):
        found["partition_by"] = cursor.separated(cursor.parse_expression)
    order = parse_order(cursor)
    if order is not None:
        found["order"] = order
    if cursor.keyword in _FRAMES:
        found["spec"] = _frame(cursor)
    cursor.expect(")")
    return found


def _at_clause(cursor: Cursor) -> bool:
    """Tell whether a clause begins with the next word, which could be a name as well."""
    if cursor.at("PARTITION", "BY") or cursor.at("ORDER", "BY"):
        return True
    return cursor.keyword in _FRAMES and not cursor.at(")", ahead=1)


def _frame(cursor: Cursor) -> exp.WindowSpec:
    mark = cursor.start
    kind = cursor.choose(_FRAMES)
    between = cursor.accept("BETWEEN")
    start, start_side = _bound(cursor)
    end: exp.Expr | str = "CURRENT ROW"
    end_side: str | None = None
    if between:
        cursor.expect("AND")
        end, end_side = _bound(cursor)
    exclude = _exclusion(cursor)
    made = exp.WindowSpec(
        kind=kind,
        start=start,
        start_side=start_side,
        end=end,
        end_side=end_side,
        exclude=exclude,
    )
    return cursor.node(made, mark)


def _bound(cursor: Cursor) -> tuple[exp.Expr | str, str | None]:
    if cursor.accept("CURRENT", "ROW"):
        return "CURRENT ROW", None
    rows: exp.Expr | str = "UNBOUNDED" if cursor.accept("UNBOUNDED") else cursor.parse_value()
    return rows, cursor.choose(("PRECEDING", "FOLLOWING"))


def _exclusion(cursor: Cursor) -> exp.Var | None:
    if not cursor.accept("EXCLUDE"):
        return None
    mark = cursor.start
    for words in _EXCLUSIONS:
        if cursor.accept(*words):
            return cursor.node(exp.Var(this=" ".join(words)), mark)
    raise cursor.error()
