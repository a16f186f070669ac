"""The globals by which a stretch hands records on at its ends."""

from collections import Counter
from collections.abc import Iterable

from streamsql.codegen.namespace import Namespace, Supplied
from streamsql.codegen.stretches.flow import TwoSided, Written, target_of
from streamsql.topology.nodes import (
    ForeignKeySubscription,
    Node,
    Output,
    StreamAggregate,
    StreamTableJoin,
    TableRepartition,
    TableSource,
)


class Ends:
    """Names globals after what they do, and after what they belong to where several do the same."""

    __slots__ = ("_counts", "_namespace")

    def __init__(self, namespace: Namespace, ends: Iterable[Node]) -> None:
        self._namespace = namespace
        self._counts = Counter(map(_kind, ends))

    def supply(self, hint: str, node: Node, attribute: str, about: str) -> str:
        """Return the name of an attribute of what a task has for the end."""
        if self._counts[_kind(node)] > 1:
            hint = f"{hint}_{node.topic.name if isinstance(node, Written) else node.name}"
        return self._namespace.supply(hint, Supplied(node.name, attribute), about)

    def target(self, node: Node, parent: str) -> str:
        """Return the name of what takes the records or changes that the parent forwards."""
        attribute = target_of(node, parent)
        about = f"hands on to {node.name}"
        return self.supply(_hint(node, attribute), node, attribute, about)


def _kind(node: Node) -> str:
    return "Written" if isinstance(node, Written) else type(node).__name__


def _hint(node: Node, attribute: str) -> str:
    """Return what the target is called."""
    if isinstance(node, TwoSided):
        return f"join_{attribute.rpartition('.')[2]}"
    match node:
        case Output():
            return "output"
        case TableRepartition():
            return "send_change"
        case ForeignKeySubscription():
            return "subscribe"
        case StreamTableJoin():
            return "join"
        case StreamAggregate():
            return "aggregate"
        case TableSource():
            return "update"
        case _:
            return "forward"
