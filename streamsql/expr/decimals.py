"""Decimal arithmetic that never rounds by accident: the default context keeps only 28 digits."""

from decimal import ROUND_HALF_UP, Context
from decimal import Decimal as Number
from typing import Final

from streamsql.errors import EvaluationError
from streamsql.types.sqltypes import Decimal

EXACT: Final = Context(prec=1000, rounding=ROUND_HALF_UP)
"""Wide enough for every DECIMAL; use its methods (``EXACT.add(a, b)``) instead of operators."""

NUMBERS = Number


def zero(sql_type: Decimal) -> Number:
    """Return zero with the scale of the type."""
    return Number((0, (0,), -sql_type.scale))


def rescale(value: Number, scale: int, rounding: str = ROUND_HALF_UP) -> Number:
    """Return the value with exactly ``scale`` fractional digits."""
    return value.quantize(Number((0, (1,), -scale)), rounding, EXACT)


def fit(value: Number, sql_type: Decimal) -> Number:
    """Return the value in the scale of the type, rounded half up.

    Raises:
        EvaluationError: It has more digits before the point than the type.
    """
    fitted = rescale(value, sql_type.scale)
    if fitted and fitted.adjusted() >= sql_type.precision - sql_type.scale:
        raise EvaluationError(f"number {value} does not fit {sql_type}")
    return fitted
