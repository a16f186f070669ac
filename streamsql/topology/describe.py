"""A topology as text: its sub-topologies, operators, stores and topics, for EXPLAIN."""

from collections.abc import Callable

from streamsql.topology.caching import cacheable
from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    Node,
    Output,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamAggregate,
    StreamSource,
    TableRepartition,
    TableSource,
)
from streamsql.topology.topology import Topology, cut, stores_of


def describe(topology: Topology, physical: Callable[[str], str] = str) -> str:
    """Return the operators by sub-topology, each with what it reads, keeps and writes.

    Args:
        physical: Gives a repartition topic the name that it has on the broker.
    """
    repartitions = {
        node.topic.name
        for node in topology.nodes.values()
        if isinstance(node, Repartition | TableRepartition)
    }
    lines, held = [], cacheable(topology)
    for part in cut(topology):
        topics = [physical(topic) if topic in repartitions else topic for topic in part.topics]
        lines.append(f"Sub-topology {part.index} reads {', '.join(topics)}")
        for name in (*part.nodes, *part.exits):
            node = topology.nodes[name]
            is_exit = name in part.exits
            lines.append(f"  {_line(node, is_exit=is_exit)}")
            if not is_exit:
                lines += [f"    {detail}" for detail in _details(node, physical)]
            if isinstance(node, StreamAggregate) and name not in held:
                lines.append("    not cached: a stream looks up its changes")
    return "\n".join(lines)


def _line(node: Node, *, is_exit: bool) -> str:
    parents = "" if not node.parents else f" <- {', '.join(node.parents)}"
    if isinstance(node, Repartition | TableRepartition) and not is_exit:
        parents = ""
    kind = type(node).__name__
    return f"{kind} {node.name}{parents}"


def _details(node: Node, physical: Callable[[str], str]) -> list[str]:
    match node:
        case StreamSource() | TableSource():
            details = [f"topic {node.topic} ({node.format.key.name}, {node.format.value.name})"]
        case Sink():
            details = [
                f"topic {node.topic.name} ({node.format.key.name}, {node.format.value.name})"
            ]
        case Repartition() | TableRepartition():
            details = [f"topic {physical(node.topic.name)}, keys as {node.format.key.name}"]
        case Filter() | Project() | FlatMap() | Rekey() | Output():
            return []
        case _:
            details = []
    return details + [f"store {store.name}" for store in stores_of(node)]
