"""A Kafka in memory: deterministic, in virtual time, with faults on purpose.

Everything happens inside the calls of its clients, on their thread; nothing waits. Time is the
broker's clock, moved by the test. Transactions are visible only when committed, groups rebalance as
the classic protocol does, a new producer of an identity fences the old one.

A worker dies by ``mishaps.kill`` (its handles are dead, its open transaction and its place in the
group stay until their timeouts or its successor) or halts by ``mishaps.stop`` (the same, but it may
wake up as a zombie: by calling again).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from streamsql.broker.errors import check_name, check_partitions
from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import (
    Committed,
    Producer,
    StateChanges,
    TopicConfig,
    TopicPartition,
)
from streamsql.broker.simulated.clients import SimulatedConsumer, SimulatedReader
from streamsql.broker.simulated.cluster import SimulatedCluster, Timeouts, VirtualClock
from streamsql.broker.simulated.faults import Faults
from streamsql.broker.simulated.log import TopicLog
from streamsql.broker.simulated.producer import SimulatedProducer
from streamsql.broker.simulated.state import SimulatedState
from streamsql.broker.topic_registry import TopicRegistry
from streamsql.formats.registry import SchemaRegistry
from streamsql.topology.naming import internal_topics, is_task_state
from streamsql.types.record import Header


class SimulatedBroker:
    """The port of the simulated broker.

    Attributes:
        faults: The plan of faults, and the count of operations.
        consumers: All that were ever made.
        producers: The same.

    Args:
        keeps_state: Have a keeper of state, as the embedded broker has.
        registry: Of schemas; ``None``: one in a topic.
        seed: Of the spread of records without a key.
        clock: Virtual time.
        timeouts: Of silent members and producers.
    """

    owner = None
    """Whoever has it may do everything."""

    def __init__(
        self,
        *,
        keeps_state: bool = False,
        registry: SchemaRegistry | None = None,
        seed: int = 0,
        clock: VirtualClock | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.clock = VirtualClock() if clock is None else clock
        self.timeouts = Timeouts() if timeouts is None else timeouts
        self.cluster = SimulatedCluster(self.clock, seed, self.timeouts)
        self.faults: Faults = self.cluster.faults
        self.keeper = SimulatedStateKeeper(self.cluster) if keeps_state else None
        self.registry: SchemaRegistry = TopicRegistry(self) if registry is None else registry
        self._outside: dict[str, Partitioner] = {}
        self.consumers: list[SimulatedConsumer] = []
        self.producers: list[SimulatedProducer] = []

    def consumer(self, group: str, member: str) -> SimulatedConsumer:
        """Return a consumer of the group."""
        self.faults.before("consumer")
        consumer = SimulatedConsumer(self.cluster, group, member)
        self.consumers.append(consumer)
        self.faults.after("consumer")
        return consumer

    def producer(self, identity: str) -> SimulatedProducer:
        """Return a producer; what an older one of the identity left open is aborted."""
        self.faults.before("producer")
        old = self.cluster.producers.get(identity)
        if old is not None:
            old.fence()
        producer = SimulatedProducer(self.cluster, identity)
        self.cluster.producers[identity] = producer
        self.producers.append(producer)
        self.faults.after("producer")
        return producer

    def reader(self) -> SimulatedReader:
        """Return a reader without a group."""
        return SimulatedReader(self.cluster)

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics."""
        return {name: topic.config for name, topic in self.cluster.topics.items()}

    def create(self, topics: Sequence[TopicConfig]) -> None:
        """Create the topics that do not exist."""
        self.faults.before("create")
        for config in topics:
            there = self.cluster.topics.get(config.name)
            if there is None:
                check_name(config)
                self.cluster.topics[config.name] = TopicLog(config)
            else:
                check_partitions(config, there.config)
        self.faults.after("create")

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics that exist, and what groups have committed there."""
        for name in topics:
            self.cluster.topics.pop(name, None)
            self.cluster.forget_offsets(name)
            self._outside.pop(name, None)

    def starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the first offset still there."""
        return {partition: self.cluster.log(partition).start for partition in partitions}

    def ends(
        self, partitions: Sequence[TopicPartition], *, committed: bool
    ) -> Mapping[TopicPartition, int]:
        """Return last stable offsets, or high watermarks."""
        self.cluster.expire()
        logs = {partition: self.cluster.log(partition) for partition in partitions}
        if committed:
            return {partition: log.last_stable_offset() for partition, log in logs.items()}
        return {partition: log.high_watermark() for partition, log in logs.items()}

    def append(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int, Sequence[Header]]],
        partition: int | None = None,
    ) -> bool:
        """Append (key, value, timestamp_ms, headers) records, visible at once."""
        self.faults.before("append")
        if topic not in self._outside:
            partitions = self.cluster.partitions(topic)
            self._outside[topic] = Partitioner(partitions, self.cluster.seed)
        choose = self._outside[topic]
        for key, value, timestamp_ms, headers in records:
            number = choose(key) if partition is None else partition
            log = self.cluster.log(TopicPartition(topic, number))
            log.append((key, value, timestamp_ms), headers, None)
        self.faults.after("append")
        return True

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records before the offsets."""
        self.faults.before("purge")
        for partition, offset in before.items():
            self.cluster.log(partition).purge(offset)
        self.faults.after("purge")

    def groups(self) -> Collection[str]:
        """Return the groups that have committed something."""
        return self.cluster.offsets.keys()

    def group_offsets(
        self, group: str, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed in the partitions."""
        offsets = self.cluster.offsets.get(group, {})
        return {p: offsets[p] for p in partitions if p in offsets}

    def forget(self, application: str) -> None:
        """Remove the application's group, internal topics and state."""
        self.cluster.forget_group(application)
        self.delete(internal_topics(application, self.cluster.topics, self.groups()))
        states = self.cluster.states
        for task in [task for task in states if is_task_state(task, application)]:
            del states[task]

    def look(self) -> None:
        """Do nothing: there are no other processes."""

    def close(self) -> None:
        """Do nothing: the next worker of the test may go on with what is in memory."""


class SimulatedStateKeeper:
    """Keeps the state of tasks, as the embedded broker does."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster

    def state(self, task: str) -> SimulatedState:
        """Return the committed state of the task."""
        return self._cluster.state(task)

    def keep(self, changes: StateChanges, producer: Producer) -> None:
        """Make the changes a part of what the producer commits next."""
        assert isinstance(producer, SimulatedProducer), "the producer is of this broker"
        producer.keep(changes)
