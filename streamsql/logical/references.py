"""Which columns expressions refer to."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from streamsql.expr.nodes import ColumnRef


def references(*expressions: Any) -> frozenset[str]:
    """Return the names of all columns that the expressions (or calls, or tuples of them) read."""
    return frozenset(_names(expressions))


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, ColumnRef):
        yield value.name
    elif isinstance(value, tuple):
        yield from _of_each(value)
    elif is_dataclass(value):
        yield from _of_each(getattr(value, field.name) for field in fields(value))


def _of_each(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield from _names(value)
