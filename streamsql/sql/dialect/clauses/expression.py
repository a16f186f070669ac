"""Operators, by precedence.

From loose to tight: OR, AND, NOT, the predicates (``= <> < … BETWEEN IN LIKE IS``; they do not
chain), ``||``, ``+ -``, ``* / %``, the signs. AND and OR are associative: a chain of them becomes a
balanced tree, so that a long one stays low.
"""

from sqlglot import exp

from streamsql.sql.dialect.clauses.primary import parse_postfix
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import expressions as ast

_LOGICAL: tuple[tuple[str, type[exp.Binary]], ...] = (("OR", exp.Or), ("AND", exp.And))
_COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ,
    "<>": exp.NEQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}
_ARITHMETIC: dict[str, tuple[int, type[exp.Binary]]] = {
    "||": (1, exp.DPipe),
    "+": (2, exp.Add),
    "-": (2, exp.Sub),
    "*": (3, exp.Mul),
    "/": (3, exp.Div),
    "%": (3, exp.Mod),
}
_PREDICATES = ("NOT", "BETWEEN", "IN", "LIKE", "IS", *_COMPARISONS)


def parse_expression(cursor: Cursor) -> exp.Expr:
    """Read any expression."""
    with cursor.nested():
        return _logical(cursor, 0)


def parse_value(cursor: Cursor) -> exp.Expr:
    """Read an expression without AND, OR, NOT and predicates, unless in parentheses."""
    with cursor.nested():
        return _arithmetic(cursor)


def _logical(cursor: Cursor, level: int) -> exp.Expr:
    """Read a chain of OR, whose parts are chains of AND, whose parts are negations."""
    if level == len(_LOGICAL):
        return _negation(cursor)
    word, kind = _LOGICAL[level]
    operands = [_logical(cursor, level + 1)]
    while cursor.accept(word):
        operands.append(_logical(cursor, level + 1))
    return _balanced(cursor, kind, operands)


def _balanced(cursor: Cursor, kind: type[exp.Binary], operands: list[exp.Expr]) -> exp.Expr:
    if len(operands) == 1:
        return operands[0]
    middle = (len(operands) + 1) // 2
    left = _balanced(cursor, kind, operands[:middle])
    right = _balanced(cursor, kind, operands[middle:])
    return cursor.join(kind(this=left, expression=right), left, right)


def _negation(cursor: Cursor) -> exp.Expr:
    marks = []
    while cursor.at("NOT"):
        marks.append(cursor.start)
        cursor.expect("NOT")
    parsed = _predicate(cursor)
    for mark in reversed(marks):
        parsed = cursor.node(exp.Not(this=parsed), mark)
    return parsed


def _predicate(cursor: Cursor) -> exp.Expr:
    mark = cursor.start
    left = _arithmetic(cursor)
    comparison = _COMPARISONS.get(cursor.keyword)
    if comparison is not None:
        cursor.read()
        made: exp.Expr = comparison(this=left, expression=_arithmetic(cursor))
    elif cursor.accept("IS"):
        made = _is(cursor, left)
    elif cursor.at_any(_PREDICATES):
        made = _negatable(cursor, left)
    else:
        return left
    parsed = cursor.node(made, mark)
    if cursor.at_any(_PREDICATES):
        cursor.fail(hint="Comparisons do not chain: combine them with AND, or use parentheses.")
    return parsed


def _is(cursor: Cursor, operand: exp.Expr) -> exp.Expr:
    negated = cursor.accept("NOT")
    if cursor.accept("NULL"):
        return ast.IsNull(operand=operand, negated=negated)
    cursor.expect("DISTINCT", "FROM")
    return ast.IsDistinct(left=operand, right=_arithmetic(cursor), negated=negated)


def _negatable(cursor: Cursor, operand: exp.Expr) -> exp.Expr:
    negated = cursor.accept("NOT")
    if cursor.accept("BETWEEN"):
        return _between(cursor, operand, negated=negated)
    if cursor.accept("IN"):
        return _in(cursor, operand, negated=negated)
    cursor.expect("LIKE")
    pattern = _arithmetic(cursor)
    escape = cursor.string("the escape character") if cursor.accept("ESCAPE") else None
    return ast.Like(operand=operand, pattern=pattern, escape=escape, negated=negated)


def _between(cursor: Cursor, operand: exp.Expr, *, negated: bool) -> exp.Expr:
    low = _arithmetic(cursor)
    cursor.expect("AND")
    high = _arithmetic(cursor)
    return ast.Between(operand=operand, low=low, high=high, negated=negated)


def _in(cursor: Cursor, operand: exp.Expr, *, negated: bool) -> exp.Expr:
    if cursor.at("(", "SELECT"):
        cursor.expect("(")
        cursor.fail("IN takes a list of values, not a query", hint="Join the two sources instead.")
    options = cursor.in_parentheses(cursor.parse_expression)
    return ast.InList(operand=operand, options=options, negated=negated)


def _arithmetic(cursor: Cursor, minimum: int = 1) -> exp.Expr:
    """Read operands joined by operators that bind at least as tightly as ``minimum``."""
    mark = cursor.start
    left = _signed(cursor)
    while True:
        level, kind = _ARITHMETIC.get(cursor.keyword, (0, exp.Add))
        if level < minimum:
            return left
        cursor.read()
        right = _arithmetic(cursor, level + 1)
        left = cursor.node(kind(this=left, expression=right), mark)


def _signed(cursor: Cursor) -> exp.Expr:
    signs: list[tuple[str, int]] = []
    while cursor.at_any(("-", "+")):
        signs.append((cursor.keyword, cursor.start))
        cursor.read()
    parsed = parse_postfix(cursor)
    for sign, mark in reversed(signs):
        made = exp.Neg(this=parsed) if sign == "-" else ast.Positive(operand=parsed)
        parsed = cursor.node(made, mark)
    return parsed
