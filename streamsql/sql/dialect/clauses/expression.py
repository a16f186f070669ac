"""Operators, by precedence.

From loose to tight: OR, AND, NOT, the predicates (``= <> < … BETWEEN IN LIKE IS``; they do not
chain), ``||``, ``+ -``, ``* / %``, the signs. AND and OR are associative: a chain of them becomes a
balanced tree, so that a long one stays low.
"""

from sqlglot import exp

from streamsql.sql.dialect.clauses.primary import parse_enclosed, parse_postfix
from streamsql.sql.dialect.clauses.words import parse_string
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes.clauses import Positive
from streamsql.sql.dialect.nodes.node import span

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
    elif cursor.keyword in _PREDICATES:
        made = _negatable(cursor, left)
    else:
        return left
    parsed = cursor.node(made, mark)
    if cursor.keyword in _PREDICATES:
        raise cursor.error(
            hint="Comparisons do not chain: combine them with AND, or use parentheses."
        )
    return parsed


def _is(cursor: Cursor, operand: exp.Expr) -> exp.Expr:
    negated = cursor.accept("NOT")
    truth = _truth(cursor)
    if truth is not None:
        return _negated(cursor, exp.Is(this=operand, expression=truth), operand, negated=negated)
    cursor.expect("DISTINCT", "FROM")
    kind = exp.NullSafeEQ if negated else exp.NullSafeNEQ
    return kind(this=operand, expression=_arithmetic(cursor))


def _truth(cursor: Cursor) -> exp.Null | exp.Boolean | None:
    """Read what IS compares with; UNKNOWN is what NULL is called as a truth value."""
    mark = cursor.start
    if cursor.accept("NULL") or cursor.accept("UNKNOWN"):
        return cursor.node(exp.Null(), mark)
    for word in ("TRUE", "FALSE"):
        if cursor.accept(word):
            return cursor.node(exp.Boolean(this=word == "TRUE"), mark)
    return None


def _negated(cursor: Cursor, made: exp.Expr, operand: exp.Expr, *, negated: bool) -> exp.Expr:
    """Return a predicate, or NOT of it; then both are read from the same text."""
    return exp.Not(this=cursor.node(made, span(operand).start)) if negated else made


def _negatable(cursor: Cursor, operand: exp.Expr) -> exp.Expr:
    negated = cursor.accept("NOT")
    if cursor.accept("BETWEEN"):
        return _between(cursor, operand, negated=negated)
    if cursor.accept("IN"):
        return _in(cursor, operand, negated=negated)
    cursor.expect("LIKE")
    pattern = _arithmetic(cursor)
    like = exp.Like(this=operand, expression=pattern, negate=negated)
    if not cursor.accept("ESCAPE"):
        return like
    placed = cursor.join(like, operand, pattern)
    return exp.Escape(this=placed, expression=parse_string(cursor, "the escape character"))


def _between(cursor: Cursor, operand: exp.Expr, *, negated: bool) -> exp.Expr:
    low = _arithmetic(cursor)
    cursor.expect("AND")
    high = _arithmetic(cursor)
    made = exp.Between(this=operand, low=low, high=high)
    return _negated(cursor, made, operand, negated=negated)


def _in(cursor: Cursor, operand: exp.Expr, *, negated: bool) -> exp.Expr:
    enclosed = parse_enclosed(cursor)
    if isinstance(enclosed, exp.Subquery):
        made = exp.In(this=operand, query=enclosed)
    else:
        made = exp.In(this=operand, expressions=enclosed)
    return _negated(cursor, made, operand, negated=negated)


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
    while cursor.keyword in ("-", "+"):
        signs.append((cursor.keyword, cursor.start))
        cursor.read()
    parsed = parse_postfix(cursor)
    for sign, mark in reversed(signs):
        made = exp.Neg(this=parsed) if sign == "-" else Positive(operand=parsed)
        parsed = cursor.node(made, mark)
    return parsed
