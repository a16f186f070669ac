"""Calls ``f(a, x => b, DAYS, *)`` and what looks like them: the MAP and STRUCT constructors."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.keywords import RESERVED
from streamsql.sql.dialect.nodes.clauses import TimeUnit
from streamsql.sql.dialect.nodes.functions import make_call

UNITS = {unit.value: unit for unit in TimeUnit} | {f"{unit}S": unit for unit in TimeUnit}
"""Interval units by their words, singular and plural."""


def parse_call(cursor: Cursor) -> exp.Expr:
    """Read ``name(argument, …)``."""
    mark = cursor.start
    name = cursor.identifier("function")
    cursor.expect("(")
    arguments: list[exp.Expr] = []
    if cursor.at("*"):
        arguments = [_star(cursor)]
    elif not cursor.at(")"):
        arguments = cursor.separated(lambda: _argument(cursor))
    cursor.expect(")")
    call = cursor.node(make_call(name, arguments), mark)
    if cursor.at("OVER", "("):
        cursor.fail(
            "OVER is not part of the language", hint="Aggregate with GROUP BY and a WINDOW instead."
        )
    return call


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
    field = cursor.identifier("field")
    cursor.expect(":=")
    value = cursor.parse_expression()
    return cursor.node(exp.PropertyEQ(this=field, expression=value), mark)


def _star(cursor: Cursor) -> exp.Star:
    mark = cursor.start
    cursor.expect("*")
    return cursor.node(exp.Star(), mark)


def _argument(cursor: Cursor) -> exp.Expr:
    if cursor.at("DISTINCT"):
        cursor.fail(
            "DISTINCT is not allowed in a call", hint="COUNT_DISTINCT counts distinct values."
        )
    if cursor.keyword in UNITS and cursor.keyword in RESERVED:
        mark = cursor.start
        unit = UNITS[cursor.keyword]
        cursor.read()
        return cursor.node(exp.Var(this=f"{unit}S"), mark)
    if _at_lambda(cursor):
        return _lambda(cursor)
    return cursor.parse_expression()


def _at_lambda(cursor: Cursor) -> bool:
    """Tell whether ``x =>`` or ``(x, …) =>`` is next."""
    if cursor.at_identifier():
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
        parameters = cursor.in_parentheses(lambda: cursor.identifier("parameter"))
    else:
        parameters = [cursor.identifier("parameter")]
    cursor.expect("=>")
    with cursor.variables(parameters):
        body = cursor.parse_expression()
    return cursor.node(exp.Lambda(expressions=parameters, this=body), mark)
