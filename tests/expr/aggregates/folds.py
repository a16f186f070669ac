"""Folding rows with a built-in aggregate, by its functions and by its text for generated code."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streamsql.expr.builtins import builtins
from streamsql.expr.registry import AggregateFunction, Aggregator
from streamsql.expr.resolve import LambdaType, resolve
from streamsql.types.sqltypes import SqlType

REGISTRY = builtins()
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Fold:
    """An aggregate of one call."""

    aggregator: Aggregator
    type: SqlType
    undoable: bool

    def state(self, rows: Sequence[Row]) -> Any:
        """Return the state of a group of rows; generated code must reach the same."""
        state = self.aggregator.initial()
        for row in rows:
            state = self.aggregator.add(state, *row)
        if self.aggregator.add_inline is not None:
            assert repr(self._inline_state(rows)) == repr(state)
        return state

    def _inline_state(self, rows: Sequence[Row]) -> Any:
        states = [self.aggregator.initial()]
        assert self.aggregator.add_inline is not None
        for row in rows:
            names = [f"x{position}" for position in range(len(row))]
            text = self.aggregator.add_inline.format(*names, state="states[0]")
            exec(text, {"states": states, **dict(zip(names, row, strict=True))})
        return states[0]

    def result(self, state: Any) -> Any:
        """Return the value for a state; generated code must tell the same."""
        value = self.aggregator.result(state)
        if self.aggregator.result_inline is not None:
            text = self.aggregator.result_inline.format(state="state")
            assert repr(eval(text, {"state": state})) == repr(value)
        return value

    def of(self, *values: Any) -> Any:
        """Return the value for rows of one argument."""
        return self.result(self.state([(value,) for value in values]))

    def without(self, state: Any, *row: Any) -> Any:
        """Return the state after taking a row back."""
        assert self.aggregator.undo is not None
        return self.aggregator.undo(copy.deepcopy(state), *row)

    def merged(self, left: Any, right: Any) -> Any:
        """Return the state of two groups together."""
        assert self.aggregator.merge is not None
        return self.aggregator.merge(copy.deepcopy(left), copy.deepcopy(right))


def fold(name: str, *types: SqlType, parameters: Sequence[Any] = ()) -> Fold:
    """Return the fold of a call; constants are given as values."""
    from tests.expr.functions.calls import type_of

    resolution = resolve(REGISTRY, name, [*types, *map(type_of, parameters)])
    function = resolution.function
    assert isinstance(function, AggregateFunction)
    assert resolution.constants == len(parameters)
    known = [known for known in resolution.parameter_types if not isinstance(known, LambdaType)]
    aggregator = function.make(known[: len(types)], parameters, resolution.result_type)
    return Fold(aggregator, resolution.result_type, function.undoable)
