"""Walking over bound expressions: which columns they use, and replacing parts of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from streamsql.expr.nodes import (
    AggregateCall,
    ColumnRef,
    Expression,
    Lambda,
    TableCall,
    When,
)

Replace = Callable[[Expression], Expression | None]
"""What to put in place of an expression, ``None``: look into its parts."""

_NODES = "streamsql.expr.nodes"

Part = TypeVar("Part")


def column_refs(expression: Expression | Lambda | AggregateCall | TableCall) -> Iterator[ColumnRef]:
    """Yield every reference to a column in the expression, in the order written."""
    if isinstance(expression, ColumnRef):
        yield expression
        return
    for part in _parts(expression):
        yield from column_refs(part)


def all_refs(expressions: Iterable[Expression]) -> set[ColumnRef]:
    """Return the references to columns in the expressions."""
    return {reference for expression in expressions for reference in column_refs(expression)}


def replaced(expression: Part, change: Replace) -> Part:
    """Return the expression with parts replaced, outermost first."""
    if not isinstance(expression, AggregateCall | TableCall | Lambda | When):
        found = change(expression)  # type: ignore[arg-type]
        if found is not None:
            return found  # type: ignore[return-value]
    changed: dict[str, Any] = {}
    for field in fields(expression):  # type: ignore[arg-type]
        old = getattr(expression, field.name)
        new = _replaced_value(old, change)
        if new is not old:
            changed[field.name] = new
    return replace(expression, **changed) if changed else expression  # type: ignore[type-var]


def _replaced_value(value: Any, change: Replace) -> Any:
    if isinstance(value, tuple):
        new = tuple(_replaced_value(part, change) for part in value)
        same = all(one is other for one, other in zip(new, value, strict=True))
        return value if same else new
    return replaced(value, change) if _is_node(value) else value


def _parts(node: Any) -> Iterator[Any]:
    for field in fields(node):
        yield from _nodes(getattr(node, field.name))


def _nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for part in value:
            yield from _nodes(part)
    elif _is_node(value):
        yield value


def _is_node(value: Any) -> bool:
    return is_dataclass(value) and type(value).__module__ == _NODES
