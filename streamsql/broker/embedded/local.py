"""A broker over one database of this process: topics, clients, the state of tasks."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence

from streamsql.broker.embedded.batches import Sent
from streamsql.broker.embedded.clients import (
    EmbeddedConsumer,
    EmbeddedCore,
    EmbeddedProducer,
    LogReader,
)
from streamsql.broker.embedded.database import meta_key, partition_suffix
from streamsql.broker.embedded.logs import Cleaner, LogWrite, wall_clock_ms
from streamsql.broker.embedded.state import EmbeddedStateKeeper
from streamsql.broker.embedded.view import (
    Bounds,
    WritableView,
    encode_topic,
    group_prefix,
)
from streamsql.broker.errors import check_name, check_partitions
from streamsql.broker.partitioner import Partitioner
from streamsql.broker.ports import Committed, TopicConfig, TopicPartition
from streamsql.topology.naming import internal_topics
from streamsql.types.record import Header

_APPEND_RECORDS = 20_000
"""Of an append written at once: it bounds memory, and what another process waits for."""


class LocalBroker(ABC):
    """What the owner of a directory and its followers have in common.

    Args:
        view: Of the database.
        retention_check_ms: How often retention is applied.
        sync: Let every commit survive the end of the machine.
    """

    look_seconds = 0.02
    """How often who waits for records looks what other processes have done."""

    def __init__(self, view: WritableView, retention_check_ms: int, *, sync: bool) -> None:
        self._view = view
        self._sync = sync
        self.keeper = EmbeddedStateKeeper(view.database)
        self._cleaner = Cleaner(view, wall_clock_ms, retention_check_ms)
        self._outside: dict[str, Partitioner] = {}
        self._core = EmbeddedCore(view, self._publish, self._look, self.look_seconds)

    def consumer(self, group: str, member: str) -> EmbeddedConsumer:
        """Return a consumer of the group."""
        return EmbeddedConsumer(self._core, group, member)

    def producer(self, identity: str) -> EmbeddedProducer:
        """Return a producer; an older one of the identity is fenced."""
        with self._core.changed:
            old = self._core.producers.get(identity)
            if old is not None:
                old.fence()
            producer = self._core.producers[identity] = EmbeddedProducer(self._core, identity)
        return producer

    def reader(self) -> LogReader:
        """Return a reader without a group."""
        return LogReader(self._core)

    def topics(self) -> Mapping[str, TopicConfig]:
        """Return all topics."""
        return dict(self._view.topics)

    def create(self, topics: Sequence[TopicConfig]) -> None:
        """Create the topics that do not exist."""
        with self._core.changed:
            new = {}
            for config in topics:
                there = self._view.topics.get(config.name)
                if there is None:
                    check_name(config)
                    new[config.name] = config
                else:
                    check_partitions(config, there)
            write = LogWrite(self._view, wall_clock_ms())
            for name, config in new.items():
                write.changes.put_meta(meta_key("t", name), encode_topic(config))
                for number in range(config.partitions):
                    write.set_bounds(TopicPartition(name, number), Bounds())
            self._publish(write)
            self._view.topics.update(new)

    def delete(self, topics: Sequence[str]) -> None:
        """Delete topics that exist, and what groups have committed there."""
        with self._core.changed:
            for name in topics:
                config = self._view.topics.pop(name, None)
                if config is None:
                    continue
                write = LogWrite(self._view, wall_clock_ms())
                write.changes.delete_meta(meta_key("t", name))
                for number in range(config.partitions):
                    partition = TopicPartition(name, number)
                    write.drop(partition)
                    self._view.bounds.pop(partition, None)
                    self._view.forget_leftovers(partition)
                    for key in self._view.committed_keys(partition):
                        write.changes.delete_meta(key)
                self._outside.pop(name, None)
                self._publish(write)

    def starts(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the first offset still there."""
        with self._core.changed:
            self._look()
            return self._view.starts(partitions)

    def ends(
        self,
        partitions: Sequence[TopicPartition],
        *,
        committed: bool,  # noqa: ARG002 - nothing uncommitted is in a log
    ) -> Mapping[TopicPartition, int]:
        """Return the offsets of the next records, counting what other processes have done."""
        with self._core.changed:
            self._look_now()
            return self._view.ends(partitions)

    def groups(self) -> Collection[str]:
        """Return the groups that have committed something."""
        return self._view.groups()

    def group_offsets(
        self, group: str, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Committed]:
        """Return what the group has committed in the partitions."""
        offsets = self._view.group_offsets(group)
        return {p: offsets[p] for p in partitions if p in offsets}

    def purge(self, before: Mapping[TopicPartition, int]) -> None:
        """Delete records before the offsets."""
        with self._core.changed:
            for partition, offset in before.items():
                self._cleaner.purge(partition, offset)

    def forget(self, application: str) -> None:
        """Remove the application's group, internal topics and state."""
        with self._core.changed:
            self._core.forget_group(application)
            self.delete(internal_topics(application, self._view.topics, self._view.groups()))
            write = LogWrite(self._view, wall_clock_ms())
            for partition in self._view.group_offsets(application):
                write.changes.delete_meta(group_prefix(application) + partition_suffix(partition))
            self.keeper.delete(application, write.changes)
            self._publish(write)

    def append(
        self,
        topic: str,
        records: Iterable[tuple[bytes | None, bytes | None, int, Sequence[Header]]],
        partition: int | None = None,
    ) -> bool:
        """Append (key, value, timestamp_ms, headers) records, some thousands in one step."""
        if topic not in self._outside:
            self._outside[topic] = Partitioner(self._view.partitions(topic))
        choose = self._outside[topic]
        sent: dict[int, tuple[list[Sent], list[Sequence[Header]]]] = {}
        count = 0
        for key, value, timestamp_ms, headers in records:
            number = choose(key) if partition is None else partition
            columns = sent.get(number)
            if columns is None:
                columns = sent[number] = ([], [])
            columns[0].append((key, value, timestamp_ms))
            columns[1].append(headers)
            count += 1
            if count == _APPEND_RECORDS:
                self._append(topic, sent)
                sent, count = {}, 0
        if sent:
            self._append(topic, sent)
        return True

    def look(self) -> None:
        """See what other processes have done, when it is time to look again."""
        with self._core.changed:
            self._look()

    def _append(
        self, topic: str, sent: Mapping[int, tuple[list[Sent], list[Sequence[Header]]]]
    ) -> None:
        with self._core.changed:
            write = LogWrite(self._view, wall_clock_ms())
            for number, (records, headers) in sent.items():
                write.append(
                    TopicPartition(topic, number), records, headers if any(headers) else None
                )
            self._publish(write, [TopicPartition(topic, number) for number in sent])

    def _publish(self, write: LogWrite, appended: Sequence[TopicPartition] = ()) -> None:
        write.publish(sync=self._sync)
        if appended:
            self._cleaner.run(appended)
            self._core.changed.notify_all()

    @abstractmethod
    def _look(self) -> None:
        """See what other processes have done, when it is time to look again."""

    @abstractmethod
    def _look_now(self) -> None:
        """See everything that other processes have done by now."""
