"""The records waiting for a task, handed out lowest event time first.

::

    topic A, one partition of a source     [1 4 9]          runs: A[1], B[2 3], A[4], B[5], …
    topic B, made by tasks w1 and w2       [2 5 3 | 8 6]    watermark 5: 8 and 6 must wait

Within a partition of a source offset order rules. A partition that several tasks write is sorted by
time; what is younger than its watermark waits, because one of the writers may be behind. A run is
as long as it can be: until another input's next record is older. While an input has nothing to hand
out, the others go as far as its watermark; without one, they wait until it is read to its end: its
next record may be older (KIP-695). Records of one time go in the order of the inputs.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from streamsql.broker.ports import Message, TopicPartition
from streamsql.runtime.event_time import TimestampOf, transport_time

NEVER = 2**63 - 1
"""The watermark of an input that holds nothing up."""

UNKNOWN = -1
"""The watermark of an input of which nothing is known."""


class Run(NamedTuple):
    """Records of one partition to be processed now; ``time_ms`` is that of the last one."""

    partition: TopicPartition
    messages: Sequence[Message]
    time_ms: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Which records of a sorted partition were handed out: not just those before an offset.

    Attributes:
        read: The offset before which the partition was read.
        time_ms: Of the records before it those were handed out that are older than this time …
        offset: … or of this time, and not behind this offset.
    """

    read: int
    time_ms: int
    offset: int

    def holds(self, message: Message) -> bool:
        """Tell whether the record was handed out."""
        offset = message.offset()
        return offset < self.read and (transport_time(message), offset) <= (
            self.time_ms,
            self.offset,
        )


class _Input(Protocol):
    """The waiting records of one partition.

    Attributes:
        open_until: Up to which time the others may go while :meth:`head` is ``None``.
    """

    open_until: int

    @property
    def waiting(self) -> int:
        """How many records wait."""

    def add(self, messages: Sequence[Message]) -> None:
        """Append records."""

    def head(self) -> int | None:
        """Return the time of the next record that may be handed out."""

    def take(self, until: int) -> tuple[Sequence[Message], int]:
        """Remove and return the next records that are not younger, and the time of the last one.

        The first is taken whatever its time.
        """


class _InOffsetOrder:
    """A partition in which offsets rule; the time of its next record is known once asked for."""

    __slots__ = ("_head", "_messages", "_next_ms", "_time_of", "open_until")

    def __init__(self, time_of: TimestampOf) -> None:
        self._messages: list[Message] = []
        self._head = 0
        self._next_ms: int | None = None
        self._time_of = time_of
        self.open_until = UNKNOWN

    @property
    def waiting(self) -> int:
        return len(self._messages) - self._head

    def add(self, messages: Sequence[Message]) -> None:
        self._messages.extend(messages)

    def head(self) -> int | None:
        if self._next_ms is None and self._head < len(self._messages):
            self._next_ms = self._time_of(self._messages[self._head])
        return self._next_ms

    def take(self, until: int) -> tuple[Sequence[Message], int]:
        if until == NEVER:
            return self._take_all()
        messages, start, time_of = self._messages, self._head, self._time_of
        last = self.head()
        assert last is not None, "something waits"
        end = start + 1
        while end < len(messages):
            following = time_of(messages[end])
            if following > until:
                self._head, self._next_ms = end, following
                return messages[start:end], last
            last = following
            end += 1
        self._messages, self._head, self._next_ms = [], 0, None
        return messages[start:] if start else messages, last

    def _take_all(self) -> tuple[Sequence[Message], int]:
        messages, start = self._messages, self._head
        self._messages, self._head, self._next_ms = [], 0, None
        return messages[start:] if start else messages, self._time_of(messages[-1])


class _InTimeOrder:
    """A partition that several tasks write, sorted; its watermark lets records go.

    It is sorted when the watermark has reached a record, not for every block that is read.
    """

    __slots__ = (
        "_is_sorted",
        "_late",
        "_least",
        "_messages",
        "_read",
        "_skip",
        "_taken",
        "_times",
        "open_until",
    )

    def __init__(self, taken: Taken | None) -> None:
        self._messages: list[Message] = []
        self._times: list[int] = []
        self._least = NEVER
        self._is_sorted = True
        self._late: list[Message] = []
        self._skip = taken
        self._taken = (UNKNOWN, -1) if taken is None else (taken.time_ms, taken.offset)
        self._read = 0 if taken is None else taken.read
        self.open_until = UNKNOWN

    @property
    def waiting(self) -> int:
        return len(self._messages) + len(self._late)

    @property
    def held(self) -> int:
        """How many records are younger than the watermark."""
        if self._least > self.open_until:
            return len(self._times)
        self._sort()
        return len(self._times) - bisect_right(self._times, self.open_until)

    def add(self, messages: Sequence[Message]) -> None:
        """Take the records in; those older than what was handed out go before all others."""
        self._read = max(self._read, messages[-1].offset() + 1)
        if self._skip is not None:
            messages = self._not_taken(messages, self._skip)
        times = list(map(transport_time, messages))
        behind = self._taken[0]
        if times and min(times) < behind:
            self._late += [m for m, time in zip(messages, times, strict=True) if time < behind]
            messages = [m for m, time in zip(messages, times, strict=True) if time >= behind]
            times = [time for time in times if time >= behind]
        if times:
            self._is_sorted = False
            self._least = min(self._least, *times)
            self._messages += messages
            self._times += times

    def head(self) -> int | None:
        if self._late:
            return UNKNOWN
        return self._least if self._times and self._least <= self.open_until else None

    def take(self, until: int) -> tuple[Sequence[Message], int]:
        if self._late:
            late, self._late = self._late, []
            return late, self._taken[0]
        self._sort()
        end = max(1, bisect_right(self._times, min(until, self.open_until)))
        taken, self._messages = self._messages[:end], self._messages[end:]
        time, self._times = self._times[end - 1], self._times[end:]
        self._least = self._times[0] if self._times else NEVER
        self._taken = (time, taken[-1].offset())
        return taken, time

    def progress(self) -> tuple[int, Taken] | None:
        """Return the offset of the first waiting record, and which behind it do not wait."""
        if not self._messages:
            return None
        first = min(message.offset() for message in self._messages)
        return first, Taken(self._read, *self._taken)

    def _not_taken(self, messages: Sequence[Message], taken: Taken) -> Sequence[Message]:
        if messages[-1].offset() >= taken.read:
            self._skip = None
        return [message for message in messages if not taken.holds(message)]

    def _sort(self) -> None:
        if self._is_sorted:
            return
        times, messages = self._times, self._messages
        order = sorted(range(len(times)), key=times.__getitem__)
        self._times = [times[number] for number in order]
        self._messages = [messages[number] for number in order]
        self._is_sorted = True


class PartitionGroup:
    """The queues of a task's partitions."""

    def __init__(
        self,
        partitions: Mapping[TopicPartition, TimestampOf],
        in_time_order: Mapping[TopicPartition, Taken | None],
    ) -> None:
        """Make the queues, in the order in which inputs take turns at equal times.

        Args:
            partitions: How the records of each are timed.
            in_time_order: Those that several tasks write, with what had been handed out of them.
        """
        self._sorted = {p: _InTimeOrder(taken) for p, taken in in_time_order.items()}
        self._inputs: dict[TopicPartition, _Input] = {
            p: self._sorted.get(p) or _InOffsetOrder(time_of) for p, time_of in partitions.items()
        }
        only = tuple(self._inputs.items())
        self._only = only[0] if len(only) == 1 and not self._sorted else None

    def add(self, partition: TopicPartition, messages: Sequence[Message]) -> None:
        """Append records of a partition."""
        self._inputs[partition].add(messages)

    def open_until(self, partition: TopicPartition, time_ms: int) -> None:
        """Note the watermark of a partition: what comes is not older, late records apart."""
        self._inputs[partition].open_until = time_ms

    def watermark(self, partition: TopicPartition) -> int:
        """Return the watermark of a partition; ``NEVER`` where it holds nothing up."""
        return self._inputs[partition].open_until

    def waiting(self, partition: TopicPartition) -> int:
        """Return how many records of the partition wait."""
        return self._inputs[partition].waiting

    def held(self) -> int:
        """Return how many records wait for a watermark."""
        return sum(queue.held for queue in self._sorted.values())

    def progress(self, partition: TopicPartition) -> tuple[int, Taken] | None:
        """Return where a partition is to be read again, and what not to process again.

        ``None`` where everything that was read is handed out, or offsets rule.
        """
        queue = self._sorted.get(partition)
        return None if queue is None else queue.progress()

    def next_run(self) -> Run | None:
        """Return the next records of one partition, or ``None`` when nothing can be handed out."""
        if self._only is not None:
            partition, queue = self._only
            return Run(partition, *queue.take(NEVER)) if queue.waiting else None
        first: tuple[int, int] | None = None
        until = (NEVER, len(self._inputs))
        chosen: tuple[TopicPartition, _Input] | None = None
        for rank, (partition, queue) in enumerate(self._inputs.items()):
            head = queue.head()
            if head is None:
                until = min(until, (queue.open_until, rank))
            elif first is None or (head, rank) < first:
                until = until if first is None else min(until, first)
                first, chosen = (head, rank), (partition, queue)
            else:
                until = min(until, (head, rank))
        if first is None or chosen is None or first > until:
            return None
        time, rank = until
        partition, queue = chosen
        # Of records of one time those of the first input go first, however they are batched.
        inclusive = first[1] < rank or time == NEVER
        return Run(partition, *queue.take(time if inclusive else time - 1))
