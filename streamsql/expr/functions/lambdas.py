"""Functions that take lambdas: FILTER, TRANSFORM, REDUCE."""

from collections.abc import Callable
from typing import Any

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import null_aware, strict
from streamsql.expr.registry import Function

_Lambda = Callable[..., Any]


def _filter_array(values: list[Any], keep: _Lambda) -> list[Any]:
    return [value for value in values if keep(value)]


def _filter_map(entries: dict[Any, Any], keep: _Lambda) -> dict[Any, Any]:
    return {key: value for key, value in entries.items() if keep(key, value)}


def _transform_array(values: list[Any], change: _Lambda) -> list[Any]:
    return [change(value) for value in values]


def _transform_map(entries: dict[Any, Any], new_key: _Lambda, new_value: _Lambda) -> dict[Any, Any]:
    changed = {new_key(key, value): new_value(key, value) for key, value in entries.items()}
    if len(changed) < len(entries):
        raise EvaluationError("two entries have the same new key")
    return changed


def _reduce_array(values: list[Any] | None, state: Any, fold: _Lambda) -> Any:
    if state is None:
        return None
    for value in values or ():
        state = fold(state, value)
    return state


def _reduce_map(entries: dict[Any, Any] | None, state: Any, fold: _Lambda) -> Any:
    if state is None:
        return None
    for key, value in (entries or {}).items():
        state = fold(state, key, value)
    return state


FUNCTIONS: tuple[Function, ...] = (
    *strict(
        "FILTER",
        "The elements or entries for which a lambda is true.",
        {
            "T[], (T) => BOOLEAN -> T[]": _filter_array,
            "{K:V}, (K, V) => BOOLEAN -> {K:V}": _filter_map,
        },
    ),
    *strict(
        "TRANSFORM",
        "What a lambda makes of each element, or two lambdas of each key and value.",
        {
            "T[], (T) => R -> R[]": _transform_array,
            "{K:V}, (K, V) => A, (K, V) => B -> {A:B}": _transform_map,
        },
    ),
    *null_aware(
        "REDUCE",
        "The last state, when a lambda makes a new one of the state and each element or entry.",
        {
            "T[], S, (S, T) => S -> S": _reduce_array,
            "{K:V}, S, (S, K, V) => S -> S": _reduce_map,
        },
    ),
)
