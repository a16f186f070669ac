"""SQL arithmetic where Python's differs: integers wrap, division truncates, doubles follow IEEE.

Generated code computes what it can inline and calls these for the rest. NULL never gets here.
"""

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from streamsql.errors import EvaluationError
from streamsql.expr.nodes import ArithmeticOperator
from streamsql.types import sqltypes

EXACT = Context(
    prec=2 * sqltypes.MAX_PRECISION,
    rounding=ROUND_HALF_UP,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""Wide enough that no sum, product or remainder of SQL decimals is ever rounded."""

DecimalOperation = Callable[[Decimal, Decimal], Decimal]


def wrap32(value: int) -> int:
    """Return the INTEGER that the low 32 bits of the value stand for.

    >>> wrap32(2**31), wrap32(-(2**31) - 1), wrap32(7)
    (-2147483648, 2147483647, 7)
    """
    return (value + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000


def wrap64(value: int) -> int:
    """Return the BIGINT that the low 64 bits of the value stand for.

    >>> wrap64(2**63)
    -9223372036854775808
    """
    return (value + 0x8000_0000_0000_0000 & 0xFFFF_FFFF_FFFF_FFFF) - 0x8000_0000_0000_0000


def divide_integer(dividend: int, divisor: int) -> int:
    """Return the INTEGER quotient truncated toward zero; EvaluationError for a zero divisor."""
    return wrap32(_divide(dividend, divisor))


def divide_bigint(dividend: int, divisor: int) -> int:
    """Return the BIGINT quotient truncated toward zero; EvaluationError for a zero divisor."""
    return wrap64(_divide(dividend, divisor))


def remainder_integers(dividend: int, divisor: int) -> int:
    """Return the remainder with the sign of the dividend; EvaluationError for a zero divisor.

    >>> remainder_integers(-7, 3), remainder_integers(7, -3)
    (-1, 1)
    """
    if divisor == 0:
        raise EvaluationError("division by zero")
    remainder = abs(dividend) % abs(divisor)
    return -remainder if dividend < 0 else remainder


def divide_doubles(dividend: float, divisor: float) -> float:
    """Return the IEEE quotient: infinite or not a number when the divisor is zero.

    >>> divide_doubles(1.0, -0.0), divide_doubles(0.0, 0.0)
    (-inf, nan)
    """
    if divisor != 0.0:
        return dividend / divisor
    if dividend == 0.0 or math.isnan(dividend):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)


def remainder_doubles(dividend: float, divisor: float) -> float:
    """Return the remainder with the sign of the dividend; not a number where there is none."""
    if divisor == 0.0 or math.isinf(dividend):
        return math.nan
    return math.fmod(dividend, divisor)


def decimal_operation(operator: ArithmeticOperator, result: sqltypes.Decimal) -> DecimalOperation:
    """Return the operation on decimals with a result of exactly that type.

    A quotient is rounded half up. The operation raises EvaluationError for a zero divisor and for
    a value that the type cannot hold.
    """
    if operator is ArithmeticOperator.DIVIDE:
        return _divider(result)
    compute = _DECIMAL[operator]

    def operate(left: Decimal, right: Decimal) -> Decimal:
        return fit_decimal(compute(left, right), result)

    return operate


def fit_decimal(value: Decimal, target: sqltypes.Decimal) -> Decimal:
    """Return the value rounded half up to the type's scale; EvaluationError when too large."""
    if not value.is_finite():
        raise EvaluationError(f"numeric value {value} does not fit {target}")
    fitted = EXACT.quantize(value, EXACT.scaleb(Decimal(1), -target.scale))
    if not fitted:
        return fitted.copy_abs()  # SQL has no negative zero
    if fitted.adjusted() >= target.precision - target.scale:
        raise EvaluationError(f"numeric value {value} does not fit {target}")
    return fitted


def _divide(dividend: int, divisor: int) -> int:
    if divisor == 0:
        raise EvaluationError("division by zero")
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _divider(result: sqltypes.Decimal) -> DecimalOperation:
    def divide(dividend: Decimal, divisor: Decimal) -> Decimal:
        if not divisor:
            raise EvaluationError("division by zero")
        scaled = EXACT.scaleb(dividend, result.scale)
        quotient, rest = EXACT.divmod(scaled, divisor)
        if abs(rest) * 2 >= abs(divisor):
            quotient += 1 if dividend.is_signed() == divisor.is_signed() else -1
        return fit_decimal(EXACT.scaleb(quotient, -result.scale), result)

    return divide


def _remainder_decimals(dividend: Decimal, divisor: Decimal) -> Decimal:
    if not divisor:
        raise EvaluationError("division by zero")
    return EXACT.remainder(dividend, divisor)


_DECIMAL: dict[ArithmeticOperator, DecimalOperation] = {
    ArithmeticOperator.ADD: EXACT.add,
    ArithmeticOperator.SUBTRACT: EXACT.subtract,
    ArithmeticOperator.MULTIPLY: EXACT.multiply,
    ArithmeticOperator.REMAINDER: _remainder_decimals,
}
