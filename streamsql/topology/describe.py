"""A topology as text: its sub-topologies, operators, stores and topics, for EXPLAIN."""

from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    Node,
    Output,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamSource,
    TableRepartition,
    TableSource,
)
from streamsql.topology.topology import Topology, cut, stores_of


def describe(topology: Topology) -> str:
    """Return the operators by sub-topology, each with what it reads, keeps and writes."""
    lines = []
    for part in cut(topology):
        lines.append(f"Sub-topology {part.index} reads {', '.join(part.topics)}")
        for name in (*part.nodes, *part.exits):
            node = topology.nodes[name]
            is_exit = name in part.exits
            lines.append(f"  {_line(node, is_exit=is_exit)}")
            if not is_exit:
                lines += [f"    {detail}" for detail in _details(node)]
    return "\n".join(lines)


def _line(node: Node, *, is_exit: bool) -> str:
    parents = "" if not node.parents else f" <- {', '.join(node.parents)}"
    if isinstance(node, Repartition | TableRepartition) and not is_exit:
        parents = ""
    kind = type(node).__name__
    return f"{kind} {node.name}{parents}"


def _details(node: Node) -> list[str]:
    match node:
        case StreamSource() | TableSource():
            details = [f"topic {node.topic} ({node.format.key.name}, {node.format.value.name})"]
        case Sink():
            details = [
                f"topic {node.topic.name} ({node.format.key.name}, {node.format.value.name})"
            ]
        case Repartition() | TableRepartition():
            details = [f"topic {node.topic.name}, keys as {node.format.key.name}"]
        case Filter() | Project() | FlatMap() | Rekey() | Output():
            return []
        case _:
            details = []
    return details + [f"store {store.name}" for store in stores_of(node)]
