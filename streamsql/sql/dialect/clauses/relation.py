"""FROM: a source, its alias, and the joins after it."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.duration import parse_duration
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import Within

# What an alias without AS cannot be: these words begin what follows, in the language or out of it.
_CLAUSES = (("EMIT",), ("PARTITION",))
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
)
_NOT_JOINS = {
    ("CROSS", "JOIN"): "A join needs ON with one equality.",
    ("NATURAL",): "Name the columns: ON a.id = b.id.",
    ("ASOF", "JOIN"): "A table joins a stream as of now; streams join WITHIN a time.",
}
_SIDES = ("LEFT", "RIGHT", "FULL")


def parse_alias(cursor: Cursor, *, source: bool = False) -> exp.Identifier | None:
    """Read ``[AS] alias`` if it is there; after a source, clauses may follow instead."""
    if cursor.accept("AS"):
        return cursor.identifier("new")
    forbidden = (*_NOT_ALIASES, *_CLAUSES) if source else _NOT_ALIASES
    if not cursor.at_identifier() or any(cursor.at(*words) for words in forbidden):
        return None
    return cursor.bare_alias()


def parse_from(cursor: Cursor) -> exp.From:
    """Read FROM and the source after it."""
    mark = cursor.start
    cursor.expect("FROM")
    return cursor.node(exp.From(this=_source(cursor)), mark)


def parse_joins(cursor: Cursor) -> list[exp.Join]:
    """Read the joins after the first source."""
    joins: list[exp.Join] = []
    mark = cursor.start
    while (side := _join_side(cursor)) is not None:
        joins.append(cursor.node(_join(cursor, side), mark))
        mark = cursor.start
    if cursor.at(","):
        cursor.fail(hint="Sources are combined with JOIN … ON.")
    return joins


def _join(cursor: Cursor, side: str) -> exp.Join:
    right = _source(cursor)
    within = _within(cursor) if cursor.at("WITHIN") else None
    if cursor.at("USING"):
        cursor.fail(hint="Write the columns out: ON a.id = b.id.")
    if within is None:
        cursor.accept("WITHIN")  # noted for the error below
    cursor.expect("ON")
    condition = cursor.parse_expression()
    return exp.Join(this=right, side=side or None, match_condition=within, on=condition)


def parse_table(cursor: Cursor, what: str) -> exp.Table:
    """Read the name of a source; ``what`` it is, for errors."""
    mark = cursor.start
    return cursor.node(exp.Table(this=cursor.identifier(what)), mark)


def _source(cursor: Cursor) -> exp.Table:
    mark = cursor.start
    if cursor.at("("):
        cursor.fail(
            "a query in FROM is not part of the language",
            hint="Make it a stream or table of its own with CREATE STREAM … AS SELECT.",
        )
    name = cursor.identifier("source")
    label = parse_alias(cursor, source=True)
    if label is None:
        return cursor.node(exp.Table(this=name), mark)
    alias = cursor.join(exp.TableAlias(this=label), label, label)
    return cursor.node(exp.Table(this=name, alias=alias), mark)


def _join_side(cursor: Cursor) -> str | None:
    """Read up to JOIN, if it is there; an inner join has no side."""
    for words, hint in _NOT_JOINS.items():
        if cursor.at(*words):
            cursor.fail(f"{' '.join(words)} is not part of the language", hint=hint)
    if cursor.accept("JOIN"):
        return ""
    if cursor.accept("INNER"):
        cursor.expect("JOIN")
        return ""
    for side in _SIDES:
        if cursor.accept(side):
            cursor.accept("OUTER")
            cursor.expect("JOIN")
            return side
    return None


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
