"""ASSERT: what must hold of a topic, a schema, or (in tests) of a source and its output."""

from sqlglot import exp

from streamsql.sql.dialect.clauses.declaration import (
    parse_names,
    parse_properties,
    parse_row,
)
from streamsql.sql.dialect.clauses.duration import parse_duration
from streamsql.sql.dialect.clauses.relation import parse_table
from streamsql.sql.dialect.clauses.words import parse_integer
from streamsql.sql.dialect.commands.session import parse_topic
from streamsql.sql.dialect.commands.sources import parse_declaration
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import statements
from streamsql.types.record import SourceKind


def parse_assert(cursor: Cursor) -> exp.Expr:
    """Read ASSERT."""
    mark = cursor.start
    cursor.expect("ASSERT")
    negated = cursor.accept("NOT", "EXISTS")
    if cursor.accept("TOPIC"):
        return cursor.node(_topic(cursor, negated=negated), mark)
    if cursor.accept("SCHEMA"):
        return cursor.node(_schema(cursor, negated=negated), mark)
    if negated:
        raise cursor.error()
    if cursor.accept("NULL", "VALUES"):
        return cursor.node(_null_values(cursor), mark)
    if cursor.accept("VALUES"):
        return cursor.node(_values(cursor), mark)
    kind = SourceKind(cursor.choose(SourceKind))
    declared_mark = cursor.start
    target, properties = parse_declaration(cursor, kind)
    declaration = exp.Create(this=target, kind=kind.value, properties=properties)
    placed = cursor.node(declaration, declared_mark)
    return cursor.node(statements.AssertSource(declaration=placed), mark)


def _topic(cursor: Cursor, *, negated: bool) -> exp.Expr:
    return statements.AssertTopic(
        topic=parse_topic(cursor),
        negated=negated,
        properties=parse_properties(cursor),
        timeout=_timeout(cursor),
    )


def _schema(cursor: Cursor, *, negated: bool) -> exp.Expr:
    subject = parse_topic(cursor, "subject") if cursor.accept("SUBJECT") else None
    schema_id = parse_integer(cursor, "a schema id") if cursor.accept("ID") else None
    if subject is None and schema_id is None:
        raise cursor.error()
    return statements.AssertSchema(
        subject=subject, schema_id=schema_id, negated=negated, timeout=_timeout(cursor)
    )


def _timeout(cursor: Cursor) -> exp.Interval | None:
    return parse_duration(cursor) if cursor.accept("TIMEOUT") else None


def _values(cursor: Cursor) -> exp.Expr:
    source = parse_table(cursor, "source")
    columns = parse_names(cursor)
    cursor.expect("VALUES")
    return statements.AssertValues(source_name=source, columns=columns, row=parse_row(cursor))


def _null_values(cursor: Cursor) -> exp.Expr:
    source = parse_table(cursor, "source")
    columns = parse_names(cursor)
    cursor.expect("KEY")
    return statements.AssertNullValues(source_name=source, columns=columns, row=parse_row(cursor))
