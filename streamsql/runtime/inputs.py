"""What a task reads: where it is, what waits for its turn, and how far the writers of it are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import lt

from streamsql.broker.ports import Committed, Message, TopicPartition
from streamsql.errors import EngineError
from streamsql.runtime.event_time import TimestampOf
from streamsql.runtime.partition_group import NEVER, UNKNOWN, PartitionGroup, Run, Taken
from streamsql.runtime.processors.context import StreamTime
from streamsql.runtime.progress import PartitionNote


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the writers of a partition are.

    Attributes:
        time_ms: Nothing older is still to come; ``NEVER`` where all writers are idle.
        position: It holds when the partition has been read to here.
    """

    time_ms: int
    position: int


@dataclass(frozen=True, slots=True)
class TaskReading:
    """Where a task begins to read, in the order in which inputs take turns at equal times.

    Attributes:
        positions: Next offset by partition.
        timestamps: How the records of each partition are ordered in time.
        awaited: Partitions that hold the others up while they are empty, until it is known how far
            their writers are. That their end was seen once says nothing of records that come later.
        derived: Those of them that tasks of the application write.
        sorted: Those of them that several tasks write, with what had been taken of them.
    """

    positions: Mapping[TopicPartition, int]
    timestamps: Mapping[TopicPartition, TimestampOf]
    awaited: frozenset[TopicPartition] = frozenset()
    derived: frozenset[TopicPartition] = frozenset()
    sorted: Mapping[TopicPartition, Taken | None] = field(default_factory=dict)


class Inputs:
    """The partitions of one task.

    Attributes:
        moved: Whether a position or a time is to be committed.
        is_held_up: Whether records wait for the writers of others.
    """

    def __init__(self, reading: TaskReading, time: StreamTime) -> None:
        """Begin to read; ``time`` follows what is handed out."""
        self._group = PartitionGroup(reading.timestamps, reading.sorted)
        self._positions = dict(reading.positions)
        self._next = dict(reading.positions)
        self._committed = dict(reading.positions)
        self._awaited = reading.awaited
        self._derived = reading.derived
        self._sorted = reading.sorted.keys()
        self._ends: dict[TopicPartition, int] = {}
        self._watermarks = dict.fromkeys(reading.awaited, Watermark(UNKNOWN, 0))
        self._time = time
        self.is_held_up = False
        self.moved = False

    @property
    def partitions(self) -> Sequence[TopicPartition]:
        """The partitions that are read."""
        return tuple(self._positions)

    @property
    def last_commit(self) -> Mapping[TopicPartition, int]:
        """The positions that were committed last: what is before them is not read again."""
        return self._committed

    def next_offset(self, partition: TopicPartition) -> int:
        """Return the offset before which every record of the partition has come."""
        return self._next[partition]

    def goes_on_with(self, partition: TopicPartition, messages: Sequence[Message]) -> bool:
        """Tell whether the offsets of the messages rise from where the partition is read to.

        Without gaps the first and the last tell. A block that begins again has more messages than
        the offsets between them, unless gaps make up for that: only then each is looked at.
        """
        first, last = messages[0].offset(), messages[-1].offset()
        if first < self._next[partition]:
            return False
        gaps = last - first - (len(messages) - 1)
        return gaps == 0 or (gaps > 0 and _rises([message.offset() for message in messages]))

    def add(self, partition: TopicPartition, messages: Sequence[Message]) -> None:
        """Let records wait for their turn; none of them has come before."""
        self._next[partition] = messages[-1].offset() + 1
        self._ends.pop(partition, None)
        group = self._group
        group.add(partition, messages)
        if partition not in self._awaited:
            group.open_until(partition, UNKNOWN)
        elif messages[-1].offset() >= self._watermarks[partition].position:
            for each in self._awaited:
                self._doubt(each)
        self._open(partition)

    def reached_end(self, partition: TopicPartition, position: int) -> None:
        """Note that the partition is read to its end, which is ``position``."""
        self._ends[partition] = position
        if partition in self._derived:
            self._open(partition)
        else:
            self._group.open_until(partition, NEVER)
        self._pass_markers(partition)

    def awaited(self) -> list[TopicPartition]:
        """Return the partitions whose watermarks hold records up, if any do."""
        return list(self._awaited) if self.is_held_up else []

    def is_sorted(self, partition: TopicPartition) -> bool:
        """Tell whether the records of several writers are sorted."""
        return partition in self._sorted

    def held(self) -> int:
        """Return how many records wait for the writers of their partition."""
        return self._group.held() if self._sorted else 0

    def behind_ms(self) -> int:
        """Return the least watermark of the partitions that are sorted."""
        return min(map(self._group.watermark, self._sorted))

    def advance(self, partition: TopicPartition, watermark: Watermark) -> None:
        """Take note of how far the writers of a partition are."""
        if watermark.time_ms < NEVER:
            self._doubt(partition)
        if watermark.time_ms >= self._watermarks[partition].time_ms:
            self._watermarks[partition] = watermark
        self._open(partition)

    def waiting(self, partition: TopicPartition) -> int:
        """Return how many records of the partition wait."""
        return self._group.waiting(partition)

    def next_run(self) -> Run | None:
        """Return the next records in the order of time, if it is known which those are.

        After :meth:`done` with them the next ones can be asked for.
        """
        run = self._group.next_run()
        if run is None and self._awaited:
            self.is_held_up = any(map(self._group.waiting, self._positions))
        return run

    def done(self, run: Run) -> None:
        """Note that the records are processed."""
        partition = run.partition
        self.moved = True
        if not self._group.waiting(partition):
            self._positions[partition] = self._next[partition]
            self._pass_markers(partition)
        elif partition not in self._sorted:
            self._positions[partition] = run.messages[-1].offset() + 1

    def offsets(self, times: dict[str, int]) -> dict[TopicPartition, Committed]:
        """Return the positions to commit; the stream times of the task travel with them.

        Raises:
            EngineError: A position is before the one committed last: it would be read twice.
        """
        notes = dict.fromkeys(self._positions, PartitionNote(times).encode())
        for partition in self._sorted:
            waiting = self._group.progress(partition)
            if waiting is not None:
                self._positions[partition], taken = waiting
                notes[partition] = PartitionNote(times, taken).encode()
        for partition, offset in self._positions.items():
            last = self._committed[partition]
            if offset < last:
                raise EngineError(
                    f'offset {offset} of topic "{partition.topic}" partition {partition.partition} '
                    f"is before the last commit at {last}"
                )
        return {p: Committed(offset, notes[p]) for p, offset in self._positions.items()}

    def committed(self) -> None:
        """Note that the positions are committed."""
        self._committed.update(self._positions)
        self.moved = False

    def _doubt(self, partition: TopicPartition) -> None:
        """Believe no more that an input is idle: there may be records that were not there then."""
        known, now = self._group.watermark(partition), self._time.now
        if known == NEVER or self._watermarks[partition].time_ms == NEVER:
            time = now if known == NEVER else max(known, now)
            self._group.open_until(partition, time)
            self._watermarks[partition] = Watermark(time, 0)

    def _open(self, partition: TopicPartition) -> None:
        """Let go what a watermark has passed, if the partition is read to where it holds."""
        watermark = self._watermarks.get(partition)
        if watermark is None:
            return
        read = max(self._next[partition], self._ends.get(partition, 0))
        if read >= watermark.position:
            self._group.open_until(partition, watermark.time_ms)

    def _pass_markers(self, partition: TopicPartition) -> None:
        """Move the position past control records at the end of a partition."""
        end = self._ends.get(partition, -1)
        if end > self._positions[partition] and not self._group.waiting(partition):
            self._positions[partition] = end
            self.moved = True


def _rises(offsets: Sequence[int]) -> bool:
    return all(map(lt, offsets, islice(offsets, 1, None)))
