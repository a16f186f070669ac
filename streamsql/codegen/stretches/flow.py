"""Where records go: from an entry through stateless nodes to the ends of its stretch.

A *stretch* is an entry (a node that reads a topic, or that keeps state) and the stateless nodes
below it, down to the next stateful nodes, sinks and outputs::

    StreamSource                              StreamAggregate
        | Filter                                  | Project
        +------------------+                      | Sink
        | Project          | Rekey
        | Sink             | StreamAggregate

What happens to a record that fails, and to one without a value:

| node    | expression fails (each failure is reported)     | stream record with a NULL value      |
|---------|-------------------------------------------------|--------------------------------------|
| Filter  | counts as false                                 | dropped                              |
| Project | that column is NULL                             | stays NULL                           |
| Rekey   | that key column is NULL                         | evaluated with NULL value columns    |
| FlatMap | that function makes no rows                     | dropped                              |
| Sink    | encoding: that record is skipped                | sent without a value                 |
| an aggregation | that argument is NULL                    | dropped                              |
"""

from collections.abc import Iterator
from dataclasses import dataclass

from streamsql.topology.nodes import (
    Filter,
    FlatMap,
    ForeignKeyJoin,
    ForeignKeyResponse,
    Node,
    Project,
    Rekey,
    Repartition,
    Sink,
    StreamSource,
    StreamStreamJoin,
    StreamTableJoin,
    TableAggregate,
    TableTableJoin,
)
from streamsql.topology.topology import Topology
from streamsql.types.schema import Schema
from streamsql.types.sqltypes import STRING

Evaluated = Filter | Project | Rekey
Stateless = Evaluated | FlatMap
Written = Sink | Repartition
TwoSided = StreamStreamJoin | TableTableJoin | ForeignKeyResponse | ForeignKeyJoin
"""What takes the records of both its parents."""


@dataclass(frozen=True, slots=True)
class Below:
    """The nodes that take what a parent forwards."""

    parent: str
    nodes: tuple[Node, ...]


class Flow:
    """The ways of the records of one topology."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._children: dict[str, list[Node]] = {name: [] for name in topology.nodes}
        for node in topology.nodes.values():
            for parent in node.parents:
                if not _looks_up(node, parent):
                    self._children[parent].append(node)
        self._below: dict[str, Below] = {}

    def below(self, name: str) -> Below:
        """Return the nodes that take what the node forwards, but for those that lead nowhere."""
        found = self._below.get(name)
        if found is None:
            found = Below(name, tuple(filter(self._leads_on, self._children[name])))
            self._below[name] = found
        return found

    def ends(self, below: Below) -> Iterator[Node]:
        """Yield the nodes at which the stretch ends that goes on with the given nodes."""
        for node in below.nodes:
            if isinstance(node, Stateless):
                yield from self.ends(self.below(node.name))
            else:
                yield node

    def into(self, node: Node) -> Schema:
        """Return the schema of what a node other than a join takes."""
        return self.topology.nodes[node.parents[0]].schema

    def survives_null(self, below: Below) -> bool:
        """Tell whether any of the nodes hands on a stream's record without a value."""
        return any(map(self.passes_null, below.nodes))

    def passes_null(self, node: Node) -> bool:
        """Tell whether the node or what is below it hands on a record without a value."""
        match node:
            case Filter() | FlatMap():
                return False
            case Rekey(drop_null_key=True):
                return False
            case Rekey() | Project():
                return self.survives_null(self.below(node.name))
            case _:
                return True

    def key_passes_through(self, node: Written) -> bool:
        """Tell whether the bytes of a text key can be written as they were read."""
        text = [column.type for column in node.schema.key] == [STRING]
        if not text or node.schema.window is not None or node.format.key.name != "KAFKA":
            return False
        above: Node = node
        while isinstance(above, Written | Filter | Project | FlatMap):
            above = self.topology.nodes[above.parents[0]]
        return isinstance(above, StreamSource) and above.format.key == node.format.key

    def _leads_on(self, node: Node) -> bool:
        return not isinstance(node, Stateless) or bool(self.below(node.name).nodes)


def target_of(node: Node, parent: str) -> str:
    """Return which attribute of what a task has for the node takes what the parent forwards."""
    if isinstance(node, TwoSided):
        return f"processor.{'left' if parent == node.parents[0] else 'right'}"
    return "processor.change" if isinstance(node, TableAggregate) else "processor.process"


def _looks_up(node: Node, parent: str) -> bool:
    """Tell whether the node only looks up rows of the parent."""
    return isinstance(node, StreamTableJoin) and parent == node.parents[1]
