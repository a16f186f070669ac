"""Two streams joined within a time distance.

Each side keeps its records in a window store that the other side probes. A pair is forwarded once,
by the record that arrives later, with the larger timestamp. Records of an outer side without a
partner are forwarded with NULLs: at once when no grace was written (and again with a partner that
comes later), else when stream time, the largest timestamp of both sides, has passed their window
and grace (:class:`streamsql.types.windows.JoinWindow`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from streamsql.runtime.processors.context import ProcessorContext, StreamTime, drop_unjoinable
from streamsql.state.duplicates import DuplicateWindowStore
from streamsql.types.record import Key, Row, StreamForward
from streamsql.types.windows import JoinWindow


@dataclass(slots=True)
class JoinSide:
    """One side of the join.

    Its records are let go by its own time, not by the other side's: the longest they can find
    partners is what Kafka Streams gives them.

    Attributes:
        store: Its records by key and timestamp.
        waiting: Its unmatched records (outer side with grace), else ``None``.
        outer: Whether its records are in the result without a partner.
        window: Where its records have their partners.
        pair: Puts its row and one of the other side in their order.
        absent: A row of NULLs that stands for a missing record of this side.
        time: The largest timestamp of its records.
        due_ms: At which time of its own the store next lets go of what has expired.
    """

    store: DuplicateWindowStore
    waiting: DuplicateWindowStore | None
    outer: bool
    window: JoinWindow
    pair: Callable[[Row, Row], Row]
    absent: Row
    time: StreamTime
    due_ms: int = 0


class StreamStreamJoinProcessor:
    """Pairs the records of two streams."""

    __slots__ = ("_context", "_forward", "_left", "_right", "_time", "_waits")

    def __init__(
        self, left: JoinSide, right: JoinSide, forward: StreamForward, context: ProcessorContext
    ) -> None:
        self._left = left
        self._right = right
        self._forward = forward
        self._context = context
        self._time = context.time
        self._waits = left.waiting is not None or right.waiting is not None
        for side in (left, right):
            if side.time.now >= 0:
                _expire(side)

    def left(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Take a record of the left stream."""
        self._join(self._left, self._right, key, value, timestamp_ms)

    def right(self, key: Key, value: Row | None, timestamp_ms: int) -> None:
        """Take a record of the right stream."""
        self._join(self._right, self._left, key, value, timestamp_ms)

    def _join(
        self, own: JoinSide, other: JoinSide, key: Key, value: Row | None, timestamp_ms: int
    ) -> None:
        """Pair a record of one side with what is there of the other."""
        if key is None or value is None:
            drop_unjoinable(self._context.metrics)
            return
        self._arrive(own, key, value, timestamp_ms)
        earliest, latest = own.window.partners(timestamp_ms, other.time.now)
        found = other.store.fetch(key, earliest, latest)
        forward, pair, waiting = self._forward, own.pair, other.waiting
        for start_ms, row, _ in found:
            if waiting is not None:
                waiting.delete(key, start_ms)
            forward(key, pair(value, tuple(row)), max(timestamp_ms, start_ms))
        if own.outer and not found:
            self._unmatched(own, other, key, value, timestamp_ms)

    def _arrive(self, side: JoinSide, key: Key, value: Row, timestamp_ms: int) -> None:
        """Move stream time on, forward what it closes, and keep the record for the other side."""
        if timestamp_ms >= self._time.now:
            self._time.now = timestamp_ms
            if self._waits:
                self._close()
        if timestamp_ms > side.time.now:
            side.time.now = timestamp_ms
            if timestamp_ms > side.due_ms:
                _expire(side)
        elif timestamp_ms < side.window.expired_before(side.time.now):
            detail = f"a record of {timestamp_ms} is too old to be joined later"
            self._context.metrics.drop("late", detail)
            return
        side.store.put(key, timestamp_ms, value, timestamp_ms)

    def _unmatched(
        self, own: JoinSide, other: JoinSide, key: Key, value: Row, timestamp_ms: int
    ) -> None:
        """Forward the record with NULLs, or let it wait for its window to close."""
        if own.waiting is None or own.window.is_over(timestamp_ms, self._time.now):
            self._forward(key, own.pair(value, other.absent), timestamp_ms)
        else:
            own.waiting.put(key, timestamp_ms, value, timestamp_ms)

    def _close(self) -> None:
        """Forward the waiting records whose window and grace are over, oldest first."""
        closed = [*self._closed(self._left, self._right), *self._closed(self._right, self._left)]
        for timestamp_ms, key, row, waiting in sorted(closed, key=lambda one: one[0]):
            waiting.delete(key, timestamp_ms)
            self._forward(key, row, timestamp_ms)

    def _closed(
        self, own: JoinSide, other: JoinSide
    ) -> list[tuple[int, Key, Row, DuplicateWindowStore]]:
        """Return time, key, padded row and store of one side's records that wait no longer."""
        waiting = own.waiting
        if waiting is None:
            return []
        closed_before = own.window.closed_before(self._time.now)
        earliest = waiting.earliest_ms()
        if earliest is None or earliest >= closed_before:
            return []
        return [
            (start_ms, key, own.pair(tuple(row), other.absent), waiting)
            for key, start_ms, row, _ in waiting.fetch_all(0, closed_before - 1)
        ]


def _expire(side: JoinSide) -> None:
    """Let go of what has expired, well after nobody can see it any more."""
    side.due_ms = side.time.now + side.window.retention_ms // 4
    side.store.expire(side.window.expired_before(side.time.now))
