"""Sums and means: SUM, SUM_LIST, AVG."""

from collections.abc import Sequence
from decimal import Decimal as Number
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.registry import AggregateFunction, Aggregator, Function
from streamsql.expr.values.arithmetic import EXACT
from streamsql.types.sqltypes import (
    BIGINT,
    DOUBLE,
    INTEGER,
    Array,
    Decimal,
    Field,
    SqlType,
    Struct,
)


def _wrapping(bits: int) -> tuple[Any, str]:
    """Return a function and a statement that wrap a number to so many bits, as Java does."""
    half, mask = 1 << (bits - 1), (1 << bits) - 1

    def wrap(value: int) -> int:
        return value if -half <= value < half else ((value + half) & mask) - half

    text = (
        f"\n    if not -{half} <= {{state}} < {half}:  # wraps"
        f"\n        {{state}} = ({{state}} + {half} & {mask}) - {half}"
    )
    return wrap, text


_WRAPS = {INTEGER: _wrapping(32), BIGINT: _wrapping(64)}


def _sum(types: Sequence[SqlType], _: Sequence[Any], __: SqlType) -> Aggregator:
    if isinstance(types[0], Decimal):
        return _sum_decimals(types[0])
    return _sum_doubles() if types[0] == DOUBLE else _sum_integers(types[0])


def _sum_integers(sql_type: SqlType) -> Aggregator:
    wrap, wrap_text = _WRAPS[sql_type]  # type: ignore[index]  # only the integer types get here
    return Aggregator(
        state_type=sql_type,
        initial=int,
        add=lambda state, value: state if value is None else wrap(state + value),
        result=int,
        undo=lambda state, value: state if value is None else wrap(state - value),
        merge=lambda left, right: wrap(left + right),
        add_inline="if {0} is not None:\n    {state} += {0}" + wrap_text,
        result_inline="{state}",
    )


def _sum_doubles() -> Aggregator:
    return Aggregator(
        state_type=DOUBLE,
        initial=float,
        add=lambda state, value: state if value is None else state + value,
        result=float,
        undo=lambda state, value: state if value is None else state - value,
        merge=lambda left, right: left + right,
        add_inline="if {0} is not None:\n    {state} += {0}",
        result_inline="{state}",
    )


def _sum_decimals(sql_type: Decimal) -> Aggregator:
    start = Number((0, (0,), -sql_type.scale))
    whole = sql_type.precision - sql_type.scale

    def checked(value: Number) -> Number:
        if value and value.adjusted() >= whole:
            raise EvaluationError(f"the sum {value} does not fit {sql_type}")
        return value

    def add(state: Number, value: Number | None) -> Number:
        return state if value is None else checked(EXACT.add(state, value))

    def undo(state: Number, value: Number | None) -> Number:
        return state if value is None else checked(EXACT.subtract(state, value))

    return Aggregator(
        state_type=sql_type,
        initial=lambda: start,
        add=add,
        result=lambda state: state,
        undo=undo,
        merge=lambda left, right: checked(EXACT.add(left, right)),
        result_inline="{state}",
        may_fail=True,
    )


def _sum_list(types: Sequence[SqlType], _: Sequence[Any], __: SqlType) -> Aggregator:
    assert isinstance(types[0], Array)
    element = types[0].element
    scalar = _sum([element], (), element)
    add_one, undo_one = scalar.add, scalar.undo
    assert undo_one is not None

    def add(state: Any, values: list[Any] | None) -> Any:
        for value in values or ():
            state = add_one(state, value)
        return state

    def undo(state: Any, values: list[Any] | None) -> Any:
        for value in values or ():
            state = undo_one(state, value)
        return state

    return Aggregator(
        element,
        scalar.initial,
        add,
        scalar.result,
        undo,
        scalar.merge,
        result_inline="{state}",
        may_fail=scalar.may_fail,
    )


def _average(types: Sequence[SqlType], _: Sequence[Any], __: SqlType) -> Aggregator:
    """Fold into (sum, count); the sum of integers wraps like SUM's."""
    wrap = float if types[0] == DOUBLE else _WRAPS[types[0]][0]  # type: ignore[index]
    inline = None
    if types[0] == DOUBLE:
        inline = "if {0} is not None:\n    {state} = ({state}[0] + {0}, {state}[1] + 1)"
    empty = (wrap(0), 0)
    return Aggregator(
        state_type=Struct((Field("SUM", types[0]), Field("COUNT", BIGINT))),
        initial=lambda: empty,
        add=lambda state, value: state if value is None else (wrap(state[0] + value), state[1] + 1),
        result=lambda state: state[0] / state[1] if state[1] else 0.0,
        undo=lambda state, value: (
            state if value is None else (wrap(state[0] - value), state[1] - 1)
        ),
        merge=lambda left, right: (wrap(left[0] + right[0]), left[1] + right[1]),
        add_inline=inline,
        result_inline="{state}[0] / {state}[1] if {state}[1] else 0.0",
    )


def _same(types: Sequence[SqlType]) -> SqlType:
    return types[0]


def _element(types: Sequence[SqlType]) -> SqlType:
    assert isinstance(types[0], Array)
    return types[0].element


_SUM = "The sum of the values that are not NULL, 0 when there is none; integers wrap around."
_SUM_LIST = "The sum of the elements of all lists; NULL counts as nothing."
_AVG = "The mean of the values that are not NULL, 0.0 when there is none."

FUNCTIONS: tuple[Function, ...] = (
    AggregateFunction("SUM", "INTEGER -> INTEGER", _sum, None, True, _SUM),
    AggregateFunction("SUM", "BIGINT -> BIGINT", _sum, None, True, _SUM),
    AggregateFunction("SUM", "DOUBLE -> DOUBLE", _sum, None, True, _SUM),
    AggregateFunction("SUM", "DECIMAL -> DECIMAL", _sum, _same, True, _SUM),
    AggregateFunction("SUM_LIST", "INTEGER[] -> INTEGER", _sum_list, None, True, _SUM_LIST),
    AggregateFunction("SUM_LIST", "BIGINT[] -> BIGINT", _sum_list, None, True, _SUM_LIST),
    AggregateFunction("SUM_LIST", "DOUBLE[] -> DOUBLE", _sum_list, None, True, _SUM_LIST),
    AggregateFunction("SUM_LIST", "DECIMAL[] -> DECIMAL", _sum_list, _element, True, _SUM_LIST),
    AggregateFunction("AVG", "INTEGER -> DOUBLE", _average, None, True, _AVG),
    AggregateFunction("AVG", "BIGINT -> DOUBLE", _average, None, True, _AVG),
    AggregateFunction("AVG", "DOUBLE -> DOUBLE", _average, None, True, _AVG),
)
