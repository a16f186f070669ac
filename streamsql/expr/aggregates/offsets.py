"""First and last in order of arrival: EARLIEST_BY_OFFSET, LATEST_BY_OFFSET.

Sessions that merge must know which of their values came first, so states carry a *stamp* that
grows with every record, also across restarts. LATEST of one value needs none: what makes sessions
merge is a record, and that record is the latest (if its value is NULL and ignored, the later
session's value stands).
"""

from collections.abc import Callable, Sequence
from itertools import count
from operator import itemgetter
from time import time_ns
from typing import Any

from streamsql.errors import BindError
from streamsql.expr.registry import AggregateFunction, Aggregator, Function
from streamsql.types.sqltypes import BIGINT, Array, Field, SqlType, Struct

_stamps = count(time_ns())
"""A process counts from its start in nanoseconds: later processes continue above earlier ones."""

_Make = Callable[[Sequence[SqlType], Sequence[Any], SqlType], Aggregator]


def _stamped(sql_type: SqlType) -> Struct:
    return Struct((Field("STAMP", BIGINT), Field("VALUE", sql_type)))


def _earliest(_: Sequence[SqlType], parameters: Sequence[Any], result_type: SqlType) -> Aggregator:
    ignore_nulls = parameters[0] if parameters else True

    def add(state: tuple[int, Any] | None, value: Any) -> tuple[int, Any] | None:
        if state is not None or (ignore_nulls and value is None):
            return state
        return next(_stamps), value

    def merge(
        left: tuple[int, Any] | None, right: tuple[int, Any] | None
    ) -> tuple[int, Any] | None:
        if left is None or right is None:
            return right if left is None else left
        return min(left, right, key=itemgetter(0))

    return Aggregator(
        state_type=_stamped(result_type),
        initial=lambda: None,
        add=add,
        result=lambda state: None if state is None else state[1],
        merge=merge,
        result_inline="None if {state} is None else {state}[1]",
    )


def _latest(_: Sequence[SqlType], parameters: Sequence[Any], result_type: SqlType) -> Aggregator:
    if parameters and not parameters[0]:
        return Aggregator(
            state_type=result_type,
            initial=lambda: None,
            add=lambda _, value: value,
            result=lambda state: state,
            merge=lambda _, right: right,
            add_inline="{state} = {0}",
            result_inline="{state}",
        )
    return Aggregator(
        state_type=result_type,
        initial=lambda: None,
        add=lambda state, value: state if value is None else value,
        result=lambda state: state,
        merge=lambda left, right: left if right is None else right,
        add_inline="if {0} is not None:\n    {state} = {0}",
        result_inline="{state}",
    )


def _several(name: str, *, earliest: bool) -> _Make:
    """Return the maker of the fold that keeps the first or the last n values."""

    def make(types: Sequence[SqlType], parameters: Sequence[Any], _: SqlType) -> Aggregator:
        limit = parameters[0]
        ignore_nulls = parameters[1] if len(parameters) > 1 else True
        if limit is None or limit < 1:
            raise BindError(f"the number of values that {name} keeps must be at least 1")
        kept = slice(limit) if earliest else slice(-limit, None)

        def add(state: list[tuple[int, Any]], value: Any) -> list[tuple[int, Any]]:
            if (ignore_nulls and value is None) or (earliest and len(state) == limit):
                return state
            state.append((next(_stamps), value))
            return state[kept]

        return Aggregator(
            state_type=Array(_stamped(types[0])),
            initial=list,
            add=add,
            result=lambda state: [value for _, value in state],
            merge=lambda left, right: sorted(left + right, key=itemgetter(0))[kept],
        )

    return make


def _functions(name: str, word: str, single: _Make, several: _Make) -> list[Function]:
    """Return the four overloads of one name."""
    one = f"The {word} value, without NULL unless the second argument is false."
    many = (
        f"The {word} n values in order of arrival, without NULL unless the last argument is false."
    )
    return [
        AggregateFunction(name, "T -> T", single, description=one),
        AggregateFunction(name, "T; BOOLEAN -> T", single, description=one),
        AggregateFunction(name, "T; INTEGER -> T[]", several, description=many),
        AggregateFunction(name, "T; INTEGER, BOOLEAN -> T[]", several, description=many),
    ]


FUNCTIONS: tuple[Function, ...] = (
    *_functions(
        "EARLIEST_BY_OFFSET", "first", _earliest, _several("EARLIEST_BY_OFFSET", earliest=True)
    ),
    *_functions("LATEST_BY_OFFSET", "last", _latest, _several("LATEST_BY_OFFSET", earliest=False)),
)
