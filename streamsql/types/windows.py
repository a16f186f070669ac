"""Windows and their rules: which are open for a record, what is late, what is closed, what is gone.

Time windows are aligned to the epoch in UTC, start inclusive, end exclusive; the bounds of a
session are both inclusive. Stream time is the largest timestamp that an operator has seen. Rules
are answered as *the first time that is not yet* closed or expired: everything before it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from streamsql.types.schema import WindowKind

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class TimeWindows:
    """Tumbling (advance = size) or hopping windows, each named by its start.

    A window takes records until stream time reaches its end plus the grace; then it is closed.

    Attributes:
        size_ms: Length of a window.
        advance_ms: Distance between two starts.
        grace_ms: How long after its end a window still takes late records.
        retention_ms: How long window state is kept, counted from the window's start.
    """

    size_ms: int
    advance_ms: int
    grace_ms: int
    retention_ms: int

    @property
    def kind(self) -> WindowKind:
        """TUMBLING or HOPPING."""
        return WindowKind.TUMBLING if self.advance_ms == self.size_ms else WindowKind.HOPPING

    def starts(self, timestamp_ms: int) -> range:
        """Return the starts of the windows that hold the timestamp, ascending, none below zero.

        >>> list(TimeWindows(10, 5, 0, 10).starts(12))
        [5, 10]
        >>> list(TimeWindows(10, 5, 0, 10).starts(3))
        [0]
        """
        first = max(0, timestamp_ms - self.size_ms + self.advance_ms)
        first -= first % self.advance_ms
        return range(first, timestamp_ms + 1, self.advance_ms)

    def closed_before(self, stream_time_ms: int) -> int:
        """Return the time before which all windows that start are closed: late for their records.

        >>> TimeWindows(size_ms=10, advance_ms=10, grace_ms=5, retention_ms=15).closed_before(15)
        1
        """
        return stream_time_ms - self.size_ms - self.grace_ms + 1

    def closing(self, old_stream_time_ms: int, stream_time_ms: int) -> range:
        """Return the starts of the windows that close as stream time moves on, ascending.

        >>> windows = TimeWindows(size_ms=10, advance_ms=5, grace_ms=3, retention_ms=20)
        >>> [list(windows.closing(*times)) for times in ((12, 13), (13, 17), (0, 25))]
        [[0], [], [0, 5, 10]]
        """
        first = self._aligned(max(0, self.closed_before(old_stream_time_ms)))
        return range(first, self.closed_before(stream_time_ms), self.advance_ms)

    def next_close_ms(self, stream_time_ms: int) -> int:
        """Return the next stream time at which a window closes.

        >>> TimeWindows(size_ms=10, advance_ms=5, grace_ms=3, retention_ms=20).next_close_ms(13)
        18
        """
        start = self._aligned(max(0, self.closed_before(stream_time_ms)))
        return start + self.size_ms + self.grace_ms

    def expired_before(self, stream_time_ms: int) -> int:
        """Return the time before which all windows that start are kept no longer."""
        return stream_time_ms - self.retention_ms

    def slot(self, timestamp_ms: int) -> tuple[int, int]:
        """Return the range ``low <= time < high`` around the time, all in the same windows.

        >>> TimeWindows(size_ms=7, advance_ms=3, grace_ms=0, retention_ms=7).slot(9)
        (9, 10)
        >>> TimeWindows(size_ms=7, advance_ms=3, grace_ms=0, retention_ms=7).slot(11)
        (10, 12)
        """
        low = timestamp_ms - timestamp_ms % self.advance_ms
        ends = low + self.size_ms % self.advance_ms  # where a window ends between two starts
        return (low, ends) if timestamp_ms < ends else (ends, low + self.advance_ms)

    def _aligned(self, time_ms: int) -> int:
        """Return the first start that is not before the time."""
        return time_ms + -time_ms % self.advance_ms


@dataclass(frozen=True, slots=True)
class SessionWindows:
    """Windows of activity: records not more than ``gap_ms`` apart belong together.

    A session takes records until stream time is beyond its end plus the gap and the grace; then it
    is closed.
    """

    gap_ms: int
    grace_ms: int
    retention_ms: int

    @property
    def kind(self) -> WindowKind:
        """SESSION."""
        return WindowKind.SESSION

    def reach(self, timestamp_ms: int) -> tuple[int, int]:
        """Return the earliest end and the latest start of the sessions that a record touches."""
        return timestamp_ms - self.gap_ms, timestamp_ms + self.gap_ms

    def merged(self, timestamp_ms: int, touched: Iterable[tuple[int, int]]) -> tuple[int, int]:
        """Return the bounds of the session that a record and the sessions it touches become.

        >>> SessionWindows(gap_ms=10, grace_ms=0, retention_ms=10).merged(16, [(0, 10), (25, 25)])
        (0, 25)
        """
        start_ms = end_ms = timestamp_ms
        for start, end in touched:
            start_ms, end_ms = min(start_ms, start), max(end_ms, end)
        return start_ms, end_ms

    def closed_before(self, stream_time_ms: int) -> int:
        """Return the time before which all sessions that end are closed.

        A record is late when the session that it would become is closed.

        >>> SessionWindows(gap_ms=10, grace_ms=20, retention_ms=30).closed_before(100)
        70
        """
        return stream_time_ms - self.grace_ms - self.gap_ms

    def expired_before(self, stream_time_ms: int) -> int:
        """Return the time before which all sessions that end are kept no longer."""
        return stream_time_ms - self.retention_ms


Windows = TimeWindows | SessionWindows


@dataclass(frozen=True, slots=True)
class JoinWindow:
    """Which records of the other stream a record is paired with: those this much older or younger.

    Attributes:
        before_ms: How much older than the left record its partner may be.
        after_ms: How much younger.
        grace_ms: How late a record may be; ``None``: a day, and unmatched records of outer joins
            are forwarded at once.
    """

    before_ms: int
    after_ms: int
    grace_ms: int | None = None

    @property
    def retention_ms(self) -> int:
        """How long a record may still find partners."""
        grace = DAY_MS if self.grace_ms is None else self.grace_ms
        return self.before_ms + self.after_ms + grace + 1

    def mirrored(self) -> "JoinWindow":
        """Return the window as the records of the right stream see it."""
        return JoinWindow(self.after_ms, self.before_ms, self.grace_ms)

    def partners(self, timestamp_ms: int, other_time_ms: int) -> tuple[int, int]:
        """Return the earliest and the latest time of partners; ``other_time_ms`` is the newest.

        >>> window = JoinWindow(before_ms=10, after_ms=5, grace_ms=4)
        >>> window.partners(100, 100), window.partners(100, 115)
        ((90, 105), (96, 105))
        """
        earliest, kept = timestamp_ms - self.before_ms, self.expired_before(other_time_ms)
        return max(kept, earliest), timestamp_ms + self.after_ms

    def is_over(self, timestamp_ms: int, stream_time_ms: int) -> bool:
        """Tell whether stream time has passed everything that a record could be paired with."""
        return timestamp_ms + self.after_ms < stream_time_ms

    def closed_before(self, stream_time_ms: int) -> int:
        """Return the time before which no record finds a partner any more: window and grace over.

        >>> JoinWindow(before_ms=10, after_ms=5, grace_ms=4).closed_before(100)
        91
        """
        return stream_time_ms - self.after_ms - (self.grace_ms or 0)

    def expired_before(self, time_ms: int) -> int:
        """Return the time before which records are kept no longer, ``time_ms`` being the newest."""
        return time_ms - self.retention_ms + 1


def default_grace_ms(size_ms: int) -> int:
    """Return the grace of a window that names none: what is missing to 24 hours, at least zero."""
    return max(DAY_MS - size_ms, 0)
