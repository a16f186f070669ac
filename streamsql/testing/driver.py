"""A fresh engine in virtual time: statements in, records in one at a time, records out.

Every record is processed and committed by every query, internal topics included, before the next
one is piped in, and the record cache is off: each update of a table is seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from streamsql.broker.ports import Message, TopicConfig, TopicPartition
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.catalog.catalog import Catalog, Source
from streamsql.engine.closing import Closing
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.engine import Engine
from streamsql.engine.planning.binding import bind_script
from streamsql.engine.planning.planned import Planned
from streamsql.engine.planning.planner import plan_statements
from streamsql.engine.results import Result
from streamsql.errors import EngineError
from streamsql.expr.registry import Function
from streamsql.formats.memory_registry import MemoryRegistry
from streamsql.sql.statements import (
    CreateAs,
    CreateSource,
    InsertSelect,
    InsertValues,
    Statement,
)
from streamsql.topology.naming import repartition_topic
from streamsql.topology.nodes import Repartition, TableRepartition
from streamsql.types.record import Header

_SETTINGS = {"commit.interval.ms": "0", "statestore.cache.max.bytes": "0"}


@dataclass(frozen=True, slots=True)
class TestRecord:
    """A record on a topic, as bytes.

    Attributes:
        headers: In order.
    """

    __test__ = False  # not a test class of pytest

    key: bytes | None
    value: bytes | None
    timestamp_ms: int = 0
    headers: tuple[Header, ...] = ()


class TestDriver(Closing):
    """An engine that runs only when a record is piped in, and then until nothing is left to do.

    Attributes:
        registry: The schemas of the records.
    """

    __test__ = False

    def __init__(
        self,
        settings: Mapping[str, str] = MappingProxyType({}),
        *,
        functions: Iterable[Function] = (),
        keeps_state: bool = False,
        now_ms: int = 0,
    ) -> None:
        """Open the engine.

        Args:
            settings: As SET gives them.
            functions: Known besides the built-in ones.
            keeps_state: Whether the broker keeps the state of tasks, as the embedded one does.
            now_ms: The time at which INSERT VALUES happens.

        Raises:
            EngineError: A setting does not exist, or cannot have its value.
        """
        config = EngineConfig(
            {n: v for n, v in settings.items() if n.startswith("ksql.functions.")}
        )
        for name, value in {**_SETTINGS, **settings}.items():
            if not name.startswith("ksql.functions."):
                config = config.with_setting(name, value)
        self.registry = MemoryRegistry()
        self._broker = SimulatedBroker(keeps_state=keeps_state, registry=self.registry)
        self._engine = Engine(
            self._broker,
            config,
            clock_ms=self._broker.clock,
            wall_clock_ms=lambda: now_ms,
            remembers=False,
        )
        for function in functions:
            self._engine.catalog.functions.register(function)
        self._positions: dict[TopicPartition, int] = {}
        self._waiting: dict[str, list[Message]] = {}
        self._sources: dict[str, list[Source]] = {}
        self._queries: list[Planned] = []

    @property
    def catalog(self) -> Catalog:
        """What names mean now."""
        return self._engine.catalog

    def sources_of(self, topic: str) -> Sequence[Source]:
        """Return every source over the topic that there was, dropped ones included, in order."""
        return self._sources.get(topic, ())

    def result_topics(self) -> list[str]:
        """Return the topics that a query writes and none reads, as they were named: the results."""
        sinks: dict[str, None] = {}
        read: set[str] = set()
        for planned in self._queries:
            statement = planned.statement
            assert isinstance(statement, CreateAs | InsertSelect)
            sink = statement.source if isinstance(statement, CreateAs) else statement.sink
            sinks[sink.topic] = None
            read |= {source.topic for source in statement.sources}
        return [topic for topic in sinks if topic not in read]

    def topics(self) -> Sequence[str]:
        """Return the names of all topics, sorted."""
        return sorted(self._broker.topics())

    def repartition_topics(self) -> list[str]:
        """Return the repartition topics of all queries, as with more than one partition.

        Between single partitions they are left out, so that the broker may have none of them.
        """
        return [
            repartition_topic("query", node.topic.name)
            for planned in self._queries
            if planned.query is not None
            for node in planned.query.application.topology.nodes.values()
            if isinstance(node, Repartition | TableRepartition)
        ]

    def create_topic(self, name: str, partitions: int = 1) -> None:
        """Create a topic.

        Raises:
            EngineError: It exists, with other partitions.
        """
        self._broker.create([TopicConfig(name, partitions)])

    def execute(self, text: str) -> list[Result]:
        """Carry out statements; topics of sources that do not exist are created.

        Raises:
            StatementError: One is wrong; nothing happened.
            EngineError: A query failed, or topics do not fit together.
        """
        return [self.perform(planned) for planned in self.compile(text)]

    def compile(self, text: str) -> list[Planned]:
        """Plan statements, having created the topics of sources that do not exist.

        Topics of sources without PARTITIONS get as many as another topic of the text has at most,
        so that they can be read together.

        Raises:
            StatementError: One is wrong.
            EngineError: Topics do not fit together.
        """
        bound = list(bind_script(text, self._engine.context))
        most = max((_partitions(one.statement) for one in bound), default=1)
        for one in bound:
            if isinstance(one.statement, CreateSource) and one.statement.source.partitions is None:
                self._make_sure_of(one.statement.source.topic, most)
        return plan_statements(bound, self._broker.topics())

    def perform(self, planned: Planned) -> Result:
        """Carry out a planned statement, and let every query process what it wrote.

        Raises:
            StatementError: A value in it is wrong.
            EngineError: A query failed.
        """
        result = self._engine.perform(planned)
        self._note(planned)
        if isinstance(planned.statement, InsertValues):
            self._engine.drain()
        self._look_at_spread_topics()
        return result

    def pipe(self, topic: str, record: TestRecord, partition: int | None = None) -> None:
        """Append a record to a topic, and let every query process it to its end.

        Args:
            partition: ``None``: the one of its key.

        Raises:
            EngineError: A query failed.
        """
        written = (record.key, record.value, record.timestamp_ms, record.headers)
        self._broker.append(topic, [written], partition)
        self._engine.drain()
        self._look_at_spread_topics()

    def read(self, topic: str) -> Iterator[Message]:
        """Yield the committed records of the topic that were not read yet, in order.

        Those of several partitions in the order in which the records piped in led to them.

        Raises:
            EngineError: The topic does not exist.
        """
        waiting = self._waiting.pop(topic, [])
        yield from waiting
        yield from self._read(topic)

    def close(self) -> None:
        """End the engine."""
        self._engine.close()

    def _make_sure_of(self, topic: str, partitions: int) -> None:
        if topic not in self._broker.topics():
            self.create_topic(topic, partitions)

    def _look_at_spread_topics(self) -> None:
        """Read what came on topics of several partitions, while its order is known."""
        for name, config in self._broker.topics().items():
            if config.partitions > 1 and name in self._sources:
                self._waiting.setdefault(name, []).extend(self._read(name))

    def _read(self, topic: str) -> Iterator[Message]:
        config = self._broker.topics().get(topic)
        if config is None:
            raise EngineError(f'topic "{topic}" does not exist')
        partitions = [TopicPartition(topic, number) for number in range(config.partitions)]
        ends = self._broker.ends(partitions, committed=True)
        positions = {p: self._positions.get(p, 0) for p in partitions}
        self._positions.update(ends)
        if positions == ends:
            return
        reader = self._broker.reader()
        reader.assign(positions)
        while messages := reader.poll(1000, 0).messages:
            for partition in partitions:
                yield from messages.get(partition, ())
        reader.close()

    def _note(self, planned: Planned) -> None:
        """Remember the sources that the statement left behind, and its query."""
        if isinstance(planned.statement, CreateAs | InsertSelect):
            self._queries.append(planned)
        for source in planned.bound.after.catalog.sources.values():
            known = self._sources.setdefault(source.topic, [])
            if all(other.schema != source.schema or other.name != source.name for other in known):
                known.append(source)


def _partitions(statement: Statement) -> int:
    """Return how many partitions the statement asks for its topic, 1 if it does not say."""
    if isinstance(statement, CreateSource | CreateAs):
        return statement.source.partitions or 1
    return 1
