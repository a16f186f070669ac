"""Which tasks write what others read, and which of them a reader waits for.

A sub-topology *keeps time* when its results depend on the order of its records in time: windows,
joins of a stream, and everything above those. It waits for the tasks that write its inputs, but not
for those that it feeds itself: in a circle nobody could begin.
"""

from collections.abc import Collection, Iterator
from functools import cached_property

from streamsql.broker.ports import TopicPartition
from streamsql.runtime.layout import Layout
from streamsql.topology.naming import repartition_topic
from streamsql.topology.nodes import (
    Node,
    Repartition,
    Sink,
    StreamAggregate,
    StreamStreamJoin,
    StreamTableJoin,
    TableRepartition,
)
from streamsql.topology.topology import SubTopology
from streamsql.types.windows import SessionWindows, TimeWindows


class Upstream:
    """Who writes what, in one layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._ancestors = ancestors(layout)
        self._timed = {part.index for part in layout.parts if self._keeps_time(part)}
        for index in tuple(self._timed):
            self._timed |= self._ancestors[index]

    def writers(self, topic: str, reader: int) -> frozenset[int]:
        """Return the sub-topologies that write the topic and that the reader waits for."""
        if reader not in self._timed:
            return frozenset()
        return frozenset(
            writer
            for writer in self._layout.writers.get(topic, ())
            if writer in self._ancestors[reader]
        )

    def awaited(self, reader: int, inputs: Collection[TopicPartition]) -> frozenset[TopicPartition]:
        """Return the inputs that hold a task up while it is not known how far they are.

        All of a task that takes several in turn, and those that others write.
        """
        if reader in self._timed and len(inputs) > 1:
            return frozenset(inputs)
        return frozenset(p for p in inputs if self.writers(p.topic, reader))

    def is_sorted(self, topic: str, reader: int) -> bool:
        """Tell whether the reader brings the records of several tasks into the order of time."""
        tasks = sum(self._layout.partitions[part] for part in self.writers(topic, reader))
        return tasks > 1 and not self._is_timed_by_column(topic)

    @cached_property
    def timed_topics(self) -> frozenset[str]:
        """The topics whose readers wait for their writers."""
        return frozenset(
            topic
            for part in self._layout.parts
            for topic in self._layout.inputs[part.index]
            if self.writers(topic, part.index)
        )

    def exits(self, writer: int, topic: str) -> list[str]:
        """Return the names of the nodes by which a sub-topology writes a topic."""
        part = self._layout.parts[writer]
        nodes = self._nodes((*part.nodes, *part.exits))
        return [node.name for node in nodes if self._writes(node, topic)]

    def delay_ms(self, writer: int) -> int:
        """Return how much older than the time of a task its next results may be.

        What waits for the end of a window comes with the time of its records.
        """
        return sum(map(_delay_ms, self._nodes(self._layout.parts[writer].nodes)))

    def _keeps_time(self, part: SubTopology) -> bool:
        return any(
            isinstance(node, StreamStreamJoin | StreamTableJoin)
            or (isinstance(node, StreamAggregate) and node.windows is not None)
            for node in self._nodes(part.nodes)
        )

    def _is_timed_by_column(self, topic: str) -> bool:
        """Tell whether a sink writes times of its own, which need not follow the task's."""
        nodes = self._layout.topology.nodes.values()
        return any(
            isinstance(node, Sink) and node.topic.name == topic and node.timestamp is not None
            for node in nodes
        )

    def _writes(self, node: Node, topic: str) -> bool:
        match node:
            case Sink():
                return node.topic.name == topic
            case Repartition() | TableRepartition():
                return repartition_topic(self._layout.application, node.topic.name) == topic
            case _:
                return False

    def _nodes(self, names: tuple[str, ...]) -> Iterator[Node]:
        return (self._layout.topology.nodes[name] for name in names)


def ancestors(layout: Layout) -> dict[int, frozenset[int]]:
    """Return, by sub-topology, the others whose records reach it through topics.

    Sub-topologies that feed each other are not above one another: none could ever be first.
    """
    parents = {
        part.index: {
            writer
            for topic in layout.inputs[part.index]
            for writer in layout.writers.get(topic, ())
        }
        for part in layout.parts
    }
    above: dict[int, set[int]] = {}
    for index, nearest in parents.items():
        found = above[index] = set()
        ahead = set(nearest)
        while ahead:
            parent = ahead.pop()
            found.add(parent)
            ahead |= parents[parent] - found
    return {
        index: frozenset(parent for parent in found if index not in above[parent])
        for index, found in above.items()
    }


def _delay_ms(node: Node) -> int:
    match node:
        case StreamAggregate(windows=TimeWindows() as windows, final=True):
            return windows.size_ms + windows.grace_ms
        case StreamAggregate(windows=SessionWindows() as windows, final=True):
            return windows.gap_ms + windows.grace_ms
        case StreamStreamJoin(left_outer=None, right_outer=None):
            return 0
        case StreamStreamJoin():
            window = node.window
            return window.before_ms + window.after_ms + (window.grace_ms or 0)
        case _:
            return 0
