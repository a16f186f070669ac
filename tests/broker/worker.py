"""A smallest worker: copies a topic to another, counts, and commits; for tests of brokers."""

from collections.abc import Sequence

from streamsql.broker.ports import (
    Broker,
    Committed,
    Message,
    Producer,
    StateChanges,
    TopicPartition,
)
from streamsql.errors import TaskFenced, TransactionAborted


class CopyWorker:
    """Copies ``source`` to ``sink`` with exactly-once commits and keeps a count per key."""

    def __init__(
        self, broker: Broker, name: str, source: str, sink: str, group: str = "copy"
    ) -> None:
        self.broker = broker
        self.name = name
        self.sink = sink
        self.events: list[tuple[str, tuple[int, ...]]] = []
        self.owned: set[TopicPartition] = set()
        self.processed: dict[TopicPartition, int] = {}
        self.ends: dict[TopicPartition, int] = {}
        self.counts: dict[TopicPartition, dict[bytes, int]] = {}
        self.read = 0
        self.producer: Producer = broker.producer(name)
        self.send = self.producer.sender(sink)
        self.consumer = broker.consumer(group, name)
        self.consumer.subscribe([source], self)

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.events.append(("assigned", tuple(p.partition for p in partitions)))
        self.owned |= set(partitions)
        self.rewind()

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.events.append(("revoked", tuple(p.partition for p in partitions)))
        try:
            self.commit()
        except TransactionAborted:
            self.rollback()
        except TaskFenced:
            pass
        self.owned -= set(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        self.events.append(("lost", tuple(p.partition for p in partitions)))
        self.owned -= set(partitions)
        self.rollback()

    def rewind(self) -> None:
        """Seek every partition to its committed position."""
        committed = self.consumer.committed(list(self.owned))
        starts = self.broker.starts([p for p in self.owned if p not in committed])
        for partition in self.owned:
            at = committed.get(partition)
            self.consumer.seek(partition, starts[partition] if at is None else at.offset)

    def rollback(self) -> None:
        """Abort and go back to the last commit."""
        self.producer.abort()
        self.processed = {}
        self.counts = {}
        self.rewind()

    def poll(self, max_records: int = 100, timeout_ms: int = 0) -> int:
        """Process what one poll brings and return how many records that was."""
        polled = self.consumer.poll(max_records, timeout_ms)
        for partition, messages in polled.messages.items():
            for message in messages:
                self.process(partition, message)
        for partition, end in polled.ends.items():
            if partition in self.owned:
                self.processed[partition] = self.ends[partition] = end
        count = sum(map(len, polled.messages.values()))
        self.read += count
        return count

    def process(self, partition: TopicPartition, message: Message) -> None:
        """Copy one record."""
        self.send(message.key(), message.value(), message.timestamp()[1])
        self.processed[partition] = message.offset() + 1
        if self.broker.keeper is not None:
            counts = self.counts.setdefault(partition, {})
            key = message.key() or b""
            if key not in counts:
                found = self.broker.keeper.state(f"0_{partition.partition}").get("counts", key)
                counts[key] = 0 if found is None else int(found)
            counts[key] += 1

    def commit(self) -> None:
        """Commit records, offsets and counts."""
        offsets = {p: Committed(at, "noted") for p, at in self.processed.items()}
        self.producer.flush()
        if self.broker.keeper is not None:
            for partition, counts in self.counts.items():
                found = {key: b"%d" % count for key, count in counts.items()}
                changes = StateChanges(f"0_{partition.partition}", {"counts": found})
                self.broker.keeper.keep(changes, self.producer)
        self.producer.commit(offsets, self.consumer)
        self.processed = {}
        self.counts = {}

    def close(self) -> None:
        self.consumer.close()
        self.producer.close()


def read_all(
    broker: Broker, topic: str, *, timeout_ms: int = 0
) -> dict[int, list[tuple[bytes | None, bytes | None]]]:
    """Return the committed (key, value) records of a topic by partition."""
    found = read_messages(broker, topic, timeout_ms=timeout_ms)
    return {number: [(m.key(), m.value()) for m in messages] for number, messages in found.items()}


def read_messages(broker: Broker, topic: str, *, timeout_ms: int = 0) -> dict[int, list[Message]]:
    """Return the committed records of a topic by partition."""
    count = broker.topics()[topic].partitions
    partitions = [TopicPartition(topic, number) for number in range(count)]
    starts = broker.starts(partitions)
    reader = broker.reader()
    reader.assign(starts)
    found: dict[int, list[Message]] = {n: [] for n in range(count)}
    waiting = set(partitions)
    while waiting:
        polled = reader.poll(1000, timeout_ms)
        for partition, messages in polled.messages.items():
            found[partition.partition] += messages
        waiting -= polled.ends.keys()
    reader.close()
    return found
