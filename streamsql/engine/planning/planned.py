"""What the compiler hands over: a statement with everything that carrying it out needs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from streamsql.broker.ports import TopicConfig
from streamsql.engine.planning.binding import Bound
from streamsql.engine.planning.context import PlannerContext
from streamsql.logical.nodes import Plan
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.layout import Layout
from streamsql.sql.statements import Statement
from streamsql.topology.naming import changelog_topic, repartition_topic
from streamsql.topology.nodes import Node, Repartition, Sink, TableRepartition
from streamsql.topology.topology import Topology, stores_of


@dataclass(frozen=True, slots=True)
class ApplicationPlan:
    """What workers run.

    Attributes:
        name: Begins the names of internal topics and of state.
        layout: ``None``: a topic that the topology reads is not known, or it is not for workers.
        context: With the configuration in force.
        group: The consumer group: the name, but for a query apart from the others of its program.
    """

    name: str
    topology: Topology
    layout: Layout | None
    context: PlannerContext
    group: str

    @property
    def runtime(self) -> RuntimeConfig:
        """How its workers run; a group apart has a place of its own for its state."""
        config = self.context.config.runtime(self.name)
        if self.group == self.name or config.state_directory is None:
            return config
        return replace(config, state_directory=config.state_directory / self.group)

    @property
    def running(self) -> Topology:
        """The operators as they run, as far as that is known."""
        return self.topology if self.layout is None else self.layout.topology


@dataclass(frozen=True, slots=True)
class PlannedQuery:
    """A query, down to what runs.

    Attributes:
        application: What it is a part of: the queries of a file have one together.
        written: The plan as the statement says it.
        plan: The plan, optimized.
        result: The node of the topology that the rows come out of.
    """

    application: ApplicationPlan
    written: Plan
    plan: Plan
    result: str

    @property
    def operators(self) -> Topology:
        """The operators of this query alone, as they run."""
        return self.application.running.leading_to(self.result)

    def topics_to_create(self) -> tuple[TopicConfig, ...]:
        """Return the topics that the query writes, and that do not exist."""
        layout = self.application.layout
        if layout is None:
            return ()
        written = set(self.topics_written())
        return tuple(topic for topic in layout.create if topic.name in written)

    def topics_written(self) -> Iterator[str]:
        """Yield the topics that the query writes, changelogs where the broker has them."""
        for node in self.operators.nodes.values():
            yield from self._topics(node)

    def _topics(self, node: Node) -> Iterator[str]:
        match node:
            case Sink():
                yield node.topic.name
            case Repartition() | TableRepartition():
                yield repartition_topic(self.application.name, node.topic.name)
            case _:
                pass
        for store in stores_of(node):
            yield changelog_topic(self.application.name, store.name)


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
