"""FROM: a source, its alias, and the joins after it."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.duration import parse_duration
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.queries import (
    Duration,
    Join,
    JoinKind,
    Relation,
    SourceReference,
    Within,
)

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


def parse_alias(cursor: Cursor, *, source: bool = False) -> exp.Identifier | None:
    """Read ``[AS] alias`` if it is there; after a source, clauses may follow instead."""
    if cursor.accept("AS"):
        return cursor.identifier("new")
    forbidden = (*_NOT_ALIASES, *_CLAUSES) if source else _NOT_ALIASES
    if not cursor.at_identifier() or any(cursor.at(*words) for words in forbidden):
        return None
    return cursor.bare_alias()


def parse_relation(cursor: Cursor) -> Relation:
    """Read a source and the joins after it."""
    mark = cursor.start
    relation: Relation = _source(cursor)
    while (kind := _join_kind(cursor)) is not None:
        right = _source(cursor)
        within = _within(cursor) if cursor.at("WITHIN") else None
        if cursor.at("USING"):
            cursor.fail(hint="Write the columns out: ON a.id = b.id.")
        if within is None:
            cursor.accept("WITHIN")  # noted for the error below
        cursor.expect("ON")
        condition = cursor.parse_expression()
        join = Join(left=relation, right=right, kind=kind, within=within, condition=condition)
        relation = cursor.node(join, mark)
    if cursor.at(","):
        cursor.fail(hint="Sources are combined with JOIN … ON.")
    return relation


def _source(cursor: Cursor) -> SourceReference:
    mark = cursor.start
    if cursor.at("("):
        cursor.fail(
            "a query in FROM is not part of the language",
            hint="Make it a stream or table of its own with CREATE STREAM … AS SELECT.",
        )
    name = cursor.identifier("source")
    label = parse_alias(cursor, source=True)
    return cursor.node(SourceReference(source=name, label=label), mark)


def _join_kind(cursor: Cursor) -> JoinKind | None:
    for words, hint in _NOT_JOINS.items():
        if cursor.at(*words):
            cursor.fail(f"{' '.join(words)} is not part of the language", hint=hint)
    if cursor.accept("JOIN"):
        return JoinKind.INNER
    for kind in JoinKind:
        if cursor.accept(kind):
            if kind is not JoinKind.INNER:
                cursor.accept("OUTER")
            cursor.expect("JOIN")
            return kind
    return None


def _within(cursor: Cursor) -> Within:
    mark = cursor.start
    cursor.expect("WITHIN")
    after: Duration | None = None
    if cursor.accept("("):
        before = parse_duration(cursor)
        cursor.expect(",")
        after = parse_duration(cursor)
        cursor.expect(")")
    else:
        before = parse_duration(cursor)
    grace = parse_duration(cursor) if cursor.accept("GRACE", "PERIOD") else None
    return cursor.node(Within(before=before, after=after, grace=grace), mark)
