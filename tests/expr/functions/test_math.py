"""Numbers: values as ksqlDB computes them, NaN and infinity instead of errors, exact decimals."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql.errors import BindError, EvaluationError
from streamsql.types.sqltypes import DATE, DOUBLE
from tests.expr.functions.calls import Typed, big, call, dec, result_type


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (1.2, 1),
        (1.7, 2),
        (1.5, 2),
        (3.0, 3),
        (-1.1, -1),
        (-1.5, -1),
        (-1.7, -2),
        (12345.678, 12346),
    ],
)
def test_round_goes_half_way_up(value: float, rounded: int) -> None:
    assert call("ROUND", value) == rounded


@pytest.mark.parametrize(
    ("digits", "rounded", "truncated"),
    [
        (0, -12346.0, -12345.0),
        (1, -12345.7, -12345.6),
        (10, -12345.678, -12345.678),
        (-1, -12350.0, -12340.0),
        (-2, -12300.0, -12300.0),
    ],
)
def test_digits_of_a_double(digits: int, rounded: float, truncated: float) -> None:
    assert call("ROUND", -12345.678, digits) == rounded
    assert call("TRUNC", -12345.678, digits) == truncated


def test_no_negative_zero() -> None:
    assert math.copysign(1.0, call("ROUND", -1.1, -1)) == 1.0


def test_round_of_decimals_is_exact() -> None:
    value = dec("12345678987654321.2345678987654321", 33)
    assert call("ROUND", value) == Decimal(12345678987654321)
    assert result_type("ROUND", value) == "DECIMAL(17, 0)"
    assert str(call("ROUND", value, 10)) == "12345678987654321.2345678988000000"
    assert str(call("ROUND", value, -2)) == "12345678987654300.0000000000000000"


def test_floor_and_ceil_keep_the_type() -> None:
    assert [call("FLOOR", -1.1), call("CEIL", -1.1), call("CEIL", 3)] == [-2.0, -1.0, 3]
    assert str(call("FLOOR", dec("-1.5", 2))) == "-2.0"
    with pytest.raises(EvaluationError, match="does not fit"):
        call("CEIL", dec("9.9", 2))


def test_abs_wraps_like_java() -> None:
    assert call("ABS", -(2**31)) == -(2**31)
    assert call("ABS", big(-(2**63))) == -(2**63)
    assert call("ABS", dec("-3.2", 2)) == Decimal("3.2")


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("LN", (-1,), math.nan),
        ("LN", (0,), -math.inf),
        ("LOG", (13,), 2.5649493574615367),
        ("LOG", (15, 13), 0.9471572411831843),
        ("LOG", (15, 0), -math.inf),
        ("LOG", (1, 13), math.nan),
        ("LOG", (0, 13), math.nan),
        ("SQRT", (-1.0,), math.nan),
        ("CBRT", (-8,), -2.0),
        ("EXP", (1000.0,), math.inf),
        ("SINH", (-1000.0,), -math.inf),
        ("POWER", (0, -1), math.inf),
        ("POWER", (-8.0, 0.5), math.nan),
        ("POWER", (10.0, 400.0), math.inf),
        ("POWER", (15, -1), 0.06666666666666667),
        ("COT", (0.0,), math.inf),
        ("ACOS", (2,), math.nan),
        ("SIN", (math.inf,), math.nan),
        ("DEGREES", (2,), 114.59155902616465),
        ("MOD", (-7, 3), -1),
        ("MOD", (5.5, 0.0), math.nan),
        ("SIGN", (-3.1,), -1),
    ],
)
def test_values(name: str, arguments: tuple[Any, ...], expected: float) -> None:
    assert call(name, *arguments) == pytest.approx(expected, nan_ok=True)


def test_mod_by_zero_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="division by zero"):
        call("MOD", 1, 0)


def test_geo_distance_takes_any_number() -> None:
    here = (37.4439, -122.1663)
    assert call("GEO_DISTANCE", *here, 51, 0) == pytest.approx(8682.459061368269)
    assert call("GEO_DISTANCE", 0, 0, 0, dec("90.0", 3)) == pytest.approx(6371 * math.pi / 2)
    assert call("GEO_DISTANCE", 0, 0, 0, 180, "MILES") == pytest.approx(3959 * math.pi)
    with pytest.raises(EvaluationError, match="latitude"):
        call("GEO_DISTANCE", 91, 0, 0, 0)


def test_greatest_leaves_null_out() -> None:
    assert call("GREATEST", 1, None, 5) == 5
    assert call("LEAST", "b", None, "a") == "a"
    assert call("GREATEST", None, Typed(None, DOUBLE)) is None
    assert call("GREATEST", Typed(19071, DATE), None, "2022-06-14") == 19157


def test_greatest_of_decimals_holds_all_of_them() -> None:
    arguments = dec("1234567.89", 9), dec("0.123456", 7)
    assert result_type("GREATEST", *arguments) == "DECIMAL(13, 6)"
    assert str(call("GREATEST", *arguments)) == "1234567.890000"


def test_greatest_of_mixed_numbers_is_ambiguous_unless_a_double_is_among_them() -> None:
    with pytest.raises(BindError, match="ambiguous"):
        call("GREATEST", 1, big(2))
    assert call("GREATEST", 1, big(2), 0.5) == 2.0


def test_choices() -> None:
    assert call("COALESCE", None, 2, 3) == 2
    assert call("IFNULL", Typed(None, DOUBLE), 1.0) == 1.0
    assert call("NULLIF", 1, 1) is None
    assert call("NULLIF", Typed(None, DOUBLE), 1.0) is None
    assert call("IF", True, "a", "b") == "a"
    assert result_type("COALESCE", 1, big(2)) == "BIGINT"


@given(st.floats(-1e18, 1e18))
def test_floor_round_ceil_are_in_order(value: float) -> None:
    assert call("FLOOR", value) <= call("TRUNC", value) <= call("CEIL", value)
    assert call("FLOOR", value) <= call("ROUND", value) <= call("CEIL", value)
