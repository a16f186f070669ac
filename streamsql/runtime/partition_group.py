"""The records waiting for a task, handed out lowest timestamp first.

::

    partition A   [1 4 9]      runs: A[1], B[2 3], A[4], B[5], …
    partition B   [2 3 5]

Within a partition offset order rules. A run is as long as it can be: until another partition's head
is older. While a partition is empty but not known to be read to its end, nothing is handed out: its
next record may be older (KIP-695).
"""

from collections.abc import Callable, Mapping, Sequence

from streamsql.broker.ports import Message, TopicPartition

TimestampOf = Callable[[Message], int]


class _Queue:
    """The waiting records of one partition."""

    __slots__ = ("at_end", "head", "messages", "timestamp_of")

    def __init__(self, timestamp_of: TimestampOf) -> None:
        self.messages: list[Message] = []
        self.head = 0
        self.at_end = False
        self.timestamp_of = timestamp_of

    def __len__(self) -> int:
        return len(self.messages) - self.head

    def peek(self) -> int:
        """Return the timestamp of the first record."""
        return self.timestamp_of(self.messages[self.head])

    def take(self, limit: int | None) -> Sequence[Message]:
        """Remove and return the records up to the first one younger than the limit."""
        messages, start = self.messages, self.head
        if limit is None:
            self.messages, self.head = [], 0
            return messages[start:] if start else messages
        end, timestamp_of = start + 1, self.timestamp_of
        while end < len(messages) and timestamp_of(messages[end]) <= limit:
            end += 1
        self.head = end
        if end == len(messages):
            self.messages, self.head = [], 0
        return messages[start:end]


class PartitionGroup:
    """The queues of a task's partitions."""

    def __init__(self, partitions: Mapping[TopicPartition, TimestampOf]) -> None:
        self._queues = {partition: _Queue(of) for partition, of in partitions.items()}

    def add(self, partition: TopicPartition, messages: Sequence[Message]) -> None:
        """Append records of a partition."""
        queue = self._queues[partition]
        queue.messages.extend(messages)
        queue.at_end = False

    def reached_end(self, partition: TopicPartition) -> None:
        """Note that the partition holds no more records for now."""
        self._queues[partition].at_end = True

    def doubt_end(self, partition: TopicPartition) -> None:
        """Take back that the partition holds no more records."""
        self._queues[partition].at_end = False

    def at_end(self, partition: TopicPartition) -> bool:
        """Tell whether the partition is known to hold no more records for now."""
        return self._queues[partition].at_end

    def waiting(self, partition: TopicPartition) -> int:
        """Return how many records of the partition wait."""
        return len(self._queues[partition])

    def next_run(self) -> tuple[TopicPartition, Sequence[Message]] | None:
        """Return the next records of one partition, or ``None`` when nothing can be handed out."""
        if len(self._queues) == 1:
            ((partition, queue),) = self._queues.items()
            return (partition, queue.take(None)) if len(queue) else None
        heads: list[tuple[int, TopicPartition]] = []
        for partition, queue in self._queues.items():
            if len(queue):
                heads.append((queue.peek(), partition))
            elif not queue.at_end:
                return None
        if not heads:
            return None
        heads.sort()
        partition = heads[0][1]
        if len(heads) == 1:
            return partition, self._queues[partition].take(None)
        limit, other = heads[1]
        # Of records of one time those of the first partition go first, however they are batched.
        return partition, self._queues[partition].take(limit if partition < other else limit - 1)
