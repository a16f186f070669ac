"""Random expressions on random rows: generated code against the interpreter, and both forms."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.codegen.expressions.failure import may_fail
from streamsql.expr.nodes import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Between,
    Case,
    Comparison,
    ComparisonOperator,
    Distinct,
    Expression,
    InList,
    IsNull,
    Like,
    MakeArray,
    Negate,
    Not,
    Or,
    Subscript,
    When,
)
from streamsql.types import sqltypes
from streamsql.types.sqltypes import BIGINT, BOOLEAN, DOUBLE, INTEGER, STRING, Array, SqlType
from tests.codegen.build import (
    PRICE,
    cast,
    column,
    constant,
    evaluate,
    evaluate_by_parts,
    evaluate_tried,
)
from tests.codegen.interpreter import Interpreter

Expressions = st.SearchStrategy[Expression]

INTEGERS = st.sampled_from([0, 1, -1, 2, 3, -7, 1000, 2**31 - 1, -(2**31)])
BIGINTS = INTEGERS | st.sampled_from([2**63 - 1, -(2**63), 2**40])
DOUBLES = st.sampled_from([0.0, -0.0, 1.0, -2.5, 1e300, -1e300, float("inf"), float("nan")])
STRINGS = st.sampled_from(["", "a", "ab", "12", "-3", "1.5", "true", "x%y", "a_b"])
PATTERNS = st.sampled_from(["%", "a%", "%b", "%a%", "_", "a_b", "a!_b", "a%b%"])
PRICES = st.integers(-999_999, 999_999).map(lambda cents: Decimal(cents).scaleb(-2))

VALUES: dict[SqlType, st.SearchStrategy[Any]] = {
    INTEGER: INTEGERS,
    BIGINT: BIGINTS,
    DOUBLE: DOUBLES,
    STRING: STRINGS,
    BOOLEAN: st.booleans(),
    PRICE: PRICES,
    Array(INTEGER): st.lists(st.none() | INTEGERS, max_size=3),
}
COLUMNS: dict[SqlType, str] = {
    INTEGER: "I",
    BIGINT: "L",
    DOUBLE: "D",
    STRING: "S",
    BOOLEAN: "B",
    PRICE: "X",
    Array(INTEGER): "A",
}
ROWS = st.fixed_dictionaries(
    {name: st.none() | VALUES[sql_type] for sql_type, name in COLUMNS.items()}
)
COMPARABLE: list[SqlType] = [INTEGER, BIGINT, DOUBLE, STRING, PRICE]


@cache
def expressions(sql_type: SqlType, depth: int) -> Expressions:
    leaves: Expressions = st.just(column(COLUMNS[sql_type])) | VALUES[sql_type].map(
        lambda value: constant(value, sql_type)
    )
    if depth == 0:
        return leaves
    return leaves | COMPOUND[sql_type](depth - 1) | cases(sql_type, depth - 1)


def cases(sql_type: SqlType, depth: int) -> Expressions:
    arms = st.builds(When, expressions(BOOLEAN, depth), expressions(sql_type, depth))
    default = st.none() | expressions(sql_type, depth)
    return st.builds(
        lambda whens, last: Case(tuple(whens), last, sql_type),
        st.lists(arms, min_size=1, max_size=2),
        default,
    )


def operations(sql_type: SqlType, depth: int) -> Expressions:
    operands = expressions(sql_type, depth)
    operators = st.sampled_from(ArithmeticOperator)
    return st.builds(Arithmetic, operators, operands, operands, st.just(sql_type)) | st.builds(
        Negate, operands, st.just(sql_type)
    )


def integers(depth: int) -> Expressions:
    array = expressions(Array(INTEGER), depth)
    return (
        operations(INTEGER, depth)
        | expressions(STRING, depth).map(lambda e: cast(e, INTEGER))
        | expressions(DOUBLE, depth).map(lambda e: cast(e, INTEGER))
        | st.builds(Subscript, array, expressions(INTEGER, depth), st.just(INTEGER))
    )


def bigints(depth: int) -> Expressions:
    return operations(BIGINT, depth) | expressions(INTEGER, depth).map(lambda e: cast(e, BIGINT))


def doubles(depth: int) -> Expressions:
    return operations(DOUBLE, depth) | expressions(BIGINT, depth).map(lambda e: cast(e, DOUBLE))


def strings(depth: int) -> Expressions:
    operands = expressions(STRING, depth)
    add = st.just(ArithmeticOperator.ADD)
    return st.builds(Arithmetic, add, operands, operands, st.just(STRING)) | expressions(
        INTEGER, depth
    ).map(lambda e: cast(e, STRING))


def prices(depth: int) -> Expressions:
    operands = expressions(PRICE, depth)
    return st.builds(
        lambda operator, left, right: cast(
            Arithmetic(operator, left, right, sqltypes.Decimal(15, 4)), PRICE
        ),
        st.sampled_from(ArithmeticOperator),
        operands,
        operands,
    )


def arrays(depth: int) -> Expressions:
    element = expressions(INTEGER, depth)
    return st.lists(element, max_size=3).map(lambda e: MakeArray(tuple(e), Array(INTEGER)))


def booleans(depth: int) -> Expressions:
    inner = expressions(BOOLEAN, depth)
    return (
        st.sampled_from(COMPARABLE).flatmap(lambda sql_type: conditions(sql_type, depth))
        | st.builds(And, inner, inner)
        | st.builds(Or, inner, inner)
        | st.builds(Not, inner)
        | st.builds(
            Like,
            expressions(STRING, depth),
            PATTERNS.map(constant),
            st.sampled_from([None, "!"]),
            st.booleans(),
        )
    )


def conditions(sql_type: SqlType, depth: int) -> Expressions:
    operand, negated = expressions(sql_type, depth), st.booleans()
    return (
        st.builds(Comparison, st.sampled_from(ComparisonOperator), operand, operand)
        | st.builds(Distinct, operand, operand, negated)
        | st.builds(IsNull, operand, negated)
        | st.builds(Between, operand, operand, operand, negated)
        | st.builds(InList, operand, st.lists(operand, max_size=3).map(tuple), negated)
    )


COMPOUND: dict[SqlType, Callable[[int], Expressions]] = {
    INTEGER: integers,
    BIGINT: bigints,
    DOUBLE: doubles,
    STRING: strings,
    BOOLEAN: booleans,
    PRICE: prices,
    Array(INTEGER): arrays,
}
ANY_EXPRESSION = st.sampled_from(list(COMPOUND)).flatmap(lambda t: expressions(t, 3))


class Failed:
    """The outcome of an expression that has no value."""


def outcome(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except Exception:  # noqa: BLE001
        return Failed


@settings(max_examples=150, deadline=None)
@given(ANY_EXPRESSION, ROWS)
def test_the_fast_form_gives_what_the_interpreter_gives(
    expression: Expression, row: dict[str, Any]
) -> None:
    expected = outcome(lambda: Interpreter(row, guarded=False).value(expression))
    found = outcome(lambda: evaluate(expression, row))
    if expected is not Failed:  # else NULL may have been seen before the failure
        assert repr(found) == repr(expected)


@settings(max_examples=150, deadline=None)
@given(ANY_EXPRESSION, ROWS)
def test_part_by_part_gives_what_the_interpreter_gives(
    expression: Expression, row: dict[str, Any]
) -> None:
    expected = outcome(lambda: Interpreter(row, guarded=True).value(expression))
    found = evaluate_by_parts(expression, row)
    if expected is not Failed:
        assert repr(found) == repr(expected)


@settings(max_examples=150, deadline=None)
@given(ANY_EXPRESSION, ROWS)
def test_what_does_not_fail_is_the_same_part_by_part(
    expression: Expression, row: dict[str, Any]
) -> None:
    fast = outcome(lambda: evaluate(expression, row))
    reports: list[str] = []
    tried = evaluate_tried(expression, row, reports)
    by_parts = evaluate_by_parts(expression, row)
    if fast is not Failed:
        assert repr(tried) == repr(by_parts) == repr(fast)
        assert reports == []
    else:
        assert repr(tried) == repr(by_parts)
        assert reports


@settings(max_examples=300, deadline=None)
@given(ANY_EXPRESSION, ROWS)
def test_what_cannot_fail_does_not(expression: Expression, row: dict[str, Any]) -> None:
    if not may_fail(expression):
        evaluate(expression, row)
