"""A Kafka in memory: deterministic, in virtual time, with faults on purpose.

Everything happens inside the calls of its clients, on their thread; nothing waits. Time is the
broker's clock, moved by the test. Transactions are visible only when committed, groups rebalance as
the classic protocol does, a new producer of an identity fences the old one.

A worker dies by :meth:`SimulatedBroker.kill` (its handles are dead, its open transaction and its
place in the group stay until their timeouts or its successor) or halts by
:meth:`SimulatedBroker.stop` (the same, but it may wake up as a zombie: by calling again).
"""

from collections.abc import Iterable, Mapping, Sequence

from streamsql.broker.errors import check_partitions
from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import Committed, TopicConfig, TopicPartition
from streamsql.broker.simulated.clients import SimulatedConsumer, SimulatedReader
from streamsql.broker.simulated.cluster import SimulatedCluster, Timeouts, VirtualClock
from streamsql.broker.simulated.faults import Faults
from streamsql.broker.simulated.log import TopicLog
from streamsql.broker.simulated.producer import SimulatedProducer
from streamsql.broker.simulated.state import SimulatedState
from streamsql.types.record import Header


class SimulatedTopics:
    """The topics of a simulated cluster: what needs neither a group nor a transaction."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.faults: Faults = cluster.faults
        self._outside: dict[str, Partitioner] = {}

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics."""
        return {name: topic.config for name, topic in self.cluster.topics.items()}

    def create(self, topics: Sequence[TopicConfig]) -> None:
        """Create the topics that do not exist."""
        self.faults.before("create")
        for config in topics:
            there = self.cluster.topics.get(config.name)
            if there is None:
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
    ) -> None:
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

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records before the offsets."""
        self.faults.before("purge")
        for partition, offset in before.items():
            self.cluster.log(partition).purge(offset)
        self.faults.after("purge")


class SimulatedBroker(SimulatedTopics):
    """The port of the simulated broker, and the switch of its faults.

    ``faults`` is the plan of faults, and the count of operations.

    Args:
        keeps_state: Keep the tasks' state too, as the embedded broker does.
        seed: Of the spread of records without a key.
        clock: Virtual time.
        timeouts: Of silent members and producers.
    """

    def __init__(
        self,
        *,
        keeps_state: bool = False,
        seed: int = 0,
        clock: VirtualClock | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.keeps_state = keeps_state
        self.clock = VirtualClock() if clock is None else clock
        self.timeouts = Timeouts() if timeouts is None else timeouts
        super().__init__(SimulatedCluster(self.clock, seed, self.timeouts))
        self._consumers: list[SimulatedConsumer] = []
        self._producers: list[SimulatedProducer] = []

    def kill(self, *names: str) -> None:
        """Let the members and producer identities of these names vanish without closing."""
        self.stop(*names)
        for consumer in self._consumers:
            consumer.dead |= consumer.name in names
        for producer in self._producers:
            producer.dead |= producer.identity in names

    def stop(self, *names: str) -> None:
        """Let the members and producers of these names fall silent until they call again."""
        now_ms = self.clock()
        for consumer in self._consumers:
            if consumer.name in names and consumer.member is not None:
                consumer.member.silent_since_ms = now_ms
        for producer in self._producers:
            if producer.identity in names:
                producer.silent_since_ms = now_ms

    def consumer(self, group: str, member: str) -> SimulatedConsumer:
        """Return a consumer of the group."""
        self.faults.before("consumer")
        consumer = SimulatedConsumer(self.cluster, group, member)
        self._consumers.append(consumer)
        self.faults.after("consumer")
        return consumer

    def producer(self, identity: str) -> SimulatedProducer:
        """Return a producer; what an older one of the identity left open is aborted."""
        self.faults.before("producer")
        old = self.cluster.producers.get(identity)
        if old is not None:
            old.fence()
        producer = SimulatedProducer(self.cluster, identity, keeps_state=self.keeps_state)
        self.cluster.producers[identity] = producer
        self._producers.append(producer)
        self.faults.after("producer")
        return producer

    def reader(self) -> SimulatedReader:
        """Return a reader without a group."""
        return SimulatedReader(self.cluster)

    def group_offsets(self, group: str) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed."""
        return dict(self.cluster.offsets.get(group, {}))

    def delete_group(self, group: str) -> None:
        """Forget the group's offsets."""
        self.cluster.offsets.pop(group, None)

    def local_state(self, task: str) -> SimulatedState:
        """Return the state of the task."""
        assert self.keeps_state, "this broker keeps no state"
        return self.cluster.state(task)

    def close(self) -> None:
        """Do nothing: the next worker of the test may go on with what is in memory."""


def compact(broker: SimulatedBroker, topic: str) -> None:
    """Run the log cleaner on a topic."""
    for log in broker.cluster.topic(topic).partitions:
        log.compact()
