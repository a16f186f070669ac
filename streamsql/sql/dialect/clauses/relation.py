"""FROM: what a query reads, its alias, and the joins after it."""

from collections.abc import Callable

from sqlglot import exp

from streamsql.sql.dialect.clauses.call import parse_call, parse_unnest
from streamsql.sql.dialect.clauses.declaration import parse_names
from streamsql.sql.dialect.clauses.duration import parse_duration
from streamsql.sql.dialect.clauses.primary import parse_subquery
from streamsql.sql.dialect.clauses.words import (
    at_identifier,
    parse_bare_alias,
    parse_exact_word,
    parse_identifier,
)
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import Within

# What an alias without AS cannot be: these words begin what follows.
_NOT_ALIASES = (
    ("ORDER", "BY"),
    ("UNION",),
    ("INTERSECT",),
    ("EXCEPT",),
    ("QUALIFY",),
    ("CROSS", "JOIN"),
    ("NATURAL",),
    ("ASOF", "JOIN"),
    ("USING", "("),
    ("OFFSET",),
    ("FETCH", "FIRST"),
    ("FETCH", "NEXT"),
)
_NOT_ALIASES_OF_SOURCES = (*_NOT_ALIASES, ("EMIT",), ("PARTITION",))
_FIRST_WORDS = frozenset(words[0] for words in _NOT_ALIASES_OF_SOURCES)
_SIDES = ("LEFT", "RIGHT", "FULL")


def parse_alias(cursor: Cursor, *, source: bool = False) -> exp.Identifier | None:
    """Read ``[AS] alias`` if it is there; after a source, clauses may follow instead."""
    if cursor.accept("AS"):
        return parse_identifier(cursor, "new")
    if not at_identifier(cursor):
        return None
    if cursor.keyword in _FIRST_WORDS:
        forbidden = _NOT_ALIASES_OF_SOURCES if source else _NOT_ALIASES
        if any(cursor.at(*words) for words in forbidden):
            return None
    return parse_bare_alias(cursor)


def parse_from(cursor: Cursor) -> exp.From:
    """Read FROM and what is read first."""
    mark = cursor.start
    cursor.expect("FROM")
    return cursor.node(exp.From(this=_relation(cursor)), mark)


def parse_joins(cursor: Cursor) -> list[exp.Join]:
    """Read the joins after it."""
    joins: list[exp.Join] = []
    mark = cursor.start
    while (kind := _join_kind(cursor)) is not None:
        joins.append(cursor.node(_join(cursor, kind), mark))
        mark = cursor.start
    if cursor.at(","):
        raise cursor.error(hint="Sources are combined with JOIN … ON.")
    return joins


def parse_table(cursor: Cursor, what: str) -> exp.Table:
    """Read the name of a source, that of its application before it or not.

    Args:
        cursor: Where.
        what: What it names, for errors.
    """
    mark = cursor.start
    if not (at_identifier(cursor) and cursor.at(".", ahead=1)):
        return cursor.node(exp.Table(this=parse_identifier(cursor, what)), mark)
    application = parse_exact_word(cursor)
    cursor.expect(".")
    return cursor.node(exp.Table(this=parse_identifier(cursor, what), db=application), mark)


def parse_values(cursor: Cursor) -> exp.Values:
    """Read ``VALUES (expression, …), …``."""
    mark = cursor.start
    cursor.expect("VALUES")
    rows = cursor.separated(lambda: _row(cursor))
    return cursor.node(exp.Values(expressions=rows), mark)


def _row(cursor: Cursor) -> exp.Tuple:
    mark = cursor.start
    return cursor.node(exp.Tuple(expressions=cursor.in_parentheses(cursor.parse_expression)), mark)


def _relation(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    read: Callable[[Cursor], exp.Expr] = _table
    if cursor.at("("):
        read = _values if cursor.at("(", "VALUES") else parse_subquery
    elif cursor.at("UNNEST", "("):
        read = parse_unnest
    elif cursor.at("LATERAL") and (cursor.at("(", ahead=1) or cursor.at("(", ahead=2)):
        read = _lateral
    relation = read(cursor)
    alias = _alias(cursor)
    if alias is None:
        return relation
    relation.set("alias", alias)
    return cursor.node(relation, mark)


def _alias(cursor: Cursor) -> exp.TableAlias | None:
    """Read ``[AS] alias [(column, …)]`` if it is there."""
    mark = cursor.start
    label = parse_alias(cursor, source=True)
    if label is None:
        return None
    columns = parse_names(cursor)
    made = (
        exp.TableAlias(this=label)
        if columns is None
        else exp.TableAlias(this=label, columns=columns)
    )
    return cursor.node(made, mark)


def _table(cursor: Cursor) -> exp.Table:
    return parse_table(cursor, "source")


def _values(cursor: Cursor) -> exp.Values:
    mark = cursor.start
    cursor.expect("(")
    values = parse_values(cursor)
    cursor.expect(")")
    return cursor.node(values, mark)


def _lateral(cursor: Cursor) -> exp.Lateral:
    mark = cursor.start
    cursor.expect("LATERAL")
    if cursor.at("("):
        made = exp.Lateral(this=parse_subquery(cursor))
    elif cursor.at("UNNEST", "("):
        made = exp.Lateral(this=parse_unnest(cursor))
    else:
        made = exp.Lateral(this=parse_call(cursor))
    return cursor.node(made, mark)


def _join_kind(cursor: Cursor) -> dict[str, str] | None:
    """Read up to JOIN, if it is there; an inner join has neither side nor kind."""
    if cursor.accept("JOIN"):
        return {}
    if cursor.accept("CROSS", "JOIN"):
        return {"kind": "CROSS"}
    if cursor.at("ASOF", "JOIN"):
        raise cursor.error(
            "ASOF JOIN is not part of the language",
            hint="A table joins a stream as of now; streams join WITHIN a time.",
        )
    found = {"method": "NATURAL"} if cursor.accept("NATURAL") else {}
    if not cursor.accept("INNER"):
        side = next((side for side in _SIDES if cursor.accept(side)), None)
        if side is None and not found:
            return None
        if side is not None:
            found["side"] = side
            cursor.accept("OUTER")
    cursor.expect("JOIN")
    return found


def _join(cursor: Cursor, kind: dict[str, str]) -> exp.Join:
    join = exp.Join(this=_relation(cursor), **kind)
    if cursor.at("WITHIN"):
        join.set("match_condition", _within(cursor))
    if "kind" in kind or "method" in kind:
        return join
    if "match_condition" not in join.args:
        cursor.accept("WITHIN")  # noted for the error below
    if cursor.accept("USING"):
        join.set("using", cursor.in_parentheses(lambda: parse_identifier(cursor, "column")))
        return join
    cursor.expect("ON")
    join.set("on", cursor.parse_expression())
    return join


def _within(cursor: Cursor) -> Within:
    mark = cursor.start
    cursor.expect("WITHIN")
    after: exp.Interval | None = None
    if cursor.accept("("):
        before = parse_duration(cursor)
        cursor.expect(",")
        after = parse_duration(cursor)
        cursor.expect(")")
    else:
        before = parse_duration(cursor)
    grace = parse_duration(cursor) if cursor.accept("GRACE", "PERIOD") else None
    return cursor.node(Within(before=before, after=after, grace=grace), mark)
