"""Arithmetic against Java's rules, written down independently."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.errors import EvaluationError
from streamsql.expr.nodes import ArithmeticOperator
from streamsql.expr.values.arithmetic import (
    EXACT,
    decimal_operation,
    divide_bigint,
    divide_doubles,
    divide_integer,
    fit_decimal,
    remainder_doubles,
    remainder_integers,
    wrap32,
    wrap64,
)
from streamsql.types import sqltypes

BIGINTS = st.integers(-(2**63), 2**63 - 1)


@given(st.integers())
def test_wrapping_keeps_the_low_bits(value: int) -> None:
    for bits, wrap in ((32, wrap32), (64, wrap64)):
        wrapped = wrap(value)
        assert -(2 ** (bits - 1)) <= wrapped < 2 ** (bits - 1)
        assert (wrapped - value) % 2**bits == 0


@given(BIGINTS, BIGINTS.filter(bool))
def test_integer_division_truncates(dividend: int, divisor: int) -> None:
    quotient = math.trunc(Fraction(dividend, divisor))
    assert divide_bigint(dividend, divisor) == wrap64(quotient)
    assert remainder_integers(dividend, divisor) == dividend - quotient * divisor


def test_the_smallest_integer_by_minus_one_wraps() -> None:
    assert divide_integer(-(2**31), -1) == -(2**31)
    assert divide_bigint(-(2**63), -1) == -(2**63)


def test_division_by_zero() -> None:
    for divide in (divide_integer, divide_bigint, remainder_integers):
        with pytest.raises(EvaluationError):
            divide(1, 0)
    assert divide_doubles(1.0, 0.0) == math.inf
    assert divide_doubles(-1.0, 0.0) == -math.inf
    assert divide_doubles(1.0, -0.0) == -math.inf
    assert math.isnan(divide_doubles(0.0, 0.0))
    assert math.isnan(divide_doubles(math.nan, 0.0))


def test_remainder_of_doubles() -> None:
    assert remainder_doubles(10.1, -2.0) == pytest.approx(0.1)
    assert remainder_doubles(-7.0, math.inf) == -7.0
    assert math.isnan(remainder_doubles(math.inf, 2.0))
    assert math.isnan(remainder_doubles(1.0, 0.0))


@pytest.mark.parametrize(
    ("left", "operator", "right", "precision", "scale", "expected"),
    [
        ("10.01", "+", "5.10", 5, 2, "15.11"),
        ("10.10", "-", "-5.00", 5, 2, "15.10"),
        ("10.10", "*", "-2.00", 9, 4, "-20.2000"),
        ("10.10", "/", "2.00", 11, 7, "5.0500000"),
        ("1", "/", "3", 11, 6, "0.333333"),
        ("2", "/", "3", 11, 6, "0.666667"),
        ("-1", "/", "8", 4, 2, "-0.13"),
        ("0.00", "*", "-1.00", 9, 4, "0.0000"),
        ("10.10", "%", "-2.00", 4, 2, "0.10"),
        ("-10.10", "%", "2.00", 4, 2, "-0.10"),
    ],
)
def test_decimals(
    left: str, operator: str, right: str, precision: int, scale: int, expected: str
) -> None:
    result = sqltypes.Decimal(precision, scale)
    operate = decimal_operation(ArithmeticOperator(operator), result)
    assert str(operate(Decimal(left), Decimal(right))) == expected


@pytest.mark.parametrize("operator", [ArithmeticOperator.DIVIDE, ArithmeticOperator.REMAINDER])
def test_decimal_division_by_zero(operator: ArithmeticOperator) -> None:
    with pytest.raises(EvaluationError, match="division by zero"):
        decimal_operation(operator, sqltypes.Decimal(9, 2))(Decimal("1.00"), Decimal("0.00"))


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
def test_wide_decimals_are_never_rounded(left: int, right: int) -> None:
    multiply = decimal_operation(ArithmeticOperator.MULTIPLY, sqltypes.Decimal(70, 4))
    product = multiply(EXACT.scaleb(left, -2), EXACT.scaleb(right, -2))
    assert Fraction(product) == Fraction(left * right, 10_000)


def test_fitting_rounds_half_up_and_checks_the_precision() -> None:
    assert str(fit_decimal(Decimal("1.005"), sqltypes.Decimal(3, 2))) == "1.01"
    assert str(fit_decimal(Decimal("-1.005"), sqltypes.Decimal(3, 2))) == "-1.01"
    assert str(fit_decimal(Decimal("-0.001"), sqltypes.Decimal(3, 2))) == "0.00"
    for text in ("9.995", "10", "NaN", "Infinity"):
        with pytest.raises(EvaluationError, match="does not fit"):
            fit_decimal(Decimal(text), sqltypes.Decimal(3, 2))
