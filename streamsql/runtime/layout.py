"""A topology laid out on a broker: partitions, physical topic names, topics to create.

Co-partitioning is decided here: all topics that one sub-topology reads have the same number of
partitions, repartition topics take it from their neighbours, sinks from their writers. A
repartition between single partitions is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from streamsql.broker.ports import Broker, TopicConfig, TopicPartition
from streamsql.errors import EngineError
from streamsql.topology.naming import changelog_topic, repartition_topic
from streamsql.topology.nodes import (
    Node,
    Repartition,
    Sink,
    StreamSource,
    TableRepartition,
    TableSource,
)
from streamsql.topology.stores import StoreSpec
from streamsql.topology.topology import SubTopology, Topology, cut, stores_of, without_repartitions


@dataclass(frozen=True, slots=True)
class Layout:
    """What workers run and on which topics.

    Attributes:
        application: Begins the names of internal topics and of state.
        group: Has the positions; the application's name, but for a query apart from the others.
        topology: Without the repartitions that are not needed.
        parts: Its sub-topologies.
        partitions: Number of tasks by index of the sub-topology.
        inputs: Physical topics that the application reads, by index of the sub-topology.
        create: Topics the application needs and may create.
        internal: Physical names of repartition topics.
        writers: The sub-topologies that write, by physical topic.
    """

    application: str
    group: str
    topology: Topology
    parts: tuple[SubTopology, ...]
    partitions: Mapping[int, int]
    inputs: Mapping[int, tuple[str, ...]]
    create: tuple[TopicConfig, ...]
    internal: frozenset[str]
    writers: Mapping[str, frozenset[int]]

    @property
    def written(self) -> frozenset[str]:
        """The topics that the application writes and reads again."""
        read = {topic for topics in self.inputs.values() for topic in topics}
        return frozenset(read & self.writers.keys())

    def topic_read(self, node: Node) -> str | None:
        """Return the physical topic that a node reads, if it reads one."""
        match node:
            case StreamSource() | TableSource():
                return node.topic
            case Repartition() | TableRepartition():
                return repartition_topic(self.application, node.topic.name)
            case _:
                return None

    def partitions_of(self, index: int) -> list[TopicPartition]:
        """Return all partitions that the tasks of a sub-topology read."""
        return [
            TopicPartition(topic, partition)
            for topic in self.inputs[index]
            for partition in range(self.partitions[index])
        ]


StateTopics = Callable[[str, StoreSpec, int], Sequence[TopicConfig]]
"""Takes an application, a store and its number of tasks; returns the topics that keep the store."""


def state_topics(broker: Broker) -> StateTopics:
    """Return which topics keep the state of applications on the broker."""
    return changelogs if broker.keeper is None else no_topics


def changelogs(application: str, store: StoreSpec, tasks: int) -> Sequence[TopicConfig]:
    """Return the store's changelog: compacted, and never cut off by time.

    Brokers reckon retention from today, and events may be of any age.
    """
    return (TopicConfig(changelog_topic(application, store.name), tasks, compacted=True),)


def no_topics(_application: str, _store: StoreSpec, _tasks: int) -> Sequence[TopicConfig]:
    """Return none: the broker keeps the state itself."""
    return ()


def lay_out(
    application: str,
    topology: Topology,
    existing: Mapping[str, TopicConfig],
    keeping_topics: StateTopics,
) -> Layout:
    """Lay the topology out on a broker with these topics.

    Raises:
        EngineError: A source topic is missing, or topics that must be co-partitioned are not.
    """
    first = _Counting(application, topology, existing)
    first.solve()
    idle = [
        node.name
        for node in topology.nodes.values()
        if isinstance(node, Repartition | TableRepartition) and first.is_single(node)
    ]
    counting = first
    if idle:
        topology = without_repartitions(topology, idle)
        counting = _Counting(application, topology, existing)
        counting.solve()
    internal = {
        repartition_topic(application, node.topic.name)
        for node in topology.nodes.values()
        if isinstance(node, Repartition | TableRepartition)
    }
    return Layout(
        application,
        application,
        topology,
        counting.parts,
        counting.tasks,
        {part.index: counting.inputs(part) for part in counting.parts},
        tuple(counting.to_create(keeping_topics)),
        frozenset(internal),
        counting.writers(),
    )


class _Counting:
    """Finds the number of partitions of every topic and task.

    One input of a part that is known tells how many tasks it has: others may be made by what is
    still unknown, even by the part itself, as where a stream is joined with its own aggregate.
    """

    def __init__(
        self, application: str, topology: Topology, existing: Mapping[str, TopicConfig]
    ) -> None:
        self._application = application
        self._topology = topology
        self._existing = existing
        self.parts = cut(topology)
        self.tasks: dict[int, int] = {}
        self._counts = {name: topic.partitions for name, topic in existing.items()}
        self._makers = self._find_makers()
        """The sinks that topics come into being with, by topic: of each the first."""

    def solve(self) -> None:
        """Count until all is known.

        Raises:
            EngineError: A topic is missing, or topics that are read together differ.
        """
        read = {source.topic for source in self._topology.sources()}
        if missing := read - self._counts.keys() - self._makers.keys():
            names = ", ".join(f'"{name}"' for name in sorted(missing))
            raise EngineError(f"topic {names} does not exist")
        while left := [part for part in self.parts if part.index not in self.tasks]:
            for part in left:
                self._count(part, self._writers(part))
            if any(part.index in self.tasks for part in left):
                continue
            entered = next((part for part in left if self._known_writers(part)), None)
            if entered is None:
                raise EngineError("the topology reads in a circle")
            self._count(entered, max(self._known_writers(entered)))
        for part in self.parts:
            self._check(part)

    def inputs(self, part: SubTopology) -> tuple[str, ...]:
        """Return the physical topics that the part reads."""
        internal = {
            node.topic.name
            for node in self._nodes(part.nodes)
            if isinstance(node, Repartition | TableRepartition)
        }
        return tuple(
            repartition_topic(self._application, topic) if topic in internal else topic
            for topic in part.topics
        )

    def is_single(self, node: Repartition | TableRepartition) -> bool:
        """Tell whether the repartition leads from one partition to one."""
        writer = next(part for part in self.parts if node.name in part.exits)
        topic = repartition_topic(self._application, node.topic.name)
        return self.tasks[writer.index] == 1 and self._counts[topic] == 1

    def writers(self) -> dict[str, frozenset[int]]:
        """Return the indexes of the parts that write, by physical topic."""
        found: dict[str, set[int]] = {}
        for part in self.parts:
            for node in self._nodes(part.exits):
                assert isinstance(node, Repartition | TableRepartition)
                topic = repartition_topic(self._application, node.topic.name)
                found.setdefault(topic, set()).add(part.index)
            for node in self._nodes(part.nodes):
                if isinstance(node, Sink):
                    found.setdefault(node.topic.name, set()).add(part.index)
        return {topic: frozenset(parts) for topic, parts in found.items()}

    def to_create(self, keeping_topics: StateTopics) -> list[TopicConfig]:
        """Return sinks, repartition topics and those of the state that do not exist."""
        wanted: dict[str, TopicConfig] = {}
        for part in self.parts:
            tasks = self.tasks[part.index]
            for node in self._nodes((*part.nodes, *part.exits)):
                for topic in self._topics_of(node, tasks, keeping_topics):
                    there = self._existing.get(topic.name)
                    if there is None:
                        wanted.setdefault(topic.name, topic)
                    elif there.partitions != topic.partitions:
                        raise EngineError(
                            f'topic "{topic.name}" has {there.partitions} partitions, '
                            f"but {topic.partitions} are needed"
                        )
        return list(wanted.values())

    def _topics_of(self, node: Node, tasks: int, keeping_topics: StateTopics) -> list[TopicConfig]:
        if isinstance(node, Sink):
            spec = node.topic
            if self._makers.get(spec.name) is not node:
                return []
            return [
                TopicConfig(
                    spec.name,
                    self._counts[spec.name],
                    spec.replicas,
                    spec.compacted,
                    spec.retention_ms,
                )
            ]
        topics = []
        if isinstance(node, Repartition | TableRepartition):
            name = repartition_topic(self._application, node.topic.name)
            topics.append(TopicConfig(name, self._counts[name], retention_ms=-1))
        for store in stores_of(node):
            topics += keeping_topics(self._application, store, tasks)
        return topics

    def _find_makers(self) -> dict[str, Sink]:
        found: dict[str, Sink] = {}
        for node in self._topology.nodes.values():
            if isinstance(node, Sink) and node.topic.name not in self._existing:
                found.setdefault(node.topic.name, node)
        return found

    def _count(self, part: SubTopology, writers: int | None) -> None:
        """Set the number of tasks of the part, if one of its inputs is known by now.

        ``writers``: as many as it has if none is known.
        """
        inputs = self.inputs(part)
        known = (self._counts[topic] for topic in inputs if topic in self._counts)
        tasks = next(known, writers)
        if tasks is None:
            return
        self.tasks[part.index] = tasks
        for node in self._nodes(part.nodes):
            if isinstance(node, Repartition | TableRepartition):
                name = repartition_topic(self._application, node.topic.name)
                self._counts.setdefault(name, tasks)
            elif isinstance(node, Sink) and self._makers.get(node.topic.name) is node:
                self._counts[node.topic.name] = node.topic.partitions or tasks

    def _check(self, part: SubTopology) -> None:
        counts = {topic: self._counts[topic] for topic in self.inputs(part)}
        if len(set(counts.values())) > 1:
            found = ", ".join(f'"{topic}" has {n}' for topic, n in sorted(counts.items()))
            raise EngineError(f"topics read together must have as many partitions: {found}")

    def _writers(self, part: SubTopology) -> int | None:
        """Return the largest number of tasks that write a part that reads nothing but them."""
        if not set(part.nodes).isdisjoint(source.name for source in self._topology.sources()):
            return None
        known = self._known_writers(part)
        if len(known) < len(self._writers_of(part)):
            return None
        return max(known)

    def _known_writers(self, part: SubTopology) -> list[int]:
        """Return the numbers of tasks, where known, of those that repartition for the part.

        Parts that answer each other are entered by those that write only one of them.
        """
        return [self.tasks[w.index] for w in self._writers_of(part) if w.index in self.tasks]

    def _writers_of(self, part: SubTopology) -> list[SubTopology]:
        return [other for other in self.parts if set(other.exits) & set(part.nodes)]

    def _nodes(self, names: tuple[str, ...]) -> list[Node]:
        return [self._topology.nodes[name] for name in names]
