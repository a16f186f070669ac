"""The one walk over bound expressions: what they are made of, and putting other parts in place.

Which fields of a node hold nodes is read off the annotations of the closed sum once, so a new kind
of node is walked as soon as it is declared. Constants are never looked into.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar, get_args, get_type_hints

from streamsql.expr.nodes import (
    AggregateCall,
    ColumnRef,
    Expression,
    Lambda,
    NamedExpression,
    TableCall,
    When,
)

ExpressionNode = Expression | Lambda | When | NamedExpression | AggregateCall | TableCall
"""An expression, what holds expressions, or a part of one that is none itself."""

Replace = Callable[[Expression], Expression | None]
"""What to put in place of an expression, ``None``: look into its parts."""

AnyNode = TypeVar("AnyNode", bound=ExpressionNode)

_NODES = frozenset(get_args(ExpressionNode))
_EXPRESSIONS = frozenset(get_args(Expression))


def _holds_nodes(annotation: Any) -> bool:
    return annotation in _NODES or any(map(_holds_nodes, get_args(annotation)))


_PARTS: dict[type, tuple[str, ...]] = {
    node: tuple(name for name, hint in get_type_hints(node).items() if _holds_nodes(hint))
    for node in _NODES
}
"""By class, the fields that hold nodes: one, none (``None``), or tuples of them."""


def children(node: ExpressionNode) -> list[ExpressionNode]:
    """Return the nodes directly below, in the order written.

    >>> from streamsql.expr.nodes import Literal, MakeMap
    >>> from streamsql.types.sqltypes import BIGINT, STRING, Map
    >>> a, b = Literal("a", STRING), ColumnRef("B", BIGINT)
    >>> children(MakeMap(((a, b),), Map(STRING, BIGINT))) == [a, b]
    True
    """
    found: list[ExpressionNode] = []
    for name in _PARTS[type(node)]:
        _collect(getattr(node, name), found)
    return found


def walk(*nodes: ExpressionNode) -> Iterator[ExpressionNode]:
    """Yield the nodes and everything below them, each before its parts, in the order written."""
    ahead = list(reversed(nodes))
    while ahead:
        node = ahead.pop()
        yield node
        ahead.extend(reversed(children(node)))


def column_refs(*nodes: ExpressionNode) -> Iterator[ColumnRef]:
    """Yield every reference to a column, in the order written."""
    return (node for node in walk(*nodes) if isinstance(node, ColumnRef))


def column_names(*nodes: ExpressionNode) -> frozenset[str]:
    """Return the names of the columns that the nodes read."""
    return frozenset(reference.name for reference in column_refs(*nodes))


def transform(node: AnyNode, change: Replace) -> AnyNode:
    """Return the node with expressions in it replaced, outermost first.

    What ``change`` puts in place is not looked into; a node of which nothing changes is returned
    itself.
    """
    if type(node) in _EXPRESSIONS:
        found = change(node)  # type: ignore[arg-type]  # it is an Expression
        if found is not None:
            return found  # type: ignore[return-value]  # an Expression stands where one stood
    changed = {}
    for name in _PARTS[type(node)]:
        old = getattr(node, name)
        new = _transform_value(old, change)
        if new is not old:
            changed[name] = new
    return replace(node, **changed) if changed else node


def _collect(value: Any, found: list[ExpressionNode]) -> None:
    if type(value) in _NODES:
        found.append(value)
    elif isinstance(value, tuple):
        for part in value:
            _collect(part, found)


def _transform_value(value: Any, change: Replace) -> Any:
    if type(value) in _NODES:
        return transform(value, change)
    if not isinstance(value, tuple):
        return value
    new = tuple(_transform_value(part, change) for part in value)
    same = all(one is other for one, other in zip(new, value, strict=True))
    return value if same else new
