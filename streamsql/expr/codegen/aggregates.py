"""Folds: the aggregates of one GROUP BY as a handful of generated functions over a list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from streamsql.expr.nodes import AggregateCall, NamedExpression
from streamsql.expr.stretch import Report
from streamsql.types.record import Key, Row
from streamsql.types.schema import Column, Schema


@dataclass(frozen=True, slots=True)
class Fold:
    """The generated functions. A state is a list: the columns' values, then the aggregates' states.

    Attributes:
        initial: Returns the state of a group without rows (its columns are NULL).
        add: ``add(state, key, value, timestamp)`` takes a row in, in place; the columns become
            those of that row.
        undo: ``undo(state, key, value, timestamp)`` takes an added row back, in place, columns set
            from it; ``None`` when an aggregate cannot.
        merge: ``merge(left, right)`` returns the state of both groups together, the columns of
            ``right``; ``None`` when an aggregate cannot. It may reuse either argument.
        result: Returns the row: the columns, then the aggregates' results.
        state_columns: Name and SQL type of each element of a state, so that it can be stored.
        source: The source text of all of them.
    """

    initial: Callable[[], list[Any]]
    add: Callable[[list[Any], Key, Row, int], None]
    undo: Callable[[list[Any], Key, Row, int], None] | None
    merge: Callable[[list[Any], list[Any]], list[Any]] | None
    result: Callable[[list[Any]], Row]
    state_columns: tuple[Column, ...]
    source: str


def generate_fold(
    name: str,
    schema: Schema,
    columns: Sequence[NamedExpression],
    calls: Sequence[AggregateCall],
    report: Report,
) -> Fold:
    """Return the fold of the rows of ``schema``.

    An argument that fails counts as NULL and is reported; what an aggregate raises is not caught.
    """
    raise NotImplementedError
