"""What declarations are made of: WITH properties, column lists, IF [NOT] EXISTS."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.type import parse_type
from streamsql.sql.dialect.clauses.words import (
    at_number,
    parse_identifier,
    parse_number,
    parse_string,
)
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import WithProperties
from streamsql.sql.dialect.nodes.statements import ColumnRole, RoleConstraint


def parse_if_exists(cursor: Cursor) -> bool:
    """Read ``IF EXISTS`` if it is there."""
    return cursor.accept("IF", "EXISTS")


def parse_if_not_exists(cursor: Cursor) -> bool:
    """Read ``IF NOT EXISTS`` if it is there."""
    return cursor.accept("IF", "NOT", "EXISTS")


def parse_properties(cursor: Cursor) -> exp.Properties | None:
    """Read ``WITH (name = value, …)`` if it is there."""
    mark = cursor.start
    if not cursor.accept("WITH"):
        return None
    entries = cursor.in_parentheses(lambda: _property(cursor))
    return cursor.node(WithProperties(expressions=entries), mark)


def parse_elements(cursor: Cursor) -> list[exp.ColumnDef] | None:
    """Read ``(column type [KEY | …], …)`` if it is there."""
    if not cursor.at("("):
        return None
    return cursor.in_parentheses(lambda: _element(cursor))


def parse_column(cursor: Cursor) -> exp.ColumnDef:
    """Read ``column type``."""
    mark = cursor.start
    name = parse_identifier(cursor, "column")
    column_type = parse_type(cursor)
    return cursor.node(exp.ColumnDef(this=name, kind=column_type), mark)


def parse_names(cursor: Cursor) -> list[exp.Identifier] | None:
    """Read ``(column, …)`` if it is there."""
    if not cursor.at("("):
        return None
    return cursor.in_parentheses(lambda: parse_identifier(cursor, "column"))


def parse_row(cursor: Cursor) -> list[exp.Expr]:
    """Read ``(expression, …)``, once."""
    row = cursor.in_parentheses(cursor.parse_expression)
    if cursor.at(","):
        raise cursor.error("only one row can be given", hint="Write one statement for each row.")
    return row


def _property(cursor: Cursor) -> exp.Property:
    mark = cursor.start
    if cursor.token.token_type == TokenType.STRING:
        if not cursor.token.text:
            raise cursor.error("the name of the property is empty")
        name = cursor.node(exp.Identifier(this=cursor.read().text, quoted=True), mark)
    else:
        name = parse_identifier(cursor, "property")
    cursor.expect("=")
    return cursor.node(exp.Property(this=name, value=_value(cursor)), mark)


def _value(cursor: Cursor) -> exp.Expr:
    """Read the literal of a property."""
    mark = cursor.start
    if cursor.token.token_type == TokenType.STRING:
        return parse_string(cursor, "a value")
    if cursor.accept("-"):
        return cursor.node(exp.Neg(this=_number(cursor)), mark)
    if cursor.accept("TRUE"):
        return cursor.node(exp.Boolean(this=True), mark)
    if cursor.accept("FALSE"):
        return cursor.node(exp.Boolean(this=False), mark)
    if cursor.accept("NULL"):
        return cursor.node(exp.Null(), mark)
    return _number(cursor)


def _number(cursor: Cursor) -> exp.Literal:
    if not at_number(cursor):
        raise cursor.error(hint="Expected a string in single quotes, a number, TRUE or FALSE.")
    return parse_number(cursor)


def _element(cursor: Cursor) -> exp.ColumnDef:
    mark = cursor.start
    name = parse_identifier(cursor, "column")
    column_type = parse_type(cursor)
    role_mark = cursor.start
    role = _role(cursor)
    if role is None:
        return cursor.node(exp.ColumnDef(this=name, kind=column_type), mark)
    constraint = cursor.node(exp.ColumnConstraint(kind=cursor.node(role, role_mark)), role_mark)
    return cursor.node(exp.ColumnDef(this=name, kind=column_type, constraints=[constraint]), mark)


def _role(cursor: Cursor) -> exp.PrimaryKeyColumnConstraint | RoleConstraint | None:
    if cursor.accept("PRIMARY", "KEY"):
        return exp.PrimaryKeyColumnConstraint()
    if cursor.accept("KEY"):
        return RoleConstraint(role=ColumnRole.KEY)
    if cursor.accept("HEADERS"):
        return RoleConstraint(role=ColumnRole.HEADERS)
    if cursor.accept("HEADER"):
        cursor.expect("(")
        key = parse_string(cursor, "the key of a header")
        cursor.expect(")")
        return RoleConstraint(role=ColumnRole.HEADER, header_key=key)
    if cursor.at("NOT", "NULL"):
        raise cursor.error(
            "NOT NULL is not part of a column's declaration",
            hint="Any column may be NULL; filter with WHERE … IS NOT NULL.",
        )
    return None
