"""What the compiler hands over: a statement with everything that carrying it out needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from streamsql.broker.ports import TopicConfig
from streamsql.engine.planning.binding import Bound
from streamsql.logical.nodes import Plan
from streamsql.runtime.layout import Layout
from streamsql.sql.statements import Statement
from streamsql.topology.naming import changelog_topic, repartition_topic
from streamsql.topology.nodes import Node, Repartition, Sink, TableRepartition
from streamsql.topology.topology import Topology, stores_of


@dataclass(frozen=True, slots=True)
class PlannedQuery:
    """A query, down to what workers run.

    The queries of a file are one application: they share topology and layout.

    Attributes:
        application: Names the consumer group, the internal topics and the state.
        written: The plan as the statement says it.
        plan: The plan, optimized.
        result: The node of the topology that the rows come out of.
        layout: ``None``: a topic that it reads is not known, or nothing of it runs on a broker.
    """

    application: str
    written: Plan
    plan: Plan
    result: str
    topology: Topology
    layout: Layout | None

    @property
    def operators(self) -> Topology:
        """The operators of this query alone, as they run."""
        running = self.topology if self.layout is None else self.layout.topology
        return running.leading_to(self.result)

    def topics_to_create(self) -> tuple[TopicConfig, ...]:
        """Return the topics that the query writes, and that do not exist."""
        if self.layout is None:
            return ()
        written = {name for node in self.operators.nodes.values() for name in self._topics(node)}
        return tuple(topic for topic in self.layout.create if topic.name in written)

    def _topics(self, node: Node) -> Iterator[str]:
        match node:
            case Sink():
                yield node.topic.name
            case Repartition() | TableRepartition():
                yield repartition_topic(self.application, node.topic.name)
            case _:
                pass
        for store in stores_of(node):
            yield changelog_topic(self.application, store.name)


@dataclass(frozen=True, slots=True)
class Planned:
    """A statement that can be carried out, or explained, without another thought.

    Attributes:
        query: What a query runs; of EXPLAIN, what the query inside it would.
        create: Topics that do not exist and that the statement makes.
    """

    bound: Bound
    query: PlannedQuery | None
    create: tuple[TopicConfig, ...]

    @property
    def statement(self) -> Statement:
        """What is to be done."""
        return self.bound.statement
