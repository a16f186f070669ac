"""Reading positions over the logs of our own brokers: what consumers and readers share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from streamsql.broker.ports import Assignment, Message, Polled, TopicPartition


class Logs(Protocol):
    """What positions need of a broker."""

    def read(
        self, partition: TopicPartition, offset: int, max_records: int
    ) -> tuple[list[Message], int]:
        """Return committed records from the offset on, and the position behind them.

        EngineError when the offset is not in the log any more, or was never.
        """

    def visible_end(self, partition: TopicPartition) -> int:
        """Return the position at which a reader of committed records has read everything."""


class Positions:
    """Where several partitions are read, in turns so that none starves.

    As Kafka's client does, the end of a partition is reported once for each position at which it
    is reached, not with every poll.
    """

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._next: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._reported: dict[TopicPartition, int] = {}
        self._turn = 0

    def replace(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions and no others."""
        self._next = dict(positions)
        self._paused = set()
        self._reported = {}

    def add_paused(self, partitions: Iterable[TopicPartition]) -> None:
        """Take partitions whose position is not known yet; :meth:`seek` resumes them."""
        for partition in partitions:
            self._next[partition] = -1
            self._paused.add(partition)

    def remove(self, partitions: Iterable[TopicPartition]) -> None:
        """Read the partitions no more."""
        for partition in partitions:
            self._next.pop(partition, None)
            self._reported.pop(partition, None)
            self._paused.discard(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Read on from the offset, and resume; a partition that was taken away stays away."""
        if partition in self._next:
            self._next[partition] = offset
            self._reported.pop(partition, None)
            self._paused.discard(partition)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Return nothing of the partitions."""
        self._paused.update(p for p in partitions if p in self._next)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Go on with the partitions whose position is known."""
        self._paused.difference_update(p for p in partitions if self._next.get(p, -1) >= 0)

    def poll(self, max_records: int) -> Polled:
        """Return what is there."""
        messages: dict[TopicPartition, list[Message]] = {}
        ends: dict[TopicPartition, int] = {}
        active = [p for p in self._next if p not in self._paused]
        if active:
            self._turn = (self._turn + 1) % len(active)
            active = active[self._turn :] + active[: self._turn]
        for partition in active:
            if max_records > 0:
                found, position = self._logs.read(partition, self._next[partition], max_records)
                self._next[partition] = position
                if found:
                    messages[partition] = found
                    max_records -= len(found)
            self._report_end(partition, ends)
        return Polled(messages, ends)

    def _report_end(self, partition: TopicPartition, ends: dict[TopicPartition, int]) -> None:
        position = self._next[partition]
        if self._reported.get(partition) == position:
            return
        if position >= self._logs.visible_end(partition):
            self._reported[partition] = position
            ends[partition] = position


class Following:
    """Moves positions along with the assignment."""

    def __init__(self, positions: Positions, assignment: Assignment) -> None:
        self._positions = positions
        self._assignment = assignment

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Read the new partitions, paused, and pass the news on."""
        self._positions.add_paused(partitions)
        self._assignment.assigned(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Stop reading the partitions, and pass the news on."""
        self._positions.remove(partitions)
        self._assignment.revoked(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Stop reading the partitions, and pass the news on."""
        self._positions.remove(partitions)
        self._assignment.lost(partitions)
