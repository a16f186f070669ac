"""What operators combine: literals, columns, calls, constructors, CASE, CAST, parts of values."""

from collections.abc import Callable

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.call import parse_call, parse_map, parse_struct
from streamsql.sql.dialect.clauses.type import parse_type
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.literals import LITERAL_TYPES, typed_literal


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
            made = exp.Dot(this=parsed, expression=cursor.identifier("field"))
        elif cursor.at("AT"):
            cursor.expect("AT", "TIME", "ZONE")
            made = exp.AtTimeZone(this=parsed, zone=cursor.string("a time zone"))
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
    if not cursor.at_identifier():
        cursor.fail(hint=_expression_hint(cursor))
    if cursor.peek(1) is not None and cursor.following.token_type == TokenType.L_PAREN:
        return parse_call(cursor)
    return _column(cursor)


def _literal(cursor: Cursor) -> exp.Expr | None:
    mark = cursor.start
    if cursor.token.token_type == TokenType.STRING:
        return cursor.string("a string")
    if cursor.at_number():
        return cursor.number()
    following = cursor.peek(1)
    if following is None or following.token_type != TokenType.STRING:
        return None
    for name in LITERAL_TYPES:
        if cursor.accept(name):
            literal_type = cursor.node(exp.DataType(this=LITERAL_TYPES[name]), mark)
            return cursor.node(typed_literal(cursor.string(f"a {name}"), literal_type), mark)
    return None


def _constant(made: Callable[[], exp.Expr]) -> Callable[[Cursor], exp.Expr]:
    def parse(cursor: Cursor) -> exp.Expr:
        mark = cursor.start
        cursor.read()
        return cursor.node(made(), mark)

    return parse


def _parenthesised(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    cursor.expect("(")
    if cursor.at("SELECT"):
        cursor.fail(
            "a query cannot be a value",
            hint="Make it a stream or table of its own, and join that.",
        )
    inner = cursor.parse_expression()
    if cursor.at(","):
        cursor.fail("a list cannot be a value", hint="Write ARRAY[…] or STRUCT(name := value, …).")
    cursor.expect(")")
    return cursor.node(exp.Paren(this=inner), mark)


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
    cursor.fail(
        "EXISTS and its query are not part of the language",
        hint="Join the two sources instead.",
    )


def _array(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    cursor.expect("ARRAY", "[")
    elements = [] if cursor.at("]") else cursor.separated(cursor.parse_expression)
    cursor.expect("]")
    return cursor.node(exp.Array(expressions=elements, bracket_notation=True), mark)


def _column(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    first = cursor.identifier("column")
    if not cursor.at("."):
        if cursor.is_variable(first.name):
            return first
        return cursor.node(exp.Column(this=first), mark)
    cursor.expect(".")
    column = cursor.node(exp.Column(this=cursor.identifier("column"), table=first), mark)
    if cursor.at("."):
        cursor.fail(hint="A field of a struct is written struct->field.")
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
