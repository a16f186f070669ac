"""What operators combine: literals, columns, calls, constructors, CASE, CAST, parts of values."""

from collections.abc import Callable

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.call import at_call, parse_call, parse_map, parse_struct
from streamsql.sql.dialect.clauses.duration import interval
from streamsql.sql.dialect.clauses.type import parse_type
from streamsql.sql.dialect.clauses.words import (
    at_identifier,
    at_number,
    parse_identifier,
    parse_number,
    parse_string,
)
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import UNITS
from streamsql.sql.dialect.nodes.literals import LITERAL_TYPES, typed_literal

_GOES_ON = frozenset({"UNION", "EXCEPT", "INTERSECT", "ORDER", "EMIT", "LIMIT", "OFFSET", "FETCH"})
"""What a query that begins with a query in parentheses goes on with."""


def parse_postfix(cursor: Cursor) -> exp.Expr:
    """Read a primary expression with any ``[…]``, ``->field`` and ``AT TIME ZONE`` after it.

    ``->*`` is left alone: it is for the SELECT list.
    """
    mark = cursor.start
    parsed = _primary(cursor)
    while True:
        if cursor.at("["):
            cursor.expect("[")
            position = cursor.parse_expression()
            cursor.expect("]")
            made: exp.Expr = exp.Bracket(this=parsed, expressions=[position], offset=1)
        elif cursor.at("->") and not cursor.at("->", "*"):
            cursor.expect("->")
            made = exp.Dot(this=parsed, expression=parse_identifier(cursor, "field"))
        elif cursor.at("::"):
            cursor.expect("::")
            made = exp.Cast(this=parsed, to=parse_type(cursor))
        elif cursor.at("AT"):
            cursor.expect("AT", "TIME", "ZONE")
            made = exp.AtTimeZone(this=parsed, zone=parse_string(cursor, "a time zone"))
        else:
            return parsed
        parsed = cursor.node(made, mark)


def _primary(cursor: Cursor) -> exp.Expr:
    literal = _literal(cursor)
    if literal is not None:
        return literal
    parse = _KEYWORDS.get(cursor.keyword)
    if parse is not None:
        return parse(cursor)
    for opening, parse_constructor in _CONSTRUCTORS.items():
        if cursor.at(*opening):
            return parse_constructor(cursor)
    if at_call(cursor):
        return parse_call(cursor)
    if not at_identifier(cursor):
        raise cursor.error(hint=_expression_hint(cursor))
    if cursor.at("INTERVAL") and _at_amount(cursor):
        return _interval(cursor)
    return _column(cursor)


def _at_amount(cursor: Cursor) -> bool:
    """Tell whether a string or number follows the next token."""
    following = cursor.peek(1)
    return following is not None and following.token_type in (TokenType.STRING, TokenType.NUMBER)


def _interval(cursor: Cursor) -> exp.Interval:
    mark = cursor.start
    cursor.expect("INTERVAL")
    at_string = cursor.token.token_type == TokenType.STRING
    amount = parse_string(cursor, "a length") if at_string else parse_number(cursor)
    unit_mark = cursor.start
    unit = cursor.node(exp.Var(this=UNITS[cursor.choose(UNITS)].value), unit_mark)
    return cursor.node(interval(amount, unit), mark)


def _literal(cursor: Cursor) -> exp.Expr | None:
    mark = cursor.start
    if cursor.token.token_type == TokenType.STRING:
        return parse_string(cursor, "a string")
    if at_number(cursor):
        return parse_number(cursor)
    following = cursor.peek(1)
    if following is None or following.token_type != TokenType.STRING:
        return None
    for name in LITERAL_TYPES:
        if cursor.accept(name):
            literal_type = cursor.node(exp.DataType(this=LITERAL_TYPES[name]), mark)
            return cursor.node(typed_literal(parse_string(cursor, f"a {name}"), literal_type), mark)
    return None


def _constant(made: Callable[[], exp.Expr]) -> Callable[[Cursor], exp.Expr]:
    def parse(cursor: Cursor) -> exp.Expr:
        mark = cursor.start
        cursor.read()
        return cursor.node(made(), mark)

    return parse


def at_query(cursor: Cursor) -> bool:
    """Tell whether a query in parentheses is next."""
    return cursor.at("(", "SELECT") or cursor.at("(", "WITH")


def parse_subquery(cursor: Cursor) -> exp.Subquery:
    """Read a query in parentheses."""
    mark = cursor.start
    cursor.expect("(")
    query = cursor.parse_query()
    cursor.expect(")")
    return cursor.node(exp.Subquery(this=query), mark)


def parse_enclosed(cursor: Cursor) -> exp.Subquery | list[exp.Expr]:
    """Read a query or expressions in parentheses."""
    if at_query(cursor):
        return parse_subquery(cursor)
    mark = cursor.start
    cursor.expect("(")
    first = cursor.parse_expression()
    if isinstance(first, exp.Subquery) and cursor.keyword in _GOES_ON:
        query = cursor.parse_query(first)
        cursor.expect(")")
        return cursor.node(exp.Subquery(this=query), mark)
    found = [first]
    while cursor.at(","):
        cursor.expect(",")
        found.append(cursor.parse_expression())
    cursor.expect(")")
    return found


def _parenthesised(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    enclosed = parse_enclosed(cursor)
    if isinstance(enclosed, exp.Subquery):
        return enclosed
    if len(enclosed) == 1:
        return cursor.node(exp.Paren(this=enclosed[0]), mark)
    return cursor.node(exp.Tuple(expressions=enclosed), mark)


def _case(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    cursor.expect("CASE")
    operand = None if cursor.at("WHEN") else cursor.parse_expression()
    whens = [_when(cursor)]
    while cursor.at("WHEN"):
        whens.append(_when(cursor))
    fallback = cursor.parse_expression() if cursor.accept("ELSE") else None
    if fallback is None:
        cursor.accept("WHEN")  # noted for the error below
    cursor.expect("END")
    return cursor.node(exp.Case(this=operand, ifs=whens, default=fallback), mark)


def _when(cursor: Cursor) -> exp.If:
    mark = cursor.start
    cursor.expect("WHEN")
    condition = cursor.parse_expression()
    cursor.expect("THEN")
    result = cursor.parse_expression()
    return cursor.node(exp.If(this=condition, true=result), mark)


def _cast(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    cursor.expect("CAST", "(")
    operand = cursor.parse_expression()
    cursor.expect("AS")
    target = parse_type(cursor)
    cursor.expect(")")
    return cursor.node(exp.Cast(this=operand, to=target), mark)


def _exists(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    cursor.expect("EXISTS", "(")
    query = cursor.parse_query()
    cursor.expect(")")
    return cursor.node(exp.Exists(this=query), mark)


def _array(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    cursor.expect("ARRAY", "[")
    elements = [] if cursor.at("]") else cursor.separated(cursor.parse_expression)
    cursor.expect("]")
    return cursor.node(exp.Array(expressions=elements, bracket_notation=True), mark)


def _column(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    first = parse_identifier(cursor, "column")
    if not cursor.at("."):
        if cursor.is_variable(first.name):
            return first
        return cursor.node(exp.Column(this=first), mark)
    cursor.expect(".")
    column = cursor.node(exp.Column(this=parse_identifier(cursor, "column"), table=first), mark)
    if cursor.at("."):
        raise cursor.error(hint="A field of a struct is written struct->field.")
    return column


def _expression_hint(cursor: Cursor) -> str | None:
    word = cursor.keyword
    if not word.isidentifier():
        return "Expected an expression."
    return f"Expected an expression; a column of that name is written `{word}`."


_KEYWORDS: dict[str, Callable[[Cursor], exp.Expr]] = {
    "(": _parenthesised,
    "CASE": _case,
    "CAST": _cast,
    "EXISTS": _exists,
    "FALSE": _constant(lambda: exp.Boolean(this=False)),
    "NULL": _constant(exp.Null),
    "TRUE": _constant(lambda: exp.Boolean(this=True)),
}
_CONSTRUCTORS: dict[tuple[str, str], Callable[[Cursor], exp.Expr]] = {
    ("ARRAY", "["): _array,
    ("MAP", "("): parse_map,
    ("STRUCT", "("): parse_struct,
}
