"""Literals as operands of everything: the same values as ever, and text that Python likes.

Python warns of text such as ``0 is None`` when it compiles it, and warnings are errors here.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from streamsql.expr.nodes import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Between,
    Case,
    ColumnRef,
    Comparison,
    ComparisonOperator,
    Distinct,
    Expression,
    FieldRef,
    InList,
    IsNull,
    Like,
    Literal,
    MakeArray,
    MakeMap,
    MakeStruct,
    Negate,
    Not,
    Or,
    Subscript,
    When,
)
from streamsql.expr.values import casts
from streamsql.types import sqltypes
from streamsql.types.sqltypes import (
    BIGINT,
    BOOLEAN,
    BYTES,
    DATE,
    DOUBLE,
    INTEGER,
    STRING,
    TIME,
    TIMESTAMP,
    Array,
    Field,
    Map,
    SqlType,
    Struct,
)
from tests.codegen.build import cast, evaluate, evaluate_by_parts, text_of
from tests.codegen.interpreter import Interpreter

VALUES: dict[SqlType, tuple[Any, ...]] = {
    BOOLEAN: (True, False),
    INTEGER: (0, 7, -7),
    BIGINT: (0, 2**40, -(2**63)),
    DOUBLE: (0.0, 1.5, -2.0),
    sqltypes.Decimal(6, 2): (Decimal("0.00"), Decimal("-1.50")),
    STRING: ("", "a b", "it's %"),
    BYTES: (b"", b"a"),
    DATE: (0, 19_000),
    TIME: (0, 3_600_000),
    TIMESTAMP: (0, 1_700_000_000_000),
    Array(INTEGER): ([], [1, None]),
    Map(STRING, INTEGER): ({}, {"a": 1}),
    Struct((Field("F", INTEGER),)): ((1,), (None,)),
}
NUMBERS: tuple[SqlType, ...] = (INTEGER, BIGINT, DOUBLE, sqltypes.Decimal(6, 2))
TYPES = [pytest.param(sql_type, id=str(sql_type)) for sql_type in VALUES]
TRUE, FALSE = Literal(True, BOOLEAN), Literal(False, BOOLEAN)


def literals(sql_type: SqlType) -> list[Literal]:
    return [Literal(value, sql_type) for value in (*VALUES[sql_type], None)]


def operators(a: Expression, b: Expression) -> Iterator[Expression]:
    """Everything that takes operands of one type, whichever."""
    kind = a.type
    yield from (Comparison(operator, a, b) for operator in _comparisons(kind))
    for negated in (True, False):
        yield IsNull(a, negated)
        yield Distinct(a, b, negated)
        yield InList(a, (b,), negated)
        yield InList(a, (b, ColumnRef("X", kind)), negated)
        if not isinstance(kind, Array | Map | Struct):
            yield Between(a, b, a, negated)
            yield Between(b, a, a, negated)
    yield Case((When(TRUE, a),), b, kind)
    yield Case((When(IsNull(a, False), b), When(FALSE, a)), None, kind)
    yield MakeArray((a, b), Array(kind))
    yield MakeMap(((Literal("k", STRING), a),), Map(STRING, kind))
    yield Subscript(MakeArray((a, b), Array(kind)), Literal(1, INTEGER), kind)
    yield Subscript(
        MakeMap(((Literal("k", STRING), a),), Map(STRING, kind)), Literal("k", STRING), kind
    )
    pair = MakeStruct((a, b), Struct((Field("A", kind), Field("B", kind))))
    yield from (pair, FieldRef(pair, "A", 0, kind), FieldRef(pair, "B", 1, kind))
    yield from (cast(a, target) for target in VALUES if casts.can_cast(kind, target))


def _comparisons(kind: SqlType) -> Iterator[ComparisonOperator]:
    ordered = not isinstance(kind, Array | Map | Struct) and kind != BOOLEAN
    for operator in ComparisonOperator:
        if ordered or operator in (ComparisonOperator.EQUAL, ComparisonOperator.NOT_EQUAL):
            yield operator


def operators_of_the_type(a: Expression, b: Expression) -> Iterator[Expression]:
    """Everything that only takes operands of that type."""
    kind = a.type
    if kind in NUMBERS:
        yield Negate(a, kind)
        yield from (Arithmetic(operator, a, b, kind) for operator in ArithmeticOperator)
    if kind == STRING:
        yield Arithmetic(ArithmeticOperator.ADD, a, b, kind)
        for pattern, negated in product(("%a%", "a%", "%b", "a b", "a_b", "%"), (True, False)):
            yield Like(a, Literal(pattern, STRING), None, negated)
        yield Like(a, b, None, False)
    if kind == BOOLEAN:
        yield from (And(a, b), Or(a, b), Not(a))


def null_tests(operand: Expression) -> Iterator[Expression]:
    """What asks whether an operation gave NULL."""
    yield IsNull(operand, True)
    yield Distinct(operand, Literal(None, operand.type), False)
    yield InList(operand, (operand,), False)
    yield Subscript(MakeArray((operand,), Array(operand.type)), Literal(1, INTEGER), operand.type)
    if casts.can_cast(operand.type, STRING):
        yield cast(operand, STRING)


def check(expression: Expression, row: Mapping[str, Any]) -> None:
    """Compare both forms with the interpreter; what fails there is only compiled."""
    for guarded, evaluated in ((False, evaluate), (True, evaluate_by_parts)):
        try:
            expected = repr(Interpreter(row, guarded=guarded).value(expression))
        except Exception:  # noqa: BLE001
            compile(text_of(expression, {"X": "x"}), "text", "eval")
        else:
            assert repr(evaluated(expression, row)) == expected, expression


@pytest.mark.parametrize("sql_type", TYPES)
def test_operators_of_literals(sql_type: SqlType) -> None:
    for a, b in product(literals(sql_type), repeat=2):
        row = {"X": a.value}
        for operation in (*operators(a, b), *operators_of_the_type(a, b)):
            check(operation, row)
            for asking in null_tests(operation):
                check(asking, row)
