"""What the clients of the simulated broker share: logs, groups, open transactions, state, time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streamsql.broker.errors import group_in_use, no_partition, no_topic
from streamsql.broker.groups import Group
from streamsql.broker.ports import Committed, Message, TopicPartition
from streamsql.broker.simulated.faults import Faults
from streamsql.broker.simulated.log import PartitionLog, TopicLog
from streamsql.broker.simulated.state import SimulatedState


class VirtualClock:
    """Milliseconds that pass only when told to."""

    def __init__(self, now_ms: int = 0) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        """Return the time in milliseconds."""
        return self.now_ms

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        assert milliseconds >= 0
        self.now_ms += milliseconds


@dataclass(frozen=True, slots=True)
class Timeouts:
    """After which a silent member is expelled and a silent producer's transaction aborted."""

    session_ms: int = 6_000
    transaction_ms: int = 10_000


class Pending(Protocol):
    """What the cluster knows of a producer."""

    silent_since_ms: int | None
    pending: dict[TopicPartition, Committed]
    pending_group: str | None

    @property
    def fenced(self) -> bool:
        """Whether nothing of the producer counts any more."""

    def fence(self) -> None:
        """Abort what is open, and let nothing more of the producer count."""


class SimulatedCluster:
    """The state of the broker, and what happens in it as time passes."""

    def __init__(self, clock: VirtualClock, seed: int, timeouts: Timeouts) -> None:
        self.clock = clock
        self.seed = seed
        self.timeouts = timeouts
        self.faults = Faults()
        self.topics: dict[str, TopicLog] = {}
        self.offsets: dict[str, dict[TopicPartition, Committed]] = {}
        self.states: dict[str, SimulatedState] = {}
        self.producers: dict[str, Pending] = {}
        self._groups: dict[str, Group] = {}

    def topic(self, name: str) -> TopicLog:
        """Return a topic that must exist."""
        topic = self.topics.get(name)
        if topic is None:
            raise no_topic(name)
        return topic

    def partitions(self, topic: str) -> int:
        """Return the number of partitions of a topic that must exist."""
        return len(self.topic(topic).partitions)

    def log(self, partition: TopicPartition) -> PartitionLog:
        """Return the log of a partition that must exist."""
        logs = self.topic(partition.topic).partitions
        if not 0 <= partition.partition < len(logs):
            raise no_partition(partition)
        return logs[partition.partition]

    def read(
        self, partition: TopicPartition, offset: int, max_records: int
    ) -> tuple[list[Message], int]:
        """Return committed records from the offset on, and the position behind them."""
        self.expire()
        return self.log(partition).read(offset, max_records)

    def visible_end(self, partition: TopicPartition) -> int:
        """Return the last stable offset."""
        return self.log(partition).last_stable_offset()

    def group(self, name: str) -> Group:
        """Return the group of that name."""
        if name not in self._groups:
            self._groups[name] = Group(name, self.partitions, self.clock, self.timeouts.session_ms)
        return self._groups[name]

    def forget_group(self, name: str) -> None:
        """Forget the group; EngineError while it has members, silent ones included."""
        group = self._groups.get(name)
        if group is not None:
            group.expire()
            if group.members:
                raise group_in_use(name, group.members)
            del self._groups[name]
        self.offsets.pop(name, None)

    def state(self, task: str) -> SimulatedState:
        """Return the state of a task."""
        return self.states.setdefault(task, SimulatedState())

    def commit_offsets(self, group: str, offsets: Mapping[TopicPartition, Committed]) -> None:
        """Note the positions of a decided transaction."""
        self.offsets.setdefault(group, {}).update(offsets)

    def forget_offsets(self, topic: str) -> None:
        """Drop what groups have committed in a topic."""
        for offsets in self.offsets.values():
            for partition in [partition for partition in offsets if partition.topic == topic]:
                del offsets[partition]

    def expire(self) -> None:
        """Abort the transactions whose producers have been silent for too long."""
        for producer in self.producers.values():
            silent_ms = producer.silent_since_ms
            if silent_ms is None or producer.fenced:
                continue
            if self.clock() - silent_ms >= self.timeouts.transaction_ms:
                producer.fence()

    def await_decided(self, group: str, partitions: Sequence[TopicPartition]) -> None:
        """Let time pass until no transaction with offsets of these partitions is pending."""
        self.expire()
        for producer in self.producers.values():
            disjoint = producer.pending.keys().isdisjoint(partitions)
            if producer.pending_group == group and not disjoint:
                since_ms = producer.silent_since_ms
                assert since_ms is not None, "kill() or stop() the worker that halted in a commit"
                self.clock.advance(since_ms + self.timeouts.transaction_ms - self.clock())
                self.expire()
