"""Calls ``f(a, x => b, DAYS, *)`` and what looks like them: MAP, STRUCT, EXTRACT, UNNEST."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.order import parse_order
from streamsql.sql.dialect.clauses.over import parse_suffixes
from streamsql.sql.dialect.clauses.type import parse_type
from streamsql.sql.dialect.clauses.words import at_identifier, parse_identifier, parse_word
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.keywords import RESERVED
from streamsql.sql.dialect.nodes.clauses import UNITS
from streamsql.sql.dialect.nodes.functions import make_call
from streamsql.sql.dialect.tokens import is_word

KEYWORD_FUNCTIONS = frozenset({"LEFT", "RIGHT"})
"""Functions whose names are reserved; an opening parenthesis tells them from the keywords."""


def at_call(cursor: Cursor) -> bool:
    """Tell whether the name of a function and a parenthesis are next."""
    if not cursor.at("(", ahead=1):
        return False
    return at_identifier(cursor) or cursor.keyword in KEYWORD_FUNCTIONS


def parse_call(cursor: Cursor) -> exp.Expr:
    """Read ``name(argument, …)`` and what stands behind it."""
    mark = cursor.start
    keyword = cursor.keyword
    name = parse_word(cursor) if at_call(cursor) else parse_identifier(cursor, "function")
    cursor.expect("(")
    if keyword == "EXTRACT" and is_word(cursor.token) and cursor.at("FROM", ahead=1):
        return _extract(cursor, mark)
    arguments = _arguments(cursor)
    if keyword == "TRY_CAST" and len(arguments) == 1 and cursor.accept("AS"):
        target = parse_type(cursor)
        cursor.expect(")")
        return cursor.node(exp.TryCast(this=arguments[0], to=target, safe=True), mark)
    cursor.expect(")")
    return parse_suffixes(cursor, cursor.node(make_call(name, arguments), mark), mark)


def _arguments(cursor: Cursor) -> list[exp.Expr]:
    """Read what stands between the parentheses of a call."""
    if cursor.at("*"):
        return [parse_star(cursor)]
    if cursor.at(")"):
        return []
    mark = cursor.start
    distinct = cursor.accept("DISTINCT")
    arguments = cursor.separated(lambda: _argument(cursor))
    if distinct:
        arguments = [cursor.node(exp.Distinct(expressions=arguments), mark)]
    order = parse_order(cursor, arguments[-1]) if cursor.at("ORDER", "BY") else None
    return arguments if order is None else [*arguments[:-1], order]


def parse_star(cursor: Cursor) -> exp.Star:
    """Read ``*``."""
    mark = cursor.start
    cursor.expect("*")
    return cursor.node(exp.Star(), mark)


def _extract(cursor: Cursor, mark: int) -> exp.Extract:
    field_mark = cursor.start
    field = cursor.node(exp.Var(this=cursor.read().text.upper()), field_mark)
    cursor.expect("FROM")
    value = cursor.parse_expression()
    cursor.expect(")")
    return cursor.node(exp.Extract(this=field, expression=value), mark)


def parse_unnest(cursor: Cursor) -> exp.Unnest:
    """Read ``UNNEST(array, …) [WITH ORDINALITY]``."""
    mark = cursor.start
    cursor.expect("UNNEST")
    arrays = cursor.in_parentheses(cursor.parse_expression)
    ordinality = cursor.accept("WITH", "ORDINALITY")
    return cursor.node(exp.Unnest(expressions=arrays, offset=ordinality), mark)


def parse_map(cursor: Cursor) -> exp.Expr:
    """Read ``MAP(key := value, …)``."""
    mark = cursor.start
    cursor.expect("MAP", "(")
    entries = [] if cursor.at(")") else cursor.separated(lambda: _map_entry(cursor))
    keys = cursor.node(exp.Array(expressions=[key for key, _ in entries]), mark)
    values = cursor.node(exp.Array(expressions=[value for _, value in entries]), mark)
    cursor.expect(")")
    return cursor.node(exp.Map(keys=keys, values=values), mark)


def parse_struct(cursor: Cursor) -> exp.Expr:
    """Read ``STRUCT(field := value, …)``."""
    mark = cursor.start
    cursor.expect("STRUCT", "(")
    entries = [] if cursor.at(")") else cursor.separated(lambda: _struct_entry(cursor))
    cursor.expect(")")
    return cursor.node(exp.Struct(expressions=entries), mark)


def _map_entry(cursor: Cursor) -> tuple[exp.Expr, exp.Expr]:
    key = cursor.parse_expression()
    cursor.expect(":=")
    return key, cursor.parse_expression()


def _struct_entry(cursor: Cursor) -> exp.PropertyEQ:
    mark = cursor.start
    field = parse_identifier(cursor, "field")
    cursor.expect(":=")
    value = cursor.parse_expression()
    return cursor.node(exp.PropertyEQ(this=field, expression=value), mark)


def _argument(cursor: Cursor) -> exp.Expr:
    if cursor.keyword in UNITS and cursor.keyword in RESERVED:
        mark = cursor.start
        unit = UNITS[cursor.read().text.upper()]
        return cursor.node(exp.Var(this=f"{unit}S"), mark)
    if _at_lambda(cursor):
        return _lambda(cursor)
    return cursor.parse_expression()


def _at_lambda(cursor: Cursor) -> bool:
    """Tell whether ``x =>`` or ``(x, …) =>`` is next."""
    if at_identifier(cursor):
        return cursor.following.token_type == TokenType.FARROW
    if not cursor.at("("):
        return False
    ahead = 1
    while (token := cursor.peek(ahead)) is not None and token.token_type in (
        TokenType.VAR,
        TokenType.IDENTIFIER,
        TokenType.COMMA,
    ):
        ahead += 1
    arrow = cursor.peek(ahead + 1)
    return arrow is not None and arrow.token_type == TokenType.FARROW


def _lambda(cursor: Cursor) -> exp.Lambda:
    mark = cursor.start
    if cursor.at("("):
        parameters = cursor.in_parentheses(lambda: parse_identifier(cursor, "parameter"))
    else:
        parameters = [parse_identifier(cursor, "parameter")]
    cursor.expect("=>")
    with cursor.variables(parameters):
        body = cursor.parse_expression()
    return cursor.node(exp.Lambda(expressions=parameters, this=body), mark)
