"""The operators of a topology under construction, and their names."""

from collections.abc import Mapping

from streamsql.topology.nodes import Node


class NodeList:
    """Nodes in order of construction; names are ``prefix-kind``, numbered on a clash.

    A name depends on the operators of the same prefix alone, so unrelated edits of a program leave
    the names of stores and internal topics as they are.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._nodes: dict[str, Node] = {}

    def within(self, prefix: str) -> "NodeList":
        """Return a list that shares the nodes and names new ones with another prefix."""
        twin = NodeList(prefix)
        twin._nodes = self._nodes
        return twin

    def name(self, kind: str) -> str:
        """Return a new name for an operator of the kind."""
        return self.unique(f"{self._prefix}-{kind}" if self._prefix else kind)

    def unique(self, name: str) -> str:
        """Return the name, numbered if it is taken."""
        if name not in self._nodes:
            return name
        number = 2
        while f"{name}-{number}" in self._nodes:
            number += 1
        return f"{name}-{number}"

    def append(self, node: Node) -> None:
        """Add a node whose parents are here already."""
        assert node.name not in self._nodes
        self._nodes[node.name] = node

    def all(self) -> Mapping[str, Node]:
        """Return the nodes by name."""
        return self._nodes
