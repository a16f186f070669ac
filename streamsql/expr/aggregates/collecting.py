"""Values kept: COLLECT_LIST, COLLECT_SET, ATTR."""

from collections.abc import Sequence
from sys import maxsize
from typing import Any

from streamsql.expr.registry import AggregateFunction, Aggregator, Function
from streamsql.types.sqltypes import BIGINT, Array, Field, SqlType, Struct


def collect_functions(list_limit: int = maxsize, set_limit: int = maxsize) -> tuple[Function, ...]:
    """Return COLLECT_LIST and COLLECT_SET that keep at most so many values; later ones are lost."""

    def collect_list(_: Sequence[SqlType], __: Sequence[Any], result: SqlType) -> Aggregator:
        return _collect_list(list_limit, result)

    def collect_set(_: Sequence[SqlType], __: Sequence[Any], result: SqlType) -> Aggregator:
        return _collect_set(set_limit, result)

    return (
        AggregateFunction(
            "COLLECT_LIST",
            "T -> T[]",
            collect_list,
            undoable=True,
            description="All values in order of arrival, with NULL.",
        ),
        AggregateFunction(
            "COLLECT_SET",
            "T -> T[]",
            collect_set,
            description="The different values in order of their first arrival, with NULL.",
        ),
    )


def _collect_list(limit: int, result_type: SqlType) -> Aggregator:
    def add(state: list[Any], value: Any) -> list[Any]:
        if len(state) < limit:
            state.append(value)
        return state

    def undo(state: list[Any], value: Any) -> list[Any]:
        for position in range(len(state) - 1, -1, -1):
            if state[position] == value:
                del state[position]
                break
        return state

    return Aggregator(
        state_type=result_type,
        initial=list,
        add=add,
        result=list,
        undo=undo,
        merge=lambda left, right: (left + right)[:limit],
        add_inline="{state}.append({0})" if limit == maxsize else None,
        result_inline="list({state})",
    )


def _collect_set(limit: int, result_type: SqlType) -> Aggregator:
    def add(state: list[Any], value: Any) -> list[Any]:
        if len(state) < limit and value not in state:
            state.append(value)
        return state

    def merge(left: list[Any], right: list[Any]) -> list[Any]:
        merged = list(left)
        for value in right:
            add(merged, value)
        return merged

    return Aggregator(
        state_type=result_type,
        initial=list,
        add=add,
        result=list,
        merge=merge,
        result_inline="list({state})",
    )


def _attribute(_: Sequence[SqlType], __: Sequence[Any], result_type: SqlType) -> Aggregator:
    """Fold into the list of (value, count): a count is needed to take rows back."""

    def change(state: list[tuple[Any, int]], value: Any, by: int) -> list[tuple[Any, int]]:
        for position, (known, count) in enumerate(state):
            if known == value:
                if count + by:
                    state[position] = (known, count + by)
                else:
                    del state[position]
                return state
        if by > 0:
            state.append((value, by))
        return state

    def merge(left: list[tuple[Any, int]], right: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
        merged = list(left)
        for value, count in right:
            change(merged, value, count)
        return merged

    return Aggregator(
        state_type=Array(Struct((Field("VALUE", result_type), Field("COUNT", BIGINT)))),
        initial=list,
        add=lambda state, value: change(state, value, 1),
        result=lambda state: state[0][0] if len(state) == 1 else None,
        undo=lambda state, value: change(state, value, -1),
        merge=merge,
    )


FUNCTIONS: tuple[Function, ...] = (
    *collect_functions(),
    AggregateFunction(
        "ATTR",
        "T -> T",
        _attribute,
        undoable=True,
        description="The value that all rows have in common, NULL when they differ.",
    ),
)
