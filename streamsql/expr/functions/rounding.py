"""ABS, SIGN, CEIL, FLOOR, ROUND and TRUNC.

ROUND goes to the nearest number and half way toward positive infinity: 1.5 becomes 2, -1.5 becomes
-1. With digits, a DOUBLE is rounded as the decimal number that it prints as.
"""

import math
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP
from decimal import Decimal as Number
from typing import Any

from streamsql.expr.functions.declare import same_value, strict
from streamsql.expr.registry import Function, ScalarFunction
from streamsql.expr.values.arithmetic import EXACT, fit_decimal, wrap32, wrap64
from streamsql.types.sqltypes import BIGINT_MAX, BIGINT_MIN, Decimal, SqlType


def _same_type(types: Sequence[SqlType]) -> SqlType:
    return types[0]


def _whole_type(types: Sequence[SqlType]) -> SqlType:
    """Return the type of ROUND(decimal): the digits before the point."""
    known = types[0]
    assert isinstance(known, Decimal)
    return Decimal(max(known.precision - known.scale, 1), 0)


def _to_scale(value: Number, digits: int, rounding: str) -> Number:
    """Round to so many fractional digits; negative digits are those before the point."""
    return value.quantize(EXACT.scaleb(Number(1), -digits), rounding, EXACT)


def _round_number(value: Number, digits: int) -> Number:
    return _to_scale(value, digits, ROUND_HALF_UP if value >= 0 else ROUND_HALF_DOWN)


def _truncate_number(value: Number, digits: int) -> Number:
    return _to_scale(value, digits, ROUND_DOWN)


def _round_double(value: float) -> int:
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return BIGINT_MAX if value > 0 else BIGINT_MIN
    floor = math.floor(value)
    return max(BIGINT_MIN, min(BIGINT_MAX, floor + (value - floor >= 0.5)))


def _truncate_double(value: float) -> int:
    if math.isnan(value):
        return 0
    if abs(value) < 2**63:
        return int(value)
    return BIGINT_MAX if value > 0 else BIGINT_MIN


def _on_double(operate: Callable[[Number, int], Number]) -> Callable[[float, int], float]:
    """Return the operation on the decimal number that a DOUBLE prints as."""

    def compute(value: float, digits: int) -> float:
        if not math.isfinite(value) or digits > 340:
            return value
        return float(operate(Number(repr(value)), digits)) + 0.0  # never a negative zero

    return compute


def _on_decimal(operate: Callable[[Number, int], Number]) -> Callable[..., Any]:
    """Return the builder of the operation whose result has a DECIMAL type."""

    def build(_: Sequence[SqlType], result: SqlType) -> Callable[..., Number]:
        assert isinstance(result, Decimal)

        def compute(value: Number, digits: int = 0) -> Number:
            return fit_decimal(operate(value, min(digits, 1000)), result)

        return compute

    return build


def _ceiling(value: Number, _: int) -> Number:
    return value.to_integral_value(ROUND_CEILING)


def _floor(value: Number, _: int) -> Number:
    return value.to_integral_value(ROUND_FLOOR)


def _ceiling_double(value: float) -> float:
    return float(math.ceil(value)) if math.isfinite(value) else value


def _floor_double(value: float) -> float:
    return float(math.floor(value)) if math.isfinite(value) else value


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _integral(name: str, text: str, double: Any, decimal: Any) -> list[Function]:
    """Return the overloads of CEIL or FLOOR, which keep the type."""
    build = _on_decimal(decimal)
    return [
        *strict(
            name,
            text,
            {
                "INTEGER -> INTEGER": same_value,
                "BIGINT -> BIGINT": same_value,
                "DOUBLE -> DOUBLE": double,
            },
        ),
        _decimal_overload(name, "DECIMAL -> DECIMAL", build, _same_type, text),
    ]


def _digits(name: str, text: str, to_whole: Any, operate: Any) -> list[Function]:
    """Return the overloads of ROUND or TRUNC."""
    build = _on_decimal(operate)
    return [
        *strict(
            name,
            text,
            {
                "INTEGER -> BIGINT": same_value,
                "BIGINT -> BIGINT": same_value,
                "DOUBLE -> BIGINT": to_whole,
                "DOUBLE, INTEGER -> DOUBLE": _on_double(operate),
            },
        ),
        _decimal_overload(name, "DECIMAL -> DECIMAL", build, _whole_type, text),
        _decimal_overload(name, "DECIMAL, INTEGER -> DECIMAL", build, _same_type, text),
    ]


def _decimal_overload(
    name: str, signature: str, build: Any, returns: Any, text: str
) -> ScalarFunction:
    return ScalarFunction(name, signature, build, returns=returns, typed=True, description=text)


_ABS = "The value without its sign."

FUNCTIONS: tuple[Function, ...] = (
    ScalarFunction(
        "ABS",
        "INTEGER -> INTEGER",
        lambda value: wrap32(abs(value)),
        inline="abs({0}) if {0} != -2147483648 else {0}",
        description=_ABS,
    ),
    ScalarFunction(
        "ABS",
        "BIGINT -> BIGINT",
        lambda value: wrap64(abs(value)),
        inline="abs({0}) if {0} != -9223372036854775808 else {0}",
        description=_ABS,
    ),
    ScalarFunction("ABS", "DOUBLE -> DOUBLE", abs, inline="abs({0})", description=_ABS),
    ScalarFunction(
        "ABS", "DECIMAL -> DECIMAL", Number.copy_abs, returns=_same_type, description=_ABS
    ),
    *strict(
        "SIGN",
        "-1, 0 or 1: the sign of the number.",
        {
            "INTEGER -> INTEGER": _sign,
            "BIGINT -> INTEGER": _sign,
            "DOUBLE -> INTEGER": _sign,
            "DECIMAL -> INTEGER": _sign,
        },
    ),
    *_integral("CEIL", "The smallest whole number not below the value.", _ceiling_double, _ceiling),
    *_integral("FLOOR", "The largest whole number not above the value.", _floor_double, _floor),
    *_digits(
        "ROUND",
        "The nearest number with so many fractional digits (none), half way up.",
        _round_double,
        _round_number,
    ),
    *_digits(
        "TRUNC",
        "The number cut after so many fractional digits (none).",
        _truncate_double,
        _truncate_number,
    ),
)
