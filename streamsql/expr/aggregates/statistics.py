"""Spread and dependence: STDDEV_SAMP, STDDEV_SAMPLE, CORRELATION.

States hold sums of deviations instead of sums of squares, which would cancel: the updating formulas
of Youngs and Cramer, and those of Chan, Golub and LeVeque for merging.
"""

from collections.abc import Callable, Sequence
from math import nan, sqrt
from typing import Any

from streamsql.expr.registry import AggregateFunction, Aggregator, Function
from streamsql.types.sqltypes import BIGINT, DOUBLE, Field, SqlType, Struct

Moments = tuple[float, int, float]
"""Sum, count, sum of squared deviations from the mean."""


def _spread(result: Callable[[Moments], float]) -> Any:
    """Return the maker of a fold into moments, with that result."""

    def make(_: Sequence[SqlType], __: Sequence[Any], ___: SqlType) -> Aggregator:
        empty = (0.0, 0, 0.0)
        return Aggregator(
            state_type=Struct((Field("SUM", DOUBLE), Field("COUNT", BIGINT), Field("M2", DOUBLE))),
            initial=lambda: empty,
            add=lambda state, value: state if value is None else _take(state, value),
            result=result,
            undo=lambda state, value: state if value is None else _give(state, value),
            merge=_join,
        )

    return make


def _take(state: Moments, value: float) -> Moments:
    total, count, squares = state[0] + value, state[1] + 1, state[2]
    if count > 1:
        squares += (value * count - total) ** 2 / (count * (count - 1))
    return total, count, squares


def _give(state: Moments, value: float) -> Moments:
    total, count, squares = state
    if count <= 2:
        return total - value, count - 1, 0.0
    squares -= (value * count - total) ** 2 / (count * (count - 1))
    return total - value, count - 1, max(squares, 0.0)


def _join(left: Moments, right: Moments) -> Moments:
    if not left[1] or not right[1]:
        return left if left[1] else right
    count = left[1] + right[1]
    delta = right[0] / right[1] - left[0] / left[1]
    squares = left[2] + right[2] + delta * delta * left[1] * right[1] / count
    return left[0] + right[0], count, squares


def _variance(state: Moments) -> float:
    return state[2] / (state[1] - 1) if state[1] > 1 else 0.0


def _deviation(state: Moments) -> float:
    return sqrt(_variance(state))


_Pairs = tuple[int, float, float, float, float, float]
"""Count, mean of x, mean of y, sums of squared deviations of x and y, and of their products."""


def _correlation(_: Sequence[SqlType], __: Sequence[Any], ___: SqlType) -> Aggregator:
    names = ("MEAN_X", "MEAN_Y", "M2_X", "M2_Y", "C")
    empty = (0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return Aggregator(
        state_type=Struct((Field("COUNT", BIGINT), *(Field(name, DOUBLE) for name in names))),
        initial=lambda: empty,
        add=_add_pair,
        result=_coefficient,
        undo=_undo_pair,
        merge=_join_pairs,
    )


def _add_pair(state: _Pairs, x: float | None, y: float | None) -> _Pairs:
    if x is None or y is None:
        return state
    count, mean_x, mean_y, squares_x, squares_y, products = state
    count += 1
    from_x, from_y = x - mean_x, y - mean_y
    mean_x += from_x / count
    mean_y += from_y / count
    squares_x += from_x * (x - mean_x)
    squares_y += from_y * (y - mean_y)
    return count, mean_x, mean_y, squares_x, squares_y, products + from_x * (y - mean_y)


def _undo_pair(state: _Pairs, x: float | None, y: float | None) -> _Pairs:
    if x is None or y is None:
        return state
    count, mean_x, mean_y, squares_x, squares_y, products = state
    count -= 1
    if not count:
        return 0, 0.0, 0.0, 0.0, 0.0, 0.0
    from_x, from_y = x - mean_x, y - mean_y
    mean_x -= from_x / count
    mean_y -= from_y / count
    squares_x -= from_x * (x - mean_x)
    squares_y -= from_y * (y - mean_y)
    return count, mean_x, mean_y, squares_x, squares_y, products - (x - mean_x) * from_y


def _join_pairs(left: _Pairs, right: _Pairs) -> _Pairs:
    if not left[0] or not right[0]:
        return left if left[0] else right
    count = left[0] + right[0]
    share = right[0] / count
    delta_x, delta_y = right[1] - left[1], right[2] - left[2]
    weight = left[0] * share
    return (
        count,
        left[1] + delta_x * share,
        left[2] + delta_y * share,
        left[3] + right[3] + delta_x * delta_x * weight,
        left[4] + right[4] + delta_y * delta_y * weight,
        left[5] + right[5] + delta_x * delta_y * weight,
    )


def _coefficient(state: _Pairs) -> float:
    _, _, _, squares_x, squares_y, products = state
    if squares_x <= 0 or squares_y <= 0:
        return nan
    return products / (sqrt(squares_x) * sqrt(squares_y))


_SAMP = (
    "The sample variance (compatible with ksqlDB; STDDEV_SAMPLE is the deviation), 0.0 below two."
)
_SAMPLE = "The sample standard deviation of the values that are not NULL, 0.0 below two values."
_CORRELATION = "Pearson's coefficient of the pairs without NULL; NaN when one side does not vary."

FUNCTIONS: tuple[Function, ...] = (
    *(
        AggregateFunction(name, f"{known} -> DOUBLE", _spread(result), None, True, text)
        for name, result, text in (
            ("STDDEV_SAMP", _variance, _SAMP),
            ("STDDEV_SAMPLE", _deviation, _SAMPLE),
        )
        for known in ("INTEGER", "BIGINT", "DOUBLE")
    ),
    *(
        AggregateFunction(
            "CORRELATION", f"{known}, {known} -> DOUBLE", _correlation, None, True, _CORRELATION
        )
        for known in ("INTEGER", "BIGINT", "DOUBLE")
    ),
)
