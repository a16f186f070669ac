"""Two streams joined within a time distance.

Each side keeps its records in a window store that the other side probes. A pair is forwarded once,
by the record that arrives later, with the larger timestamp. Records of an outer side without a
partner are forwarded with NULLs: at once when no grace was written (and again with a partner that
comes later), else when stream time, the largest timestamp of both sides, has passed their window
and grace.
"""

from dataclasses import dataclass

from streamsql.runtime.metrics import Metrics
from streamsql.runtime.processors.stream_time import StreamTime
from streamsql.state.duplicates import DuplicateWindowStore
from streamsql.types.record import Key, Row, StreamForward


@dataclass(slots=True)
class JoinSide:
    """One side of the join.

    Its records are let go by its own time, not by the other side's: the longest they can find
    partners is what Kafka Streams gives them.

    Attributes:
        store: Its records by key and timestamp.
        waiting: Its unmatched records (outer side with grace), else ``None``.
        outer: Whether its records are in the result without a partner.
        before_ms: How much older than its record a partner may be.
        after_ms: How much younger.
        absent: A row of NULLs that stands for a missing record of this side.
        time: The largest timestamp of its records.
        expired_ms: At which limit the store next lets go of what is beyond retention.
    """

    store: DuplicateWindowStore
    waiting: DuplicateWindowStore | None
    outer: bool
    before_ms: int
    after_ms: int
    absent: Row
    time: StreamTime
    expired_ms: int = 0


class StreamStreamJoin:
    """Pairs the records of two streams."""

    __slots__ = (
        "_forward",
        "_grace_ms",
        "_left",
        "_metrics",
        "_retention_ms",
        "_right",
        "_time",
    )

    def __init__(
        self,
        sides: tuple[JoinSide, JoinSide],
        grace_ms: int | None,
        retention_ms: int,
        forward: StreamForward,
        context: tuple[StreamTime, Metrics],
    ) -> None:
        self._left, self._right = sides
        self._grace_ms = grace_ms
        self._retention_ms = retention_ms
        self._forward = forward
        self._time, self._metrics = context
        for side in sides:
            if side.time.now >= 0:
                self._expire(side)

    def left(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Take a record of the left stream."""
        if key is None or value is None:
            self._metrics.drop("null-key", "a record without key or value joins nothing")
            return
        self._arrive(self._left, key, value, timestamp)
        matched = False
        other, forward = self._right, self._forward
        low, high = timestamp - self._left.before_ms, timestamp + self._left.after_ms
        unexpired = other.time.now - self._retention_ms
        if low <= unexpired:
            low = unexpired + 1
        for start, row, _ in other.store.fetch(key, low, high):
            matched = True
            if other.waiting is not None:
                other.waiting.delete(key, start)
            forward(key, value + tuple(row), max(timestamp, start))
        if not matched and self._left.outer:
            self._unmatched(self._left, key, value, timestamp)

    def right(self, key: Key, value: Row | None, timestamp: int) -> None:
        """Take a record of the right stream."""
        if key is None or value is None:
            self._metrics.drop("null-key", "a record without key or value joins nothing")
            return
        self._arrive(self._right, key, value, timestamp)
        matched = False
        other, forward = self._left, self._forward
        low, high = timestamp - self._right.before_ms, timestamp + self._right.after_ms
        unexpired = other.time.now - self._retention_ms
        if low <= unexpired:
            low = unexpired + 1
        for start, row, _ in other.store.fetch(key, low, high):
            matched = True
            if other.waiting is not None:
                other.waiting.delete(key, start)
            forward(key, tuple(row) + value, max(timestamp, start))
        if not matched and self._right.outer:
            self._unmatched(self._right, key, value, timestamp)

    def _arrive(self, side: JoinSide, key: Key, value: Row, timestamp: int) -> None:
        """Move stream time on, forward what it closes, and keep the record for the other side."""
        time = self._time
        if timestamp >= time.now:
            time.now = timestamp
            self._close()
        limit = side.time.now - self._retention_ms
        if timestamp > side.time.now:
            side.time.now = timestamp
            limit = timestamp - self._retention_ms
            if limit > side.expired_ms:
                self._expire(side)
        if timestamp > limit:
            side.store.put(key, timestamp, value, timestamp)
        else:
            self._metrics.drop("late", f"a record of {timestamp} is too old to be joined later")

    def _expire(self, side: JoinSide) -> None:
        """Let go of what is beyond retention, well after nobody can see it any more."""
        limit = side.time.now - self._retention_ms
        side.expired_ms = limit + self._retention_ms // 4
        side.store.expire(limit)

    def _unmatched(self, side: JoinSide, key: Key, value: Row, timestamp: int) -> None:
        """Forward the record with NULLs, or let it wait for its window to close."""
        if side.waiting is None or timestamp + side.after_ms < self._time.now:
            self._forward(key, self._padded(side, value), timestamp)
        else:
            side.waiting.put(key, timestamp, value, timestamp)

    def _close(self) -> None:
        """Forward the waiting records whose window and grace are over, oldest first."""
        if self._grace_ms is None:
            return
        closed = []
        for rank, side in enumerate((self._left, self._right)):
            if side.waiting is None:
                continue
            last = self._time.now - side.after_ms - self._grace_ms - 1
            first = side.waiting.earliest_ms()
            if first is not None and first <= last:
                closed += [(e[1], rank, e, side) for e in side.waiting.fetch_all(0, last)]
        for timestamp, _, (key, start, row, _), side in sorted(closed, key=lambda c: c[:2]):
            assert side.waiting is not None
            side.waiting.delete(key, start)
            self._forward(key, self._padded(side, tuple(row)), timestamp)

    def _padded(self, side: JoinSide, value: Row) -> Row:
        if side is self._left:
            return value + self._right.absent
        return self._left.absent + value
