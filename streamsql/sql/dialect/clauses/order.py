"""ORDER BY, and how many rows of an ordered result: LIMIT, OFFSET, FETCH."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.words import parse_integer
from streamsql.sql.dialect.cursor import Cursor


def parse_order(cursor: Cursor, ordered: exp.Expr | None = None) -> exp.Order | None:
    """Read ``ORDER BY key [ASC | DESC] [NULLS FIRST | LAST], …`` if it is there.

    Args:
        cursor: Where.
        ordered: The argument of an aggregate that the order is for.
    """
    mark = cursor.start
    if not cursor.accept("ORDER", "BY"):
        return None
    keys = cursor.separated(lambda: _ordered(cursor))
    if ordered is None:
        return cursor.node(exp.Order(expressions=keys), mark)
    return cursor.join(exp.Order(this=ordered, expressions=keys), ordered, keys[-1])


def _ordered(cursor: Cursor) -> exp.Ordered:
    mark = cursor.start
    key = cursor.parse_expression()
    descending = cursor.accept("DESC") or (False if cursor.accept("ASC") else None)
    nulls_first = bool(descending)  # NULL is the greatest of all, as PostgreSQL has it
    if cursor.accept("NULLS"):
        nulls_first = cursor.choose(("FIRST", "LAST")) == "FIRST"
    made = exp.Ordered(this=key, desc=descending, nulls_first=nulls_first)
    return cursor.node(made, mark)


def parse_bounds(cursor: Cursor) -> dict[str, exp.Expr]:
    """Read LIMIT or FETCH, and OFFSET before or after it, as far as they are there."""
    found: dict[str, exp.Expr] = {}
    offset = _offset(cursor) if cursor.at("OFFSET") else None
    limit = _limit(cursor) or _fetch(cursor)
    if limit is not None:
        found["limit"] = limit
    offset = offset or _offset(cursor)
    if offset is not None:
        found["offset"] = offset
    return found


def _limit(cursor: Cursor) -> exp.Limit | None:
    mark = cursor.start
    if not cursor.accept("LIMIT"):
        return None
    return cursor.node(exp.Limit(expression=parse_integer(cursor, "a number of rows")), mark)


def _offset(cursor: Cursor) -> exp.Offset | None:
    mark = cursor.start
    if not cursor.accept("OFFSET"):
        return None
    count = parse_integer(cursor, "a number of rows")
    if not cursor.accept("ROWS"):
        cursor.accept("ROW")
    return cursor.node(exp.Offset(expression=count), mark)


def _fetch(cursor: Cursor) -> exp.Fetch | None:
    mark = cursor.start
    if not cursor.accept("FETCH"):
        return None
    cursor.choose(("FIRST", "NEXT"))
    count = None if cursor.keyword in ("ROW", "ROWS") else parse_integer(cursor, "a number of rows")
    options_mark = cursor.start
    cursor.choose(("ROWS", "ROW"))
    options: exp.LimitOptions | None = None
    if not cursor.accept("ONLY"):
        cursor.expect("WITH", "TIES")
        options = cursor.node(exp.LimitOptions(rows=True, with_ties=True), options_mark)
    return cursor.node(exp.Fetch(direction="FIRST", count=count, limit_options=options), mark)
