"""Table functions: EXPLODE and CUBE_EXPLODE."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from streamsql.expr.registry import Function, TableFunction


def _explode(values: list[Any] | None) -> Sequence[Any]:
    return () if values is None else values


def _cube(values: list[Any] | None) -> Sequence[Any]:
    """Return every way to put NULL for some of the values, each combination once."""
    if values is None:
        return ()
    choices = ((None,) if value is None else (None, value) for value in values)
    return [list(combination) for combination in product(*choices)]


FUNCTIONS: tuple[Function, ...] = (
    TableFunction(
        "EXPLODE", "T[] -> T", _explode, description="A row for each element of an array."
    ),
    TableFunction(
        "CUBE_EXPLODE",
        "T[] -> T[]",
        _cube,
        description="A row for each way to replace elements of an array by NULL.",
    ),
)
