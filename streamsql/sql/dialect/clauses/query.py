"""A query: named queries, SELECTs and what combines them, and what holds for the whole."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.declaration import parse_names
from streamsql.sql.dialect.clauses.order import parse_bounds, parse_order
from streamsql.sql.dialect.clauses.primary import parse_subquery
from streamsql.sql.dialect.clauses.select import parse_select
from streamsql.sql.dialect.clauses.words import at_identifier, parse_identifier
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import Emit, EmitMode
from streamsql.sql.dialect.nodes.node import span

_OPERATIONS: tuple[dict[str, type[exp.SetOperation]], ...] = (
    {"UNION": exp.Union, "EXCEPT": exp.Except},
    {"INTERSECT": exp.Intersect},
)
"""What combines queries, from loose to tight."""

_ORDER = (
    "WINDOW", "WHERE", "GROUP", "PARTITION", "HAVING", "QUALIFY", "ORDER", "EMIT", "LIMIT",
    "OFFSET", "FETCH",
)  # fmt: skip


def parse_query(cursor: Cursor, first: exp.Query | None = None) -> exp.Query:
    """Read a query.

    Args:
        cursor: Where.
        first: A query in parentheses that has been read already, as the first of a combination.
    """
    with cursor.nested():
        mark = cursor.start if first is None else span(first).start
        named = _with(cursor) if first is None and cursor.at("WITH") else None
        query = _combination(cursor, 0, first)
        whole: dict[str, exp.Expr | None] = {"with_": named, "order": parse_order(cursor)}
        emit = _emit(cursor)
        whole |= parse_bounds(cursor)
        _refuse_leftover(cursor)
    for name, clause in whole.items():
        if clause is not None:
            query.set(name, clause)
    if emit is not None:
        query.set("options", [*(query.args.get("options") or ()), emit])
    return cursor.node(query, mark)


def _with(cursor: Cursor) -> exp.With:
    mark = cursor.start
    cursor.expect("WITH")
    recursive = at_identifier(cursor, 1) and cursor.accept("RECURSIVE")
    named = cursor.separated(lambda: _named(cursor))
    return cursor.node(exp.With(expressions=named, recursive=recursive), mark)


def _named(cursor: Cursor) -> exp.CTE:
    mark = cursor.start
    name = parse_identifier(cursor, "query")
    columns = parse_names(cursor)
    alias = (
        exp.TableAlias(this=name) if columns is None else exp.TableAlias(this=name, columns=columns)
    )
    placed = cursor.node(alias, mark)
    cursor.expect("AS", "(")
    query = cursor.parse_query()
    cursor.expect(")")
    return cursor.node(exp.CTE(this=query, alias=placed), mark)


def _combination(cursor: Cursor, level: int, first: exp.Query | None) -> exp.Query:
    """Read queries joined by the operations of a level, each joined by those that are tighter."""
    if level == len(_OPERATIONS):
        return _operand(cursor) if first is None else first
    left = _combination(cursor, level + 1, first)
    while (kind := _OPERATIONS[level].get(cursor.keyword)) is not None:
        cursor.read()
        repeated = cursor.accept("ALL")
        if not repeated:
            cursor.accept("DISTINCT")
        right = _combination(cursor, level + 1, None)
        made = kind(this=left, expression=right, distinct=not repeated)
        left = cursor.join(made, left, right)
    return left


def _operand(cursor: Cursor) -> exp.Query:
    return parse_subquery(cursor) if cursor.at("(") else parse_select(cursor)


def _emit(cursor: Cursor) -> Emit | None:
    mark = cursor.start
    if not cursor.accept("EMIT"):
        return None
    return cursor.node(Emit(mode=EmitMode(cursor.choose(EmitMode))), mark)


def _refuse_leftover(cursor: Cursor) -> None:
    """Raise for clauses that are out of order."""
    if cursor.at("WITH"):
        raise cursor.error(
            hint="Options of a source go between its name and AS, named queries before SELECT."
        )
    if cursor.keyword in _ORDER:
        word = cursor.keyword
        raise cursor.error(
            f"the {word} clause stands too late",
            hint="The order is WINDOW, WHERE, GROUP BY, PARTITION BY, HAVING, QUALIFY, ORDER BY, "
            "EMIT, LIMIT.",
        )
