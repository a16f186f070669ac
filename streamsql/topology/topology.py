"""A topology: nodes by name, in an order in which parents come first, and its cut into parts.

A *sub-topology* is a largest set of nodes connected without passing through a topic; a task runs
one sub-topology on one partition of its topics.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from streamsql.topology.nodes import (
    Filter,
    ForeignKeyJoin,
    ForeignKeyResponse,
    Materialize,
    Node,
    Output,
    Project,
    Repartition,
    Sink,
    StreamAggregate,
    StreamNode,
    StreamSource,
    StreamStreamJoin,
    TableAggregate,
    TableRepartition,
    TableSource,
)
from streamsql.topology.stores import StoreSpec


@dataclass(frozen=True, slots=True)
class Topology:
    """Operators and their order.

    Attributes:
        nodes: By name; parents before children.
    """

    nodes: Mapping[str, Node]

    def children(self, name: str) -> Iterator[Node]:
        """Yield the nodes that read what the node forwards, in order."""
        return (node for node in self.nodes.values() if name in node.parents)

    def sources(self) -> Iterator[StreamSource | TableSource]:
        """Yield the nodes that read topics which are not internal."""
        return (n for n in self.nodes.values() if isinstance(n, StreamSource | TableSource))

    def leading_to(self, name: str) -> "Topology":
        """Return the nodes that the node's records come through, and the node itself."""
        wanted = {name}
        for each in reversed(tuple(self.nodes.values())):
            if each.name in wanted:
                wanted.update(each.parents)
        return Topology({each: node for each, node in self.nodes.items() if each in wanted})

    def is_table(self, name: str) -> bool:
        """Tell whether the node forwards changes (of a table) rather than records of a stream."""
        node = self.nodes[name]
        if isinstance(node, Filter | Project | Sink | Output):
            return self.is_table(node.parents[0])
        return not isinstance(node, StreamNode)


@dataclass(frozen=True, slots=True)
class SubTopology:
    """A connected part of a topology.

    Attributes:
        index: Its number in the topology, stable for one topology.
        topics: The topics its tasks read (sources and repartition topics), sorted.
        nodes: Names of its nodes, parents first; a repartition node is here with its readers.
        exits: Names of the repartition nodes that it writes to.
    """

    index: int
    topics: tuple[str, ...]
    nodes: tuple[str, ...]
    exits: tuple[str, ...]


def stores_of(node: Node) -> tuple[StoreSpec, ...]:
    """Return the stores that the node owns."""
    match node:
        case TableSource(store=None):
            return ()
        case (
            TableSource()
            | StreamAggregate()
            | TableAggregate()
            | ForeignKeyResponse()
            | Materialize()
        ):
            assert node.store is not None
            return (node.store,)
        case ForeignKeyJoin():
            return tuple(store for store in (node.matched, node.store) if store is not None)
        case StreamStreamJoin():
            stores = (node.left_store, node.right_store, node.left_outer, node.right_outer)
            return tuple(store for store in stores if store is not None)
        case _:
            return ()


def without_repartitions(topology: Topology, names: Collection[str]) -> Topology:
    """Return the topology without these repartition nodes: their parents feed their children."""
    instead = {name: topology.nodes[name].parents[0] for name in names}

    def resolve(name: str) -> str:
        while name in instead:
            name = instead[name]
        return name

    nodes = {}
    for node in topology.nodes.values():
        if node.name not in instead:
            parents = tuple(resolve(parent) for parent in node.parents)
            nodes[node.name] = replace(node, parents=parents) if parents != node.parents else node
    return Topology(nodes)


def cut(topology: Topology) -> tuple[SubTopology, ...]:
    """Return the sub-topologies, in order of their first node."""
    group = _connect(topology)
    members: dict[str, list[str]] = {}
    exits: dict[str, list[str]] = {}
    for node in topology.nodes.values():
        members.setdefault(group[node.name], []).append(node.name)
        if isinstance(node, Repartition | TableRepartition):
            exits.setdefault(group[node.parents[0]], []).append(node.name)
    return tuple(
        SubTopology(index, _topics(topology, names), tuple(names), tuple(exits.get(identity, ())))
        for index, (identity, names) in enumerate(members.items())
    )


def _connect(topology: Topology) -> dict[str, str]:
    """Return the representative of each node's part.

    Nodes are together by edges that are not repartitions, and by reading one topic.
    """
    leader = {name: name for name in topology.nodes}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    by_topic: dict[str, str] = {}
    for node in topology.nodes.values():
        if isinstance(node, Repartition | TableRepartition):
            continue
        for parent in node.parents:
            leader[find(node.name)] = find(parent)
        if isinstance(node, StreamSource | TableSource):
            leader[find(node.name)] = find(by_topic.setdefault(node.topic, node.name))
    return {name: find(name) for name in topology.nodes}


def _topics(topology: Topology, names: Sequence[str]) -> tuple[str, ...]:
    """Return the topics that a part with these nodes reads."""
    topics = set()
    for name in names:
        node = topology.nodes[name]
        if isinstance(node, StreamSource | TableSource):
            topics.add(node.topic)
        elif isinstance(node, Repartition | TableRepartition):
            topics.add(node.topic.name)
    return tuple(sorted(topics))
