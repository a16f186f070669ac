"""Calls ``f(a, x => b, DAYS, *)`` and what looks like them: the MAP and STRUCT constructors."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.keywords import RESERVED
from streamsql.sql.dialect.nodes import expressions as ast

UNITS = {unit.value: unit for unit in ast.TimeUnit} | {f"{unit}S": unit for unit in ast.TimeUnit}
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
    call = cursor.node(ast.FunctionCall(function=name, arguments=arguments), mark)
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
    cursor.expect(")")
    return cursor.node(ast.MapConstructor(entries=entries), mark)


def parse_struct(cursor: Cursor) -> exp.Expr:
    """Read ``STRUCT(field := value, …)``."""
    mark = cursor.start
    cursor.expect("STRUCT", "(")
    entries = [] if cursor.at(")") else cursor.separated(lambda: _struct_entry(cursor))
    cursor.expect(")")
    return cursor.node(ast.StructConstructor(entries=entries), mark)


def _map_entry(cursor: Cursor) -> ast.MapEntry:
    mark = cursor.start
    key = cursor.parse_expression()
    cursor.expect(":=")
    value = cursor.parse_expression()
    return cursor.node(ast.MapEntry(entry_key=key, entry_value=value), mark)


def _struct_entry(cursor: Cursor) -> ast.StructEntry:
    mark = cursor.start
    field = cursor.identifier("field")
    cursor.expect(":=")
    value = cursor.parse_expression()
    return cursor.node(ast.StructEntry(field=field, value=value), mark)


def _star(cursor: Cursor) -> ast.Star:
    mark = cursor.start
    cursor.expect("*")
    return cursor.node(ast.Star(), mark)


def _argument(cursor: Cursor) -> exp.Expr:
    if cursor.at("DISTINCT"):
        cursor.fail(
            "DISTINCT is not allowed in a call", hint="COUNT_DISTINCT counts distinct values."
        )
    if cursor.keyword in UNITS and cursor.keyword in RESERVED:
        mark = cursor.start
        unit = UNITS[cursor.keyword]
        cursor.read()
        return cursor.node(ast.UnitArgument(unit=unit), mark)
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


def _lambda(cursor: Cursor) -> ast.LambdaFunction:
    mark = cursor.start
    if cursor.at("("):
        parameters = cursor.in_parentheses(lambda: cursor.identifier("parameter"))
    else:
        parameters = [cursor.identifier("parameter")]
    cursor.expect("=>")
    body = cursor.parse_expression()
    return cursor.node(ast.LambdaFunction(parameters=parameters, body=body), mark)
