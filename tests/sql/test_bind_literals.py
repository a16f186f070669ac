"""Constants: their types, and how leniently they are read where another type is wanted."""

from decimal import Decimal as Number
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from streamsql.errors import BindError, Span
from streamsql.expr.nodes import ArithmeticOperator, Literal
from streamsql.sql.binding.expressions.coercion import Operand, coerced, list_type, shared_type
from streamsql.sql.binding.expressions.literals import bind_number, convert_literal, number_type
from streamsql.sql.binding.expressions.operators import decimal_result
from streamsql.sql.dialect.parse import parse_expression
from streamsql.types.sqltypes import (
    BIGINT,
    BIGINT_MAX,
    BIGINT_MIN,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGER_MAX,
    INTEGER_MIN,
    STRING,
    TIMESTAMP,
    Array,
    Decimal,
    Field,
    Map,
    SqlType,
    Struct,
)

HERE = Span(0, 1)


def _number(text: str) -> Literal:
    node = parse_expression(text)
    assert isinstance(node, exp.Literal)
    return bind_number(node)


@pytest.mark.parametrize(
    ("text", "value", "sql_type"),
    [
        ("1", 1, INTEGER),
        (str(INTEGER_MAX), INTEGER_MAX, INTEGER),
        (str(INTEGER_MAX + 1), INTEGER_MAX + 1, BIGINT),
        (str(BIGINT_MAX), BIGINT_MAX, BIGINT),
        ("1.5", Number("1.5"), Decimal(2, 1)),
        ("0.005", Number("0.005"), Decimal(4, 3)),
        (".5", Number("0.5"), Decimal(1, 1)),
        ("10.", Number(10), Decimal(2, 0)),
        ("1e3", 1000.0, DOUBLE),
    ],
)
def test_number(text: str, value: Any, sql_type: SqlType) -> None:
    assert _number(text) == Literal(value, sql_type)


def test_number_too_large() -> None:
    with pytest.raises(BindError, match="too large for BIGINT"):
        _number(str(BIGINT_MAX + 1))
    with pytest.raises(BindError, match="too large for DOUBLE"):
        _number("1e400")


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [
        ("10", INTEGER, 10),
        (" -3 ", BIGINT, -3),
        ("2.5", DOUBLE, 2.5),
        ("2.5", Decimal(4, 2), Number("2.50")),
        ("t", BOOLEAN, True),
        ("YES", BOOLEAN, True),
        ("fal", BOOLEAN, False),
        ("n", BOOLEAN, False),
        ("1970-01-02", DATE, 1),
        ("1970-01-01T00:00:01", TIMESTAMP, 1000),
        ("x", STRING, "x"),
    ],
)
def test_text_is_read_leniently(text: str, target: SqlType, value: Any) -> None:
    assert convert_literal(Literal(text, STRING), target, HERE) == Literal(value, target)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("x", INTEGER),
        ("2147483648", INTEGER),
        ("1.5", BIGINT),
        ("", BOOLEAN),
        ("maybe", BOOLEAN),
        ("1.234", Decimal(4, 2)),
        ("1000", Decimal(4, 2)),
        ("1970-13-01", DATE),
    ],
)
def test_text_that_does_not_fit(text: str, target: SqlType) -> None:
    with pytest.raises(BindError):
        convert_literal(Literal(text, STRING), target, HERE)


@pytest.mark.parametrize(
    ("literal", "target"),
    [
        (Literal("x", STRING), Array(STRING)),
        (Literal(True, BOOLEAN), INTEGER),
        (Literal(1, INTEGER), BOOLEAN),
        (Literal(1.5, DOUBLE), INTEGER),
        (Literal(Number("1.5"), Decimal(2, 1)), BIGINT),
        (Literal(1, DATE), INTEGER),
    ],
)
def test_no_such_reading(literal: Literal, target: SqlType) -> None:
    assert convert_literal(literal, target, HERE) is None


@given(st.integers(BIGINT_MIN, BIGINT_MAX))
def test_whole_numbers_survive_text_and_decimals(value: int) -> None:
    text = convert_literal(Literal(value, BIGINT), STRING, HERE)
    assert text is not None
    assert convert_literal(text, BIGINT, HERE) == Literal(value, BIGINT)
    exact = convert_literal(Literal(value, BIGINT), Decimal(19, 0), HERE)
    assert exact == Literal(Number(value), Decimal(19, 0))
    wanted = INTEGER if INTEGER_MIN <= value <= INTEGER_MAX else BIGINT
    assert number_type(str(value)) == wanted


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_survive_text(value: float) -> None:
    text = convert_literal(Literal(value, DOUBLE), STRING, HERE)
    assert text is not None
    assert convert_literal(text, DOUBLE, HERE) == Literal(value, DOUBLE)


def test_structs_share_the_fields_of_both() -> None:
    left = Struct((Field("A", INTEGER), Field("B", STRING)))
    right = Struct((Field("C", BOOLEAN), Field("A", BIGINT)))
    shared = Struct((Field("A", BIGINT), Field("B", STRING), Field("C", BOOLEAN)))
    assert shared_type(left, right) == shared
    assert shared_type(Array(left), Array(right)) == Array(shared)
    assert shared_type(Map(STRING, left), Map(STRING, STRING)) is None


def test_lists_are_led_by_their_first_value() -> None:
    def of(*literals: Literal | None) -> SqlType | None:
        return list_type([Operand(literal, HERE) for literal in literals])

    assert of(None, None) is None
    assert of(None, Literal(1, INTEGER), Literal("2e1", STRING)) == Decimal(10, 0)
    assert of(Literal(1, INTEGER), Literal(str(INTEGER_MAX + 1), STRING)) == BIGINT
    assert of(Literal("x", STRING), Literal(1, INTEGER)) == STRING
    assert of(Literal(1, INTEGER), Literal(1.5, DOUBLE)) == DOUBLE


def test_null_takes_the_type_of_its_place() -> None:
    assert coerced(Operand(None, HERE), DATE) == Literal(None, DATE)


@given(
    st.sampled_from(list(ArithmeticOperator)),
    st.tuples(st.integers(1, 18), st.integers(0, 18)).filter(lambda d: d[0] >= d[1]),
    st.tuples(st.integers(1, 18), st.integers(0, 18)).filter(lambda d: d[0] >= d[1]),
)
def test_decimal_results_hold_every_value(
    operator: ArithmeticOperator, left: tuple[int, int], right: tuple[int, int]
) -> None:
    """The largest operands in amount fit the result, for all operators that cannot be inexact."""
    one, two = Decimal(*left), Decimal(*right)
    result = decimal_result(operator, one, two)
    assert 0 <= result.scale <= result.precision
    largest = [Number(10) ** (t.precision - t.scale) for t in (one, two)]
    whole = Number(10) ** (result.precision - result.scale)
    match operator:
        case ArithmeticOperator.ADD | ArithmeticOperator.SUBTRACT:
            assert sum(largest) <= whole
            assert result.scale == max(one.scale, two.scale)
        case ArithmeticOperator.MULTIPLY:
            assert largest[0] * largest[1] <= whole
            assert result.scale == one.scale + two.scale
        case ArithmeticOperator.DIVIDE:
            assert largest[0] * Number(10) ** two.scale <= whole
        case ArithmeticOperator.REMAINDER:
            assert min(largest) <= whole
